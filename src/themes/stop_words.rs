//! Words that every text has whatever it is about: English, German, French and Spanish.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Besides the function words, this list holds the verbs of saying and the words of date and measure with which
/// news and commentary are written throughout.
const ENGLISH: &str = "\
    a able about above according across actually add added adding adds after again against ago ahead all \
    allow allowed almost alone along already also although always am amid among amongst an and another any \
    anyone anything anyway anywhere apart appear appears april are argue argued argues around as aside ask \
    asked at august away back be became because become becomes been before began begin behind being believe \
    believed believes below beside besides best better between beyond billion billions both bring brought \
    but by call called came can cannot clear clearly come comes coming consider could course day days \
    december despite did different do does doing done down dozen dozens during each earlier early easier \
    easily easy eight either else end enough especially etc even eventually ever every everyone everything \
    exactly example expect expected fact far february few finally find first five following for former found \
    four frequently friday from full further gave generally get gets getting give given gives giving go goes \
    going gone good got great had half happen happened happens hardly has have having he help hence her here \
    hers herself highly him himself his how however hundred hundreds i if important in including \
    increasingly indeed instance instead into involved is it its itself january july june just keep kept \
    kind knew know known knows large last late later latest latter least less let like likely little long \
    longer look looked looking lot made mainly major make makes making many march may maybe me mean means \
    meant meanwhile merely might million millions mine moment monday month months more moreover most mostly \
    mr mrs ms much must my myself near nearly need needs neither never nevertheless next nine no nobody non \
    none nonetheless nor not nothing november now nowhere number october of off often on once one ones only \
    onto or other others otherwise ought our ours ourselves out outside over own part particular \
    particularly past per percent percentage perhaps place point possible previous previously probably put \
    quickly quite rather really reason reasons recent recently regarding remain remained remains result \
    results run running said same saturday saw say saying says see seek seem seemed seems seen september set \
    seven several shall she should show shown shows similar simple simply since six so some somebody someone \
    something sometimes somewhere soon start started still such suggest suggests sunday sure take taken \
    takes taking tell ten tens than that the their theirs them themselves then there thereby therefore these \
    they thing things think this those though thought thousand thousands three through throughout thursday \
    thus time times to today together told too took total toward towards tried trillion trillions true truly \
    try trying tuesday turn turned two under understand unless unlike until up upon us use used using \
    usually various very via want wanted wants was way ways we wednesday week weeks well went were what \
    whatever when whenever where whereas whether which while who whoever whole whom whose why will with \
    within without word words would written wrote year years yes yesterday yet you your yours yourself \
    yourselves";

/// The German list, inflected forms included.
const GERMAN: &str = "\
    aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf \
    aus bei beim bereits bin bis bist da dabei dadurch dafür dagegen daher damit danach dann daran darauf \
    daraus darf darin darum darüber das dass davon dazu dein deine dem den denen denn dennoch der deren des \
    deshalb dessen die dies diese dieselbe diesem diesen dieser dieses doch dort du durch dürfen eben ein \
    eine einem einen einer eines einfach einige einigen einiger einmal er erst es etwa etwas euch euer für \
    gab ganz gar gegen gegenüber gehen geht gerade gewesen gibt ging gut hab habe haben hat hatte hatten \
    heute hier hin hinter hätte hätten ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im immer in indem \
    ins ist ja jahr jahre jahren jede jedem jeden jeder jedes jedoch jene jenen jener jetzt kann kaum kein \
    keine keinem keinen keiner können könnte könnten lassen machen macht man manche mehr mein meine mit muss \
    musste müssen nach nachdem neben nicht nichts nie noch nun nur ob oder ohne sagt sagte schon sehr sei \
    seien sein seine seinem seinen seiner seines seit selbst sich sie sind so sogar solche solchen soll \
    sollen sollte sollten sondern sonst soweit sowie sowohl statt um und uns unser unsere unserem unseren \
    unter viel viele vielen vom von vor war waren warum was wegen weil weiter welche welchem welchen welcher \
    welches wenig wenn wer werde werden wie wieder will wir wird wo wohl wollen wollte worden wurde wurden \
    während würde würden zu zum zur zwar zwei zwischen über";

/// The French list; elided articles (`l'`, `d'`) are cut off before a word is looked up.
const FRENCH: &str = "\
    ai aient ainsi alors an année années ans après assez au aucun aucune aujourd'hui auquel aussi autre \
    autres aux avaient avait avant avec avez avoir avons ayant beaucoup bien car ce ceci cela celle celles \
    celui cependant certain certaine certains ces cet cette ceux chaque chez ci comme comment contre d dans \
    de depuis des desquels deux devant devrait doit doivent donc dont du durant déjà elle elles en encore \
    enfin entre es est et eu eux faire fait faut fois font furent fut grand grande hors ici il ils jamais je \
    jusqu jusque la laquelle le lequel les lesquelles lesquels leur leurs lors lorsque lui là ma mais malgré \
    me mes moi moins mon même mêmes ne ni non nos notamment notre nous nouveau on ont ou où par parce \
    parfois parmi pas pendant peu peut peuvent plus plusieurs plutôt pour pourquoi pourrait pourtant presque \
    près puis puisque qu quand que quel quelle quelles quelque quelques quels qui quoi sa sans sauf se selon \
    sera serait ses seulement si sinon soit sommes son sont sous souvent sur surtout ta tandis tant te tel \
    telle telles tels tes toi ton toujours tous tout toute toutes trop très tu un une vers voici voilà vos \
    votre vous y étaient était étant été être";

/// The Spanish list.
const SPANISH: &str = "\
    a al algo alguna algunas alguno algunos algún ante antes aquel aquella aquellas aquello aquellos aquí \
    así aunque año años aún bajo bien cada casi como con contra cosas cual cuales cualquier cuando cuanto \
    cuatro cuya cuyo cómo de debe deben debido decir del desde después donde dos durante e el ella ellas \
    ello ellos embargo en entonces entre era eran es esa esas ese eso esos esta estar estas este esto estos \
    está están fin fue fueron gran grandes ha haber había habían hace hacer hacia han hasta hay he hemos hoy \
    incluso la las le les lo los luego me mediante menos mi mientras mis misma mismas mismo mismos mucha \
    muchas mucho muchos muy más nada ni ninguna ningún no nos nosotros nuestra nuestro nuestros o otra otras \
    otro otros para pero poco pocos podría podrían por porque puede pueden pues que quien quienes quién qué \
    se sea sean según ser será sería si sido siempre sin sino sobre solo son su sus sí sólo tal también \
    tampoco tan tanta tanto te tendrá tenemos tener tenía tiene tienen toda todas todavía todo todos tras \
    tres tu un una unas uno unos usted vez y ya yo él";

/// Endings of English contractions, none of which says what a text is about.
const CONTRACTIONS: [&str; 6] = ["n't", "'d", "'ll", "'m", "'re", "'ve"];

/// The languages whose stop words are known; where two fit equally well, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
    French,
    Spanish,
}

static LISTS: LazyLock<[(Language, HashSet<&'static str>); 4]> = LazyLock::new(|| {
    [
        (Language::English, ENGLISH),
        (Language::German, GERMAN),
        (Language::French, FRENCH),
        (Language::Spanish, SPANISH),
    ]
    .map(|(language, list)| (language, list.split_whitespace().collect()))
});

impl Language {
    /// The language most of whose stop words are among `words`; English where none is.
    ///
    /// The lists are kept apart because they contradict each other: German `war` and `die`, French `car` and
    /// Spanish `sin` and `sea` are subjects in English.
    pub(super) fn of<'w>(words: impl Iterator<Item = &'w str> + Clone) -> Self {
        let mut best = (0, Self::English);
        for (language, list) in LISTS.iter() {
            let hits = words.clone().filter(|word| list.contains(word)).count();
            if hits > best.0 {
                best = (hits, *language);
            }
        }
        best.1
    }

    /// Whether a stop word joins two words into one notion: `rule of law`, `trade and investment`.
    pub(super) fn joins(self, word: &str) -> bool {
        let joints: &[&str] = match self {
            Self::English => &["of", "and", "for"],
            Self::German => &["und", "von", "der", "des", "für"],
            Self::French => &["de", "du", "des", "et"],
            Self::Spanish => &["de", "del", "y"],
        };
        joints.contains(&word)
    }

    /// Whether a word (lower case, with `'` for every apostrophe) says nothing about what a text is about.
    pub(super) fn is_stop_word(self, word: &str) -> bool {
        let listed = LISTS
            .iter()
            .any(|(language, list)| *language == self && list.contains(word));
        listed || CONTRACTIONS.iter().any(|ending| word.ends_with(ending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_sentence_is_that_of_its_small_words() {
        for (text, language) in [
            (
                "the war is a sin and the car is in the sea",
                Language::English,
            ),
            (
                "der krieg war nicht das ende und die stadt ist frei",
                Language::German,
            ),
            (
                "la guerre est dans les villes et sur la mer",
                Language::French,
            ),
            (
                "la guerra es más larga que el camino de los hombres",
                Language::Spanish,
            ),
            ("zzz", Language::English),
        ] {
            assert_eq!(Language::of(text.split(' ')), language, "{text}");
        }
    }

    #[test]
    fn what_is_a_small_word_in_one_language_may_be_a_subject_in_another() {
        assert!(Language::German.is_stop_word("war"));
        assert!(!Language::English.is_stop_word("war"));
        assert!(Language::English.is_stop_word("don't"));
        assert!(Language::French.is_stop_word("été"));
    }
}
