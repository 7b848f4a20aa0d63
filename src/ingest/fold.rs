//! Text as it is shown and searched: on one line, without what nobody sees.

use super::lines::is_line_end;

/// A text on one line: every run of white space is one space, or nothing between two CJK characters that a
/// line end parts; characters that are not seen (controls, soft hyphens, byte order marks) are dropped.
///
/// A hyphen at the end of a line stays, and the word goes on right after it: whether it belongs to the word
/// ("well-known") or to the line can't be told without a dictionary, and joining wrongly makes a word that
/// nobody searches for.
///
/// ```
/// use topoi::ingest::fold;
///
/// assert_eq!(fold("a  well-\nknown\u{a0}port "), "a well-known port");
/// assert_eq!(fold("港は\n深い"), "港は深い");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    if is_folded(text) {
        return text.to_owned();
    }
    let mut folded = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    // The last two characters that were written: a hyphen joins only after a letter.
    let mut before = (' ', ' ');
    while let Some(c) = chars.next() {
        if matches!(c, '!'..='~') {
            folded.push(c);
            before = (before.1, c);
            continue;
        }
        let (c, line_end) = if c.is_whitespace() {
            let mut line_end = is_line_end(c);
            while let Some(space) = chars.next_if(|&c| c.is_whitespace() || is_unseen(c)) {
                line_end |= is_line_end(space);
            }
            (' ', line_end)
        } else if is_unseen(c) {
            let hyphenated = c == '\u{ad}' && chars.peek().is_some_and(|&c| is_line_end(c));
            while hyphenated && chars.next_if(|c| c.is_whitespace()).is_some() {}
            continue;
        } else {
            (c, false)
        };
        if c == ' ' {
            let Some(&next) = chars.peek() else { break };
            let continued = before.1 == '-' && before.0.is_alphabetic() && next.is_lowercase();
            if folded.is_empty() || (line_end && (continued || (is_cjk(before.1) && is_cjk(next))))
            {
                continue;
            }
        }
        folded.push(c);
        before = (before.1, c);
    }
    folded.truncate(folded.trim_end().len());
    folded.shrink_to_fit();
    folded
}

/// Whether folding a text changes nothing, as in most texts that hold one paragraph a line.
fn is_folded(text: &str) -> bool {
    let mut before = ' ';
    for c in text.chars() {
        let stays = match c {
            ' ' => before != ' ',
            '!'..='~' => true,
            c => !c.is_whitespace() && !is_unseen(c),
        };
        if !stays {
            return false;
        }
        before = c;
    }
    before != ' '
}

fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{feff}') || (c.is_control() && !c.is_whitespace())
}

/// Whether a character is written without spaces between words: kana, ideographs and their punctuation.
const fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_white_space_becomes_one_space() {
        assert_eq!(
            fold("\u{feff} a\tb\r\nc\u{a0}\u{2003}d\u{3000}e \n"),
            "a b c d e"
        );
        assert_eq!(fold(" \n\t "), "");
    }

    #[test]
    fn what_is_not_seen_is_dropped() {
        assert_eq!(
            fold("in\u{ad}for\u{ad}\n  ma\u{1b}tion\u{1}"),
            "information"
        );
    }

    #[test]
    fn a_hyphen_at_a_line_end_stays_and_joins_only_inside_a_word() {
        assert_eq!(fold("a semi-\nofficial note"), "a semi-official note");
        assert_eq!(
            fold("the years 1914-\n1918 and -\nso on -\nEnd"),
            "the years 1914- 1918 and - so on - End"
        );
        assert_eq!(fold("Franco-\nPrussian"), "Franco- Prussian");
        assert_eq!(fold("pre- and post-war"), "pre- and post-war");
    }

    #[test]
    fn cjk_lines_join_without_a_space() {
        assert_eq!(fold("港は\n深い。\n  船"), "港は深い。船");
        assert_eq!(fold("港 は"), "港 は");
        assert_eq!(fold("한국어\n글자"), "한국어 글자");
    }
}
