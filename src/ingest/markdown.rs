//! The reader of Markdown.

use std::borrow::Cow;

use super::decode::Decoded;
use super::error::ReadError;
use super::fold::fold;
use super::front_matter;
use super::inline::strip_inline;
use super::lines::{Line, lines};
use super::source::{Extracted, Reader, Source};
use crate::article::{Article, Kind, Paragraph, Span};

/// Reads Markdown: one article a source.
///
/// Blocks are told apart as CommonMark has them; list items and quotes are paragraphs, headings are
/// [`Kind::Heading`], and the first heading of the first level is the title where the front matter gives none.
/// A paragraph's text is without markup, while its span covers the markup too. Rules, comments and link
/// definitions are no paragraphs.
pub(super) struct Markdown;

impl Reader for Markdown {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let Decoded { text, offset, .. } = source.decoded()?;
        let mut extracted = Extracted::default();
        let mut article = Article::default();
        let mut start = 0;
        match front_matter::read(text) {
            Some(Ok(matter)) => {
                article.metadata = matter.metadata;
                extracted.warnings = matter.warnings;
                start = matter.end;
            }
            Some(Err(warning)) => extracted.warnings.push(warning),
            None => {}
        }
        let mut blocks = Blocks::new(text.get(start..).unwrap_or(""), offset + start);
        blocks.read();
        article.paragraphs = blocks.paragraphs;
        article.metadata.title = article.metadata.title.or(blocks.title);
        extracted.articles.push(article);
        Ok(extracted)
    }
}

/// Lines of a block that is being read: their spans, and what of them is text.
type OpenLines<'a> = Vec<(Span, Cow<'a, str>)>;

/// What kind of block the reading stands in.
enum Inside<'a> {
    /// Paragraphs, headings, lists.
    Text,
    /// A code fence, which ends at the same mark.
    Fence(&'a str),
    /// An HTML comment.
    Comment,
}

struct Blocks<'a> {
    text: &'a str,
    offset: usize,
    inside: Inside<'a>,
    /// The lines of the open paragraph.
    open: OpenLines<'a>,
    /// Whether the open paragraph stands in a quote.
    quoted: bool,
    /// Whether the open paragraph is an item of a list.
    listed: bool,
    paragraphs: Vec<Paragraph>,
    title: Option<String>,
}

/// Lines longer than this on average, in characters, are paragraphs even where no blank line parts them:
/// somebody pasted a page into a Markdown file. (Prose with one sentence a line has about 100.)
const LONG_LINES: usize = 200;

impl<'a> Blocks<'a> {
    const fn new(text: &'a str, offset: usize) -> Self {
        Self {
            text,
            offset,
            inside: Inside::Text,
            open: Vec::new(),
            quoted: false,
            listed: false,
            paragraphs: Vec::new(),
            title: None,
        }
    }

    fn read(&mut self) {
        for line in lines(self.text) {
            let content = line.text(self.text);
            match self.inside {
                Inside::Fence(mark) => {
                    if content.starts_with(mark)
                        && content.trim_start_matches(['`', '~']).is_empty()
                    {
                        self.inside = Inside::Text;
                        self.flush_code();
                    } else {
                        self.open
                            .push((Span::new(line.start, line.end), Cow::Borrowed(content)));
                    }
                }
                Inside::Comment => {
                    if content.contains("-->") {
                        self.inside = Inside::Text;
                    }
                }
                Inside::Text => self.line(&line, content),
            }
        }
        match self.inside {
            Inside::Fence(_) => self.flush_code(),
            _ => self.flush(Kind::Body),
        }
    }

    fn line(&mut self, line: &Line, content: &'a str) {
        let span = Span::new(line.start, line.end);
        if line.after_blank {
            self.flush(Kind::Body);
            self.quoted = false;
            self.listed = false;
        }
        let mut content = content;
        if content.starts_with('>') {
            if !self.quoted {
                self.flush(Kind::Body);
            }
            self.quoted = true;
            content = content.trim_start_matches(['>', ' ', '\t']);
        }
        if let Some(level) = underline(content).filter(|_| !self.open.is_empty()) {
            self.flush_heading(level);
        } else if content.is_empty() || is_rule(content) {
            self.flush(Kind::Body);
        } else if let Some((level, heading)) = heading(content) {
            self.flush(Kind::Body);
            self.open.push((span, Cow::Borrowed(heading)));
            self.flush_heading(level);
        } else if let Some(mark) = fence(content) {
            self.flush(Kind::Body);
            self.inside = Inside::Fence(mark);
        } else if content.starts_with("<!--") {
            self.flush(Kind::Body);
            if !content.contains("-->") {
                self.inside = Inside::Comment;
            }
        } else if let Some(definition) = definition(content).filter(|_| self.open.is_empty()) {
            if let Some(note) = definition {
                self.open.push((span, Cow::Borrowed(note)));
            }
        } else if let Some(item) = item(content, self.listed || self.open.is_empty()) {
            self.flush(Kind::Body);
            self.listed = true;
            self.open.push((span, Cow::Borrowed(item)));
        } else if content.starts_with('|') {
            if content.contains(|c| !matches!(c, '|' | '-' | ':' | ' ')) {
                self.open
                    .push((span, Cow::Owned(content.replace('|', " "))));
            }
        } else {
            self.open.push((span, Cow::Borrowed(content)));
        }
    }

    /// Ends the open paragraph.
    fn flush(&mut self, kind: Kind) {
        let open = std::mem::take(&mut self.open);
        let width: usize = open
            .iter()
            .map(|(_, content)| content.chars().count())
            .sum();
        if open.len() > 1 && width / open.len() > LONG_LINES {
            open.chunks(1)
                .for_each(|line| self.push(line, kind, strip_inline));
        } else {
            self.push(&open, kind, strip_inline);
        }
    }

    fn flush_heading(&mut self, level: usize) {
        let before = self.paragraphs.len();
        let open = std::mem::take(&mut self.open);
        self.push(&open, Kind::Heading, strip_inline);
        if level == 1 && self.title.is_none() {
            self.title = self
                .paragraphs
                .get(before)
                .map(|heading| heading.text.clone());
        }
    }

    /// Ends a code block, in which marks are not markup.
    fn flush_code(&mut self) {
        let open = std::mem::take(&mut self.open);
        self.push(&open, Kind::Body, str::to_owned);
    }

    fn push(&mut self, open: &[(Span, Cow<'_, str>)], kind: Kind, strip: impl Fn(&str) -> String) {
        let (Some((first, _)), Some((last, _))) = (open.first(), open.last()) else {
            return;
        };
        let contents: Vec<&str> = open.iter().map(|(_, content)| content.as_ref()).collect();
        let text = fold(&strip(&contents.join("\n")));
        if !text.is_empty() {
            let span = Span::new(self.offset + first.start, self.offset + last.end);
            self.paragraphs.push(Paragraph::new(kind, text, span));
        }
    }
}

/// `# Heading #`: its level and its text.
fn heading(line: &str) -> Option<(usize, &str)> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    if !(1..=6).contains(&level) || !(text.is_empty() || text.starts_with([' ', '\t'])) {
        return None;
    }
    let bare = text.trim();
    let open = bare.trim_end_matches('#');
    Some((
        level,
        if open.is_empty() || open.ends_with([' ', '\t']) {
            open.trim_end()
        } else {
            bare
        },
    ))
}

/// The level of the heading that a line underlines: `===` is 1, `---` is 2.
fn underline(line: &str) -> Option<usize> {
    let all = |mark: char| line.len() >= 2 && line.chars().all(|c| c == mark);
    if all('=') {
        Some(1)
    } else {
        all('-').then_some(2)
    }
}

/// `---`, `***`, `_ _ _`.
fn is_rule(line: &str) -> bool {
    let mut marks = line.chars().filter(|c| !c.is_whitespace());
    let Some(mark) = marks.next().filter(|c| matches!(c, '-' | '*' | '_')) else {
        return false;
    };
    let mut count = 1;
    marks.all(|c| {
        count += 1;
        c == mark
    }) && count >= 3
}

/// The mark that opens a code fence.
fn fence(line: &str) -> Option<&str> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = line.trim_start_matches(mark);
    let length = line.len() - info.len();
    (length >= 3 && !info.contains('`'))
        .then(|| line.get(..length))
        .flatten()
}

/// `[label]: address` is a definition without text, `[^1]: note` one with its note.
fn definition(line: &str) -> Option<Option<&str>> {
    let (label, rest) = line.strip_prefix('[')?.split_once("]:")?;
    if label.is_empty() || label.contains(['[', ']']) {
        return None;
    }
    if label.starts_with('^') {
        return Some(Some(rest.trim_start()));
    }
    // "[Laughs]: and so on" is speech: an address is one word, perhaps with a title in quotes.
    let mut words = rest.split_whitespace();
    let address = words.next()?;
    let title = words.next();
    let addressed = address.contains(['/', '.', '#', ':'])
        && title.is_none_or(|title| title.starts_with(['"', '\'', '(']));
    addressed.then_some(None)
}

/// The text of a list item. A number other than 1 opens an item only where a list may begin: elsewhere it is
/// a number that a wrap has put at the beginning of its line.
fn item(line: &str, may_begin: bool) -> Option<&str> {
    let bare = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = line.get(..line.len() - bare.len())?;
    let rest = if number.is_empty() {
        line.strip_prefix(['-', '*', '+'])?
    } else if number == "1" || (may_begin && number.len() <= 9) {
        bare.strip_prefix(['.', ')'])?
    } else {
        return None;
    };
    if !rest.starts_with([' ', '\t']) {
        return None;
    }
    let text = rest.trim_start();
    let boxed = ["[ ] ", "[x] ", "[X] "]
        .iter()
        .find_map(|mark| text.strip_prefix(mark));
    Some(boxed.unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::super::source::Hints;
    use super::*;

    fn read(content: &str) -> Extracted {
        let hints = Hints::default();
        Markdown
            .read(&Source::new(content.as_bytes(), &hints))
            .unwrap()
    }

    fn texts(content: &str) -> Vec<(Kind, String)> {
        read(content)
            .articles
            .remove(0)
            .paragraphs
            .into_iter()
            .map(|p| (p.kind, p.text))
            .collect()
    }

    #[test]
    fn blocks_become_paragraphs_without_their_marks() {
        let content = "\
# The *Long* Pier #

Wrapped text
goes on.
> A **quote**
> of two lines
>
> and another.

- first item
  goes on
- [ ] second
1. third

Underlined
----------
***
```rust
let x = *y;
```
[ref]: https://example.org \"T\"
[^1]: A note.
<!-- a
comment -->
| a | b |
|---|---|
| c | d |
";
        let body = |text: &str| (Kind::Body, text.to_owned());
        let head = |text: &str| (Kind::Heading, text.to_owned());
        assert_eq!(
            texts(content),
            [
                head("The Long Pier"),
                body("Wrapped text goes on."),
                body("A quote of two lines"),
                body("and another."),
                body("first item goes on"),
                body("second"),
                body("third"),
                head("Underlined"),
                body("let x = *y;"),
                body("A note."),
                body("a b c d"),
            ]
        );
    }

    #[test]
    fn spans_cover_the_markup_and_count_from_the_first_byte() {
        let content = "\u{feff}---\ntitle: T\n---\n\n## One *two*\n\n- three\n  four\n";
        let article = read(content).articles.remove(0);
        let found: Vec<&str> = article
            .paragraphs
            .iter()
            .map(|p| &content[p.span.start..p.span.end])
            .collect();
        assert_eq!(found, ["## One *two*", "- three\n  four"]);
    }

    #[test]
    fn the_title_is_that_of_the_front_matter_or_the_first_heading() {
        let title = |content| read(content).articles.remove(0).metadata.title;
        assert_eq!(
            title("---\ntitle: Given\n---\n# Heading\n\nText.").as_deref(),
            Some("Given")
        );
        assert_eq!(
            title("## Second\n\n# First `one`\n\n# Another\n").as_deref(),
            Some("First one")
        );
        assert_eq!(
            title("Underlined\n===\nText").as_deref(),
            Some("Underlined")
        );
        assert_eq!(title("Text only."), None);
    }

    #[test]
    fn malformed_front_matter_is_text_with_a_warning() {
        let extracted = read("---\ntitle: \"open\nauthor: x\n---\n\nText.");
        assert_eq!(extracted.warnings.len(), 1);
        assert_eq!(extracted.articles[0].metadata.title, None);
        assert!(
            extracted.articles[0].paragraphs[0]
                .text
                .starts_with("title: \"open")
        );
    }

    #[test]
    fn a_pasted_page_with_one_paragraph_a_line_is_not_run_together() {
        let line =
            "The harbour was dug in the years when the town still believed in ships. ".repeat(4);
        assert_eq!(texts(&format!("{line}\n{line}\n{line}\n")).len(), 3);
    }

    #[test]
    fn a_number_at_the_beginning_of_a_wrapped_line_is_no_item() {
        assert_eq!(
            texts("The treaty was signed in the year\n1914. It was broken\nin the same year.")
                .len(),
            1
        );
        assert_eq!(texts("4. four\n5. five").len(), 2);
    }
}
