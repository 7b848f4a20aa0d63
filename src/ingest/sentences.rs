//! Where sentences end.
//!
//! The rules look at a stop, at the word before it and at the word after it; they need no model and run in
//! one pass. They know the abbreviations of English prose; for other languages in Latin, Greek or Cyrillic
//! script the capital after the stop decides, and CJK, Arabic and Indic stops end a sentence by themselves.

use std::iter::FusedIterator;

use super::abbreviations::belongs_to_abbreviation;
use crate::article::Span;

/// The sentences of a text in order, as spans of its bytes without the white space around them.
///
/// Together the spans hold everything in the text but white space. Line ends count as white space, except
/// that a blank line always ends a sentence.
///
/// ```
/// use topoi::ingest::sentences;
///
/// let text = "Mr. Holt paid 3.5 million. “Why?” he was asked. Nobody knows.";
/// let found: Vec<&str> = sentences(text).map(|span| &text[span.start..span.end]).collect();
/// assert_eq!(found, ["Mr. Holt paid 3.5 million.", "“Why?” he was asked.", "Nobody knows."]);
/// ```
#[must_use]
pub fn sentences(text: &str) -> Sentences<'_> {
    Sentences { text, at: 0 }
}

/// The iterator that [`sentences`] returns.
#[derive(Debug, Clone)]
pub struct Sentences<'a> {
    text: &'a str,
    /// Everything before this byte has been given out.
    at: usize,
}

impl Iterator for Sentences<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let rest = self.text.get(self.at..)?;
        let start = self.at + (rest.len() - rest.trim_start().len());
        if start >= self.text.len() {
            self.at = self.text.len();
            return None;
        }
        let end = sentence_end(self.text, start);
        self.at = end;
        let sentence = self.text.get(start..end)?;
        Some(Span::new(start, start + sentence.trim_end().len()))
    }
}

impl FusedIterator for Sentences<'_> {}

/// Whether a text ends as a sentence does: with a stop, behind which only closing quotes and brackets stand.
#[must_use]
pub(crate) fn ends_as_sentence(text: &str) -> bool {
    let bare = text.trim_end();
    let bare = match footnote_mark(bare) {
        Some(mark) => bare.get(..bare.len() - mark).unwrap_or(bare),
        None => bare,
    };
    let bare = bare.trim_end_matches(|c: char| c.is_whitespace() || is_closer(c));
    bare.ends_with(|c| is_stop(c) || is_wide_stop(c))
}

/// The length of a footnote's number in brackets at the end of a text: `[12]`.
fn footnote_mark(text: &str) -> Option<usize> {
    let inside = text.strip_suffix(']')?;
    let open = inside.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = inside.len() - open.len();
    (open.ends_with('[') && (1..=3).contains(&digits)).then_some(digits + 2)
}

/// Stops that need white space after them.
pub(crate) const fn is_stop(c: char) -> bool {
    matches!(
        c,
        '.' | '!' | '?' | '…' | '‽' | '⁇' | '⁈' | '⁉' | '؟' | '۔' | '।' | '॥' | '։' | '።'
    )
}

/// Stops of CJK text, which no white space follows.
pub(crate) const fn is_wide_stop(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '｡' | '．')
}

/// What may close around a stop: quotes, brackets, and the marks of emphasis and of a footnote.
pub(crate) const fn is_closer(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '”'
            | '’'
            | '»'
            | '›'
            | ')'
            | ']'
            | '}'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
            | '〉'
            | '*'
            | '_'
    )
}

pub(super) const fn is_opener(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '“'
            | '‘'
            | '„'
            | '‚'
            | '«'
            | '‹'
            | '('
            | '['
            | '{'
            | '「'
            | '『'
            | '（'
            | '¿'
            | '¡'
            | '*'
            | '_'
    )
}

pub(super) const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '–' | '—' | '―')
}

/// One past the last byte of the sentence that begins at `start`, its closing quotes included.
fn sentence_end(text: &str, start: usize) -> usize {
    let tail = |at: usize| text.get(at..).unwrap_or("");
    let mut chars = tail(start).char_indices().peekable();
    while let Some((offset, stop)) = chars.next() {
        let at = start + offset;
        if stop == '\n' {
            if tail(at + 1)
                .trim_start_matches([' ', '\t', '\r'])
                .starts_with('\n')
            {
                return at;
            }
            continue;
        }
        let wide = is_wide_stop(stop);
        if !wide && !is_stop(stop) {
            continue;
        }
        let mut stops = 1;
        while chars
            .next_if(|&(_, c)| is_stop(c) || is_wide_stop(c))
            .is_some()
        {
            stops += 1;
        }
        let mut closed = false;
        while chars.next_if(|&(_, c)| is_closer(c)).is_some() {
            closed = true;
        }
        let end = chars
            .peek()
            .map_or(text.len(), |&(offset, _)| start + offset);
        let after = tail(end);
        if after.is_empty() {
            return end;
        }
        if wide {
            // 「…。」と: what was said goes on into the sentence that says who said it.
            if !(closed && after.starts_with('と')) {
                return end;
            }
        } else if after.starts_with(char::is_whitespace) {
            let single_dot = stop == '.' && stops == 1;
            let before = text.get(start..at).unwrap_or("");
            if goes_on(before, single_dot && !closed, after) {
                continue;
            }
            return end;
        }
    }
    text.len()
}

/// Whether a sentence goes on after a stop and white space.
///
/// `before` is the sentence up to the stop; `dot` says that the stop is one bare full stop, which may belong
/// to an abbreviation; `after` begins with the white space.
fn goes_on(before: &str, dot: bool, after: &str) -> bool {
    let gap_end = after
        .find(|c: char| !c.is_whitespace())
        .unwrap_or(after.len());
    if after
        .get(..gap_end)
        .is_some_and(|gap| gap.matches('\n').count() > 1)
    {
        return false;
    }
    let next = after
        .get(gap_end..)
        .unwrap_or("")
        .trim_start_matches(|c: char| is_opener(c) || is_dash(c) || c.is_whitespace());
    let Some(first) = next.chars().next() else {
        return false;
    };
    if first.is_lowercase() || is_stop(first) || matches!(first, ',' | ';' | ':') {
        return true;
    }
    dot && belongs_to_abbreviation(before, first, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text)
            .map(|span| &text[span.start..span.end])
            .collect()
    }

    /// Each case is a text with `|` where a sentence ends.
    fn check(marked: &str) {
        let text = marked.replace('|', "");
        let expected: Vec<&str> = marked
            .split('|')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        assert_eq!(split(&text), expected, "{marked}");
    }

    #[test]
    fn a_full_stop_in_an_abbreviation_ends_nothing() {
        check("The U.S. Senate met Mr. Holt and Dr. Amis on Jan. 20 in St. Ives.| Nobody spoke.");
        check("See No. 5 and Fig. 3, p. 12, vol. II.| He said no.| Then he left.");
        check("J. R. Marsh wrote it, i.e. Ada Marsh's uncle did.| It sold.");
        check("They live in the U.S.| The others left at 5 p.m.| We stayed.");
        check("Marsh & Co. Ltd. bought it.| It was cheap (cf. Hobbes).| So was the rest.");
        check("It happened in Dec.| Nobody came.");
        check("So do I.| Cats do not.");
    }

    #[test]
    fn quotes_and_brackets_close_with_the_sentence() {
        check("“Why?” he asked.| “Because.”| She left.");
        check("He wrote: “It is over.”| (Nobody read it.)| «Oui.»| 'No.'| Then silence.");
        check("\"Stop!\" she said.| \"I can't.\"| \"You must.\"");
    }

    #[test]
    fn an_ellipsis_ends_a_sentence_only_before_a_new_one() {
        check(
            "He waited ... and waited.| Then…| Nothing came… or so it seemed.| Well . . . perhaps.",
        );
    }

    #[test]
    fn numbers_keep_their_points() {
        check(
            "Growth was 3.5 percent, not 1,000.25.| In 2020.| 15 countries agreed at 10.30 a.m. on Friday.",
        );
        check("1. Build ships.| 2. Sail them.");
    }

    #[test]
    fn cjk_stops_need_no_white_space() {
        check("今日は雨です。|明日は晴れるでしょうか？|「はい。」と彼は言った。|終わり！");
        check("他说：“好。”|我们走了。|");
    }

    #[test]
    fn scripts_without_capitals_end_at_their_stops() {
        check("यह पहला है।| यह दूसरा है।");
        check("هل وصلت السفينة؟| نعم وصلت.| غادرنا.");
    }

    #[test]
    fn a_blank_line_ends_a_sentence_and_a_line_end_does_not() {
        assert_eq!(
            split("One line\nand the next\n\nAnother"),
            ["One line\nand the next", "Another"]
        );
        assert_eq!(split("No stop at all"), ["No stop at all"]);
        assert_eq!(split(" \n "), Vec::<&str>::new());
        assert_eq!(split("... !"), ["... !"]);
    }

    #[test]
    fn a_text_that_is_cut_off_does_not_end_as_a_sentence() {
        for whole in [
            "It ends.",
            "“It ends.”",
            "Does it?)",
            "はい。」",
            "It ends.* ",
            "It ends. [12]",
        ] {
            assert!(ends_as_sentence(whole), "{whole}");
        }
        for cut in ["It ends with the", "It ends,", "", "”", "in 2020"] {
            assert!(!ends_as_sentence(cut), "{cut}");
        }
    }
}
