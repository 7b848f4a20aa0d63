//! Where the paragraphs of a plain text begin and end.
//!
//! People paste articles with one paragraph a line, and they keep them hard-wrapped with blank lines between
//! the paragraphs; the text does not say which, but its shape does. In a hard-wrapped text nearly every line
//! end is *forced*: the next word would not have fit into the line. In a text with one paragraph a line
//! hardly any is, and nearly every line ends a sentence. A greedy wrap is what every editor does, so that
//! forced line ends tell the two apart far more surely than line lengths do.
//!
//! Measured on 2,583 articles (Project Syndicate, editorials, BBC news; 15,903 paragraphs) written out anew, as
//! the share of their paragraphs that come back whole: one a line 100 %; wrapped at 45 to 100 characters with
//! blank lines 99.99 %, with indented first lines 98.6 to 98.9 %, with neither 79 to 86 %.

use super::boilerplate::is_matter_line;
use super::lines::{Line, lines};
use super::sentences::ends_as_sentence;
use crate::article::Span;

/// The paragraphs of a text in order, as spans of its bytes without the white space around them.
///
/// Together the spans hold everything in the text but white space.
///
/// ```
/// use topoi::ingest::split_paragraphs;
///
/// let text = "Ports need depth.\n\nRivers bring it, and\nrivers take it away.\n";
/// let found: Vec<&str> = split_paragraphs(text).map(|span| &text[span.start..span.end]).collect();
/// assert_eq!(found, ["Ports need depth.", "Rivers bring it, and\nrivers take it away."]);
/// ```
pub fn split_paragraphs(text: &str) -> impl Iterator<Item = Span> + '_ {
    let lines = lines(text);
    let shape = Shape::of(text, &lines);
    let mut paragraphs = Vec::new();
    let mut rest = lines.as_slice();
    while !rest.is_empty() {
        let tail = rest.iter().skip(1);
        let length = 1 + tail.take_while(|line| !line.after_blank).count();
        let (block, after) = rest.split_at(length);
        let ends = Ends {
            first: rest.len() == lines.len(),
            last: after.is_empty(),
        };
        shape.add_paragraphs(text, block, ends, &mut paragraphs);
        rest = after;
    }
    paragraphs.into_iter()
}

/// What line ends mean in a text.
enum Shape {
    /// Each line is a paragraph.
    LineIsParagraph,
    /// Lines are filled up to this many characters.
    Wrapped {
        width: u32,
        /// The indent that opens a paragraph, if one does.
        indent: Option<u16>,
        /// Neither blank lines nor indents part the paragraphs, so that the ends of lines have to.
        unmarked: bool,
    },
    /// Neither: short lines, as in verse, lists and sentences put one a line.
    Ragged { blocks_are_paragraphs: bool },
}

/// No hard wrap is wider, in characters; longer lines are paragraphs. (The widest that editors offer by
/// default is 120; the newspaper page that was looked at has a median of 281 characters a line.)
const WIDEST_WRAP: u32 = 200;

/// A text whose blank lines stand further apart than this, in lines, does not part its paragraphs by them.
const LONGEST_PARAGRAPH: usize = 25;

/// A title, a byline and a date stand among this many lines at the top of a text.
const HEAD: usize = 6;

/// Verse longer than this is a list: joined, it would be one paragraph without end.
const LONGEST_STANZA: usize = 40;

impl Shape {
    fn of(text: &str, lines: &[Line]) -> Self {
        // Two neighbours with no blank line between them.
        let pairs = || {
            let after = lines.iter().skip(1);
            lines.iter().zip(after).filter(|(_, b)| !b.after_blank)
        };
        let mut widths: Vec<u32> = lines.iter().map(|line| line.width).collect();
        if pairs().next().is_none() {
            return Self::LineIsParagraph;
        }
        // The 95th percentile rather than the longest: one long address or one stray line must not decide.
        let rank = (widths.len() - 1) * 95 / 100;
        let width = *widths.select_nth_unstable(rank).1;
        if width > WIDEST_WRAP {
            return Self::LineIsParagraph;
        }
        let (mut count, mut forced, mut ended) = (0usize, 0usize, 0usize);
        let (mut blocks, mut chars) = (0usize, 0usize);
        let mut inside = false;
        for (a, b) in pairs() {
            if !inside || a.after_blank {
                blocks += 1;
                chars += a.width as usize;
                inside = true;
            }
            chars += b.width as usize;
            count += 1;
            forced += usize::from(is_forced(text, a, b, width, width / 10));
            ended += usize::from(ends_as_sentence(a.text(text)));
        }
        // In wrapped prose a line ends a sentence by chance, about one time in eight.
        if 2 * forced >= count && 3 * ended < 2 * count {
            let indent = paragraph_indent(lines);
            let blanks = lines.iter().filter(|line| line.after_blank).count();
            let unmarked = indent.is_none() && blanks * LONGEST_PARAGRAPH < lines.len();
            return Self::Wrapped {
                width,
                indent,
                unmarked,
            };
        }
        // Several short blocks of lines that are no wrap: sentences or verses put one a line, with the blank
        // lines as the only word on where a paragraph ends.
        Self::Ragged {
            blocks_are_paragraphs: blocks >= 3 && chars / blocks <= 900 && width <= 160,
        }
    }

    /// Adds the paragraphs of a block of lines between two blank ones.
    fn add_paragraphs(&self, text: &str, block: &[Line], ends: Ends, paragraphs: &mut Vec<Span>) {
        let whole = self.is_one_paragraph(text, block, ends);
        let mut open: Option<Span> = None;
        for (number, line) in block.iter().enumerate() {
            let goes_on = match number.checked_sub(1).and_then(|before| block.get(before)) {
                None => false,
                Some(before) if whole => !stand_apart(text, before, line),
                // Above the text short lines stand that a narrow wrap would look like.
                Some(before)
                    if ends.first
                        && number <= HEAD
                        && [before, line]
                            .iter()
                            .any(|line| is_matter_line(line.text(text))) =>
                {
                    false
                }
                Some(before) => self.joins(text, before, line, ends.first && number == 1),
            };
            match &mut open {
                Some(span) if goes_on => span.end = line.end,
                _ => paragraphs.extend(open.replace(Span::new(line.start, line.end))),
            }
        }
        paragraphs.extend(open);
    }

    /// Whether the lines of a block that is no wrapped prose belong together all the same.
    fn is_one_paragraph(&self, text: &str, block: &[Line], ends: Ends) -> bool {
        let ended = || {
            block
                .iter()
                .rev()
                .skip(1)
                .filter(|line| ends_as_sentence(line.text(text)))
                .count()
        };
        let short = |width| block.iter().all(|line| line.width <= width);
        match self {
            Self::Wrapped { .. } => false,
            // A poem quoted among long lines. The first and the last block hold titles, bylines and lists of
            // other articles, which look alike.
            Self::LineIsParagraph => {
                let inside = !ends.first && !ends.last;
                inside
                    && (3..=LONGEST_STANZA).contains(&block.len())
                    && short(80)
                    && 3 * ended() < block.len()
            }
            Self::Ragged {
                blocks_are_paragraphs,
            } => {
                block.len() <= LONGEST_STANZA
                    && short(WIDEST_WRAP)
                    && (*blocks_are_paragraphs || 2 * ended() < block.len().saturating_sub(1))
            }
        }
    }

    /// Whether line `b` goes on with the paragraph that `a` stands in; `second` says that `a` is the first line
    /// of the text.
    fn joins(&self, text: &str, a: &Line, b: &Line, second: bool) -> bool {
        let Self::Wrapped {
            width,
            indent,
            unmarked,
        } = *self
        else {
            return false;
        };
        // Where the ends of lines are all there is to go by, they are taken at their word.
        let slack = if unmarked { width / 50 } else { width / 10 };
        let forced = is_forced(text, a, b, width, slack);
        let ended = ends_as_sentence(a.text(text));
        if indent.is_some_and(|indent| b.indent >= indent && (a.indent < indent || ended)) {
            return false;
        }
        // A line that was never wrapped is a paragraph of its own.
        if ended && a.width > width + width / 2 {
            return false;
        }
        if forced {
            return true;
        }
        let fresh = !b.text(text).starts_with(char::is_lowercase);
        let short = unmarked || a.width < width - width / 4;
        !(stand_apart(text, a, b) || (short && fresh && (ended || second)))
    }
}

/// Where a block stands in its text.
#[derive(Clone, Copy)]
struct Ends {
    /// It opens the text.
    first: bool,
    /// It closes the text.
    last: bool,
}

/// Whether the line end between `a` and `b` is one that a wrap at `width` had to make: the first word of `b`
/// would not have fit. `slack` is left for wraps that are less than greedy.
fn is_forced(text: &str, a: &Line, b: &Line, width: u32, slack: u32) -> bool {
    let mut word = b.text(text).chars().take(width as usize);
    let first = word.next();
    // Between ideographs a line may be broken anywhere, so that one character is a word.
    let rest = if first.is_some_and(|c| c >= '\u{2e80}') {
        0
    } else {
        word.take_while(|c| !c.is_whitespace()).count()
    };
    let needed = 2 + u32::try_from(rest).unwrap_or(u32::MAX);
    a.width.saturating_add(needed) > width - slack
}

/// Whether two lines can't be one paragraph, whatever the shape: one is a byline, a date, a credit or a
/// copyright line, or the second opens an item of a list.
fn stand_apart(text: &str, a: &Line, b: &Line) -> bool {
    let b = b.text(text);
    is_matter_line(a.text(text)) || is_matter_line(b) || is_item(b)
}

/// Whether a line opens an item of a list: a bullet or a number, and white space.
fn is_item(line: &str) -> bool {
    let bare = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let marked = if bare.len() == line.len() {
        line.strip_prefix(['-', '*', '•', '◦', '▪', '–', '—'])
    } else {
        bare.strip_prefix(['.', ')'])
    };
    marked.is_some_and(|rest| rest.starts_with(char::is_whitespace))
}

/// The indent that opens a paragraph, in texts that mark paragraphs so: at least two characters more than the
/// lines that are indented least. These are taken at the tenth percentile, since in a text of short paragraphs
/// nearly every line opens one, while a title may stand further left than everything else.
fn paragraph_indent(lines: &[Line]) -> Option<u16> {
    let mut indents: Vec<u16> = lines.iter().map(|line| line.indent).collect();
    let rank = indents.len() / 10;
    let least = *indents.select_nth_unstable(rank).1;
    let opening = least.saturating_add(2);
    lines
        .iter()
        .any(|line| line.indent >= opening)
        .then_some(opening)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::fold;

    fn split(text: &str) -> Vec<String> {
        split_paragraphs(text)
            .map(|span| fold(&text[span.start..span.end]))
            .collect()
    }

    const WRAPPED: &str = "\
The harbour was dug in the years when the town still believed that
ships would go on growing for ever, and that whoever dug deepest would
be the last to be left out.

It silted up within a generation. The dredgers came every spring, and
every spring they came a little later, until one year they did not
come at all.
";

    #[test]
    fn hard_wrapped_text_is_joined_between_blank_lines() {
        let found = split(WRAPPED);
        assert_eq!(found.len(), 2);
        assert!(found[0].ends_with("dug deepest would be the last to be left out."));
    }

    #[test]
    fn other_line_ends_change_nothing() {
        for end in ["\r\n", "\r", "\u{85}", "\u{2028}"] {
            assert_eq!(
                split(&WRAPPED.replace('\n', end)),
                split(WRAPPED),
                "{end:?}"
            );
        }
        assert_eq!(
            split("One paragraph.\u{2029}And another."),
            ["One paragraph.", "And another."]
        );
    }

    #[test]
    fn a_form_feed_does_not_part_a_paragraph_and_a_blank_line_beside_it_does() {
        let page = WRAPPED.replacen(
            "whoever dug deepest would\n",
            "whoever dug deepest would\n\x0c",
            1,
        );
        assert_eq!(split(&page), split(WRAPPED));
        assert_eq!(split("One.\n\n\x0cTwo.").len(), 2);
    }

    #[test]
    fn one_paragraph_a_line_stays_one_paragraph_a_line() {
        let long = "A sentence that says a little more than the last one did, and then goes on saying it. ".repeat(4);
        let text =
            format!("{long}\nShort, all the same.\n{long}\nIllustration: A. Marsh\n{long}\n");
        assert_eq!(split(&text).len(), 5);
    }

    #[test]
    fn short_sentences_on_lines_of_their_own_are_paragraphs() {
        let text = "The port is closed.\nNobody said why it had to be.\nThe ships wait outside in the fog.\nWe wait too.";
        assert_eq!(split(text).len(), 4);
    }

    #[test]
    fn an_indented_first_line_opens_a_paragraph() {
        let text = "\
    The harbour was dug in the years when the town still believed that
ships would go on growing for ever, and that whoever dug deepest would
be the last to be left out of the trade that was then so very large in
    It silted up within a generation. The dredgers came every spring,
and every spring they came a little later, until one year they did not
come at all.
";
        assert_eq!(split(text).len(), 2);
    }

    #[test]
    fn a_short_last_line_ends_a_paragraph_where_no_blank_line_does() {
        let text = WRAPPED.replace("\n\n", "\n");
        assert_eq!(split(&text), split(WRAPPED));
    }

    #[test]
    fn a_stanza_is_one_paragraph() {
        let text = "\
The gulls come in
before the rain
and leave again
when it is over

Nobody asked them
what they saw
beyond the mole
beyond the light

They would not say
";
        assert_eq!(split(text).len(), 3);
    }

    #[test]
    fn the_lines_above_a_wrapped_text_stay_apart() {
        let text = format!("The Harbour Can Wait\nBy Ada Marsh\nMay 14, 2020\n{WRAPPED}");
        let found = split(&text);
        assert_eq!(
            found[..3],
            ["The Harbour Can Wait", "By Ada Marsh", "May 14, 2020"]
        );
        assert_eq!(found.len(), 5);
    }

    #[test]
    fn items_of_a_list_are_paragraphs() {
        let text = format!("{WRAPPED}\n- deep water\n- cheap coal\n1. a railway\n");
        assert_eq!(
            split(&text)[2..],
            ["- deep water", "- cheap coal", "1. a railway"]
        );
    }

    #[test]
    fn nothing_but_white_space_is_lost() {
        for text in [WRAPPED, "", " \n\x0c\n", "a\n\nb\r\n\tc\u{2029}d\x0c\x0ce"] {
            let kept: String = split_paragraphs(text)
                .map(|span| &text[span.start..span.end])
                .collect();
            let dense = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(dense(&kept), dense(text), "{text:?}");
        }
    }
}
