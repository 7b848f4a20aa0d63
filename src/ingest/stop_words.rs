//! The small words that every sentence of a language has: a quick sign of which language a text is in.
//!
//! They are counted before trigrams are compared, which takes twenty times as long.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The commonest function words of languages in Latin and Cyrillic script, by ISO 639-1 code.
const WORDS: [(&str, &str); 16] = [
    (
        "en",
        "the of and to in a is that it for was on are with as his they be at this have from or by not but what all were we when your can an there their if which will would been has had more than who its our",
    ),
    (
        "de",
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man ich wir",
    ),
    (
        "fr",
        "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont la avec son ou aux cette ses mais comme on été ont elle tout nous sa deux leur même ces c'est d'une d'un qu'il n'est",
    ),
    (
        "es",
        "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está",
    ),
    (
        "it",
        "di e il la che in a per un è del non i le una si con da dei al come lo ha più della nel ma anche sono alla se gli o dal delle ci nella questo su ad loro essere stato hanno perché degli quando",
    ),
    (
        "pt",
        "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos são",
    ),
    (
        "nl",
        "de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar bij nog uit door naar heeft hebben over ze tot worden wordt deze die hij of wat geen werd meer moet kan we veel",
    ),
    (
        "sv",
        "och i att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när hade nu eller ska alla här där också efter vid mot",
    ),
    (
        "da",
        "og i at det er en til af på som for med de den der ikke et har om han var jeg men så kan vi fra sig blev efter eller være hvor også nu når skal",
    ),
    (
        "nb",
        "og i det er på som en til å for med av at ikke den de har et om han var jeg men så kan vi fra seg ble etter eller være hvor også nå når skal",
    ),
    (
        "pl",
        "w i na z się nie do to że jest o jak a po od za przez co dla tego są ale czy tym był już oraz przed jego tylko ich która który które był przy może ze",
    ),
    (
        "cs",
        "a v se na je že to s z do o i k ve pro za by ale si po jako podle jsou od jeho které která který bude tak až jen nebo byl aby při",
    ),
    (
        "ro",
        "de și în a la cu pe care nu un o că din mai este se pentru sau al ce fi au fost are să după prin lui dar ca ale",
    ),
    (
        "tr",
        "ve bir bu için ile da de çok daha olarak gibi olan en kadar ne ama o her sonra var ki mi değil diye ise ya",
    ),
    (
        "ru",
        "и в не на что он с как а то по это но из у за от о к для же так было бы все его мы был или она они ещё при их",
    ),
    (
        "uk",
        "і в не на що з та як у до це за для він про але й від так по є його ми або ще які який при їх було",
    ),
];

/// Which languages each word belongs to, a bit a language.
static LANGUAGES: LazyLock<HashMap<&'static str, u16>> = LazyLock::new(|| {
    let mut languages: HashMap<&str, u16> = HashMap::new();
    for (number, (_, words)) in WORDS.iter().enumerate() {
        for word in words.split(' ') {
            *languages.entry(word).or_default() |= 1 << number;
        }
    }
    languages
});

/// The longest word that is looked up, in bytes.
const LONGEST: usize = 12;

/// How many of a text's words are function words of each language.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    words: u32,
    hits: [u32; WORDS.len()],
}

impl Counts {
    /// Counts the words of a text.
    pub(super) fn of(text: &str) -> Self {
        let mut counts = Self::default();
        let words = text.split(|c: char| !c.is_alphabetic() && !matches!(c, '\'' | '’'));
        for word in words.filter(|word| !word.is_empty()) {
            counts.words += 1;
            let mut lower = [0; LONGEST];
            let Some(lower) = lower.get_mut(..word.len()) else {
                continue;
            };
            lower.copy_from_slice(word.as_bytes());
            lower.make_ascii_lowercase();
            let languages = std::str::from_utf8(lower)
                .ok()
                .and_then(|word| LANGUAGES.get(word));
            if let Some(languages) = languages {
                for (number, hits) in counts.hits.iter_mut().enumerate() {
                    *hits += u32::from(languages >> number & 1);
                }
            }
        }
        counts
    }

    /// How many words in a hundred are function words of a language; `None` for a language that is not listed.
    pub(super) fn percentage(&self, language: &str) -> Option<u32> {
        let number = WORDS.iter().position(|(code, _)| *code == language)?;
        Some(100 * self.hits.get(number)? / self.words.max(1))
    }

    /// The language that is evident: a quarter of at least 20 words are its function words, twice as many as those of
    /// any other.
    pub(super) fn evident(&self) -> Option<&'static str> {
        let (best, hits) = self
            .hits
            .iter()
            .enumerate()
            .max_by_key(|(_, hits)| **hits)?;
        let others = self
            .hits
            .iter()
            .enumerate()
            .filter(|(number, _)| *number != best);
        let second = others.map(|(_, hits)| *hits).max().unwrap_or(0);
        let is_evident = self.words >= 20 && 4 * hits >= self.words && *hits >= 2 * second;
        is_evident.then(|| WORDS.get(best).map(|(code, _)| *code))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_evident_from_its_small_words() {
        let english = "The harbour was dug in the years when the town still believed that ships would go on growing for ever, \
                       and that whoever dug deepest would be the last to be left out.";
        let german = "Der Hafen wurde in den Jahren gegraben, als die Stadt noch glaubte, dass die Schiffe immer größer \
                      werden und dass der, der am tiefsten gräbt, nicht vergessen wird.";
        assert_eq!(Counts::of(english).evident(), Some("en"));
        assert_eq!(Counts::of(german).evident(), Some("de"));
        assert!(Counts::of(german).percentage("en") < Counts::of(english).percentage("en"));
        assert_eq!(Counts::of(english).percentage("xx"), None);
        for other in [
            "",
            "Ada Marsh",
            "港は深い。",
            "Marsh Holt Wei Ruiz Oak Elm Ash Fir Yew Box Bay Fig Pear Plum Rose Lily Iris Fern Moss Reed",
        ] {
            assert_eq!(Counts::of(other).evident(), None, "{other}");
        }
    }
}
