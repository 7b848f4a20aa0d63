//! The reader of web pages.

mod blocks;
mod build;
mod fragment;
mod tag;
mod tree;

use super::error::ReadError;
use super::source::{Extracted, Reader, Source};

pub(super) use fragment::{fragment, language, title};

/// Reads a web page.
pub(super) struct Html;

impl Reader for Html {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat { what: "a web page" })
    }
}
