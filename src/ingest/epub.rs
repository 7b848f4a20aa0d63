//! The reader of books.

use super::error::ReadError;
use super::source::{Extracted, Reader, Source};

/// Reads a book.
pub(super) struct Epub;

impl Reader for Epub {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat { what: "a book" })
    }
}
