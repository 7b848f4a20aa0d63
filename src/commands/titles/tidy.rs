//! What a model answers → a title: models like to explain, to quote and to format.

use unicode_segmentation::UnicodeSegmentation;

use crate::answers::clean;

/// How long a title may be, in characters; what is longer is cut at the end of a word.
const LONGEST: usize = 80;

/// A line that is longer than this, in characters, isn't a title but a text.
const ABSURD: usize = 240;

/// What models write before a title, in the languages that topoi has stop words of.
const NAMES: [&str; 8] = [
    "title", "titel", "titre", "título", "theme", "thema", "thème", "tema",
];

/// What stands around a title and isn't part of it: quotation marks and emphasis.
const PAIRS: [(char, char); 14] = [
    ('"', '"'),
    ('\'', '\''),
    ('“', '”'),
    ('„', '“'),
    ('„', '”'),
    ('‘', '’'),
    ('‚', '‘'),
    ('«', '»'),
    ('»', '«'),
    ('‹', '›'),
    ('「', '」'),
    ('《', '》'),
    ('*', '*'),
    ('_', '_'),
];

/// The title in a model's answer: the first line that has words and doesn't announce what follows, bare of markup
/// and quotation marks. `None` where there is none.
pub(super) fn tidy(answer: &str) -> Option<String> {
    // Some models think aloud first.
    let answer = match answer.rsplit_once("</think>") {
        Some((_, answer)) => answer,
        None if answer.contains("<think>") => return None,
        None => answer,
    };
    let line = answer
        .lines()
        .filter(|line| !line.trim_start().starts_with("```"))
        .map(bare)
        .find(|line| line.contains(char::is_alphanumeric) && !line.ends_with(':'))?;
    if line.chars().count() > ABSURD {
        return None;
    }
    let title = beginning(&line, LONGEST);
    (!title.is_empty()).then(|| title.to_owned())
}

/// As much of a text's beginning as has `longest` characters at most and ends where a word does.
pub(super) fn beginning(text: &str, longest: usize) -> &str {
    let Some((limit, _)) = text.char_indices().nth(longest) else {
        return text;
    };
    let end = text
        .split_word_bound_indices()
        .map(|(start, word)| start + word.len())
        .take_while(|end| *end <= limit)
        .last();
    text[..end.unwrap_or_default()].trim_end_matches([' ', ',', ';', ':', '-', '–', '—', '(', '/'])
}

/// A text on one line, without characters that steer, and with one space between words.
pub(super) fn fold(text: &str) -> String {
    let text = clean(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line without what stands around its words.
fn bare(line: &str) -> String {
    let line = fold(line).replace("**", "").replace("__", "");
    let line = line.replace('`', "");
    let mut rest = line.as_str();
    loop {
        let before = rest;
        rest = without_full_stop(without_pair(without_name(without_marker(rest.trim()))));
        if rest == before {
            return rest.to_owned();
        }
    }
}

/// Without the sign of a heading, a quotation or a list.
fn without_marker(line: &str) -> &str {
    let rest = line
        .strip_prefix("1.")
        .or_else(|| line.strip_prefix("1)"))
        .unwrap_or_else(|| line.trim_start_matches(['#', '>', '-', '*', '•']));
    if rest.is_empty() || rest.starts_with(' ') {
        rest
    } else {
        line
    }
}

/// Without `Title:`.
fn without_name(line: &str) -> &str {
    match line.split_once(':') {
        Some((name, rest)) if NAMES.contains(&name.trim().to_lowercase().as_str()) => rest,
        _ => line,
    }
}

/// Without quotation marks around all of it. Those of `"Fair" and "free"` stay.
fn without_pair(line: &str) -> &str {
    let inside = PAIRS.into_iter().find_map(|(open, close)| {
        line.strip_prefix(open)?
            .strip_suffix(close)
            .filter(|inside| !inside.contains([open, close]))
    });
    inside.unwrap_or(line)
}

/// Without the full stop of a sentence. That of an abbreviation (`the U.S.`) stays.
fn without_full_stop(line: &str) -> &str {
    line.strip_suffix(['.', '。'])
        .filter(|rest| !rest.contains('.'))
        .unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_freed_of_what_stands_around_it() {
        for (answer, title) in [
            ("Who pays for tariffs", "Who pays for tariffs"),
            (
                "\n\n  \"Who pays   for\ttariffs\"  \nBecause …",
                "Who pays for tariffs",
            ),
            ("Title: Who pays for tariffs", "Who pays for tariffs"),
            ("\"Title: Who pays for tariffs.\"", "Who pays for tariffs"),
            ("**Title:** *Who pays for tariffs*", "Who pays for tariffs"),
            (
                "Here is a title:\n\n## Who pays for tariffs",
                "Who pays for tariffs",
            ),
            ("```text\nWho pays for tariffs\n```", "Who pays for tariffs"),
            (
                "1. `Who pays for tariffs`\n2. Tariffs",
                "Who pays for tariffs",
            ),
            (
                "<think>\nHm.\n</think>\n\nWho pays for tariffs",
                "Who pays for tariffs",
            ),
            (
                "\u{1b}[1mWho pays\u{7}\u{202e} for tariffs",
                "[1mWho pays for tariffs",
            ),
            ("Titel: „Wer zahlt die Zölle“", "Wer zahlt die Zölle"),
            (
                "« Qui paie les droits de douane ? »",
                "Qui paie les droits de douane ?",
            ),
            ("「关税由谁承担」", "关税由谁承担"),
        ] {
            assert_eq!(tidy(answer).as_deref(), Some(title), "{answer}");
        }
    }

    #[test]
    fn what_belongs_to_a_title_stays() {
        for title in [
            "\"Fair\" and \"free\" trade",
            "\"Fair\" or \"free\"",
            "Trade with the U.S.",
            "#MeToo in the courts",
            "Climate: the next decade",
            "C# and F#",
        ] {
            assert_eq!(tidy(title).as_deref(), Some(title));
        }
    }

    #[test]
    fn an_answer_without_a_title_gives_none() {
        for answer in [
            "",
            " \n\t\n",
            "---\n\"\"\n...",
            "Title:",
            "<think>\nThe passages are about",
        ] {
            assert_eq!(tidy(answer), None, "{answer}");
        }
        assert_eq!(tidy(&"The passages speak of tariffs. ".repeat(9)), None);
        assert_eq!(tidy(&"a".repeat(100)), None);
    }

    #[test]
    fn a_long_title_is_cut_at_the_end_of_a_word() {
        let words = "Tariffs, and who pays for them in the end; ".repeat(3);
        let title = tidy(&words).unwrap();
        assert_eq!(
            title,
            "Tariffs, and who pays for them in the end; Tariffs, and who pays for them in the"
        );
        assert_eq!(tidy(&"关税".repeat(50)).unwrap(), "关税".repeat(40));
    }
}
