//! The reader of web pages.

use super::error::ReadError;
use super::source::{Extracted, Reader, Source};

/// Reads a web page.
pub(super) struct Html;

impl Reader for Html {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat { what: "a web page" })
    }
}
