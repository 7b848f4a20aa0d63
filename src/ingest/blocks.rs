//! The paragraphs of an article whose text its source holds in some other form: marked up, escaped, packed.

use super::fold::fold;
use crate::article::{Kind, Paragraph, Span};

/// Gathers the paragraphs of such an article.
///
/// Their spans count the bytes of the article's own text, which is its paragraphs joined by a blank line.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    paragraphs: Vec<Paragraph>,
    end: usize,
}

impl Blocks {
    /// Adds a paragraph, its white space folded, unless it holds nothing.
    pub(super) fn push(&mut self, kind: Kind, text: &str) {
        let text = fold(text);
        if text.is_empty() {
            return;
        }
        let start = match self.paragraphs.is_empty() {
            true => 0,
            false => self.end + "\n\n".len(),
        };
        self.end = start + text.len();
        let span = Span::new(start, self.end);
        self.paragraphs.push(Paragraph::new(kind, text, span));
    }

    /// Whether nothing was added.
    pub(super) const fn is_empty(&self) -> bool {
        self.paragraphs.is_empty()
    }

    /// The paragraphs in the order in which they were added.
    pub(super) fn into_paragraphs(self) -> Vec<Paragraph> {
        self.paragraphs
    }
}

impl Extend<Paragraph> for Blocks {
    /// Adds paragraphs of another text; their spans become those of this one.
    fn extend<T: IntoIterator<Item = Paragraph>>(&mut self, paragraphs: T) {
        for paragraph in paragraphs {
            self.push(paragraph.kind, &paragraph.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_stand_in_the_paragraphs_joined_by_blank_lines() {
        let mut blocks = Blocks::default();
        for text in [" The\n harbour ", "  ", "can wait."] {
            blocks.push(Kind::Body, text);
        }
        let paragraphs = blocks.into_paragraphs();
        let text = "The harbour\n\ncan wait.";
        let spans = paragraphs.iter().map(|p| &text[p.span.start..p.span.end]);
        assert!(spans.eq(paragraphs.iter().map(|p| p.text.as_str())));
        assert_eq!(paragraphs.len(), 2);
    }
}
