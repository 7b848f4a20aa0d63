//! The reader of web pages.

mod blocks;
mod build;
mod entities;
mod fragment;
mod hints;
mod json_ld;
mod main_text;
mod metadata;
mod tag;
#[cfg(test)]
mod tests;
mod tokens;
mod tree;

use super::blocks::Blocks;
use super::error::ReadError;
use super::source::{Extracted, Reader, Source};
use crate::article::{Article, Kind};

pub(super) use fragment::{fragment, language, title};

/// Reads a web page.
pub(super) struct Html;

impl Reader for Html {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let tree = build::parse(&source.decoded()?.text);
        let text = main_text::main_text(&tree);
        let fetched = source.hints().address.as_deref();
        let mut paragraphs = Blocks::default();
        for block in &text.body {
            paragraphs.push(fragment::kind(block.is_heading, &block.text), &block.text);
        }
        for block in &text.comments {
            paragraphs.push(Kind::Comment, &block.text);
        }
        let article = Article {
            entry: None,
            metadata: metadata::metadata(&tree, text.headline, fetched),
            paragraphs: paragraphs.into_paragraphs(),
        };
        Ok(Extracted {
            articles: vec![article],
            ..Extracted::default()
        })
    }
}
