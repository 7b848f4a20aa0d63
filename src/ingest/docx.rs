//! The reader of Word documents.

use super::error::ReadError;
use super::source::{Extracted, Reader, Source};

/// Reads a Word document.
pub(super) struct Docx;

impl Reader for Docx {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat {
            what: "a Word document",
        })
    }
}
