//! Markdown inside a paragraph: the text without the marks of emphasis, links, code and HTML.

use std::collections::HashMap;

/// The text of a Markdown paragraph without its inline markup.
///
/// Emphasis, strikethrough, code ticks, HTML tags and footnote marks go; of a link and an image the text
/// stays. A mark without a partner is text and stays, as in `5 * 3` and `[sic]`. One pass and a stack for each
/// kind of mark, so that no input, however nested, takes more than linear time.
pub(super) fn strip_inline(text: &str) -> String {
    let mut stripped = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        stripped.push_str(&strip_piece(piece));
        rest = after;
    }
    stripped
}

/// Marks find their partners within so many bytes, which no paragraph has. What is known of each mark takes some 30 times
/// its own length in memory.
const PIECE: usize = 1 << 20;

fn strip_piece(text: &str) -> String {
    let mut stripper = Stripper {
        text,
        code_ends: code_ends(text),
        cuts: Vec::new(),
        brackets: Vec::new(),
        marks: Vec::new(),
        open: HashMap::new(),
    };
    stripper.run();
    stripper.finish()
}

/// A range of bytes and what stands in its place.
struct Cut {
    start: usize,
    end: usize,
    instead: &'static str,
}

/// An emphasis mark that may still find its partner: bytes `start..start + length` of one character.
struct Mark {
    mark: u8,
    start: usize,
    length: usize,
}

struct Stripper<'a> {
    text: &'a str,
    /// For each run of backticks, by its first byte: its length, and where the next run of that length begins.
    code_ends: HashMap<usize, (usize, Option<usize>)>,
    cuts: Vec<Cut>,
    /// Opening brackets: the byte, and whether it is an image's.
    brackets: Vec<(usize, bool)>,
    marks: Vec<Mark>,
    /// How many of `marks` are of each character, so that none is looked for in vain.
    open: HashMap<u8, usize>,
}

impl Stripper<'_> {
    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            at = match byte {
                b'\\' if bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation) => {
                    self.cut(at, at + 1);
                    at + 2
                }
                b'\\' if matches!(bytes.get(at + 1), Some(b'\n' | b'\r')) => {
                    self.cut(at, at + 1);
                    at + 1
                }
                b'`' => self.code(at),
                b'<' => self.angle(at),
                b'&' => self.entity(at),
                b'!' if bytes.get(at + 1) == Some(&b'[') => {
                    self.brackets.push((at, true));
                    at + 2
                }
                b'[' if bytes.get(at + 1) == Some(&b'^') => self.footnote(at),
                b'[' => {
                    self.brackets.push((at, false));
                    at + 1
                }
                b']' => self.bracket_end(at),
                b'*' | b'_' | b'~' => self.emphasis(at, byte),
                _ => at + 1,
            };
        }
    }

    fn cut(&mut self, start: usize, end: usize) {
        self.cuts.push(Cut {
            start,
            end,
            instead: "",
        });
    }

    /// Backticks: where the run has a partner, both go and nothing between them is markup.
    fn code(&mut self, at: usize) -> usize {
        match self.code_ends.get(&at).copied() {
            Some((length, Some(end))) => {
                self.cut(at, at + length);
                self.cut(end, end + length);
                end + length
            }
            Some((length, None)) => at + length,
            None => at + 1,
        }
    }

    /// `<https://…>` loses its brackets; a tag goes; any other `<` is text.
    fn angle(&mut self, at: usize) -> usize {
        const LONGEST_TAG: usize = 300;
        let bytes = self.text.as_bytes();
        let window = bytes
            .get(at + 1..bytes.len().min(at + LONGEST_TAG))
            .unwrap_or_default();
        let Some(length) = window
            .iter()
            .position(|&b| matches!(b, b'>' | b'<'))
            .filter(|&end| window.get(end) == Some(&b'>'))
        else {
            return at + 1;
        };
        let inside = window.get(..length).unwrap_or_default();
        let end = at + length + 2;
        let is_address = inside.iter().any(|&b| matches!(b, b':' | b'@'))
            && !inside.iter().any(u8::is_ascii_whitespace);
        let is_tag = match inside {
            [b'/', first, ..] | [first, ..] => first.is_ascii_alphabetic() || *first == b'!',
            [] => false,
        };
        if is_address {
            self.cut(at, at + 1);
            self.cut(end - 1, end);
        } else if is_tag {
            let is_break = inside
                .get(..2)
                .is_some_and(|name| name.eq_ignore_ascii_case(b"br"));
            self.cuts.push(Cut {
                start: at,
                end,
                instead: if is_break { " " } else { "" },
            });
        } else {
            return at + 1;
        }
        end
    }

    /// The entities that people write by hand.
    fn entity(&mut self, at: usize) -> usize {
        const ENTITIES: [(&str, &str); 14] = [
            ("&amp;", "&"),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&apos;", "'"),
            ("&#39;", "'"),
            ("&nbsp;", " "),
            ("&ndash;", "–"),
            ("&mdash;", "—"),
            ("&hellip;", "…"),
            ("&lsquo;", "‘"),
            ("&rsquo;", "’"),
            ("&ldquo;", "“"),
            ("&rdquo;", "”"),
        ];
        let rest = self.text.get(at..).unwrap_or("");
        let Some((entity, instead)) = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity))
        else {
            return at + 1;
        };
        self.cuts.push(Cut {
            start: at,
            end: at + entity.len(),
            instead,
        });
        at + entity.len()
    }

    /// `[^1]` goes.
    fn footnote(&mut self, at: usize) -> usize {
        const LONGEST_LABEL: usize = 40;
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        let label = rest
            .iter()
            .take(LONGEST_LABEL)
            .position(|&b| b == b']' || b.is_ascii_whitespace());
        match label.filter(|&end| rest.get(end) == Some(&b']')) {
            Some(end) => {
                self.cut(at, at + end + 1);
                at + end + 1
            }
            None => at + 1,
        }
    }

    /// The end of a link's text, if an address or a reference follows; a bracket without one is text.
    fn bracket_end(&mut self, at: usize) -> usize {
        let Some((open, image)) = self.brackets.pop() else {
            return at + 1;
        };
        let rest = self.text.as_bytes().get(at + 1..).unwrap_or_default();
        let length = match rest.first() {
            Some(b'(') => address_length(rest),
            // A reference: `[text][label]`. The scan stops at any bracket, so that scans never overlap.
            Some(b'[') => rest
                .iter()
                .skip(1)
                .position(|&b| matches!(b, b'[' | b']'))
                .filter(|&end| rest.get(end + 1) == Some(&b']'))
                .map(|end| end + 2),
            _ => None,
        };
        let Some(length) = length else {
            return at + 1;
        };
        self.cut(open, open + 1 + usize::from(image));
        self.cut(at, at + 1 + length);
        at + 1 + length
    }

    /// A run of emphasis marks: it closes the nearest open run of the same mark, opens one, or is text.
    fn emphasis(&mut self, at: usize, mark: u8) -> usize {
        let bytes = self.text.as_bytes();
        let mut length = bytes
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|&&b| b == mark)
            .count();
        let end = at + length;
        let before = self
            .text
            .get(..at)
            .and_then(|text| text.chars().next_back());
        let after = self.text.get(end..).and_then(|text| text.chars().next());
        let space = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        // `snake_case` is one word, and a single `~` means "about".
        if (mark == b'_' && word(before) && word(after)) || (mark == b'~' && length < 2) {
            return end;
        }
        let mut start = at;
        if !space(before) {
            while length > 0 && self.open.get(&mark).is_some_and(|&count| count > 0) {
                // Marks that were opened inside and never closed are text.
                while let Some(inner) = self.marks.pop_if(|open| open.mark != mark) {
                    self.count(inner.mark, -1);
                }
                let Some(opened) = self.marks.last_mut() else {
                    break;
                };
                let matched = length.min(opened.length);
                opened.length -= matched;
                let cut = opened.start + opened.length;
                if opened.length == 0 {
                    self.marks.pop();
                    self.count(mark, -1);
                }
                self.cut(cut, cut + matched);
                self.cut(start, start + matched);
                start += matched;
                length -= matched;
            }
        }
        if length > 0 && !space(after) {
            self.marks.push(Mark {
                mark,
                start,
                length,
            });
            self.count(mark, 1);
        }
        end
    }

    fn count(&mut self, mark: u8, change: isize) {
        let open = self.open.entry(mark).or_default();
        *open = open.saturating_add_signed(change);
    }

    fn finish(mut self) -> String {
        self.cuts.sort_by_key(|cut| cut.start);
        let mut stripped = String::with_capacity(self.text.len());
        let mut at = 0;
        for cut in self.cuts {
            // Cuts inside an address that is itself cut are covered by it.
            if cut.start >= at {
                stripped.push_str(self.text.get(at..cut.start).unwrap_or(""));
                stripped.push_str(cut.instead);
                at = cut.end;
            } else {
                at = at.max(cut.end);
            }
        }
        stripped.push_str(self.text.get(at..).unwrap_or(""));
        stripped
    }
}

/// The length of `(address "title")` at the beginning of `rest`, brackets included.
///
/// Behind white space only a title may follow, so that a remark in brackets behind a bracketed word stays.
fn address_length(rest: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut in_title = false;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            // No address holds these, and stopping here keeps scans from overlapping.
            b'[' | b']' | b'`' => return None,
            b'"' | b'\'' => in_title = true,
            b' ' | b'\n' | b'\t' if !in_title => {
                let next = rest.get(at + 1);
                if !matches!(
                    next,
                    Some(b'"' | b'\'' | b'(' | b')' | b' ' | b'\n' | b'\t')
                ) {
                    return None;
                }
            }
            _ => {}
        }
    }
    None
}

/// For each run of backticks its length and the next run of the same length, found from the end.
fn code_ends(text: &str) -> HashMap<usize, (usize, Option<usize>)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.match_indices('`') {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == at => *length += 1,
            _ => runs.push((at, 1)),
        }
    }
    let mut next: HashMap<usize, usize> = HashMap::new();
    runs.into_iter()
        .rev()
        .map(|(start, length)| (start, (length, next.insert(length, start))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_the_text_stays() {
        for (markdown, text) in [
            (
                "*The* **long** ***pier*** _and_ __its__ ~~ships~~",
                "The long pier and its ships",
            ),
            (
                "a [link](https://example.org/a_(b) \"T *x*\") and [another][ref]",
                "a link and another",
            ),
            (
                "**[bold *link*](x)**, ![a gull](g.png)",
                "bold link, a gull",
            ),
            ("`*code*` and ``a ` tick``", "*code* and a ` tick"),
            (
                "<https://example.org> <b>bold</b> line<br/>break",
                "https://example.org bold line break",
            ),
            ("A claim[^1] &amp; a \\*star\\*", "A claim & a *star*"),
            ("**“Quoted,”** she said", "“Quoted,” she said"),
            ("in*ter*word", "interword"),
            (
                "the [port](as it then was) of [x](y)",
                "the [port](as it then was) of x",
            ),
        ] {
            assert_eq!(strip_inline(markdown), text);
        }
    }

    #[test]
    fn a_mark_without_a_partner_is_text() {
        for text in [
            "5 * 3 = 15",
            "snake_case_name",
            "[sic] and [this]",
            "a < b > c",
            "~20 ships",
            "a ` tick",
            "2*3",
            "AT&T",
            "**",
            "![",
            "](",
            "\\",
        ] {
            assert_eq!(strip_inline(text), text);
        }
    }

    #[test]
    fn a_text_without_end_is_stripped_piece_by_piece() {
        let text = "a *word* ".repeat(PIECE / 4);
        let stripped = strip_inline(&text);
        assert!(stripped.matches('*').count() <= 2 * text.len().div_ceil(PIECE));
        assert_eq!(strip_inline(&"ä".repeat(PIECE)).len(), 2 * PIECE);
    }

    #[test]
    fn deep_nesting_takes_linear_time() {
        let begun = std::time::Instant::now();
        for unit in [
            "[", "](", "[a](", "*a ", "`", "<a", "![", "**a**_", "[^", "\\", "a*_~~",
        ] {
            let text = unit.repeat(100_000);
            assert!(strip_inline(&text).len() <= text.len());
        }
        let backticks: String = (1..1_500).map(|n| "`".repeat(n) + "a").collect();
        strip_inline(&backticks);
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
