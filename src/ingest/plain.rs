//! The reader of plain text.

use super::decode::Decoded;
use super::error::ReadError;
use super::fold::fold;
use super::matter::title_position;
use super::paragraphs::split_paragraphs;
use super::source::{Extracted, Reader, Source};
use crate::article::{Article, Kind, Paragraph, Span};

/// Reads plain text: one article a source, its paragraphs told apart by the shape of the text.
///
/// The title is taken from the text only where it is evident; see [`title_position`].
pub(super) struct PlainText;

impl Reader for PlainText {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let Decoded { text, offset, .. } = source.decoded()?;
        let article = plain_article(text, *offset);
        Ok(Extracted {
            articles: vec![article],
            ..Extracted::default()
        })
    }
}

/// One article from plain text that stands at `offset` in its source.
pub(super) fn plain_article(text: &str, offset: usize) -> Article {
    let mut article = Article {
        paragraphs: body_paragraphs(text, offset),
        ..Article::default()
    };
    if let Some(heading) =
        title_position(&article.paragraphs).and_then(|at| article.paragraphs.get_mut(at))
    {
        heading.kind = Kind::Heading;
        article.metadata.title = Some(heading.text.clone());
    }
    article
}

/// The paragraphs of a text, all of them as body.
pub(super) fn body_paragraphs(text: &str, offset: usize) -> Vec<Paragraph> {
    split_paragraphs(text)
        .map(|span| {
            let text = fold(text.get(span.start..span.end).unwrap_or(""));
            let span = Span::new(offset + span.start, offset + span.end);
            Paragraph::new(Kind::Body, text, span)
        })
        .filter(|paragraph| !paragraph.text.is_empty())
        .collect()
}
