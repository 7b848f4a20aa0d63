//! The reader of PDF.

use super::error::ReadError;
use super::source::{Extracted, Reader, Source};

/// Reads a PDF.
pub(super) struct Pdf;

impl Reader for Pdf {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat { what: "a PDF" })
    }
}
