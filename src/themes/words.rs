//! Words as labels need them: found by the Unicode rules, with one key for all forms of a word.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::stop_words::{Cue, Language, Marks, is_particle};

/// French and Italian articles and pronouns before an apostrophe.
const ELIDED: [&str; 18] = [
    "c", "d", "j", "l", "m", "n", "qu", "s", "t", "un", "dell", "all", "dall", "nell", "sull",
    "quell", "quest", "gl",
];

/// The Arabic article, alone and with the conjunction or preposition before it.
const ARABIC_ARTICLES: [&str; 6] = ["ال", "وال", "بال", "لل", "كال", "فال"];

/// Korean particles that hardly any noun ends with.
const KOREAN_PARTICLES: [&str; 7] = ["에서", "으로", "에게", "을", "를", "은", "는"];

/// What a word may do in a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It can say what a text is about.
    Content,
    /// It is an ideograph, which says what a text is about together with those beside it.
    Ideograph,
    /// It may stand inside a term, but neither begin nor end it: `of`, `and`.
    Joint,
    /// It stands in no term: any other stop word, a number, a single letter, a part of an address.
    Empty,
}

/// A word in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it stands, in bytes, without a possessive ending.
    pub(super) start: usize,
    pub(super) end: usize,
    /// What all forms of the word have in common: lower case, singular.
    pub(super) key: String,
    pub(super) standing: Standing,
    /// Whether only white space, or nothing, divides it from the word before it.
    pub(super) follows: bool,
    /// Whether a sentence may begin with it, so that a capital says nothing.
    pub(super) opens: bool,
    /// Whether it has a capital that no beginning of a sentence explains.
    pub(super) named: bool,
    /// Whether it has a possessive ending.
    pub(super) owns: bool,
    /// What it says, as a small word, of the word after it, and
    pub(super) cue: Cue,
    /// whether the word before it is a verb.
    pub(super) follows_verbs: bool,
    pub(super) language: Language,
}

/// The words of `text`, in order.
///
/// Words are those of Unicode's segmentation (UAX #29), with hyphenated words in one piece (`COVID-19`), without
/// possessive endings (`China's`) and elided articles (`l'économie`); where a space is missing after a full stop,
/// there are two. An ideograph is a word by itself. A word in capitals that would be a stop word in small letters
/// (`US`, `WHO`, `IT`) is a name, unless the whole text is in capitals.
pub(super) fn words(text: &str) -> Vec<Word> {
    let pieces = pieces(text);
    let folded: Vec<String> = pieces
        .iter()
        .map(|piece| fold(&text[piece.start..piece.end]))
        .collect();
    let marks: Vec<Marks> = folded.iter().map(|folded| Marks::of(folded)).collect();
    let language = Language::of(&marks);
    let share_above_half = |holds: fn(&str) -> bool| {
        let holding = pieces
            .iter()
            .filter(|piece| holds(&text[piece.start..piece.end]));
        2 * holding.count() > pieces.len()
    };
    let shouting = share_above_half(is_capitals);
    let titled = share_above_half(begins_with_capital);
    pieces
        .into_iter()
        .zip(folded)
        .zip(marks)
        .map(|((piece, folded), marks)| {
            let end = match language {
                Language::Turkish => before_apostrophe(text, &piece),
                _ => piece.end,
            };
            let form = &text[piece.start..end];
            let stop = language.is_stop_word(&folded, marks);
            let named = !piece.opens && !titled && begins_with_capital(form);
            let (key, standing) = if piece.in_address {
                (folded, Standing::Empty)
            } else if stop && !shouting && is_capitals(form) {
                (form.replace('.', ""), Standing::Content)
            } else if stop && marks.joins(language) {
                (folded, Standing::Joint)
            } else if form.chars().all(is_ideograph) {
                if form.chars().all(is_particle) {
                    (folded, Standing::Empty)
                } else {
                    (folded, Standing::Ideograph)
                }
            } else if (stop && !(named && language == Language::Unknown))
                || is_number(form)
                || is_single_letter(form)
            {
                (folded, Standing::Empty)
            } else {
                (stem(&fold(form), language), Standing::Content)
            };
            Word {
                start: piece.start,
                end,
                key,
                standing,
                follows: piece.follows,
                opens: piece.opens,
                named,
                owns: piece.owns,
                cue: marks.cue(language),
                follows_verbs: marks.follows_verbs(language),
                language,
            }
        })
        .collect()
}

/// Where a word stands, before it is looked at more closely.
struct Piece {
    start: usize,
    end: usize,
    follows: bool,
    opens: bool,
    owns: bool,
    in_address: bool,
}

fn pieces(text: &str) -> Vec<Piece> {
    let addresses = addresses(text);
    let mut pieces: Vec<Piece> = Vec::new();
    // The end of the last word with its possessive ending, from which the gap to the next one is measured.
    let mut last_end = 0;
    let words = text
        .unicode_word_indices()
        .flat_map(|(offset, word)| divided(offset, word));
    for (offset, word) in words {
        let gap = &text[last_end..offset];
        let whole_end = offset + word.len();
        let without_possessive = without_possessive(word).len();
        // `U.S` is one word by the rules and its last point is not in it; here it is.
        let end = if is_initials(word) && text[whole_end..].starts_with('.') {
            whole_end + 1
        } else {
            offset + without_possessive
        };
        last_end = end.max(whole_end);
        let owns = without_possessive < word.len();
        match pieces.last_mut() {
            Some(last) if matches!(gap, "-" | "\u{2010}" | "\u{2011}") => {
                last.end = end;
                last.owns = owns;
            }
            last => {
                let first = last.is_none();
                let together = gap.is_empty() || !word.chars().all(is_ideograph);
                pieces.push(Piece {
                    start: offset + elided(word),
                    end,
                    follows: !first && together && gap.chars().all(char::is_whitespace),
                    opens: first || gap.chars().any(|c| !c.is_whitespace() && c != ','),
                    owns,
                    in_address: addresses.iter().any(|address| address.contains(&offset)),
                });
            }
        }
    }
    pieces
}

/// Where the text has addresses of pages and of people: whatever stands between two spaces with `://`, `www.` or `@`.
fn addresses(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for sign in ["://", "www.", "@"] {
        found.extend(text.match_indices(sign).map(|(at, _)| {
            let start = text[..at]
                .rfind(char::is_whitespace)
                .map_or(0, |space| space + 1);
            let end = text[at..]
                .find(char::is_whitespace)
                .map_or(text.len(), |gap| at + gap);
            start..end
        }));
    }
    found
}

/// The words in what the rules take for one because no space follows a full stop or a colon: `ended.The`, `app:News`.
fn divided(offset: usize, word: &str) -> impl Iterator<Item = (usize, &str)> {
    let whole = is_initials(word) || !word.contains(['.', ':']) || word.contains(char::is_numeric);
    let marks: &[char] = if whole { &[] } else { &['.', ':'] };
    word.split(marks)
        .map(move |part| {
            (
                offset + (part.as_ptr() as usize - word.as_ptr() as usize),
                part,
            )
        })
        .filter(|(_, part)| !part.is_empty())
}

/// Lower case, with `'` for every apostrophe and initials without their points.
fn fold(form: &str) -> String {
    let lower = form.to_lowercase().replace('\u{2019}', "'");
    if is_initials(form.trim_end_matches('.')) {
        lower.replace('.', "")
    } else if lower.contains('\u{307}') {
        // The Turkish `İ`, which is an `i`.
        lower.replace('\u{307}', "")
    } else {
        lower
    }
}

/// The word without `'s` at its end.
fn without_possessive(word: &str) -> &str {
    ["'s", "\u{2019}s", "'S", "\u{2019}S"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(word)
}

/// The end of a Turkish word without the endings that follow a name after an apostrophe: `Ankara'nın`.
fn before_apostrophe(text: &str, piece: &Piece) -> usize {
    text[piece.start..piece.end]
        .find(['\'', '\u{2019}'])
        .filter(|&at| at > 0)
        .map_or(piece.end, |at| piece.start + at)
}

/// How many bytes at the beginning of a word are an elided French or Italian article or pronoun with its apostrophe.
fn elided(word: &str) -> usize {
    let Some((before, after)) = word.split_once(['\'', '\u{2019}']) else {
        return 0;
    };
    let elides = ELIDED
        .iter()
        .any(|short| before.eq_ignore_ascii_case(short));
    if elides && after.chars().nth(1).is_some() {
        word.len() - after.len()
    } else {
        0
    }
}

/// Whether a word is single letters with points between them: `U.S`, `e.g`.
fn is_initials(word: &str) -> bool {
    word.contains('.')
        && word
            .split('.')
            .all(|part| part.chars().count() == 1 && part.chars().all(char::is_alphabetic))
}

/// Whether a word is written in capitals, two at least.
fn is_capitals(form: &str) -> bool {
    let mut letters = form.chars().filter(|c| c.is_alphabetic()).peekable();
    letters.peek().is_some()
        && form.chars().filter(|c| c.is_alphabetic()).nth(1).is_some()
        && letters.all(char::is_uppercase)
}

/// Whether a word's first letter is a capital.
fn begins_with_capital(form: &str) -> bool {
    form.starts_with(char::is_uppercase)
}

/// Whether a character is a Chinese or Japanese ideograph.
fn is_ideograph(character: char) -> bool {
    matches!(character, '々' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Whether a word is a number or an amount (`2020`, `19th`, `1.13bn`) rather than a name such as `5G` or `3D`.
fn is_number(form: &str) -> bool {
    let digit_first = form.starts_with(|c: char| c.is_numeric());
    let name = form.chars().count() == 2 && form.ends_with(char::is_uppercase);
    digit_first && !name
}

/// Whether a word is one letter; an ideograph is none.
fn is_single_letter(form: &str) -> bool {
    let mut chars = form.chars();
    chars.next().is_some() && chars.next().is_none()
}

/// What all forms of a word have in common, as far as its language allows to tell without a dictionary.
fn stem(word: &str, language: Language) -> String {
    match language {
        Language::Arabic => arabic_stem(word),
        Language::Korean => {
            let stem = KOREAN_PARTICLES
                .iter()
                .find_map(|particle| word.strip_suffix(particle));
            stem.filter(|stem| stem.chars().count() > 1)
                .unwrap_or(word)
                .to_owned()
        }
        _ => singular(word),
    }
}

/// An Arabic word without its article, without signs for short vowels, and with one letter where spelling varies.
fn arabic_stem(word: &str) -> String {
    let stem = ARABIC_ARTICLES
        .iter()
        .find_map(|article| word.strip_prefix(article))
        .filter(|stem| stem.chars().count() > 2)
        .unwrap_or(word);
    stem.chars()
        .filter(|letter| !matches!(letter, '\u{640}' | '\u{64B}'..='\u{652}'))
        .map(|letter| match letter {
            'أ' | 'إ' | 'آ' => 'ا',
            'ى' => 'ي',
            'ة' => 'ه',
            other => other,
        })
        .collect()
}

/// A light singular: enough to bring `economies` and `economy`, `vaccines` and `vaccine` together.
///
/// The result is never shown, so it need not be a word.
fn singular(word: &str) -> String {
    let keeps = ["ss", "us", "is"].iter().any(|end| word.ends_with(end)) || word == "news";
    if word.chars().count() < 4 || keeps {
        word.to_owned()
    } else if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        format!("{stem}y")
    } else if ["sses", "shes", "ches", "xes"]
        .iter()
        .any(|end| word.ends_with(end))
    {
        word.strip_suffix("es").unwrap_or(word).to_owned()
    } else {
        word.strip_suffix('s').unwrap_or(word).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> Vec<String> {
        words(text)
            .into_iter()
            .filter(|word| word.standing == Standing::Content)
            .map(|word| word.key)
            .collect()
    }

    #[test]
    fn forms_of_a_word_share_a_key() {
        assert_eq!(
            content("Economy economies; China's vaccines, CHINA vaccine"),
            ["economy", "economy", "china", "vaccine", "china", "vaccine"]
        );
        assert_eq!(
            content("news new classes class"),
            ["news", "new", "class", "class"]
        );
    }

    #[test]
    fn a_name_in_capitals_is_no_stop_word() {
        assert_eq!(
            content("They told us that the US and the WHO met"),
            ["US", "WHO", "met"]
        );
        assert_eq!(content("The U.S. economy and us"), ["US", "economy"]);
        assert_eq!(
            content("WHO TOLD US THAT THE TRADE ENDED"),
            ["trade", "ended"]
        );
    }

    #[test]
    fn hyphens_join_and_numbers_stand_aside() {
        assert_eq!(
            content("COVID-19 cost 1.13bn in 2020, on the 19th, by 5G"),
            ["covid-19", "cost", "5g"]
        );
    }

    #[test]
    fn elided_articles_are_cut_off() {
        assert_eq!(
            content("L'économie de la France et l\u{2019}emploi dans les villes"),
            ["économie", "france", "emploi", "ville"]
        );
        assert_eq!(content("the D'Souza case and o'clock")[1], "case");
    }

    #[test]
    fn words_follow_each_other_only_across_white_space() {
        let follows: Vec<bool> = words("Trade wars, trade\npolicy")
            .iter()
            .map(|w| w.follows)
            .collect();
        assert_eq!(follows, [false, true, false, true]);
    }

    #[test]
    fn a_word_stands_where_it_says() {
        let text = "— the “Fed’s” U.S. role";
        let shown: Vec<&str> = words(text).iter().map(|w| &text[w.start..w.end]).collect();
        assert_eq!(shown, ["the", "Fed", "U.S.", "role"]);
    }

    #[test]
    fn a_missing_space_after_a_full_stop_still_ends_a_sentence() {
        assert_eq!(
            content("The trade ended.Tariffs rose; app:News"),
            ["trade", "ended", "tariff", "rose", "app", "news"]
        );
        assert!(words("It ended.Tariffs")[2].opens);
    }

    #[test]
    fn addresses_are_no_words_of_the_text() {
        assert_eq!(
            content("See https://example.com/trade or www.example.com, or ask me@trade.com"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_capital_is_a_name_only_inside_a_sentence() {
        let named = |text: &str| -> Vec<bool> { words(text).iter().map(|w| w.named).collect() };
        assert_eq!(
            named("Tariffs will hurt Canada; “Tariffs” will not"),
            [false, false, false, true, false, false, false]
        );
        assert_eq!(named("Tariffs Hurt Canada"), [false; 3]);
    }

    #[test]
    fn italian_and_turkish_apostrophes_divide() {
        assert_eq!(
            content("Non è dell'economia che si parla all'Europa"),
            ["economia", "parla", "europa"]
        );
        assert_eq!(
            content("Ankara'nın bu kararı daha önce de İstanbul'da çok tartışıldı"),
            ["ankara", "kararı", "önce", "istanbul", "tartışıldı"]
        );
    }

    #[test]
    fn arabic_words_with_and_without_article_share_a_key() {
        assert_eq!(
            content("إن الحكومة التي في حكومة والحكومة"),
            ["حكومه", "حكومه", "حكومه"]
        );
    }
}
