//! Words as labels need them: found by the Unicode rules, with one key for all forms of a word.

use unicode_segmentation::UnicodeSegmentation;

use super::stop_words::Language;

/// What a word may do in a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It can say what a text is about.
    Content,
    /// It may stand inside a term, but neither begin nor end it: `of`, `and`.
    Joint,
    /// It stands in no term: any other stop word, a number, a single letter.
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
}

/// The words of `text`, in order.
///
/// Words are those of Unicode's segmentation (UAX #29), with hyphenated words in one piece (`COVID-19`), without
/// possessive endings (`China's`) and elided articles (`l'économie`). A word in capitals that would be a stop
/// word in small letters (`US`, `WHO`, `IT`) is a name, unless the whole text is in capitals.
pub(super) fn words(text: &str) -> Vec<Word> {
    let pieces = pieces(text);
    let folded: Vec<String> = pieces
        .iter()
        .map(|piece| fold(&text[piece.start..piece.end]))
        .collect();
    let language = Language::of(folded.iter().map(String::as_str));
    let capitals = pieces
        .iter()
        .filter(|piece| is_capitals(&text[piece.start..piece.end]))
        .count();
    let shouting = 2 * capitals > pieces.len();
    pieces
        .into_iter()
        .zip(folded)
        .map(|(piece, folded)| {
            let form = &text[piece.start..piece.end];
            let stop = language.is_stop_word(&folded);
            let (key, standing) = if stop && !shouting && is_capitals(form) {
                (form.replace('.', ""), Standing::Content)
            } else if stop && language.joins(&folded) {
                (folded, Standing::Joint)
            } else if stop || is_number(form) || is_single_letter(form) {
                (folded, Standing::Empty)
            } else {
                (singular(&folded), Standing::Content)
            };
            Word {
                start: piece.start,
                end: piece.end,
                key,
                standing,
                follows: piece.follows,
            }
        })
        .collect()
}

/// Where a word stands, before it is looked at more closely.
struct Piece {
    start: usize,
    end: usize,
    follows: bool,
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    // The end of the last word with its possessive ending, from which the gap to the next one is measured.
    let mut last_end = 0;
    for (offset, word) in text.unicode_word_indices() {
        let gap = &text[last_end..offset];
        let whole_end = offset + word.len();
        // `U.S` is one word by the rules and its last point is not in it; here it is.
        let end = if is_initials(word) && text[whole_end..].starts_with('.') {
            whole_end + 1
        } else {
            offset + without_possessive(word).len()
        };
        last_end = end.max(whole_end);
        match pieces.last_mut() {
            Some(last) if matches!(gap, "-" | "\u{2010}" | "\u{2011}") => last.end = end,
            Some(_) => pieces.push(Piece {
                start: offset + elided(word),
                end,
                follows: gap.chars().all(char::is_whitespace),
            }),
            None => pieces.push(Piece {
                start: offset + elided(word),
                end,
                follows: false,
            }),
        }
    }
    pieces
}

/// Lower case, with `'` for every apostrophe and initials without their points.
fn fold(form: &str) -> String {
    let lower = form.to_lowercase().replace('\u{2019}', "'");
    if is_initials(form.trim_end_matches('.')) {
        lower.replace('.', "")
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

/// How many bytes at the beginning of a word are an elided French article or pronoun with its apostrophe.
fn elided(word: &str) -> usize {
    let Some((before, after)) = word.split_once(['\'', '\u{2019}']) else {
        return 0;
    };
    let elides = ["c", "d", "j", "l", "m", "n", "qu", "s", "t"]
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

/// Whether a word is a number or an amount (`2020`, `19th`, `1.13bn`) rather than a name such as `5G` or `3D`.
fn is_number(form: &str) -> bool {
    let digit_first = form.starts_with(|c: char| c.is_numeric());
    let name = form.chars().count() == 2 && form.ends_with(char::is_uppercase);
    digit_first && !name
}

/// Whether a word is one letter of an alphabet; a single ideograph is a word.
fn is_single_letter(form: &str) -> bool {
    let mut chars = form.chars();
    chars.next().is_some_and(|first| first < '\u{2E80}') && chars.next().is_none()
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
}
