//! The lines of a text: where each begins and ends, how wide it is, and how far it is indented.

/// How many lines a text is taken apart into; what follows these is one line more. As many make up a hard-wrapped text of
/// 120 MB, and a line and its paragraph cost some 110 bytes however short they are.
const LINES: usize = 2_000_000;

/// A line that holds something.
pub(super) struct Line {
    /// Its first byte that is not white space.
    pub(super) start: usize,
    /// One past its last byte that is not white space.
    pub(super) end: usize,
    /// The characters between the two.
    pub(super) width: u32,
    /// The characters before `start`, a tab counting as 4 and an ideographic space as 2.
    pub(super) indent: u16,
    /// Whether a blank line stands before it.
    pub(super) after_blank: bool,
}

impl Line {
    /// The line itself, without the white space around it.
    pub(super) fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

/// The lines that hold something, up to [`LINES`], and the rest as one. Line ends are those of Unicode, and `\r\n` is one.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut after_blank = false;
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or("");
        let content = match lines.len() < LINES {
            true => rest.split(is_line_end).next().unwrap_or(""),
            false => rest,
        };
        let end = rest.get(content.len()..).unwrap_or("");
        let (ended, paragraph_end) = line_end_len(end);
        let trimmed = content.trim_start();
        let start = at + content.len() - trimmed.len();
        let bare = trimmed.trim_end();
        if bare.is_empty() {
            after_blank = true;
        } else {
            let indent = content
                .get(..content.len() - trimmed.len())
                .unwrap_or("")
                .chars()
                .fold(0u16, |sum, c| {
                    sum.saturating_add(match c {
                        '\t' => 4,
                        '\u{3000}' => 2,
                        _ => 1,
                    })
                });
            let width = u32::try_from(bare.chars().count()).unwrap_or(u32::MAX);
            lines.push(Line {
                start,
                end: start + bare.len(),
                width,
                indent,
                after_blank,
            });
            after_blank = false;
        }
        after_blank |= paragraph_end;
        at += content.len() + ended;
    }
    lines
}

/// How many bytes of line end stand here, and whether they end a paragraph.
///
/// A form feed goes with the line end beside it: a page may end in the middle of a paragraph.
fn line_end_len(text: &str) -> (usize, bool) {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return (0, false);
    };
    let mut rest = chars.as_str();
    if first == '\x0c' {
        rest = rest.trim_start_matches('\x0c');
        rest = rest
            .strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix('\n'))
            .unwrap_or(rest);
    } else {
        if first == '\r' {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        rest = rest.trim_start_matches('\x0c');
    }
    (text.len() - rest.len(), first == '\u{2029}')
}

/// Whether a character ends a line.
pub(super) const fn is_line_end(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\x0b' | '\x0c' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_more_lines_than_any_text_has_is_one_line() {
        let text = "a\n\n".repeat(LINES + 3);
        let lines = lines(&text);
        assert_eq!(lines.len(), LINES + 1);
        assert_eq!(lines[LINES].text(&text), "a\n\na\n\na");
    }
}
