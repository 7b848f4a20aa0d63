//! The reader of web archives.

use super::error::ReadError;
use super::source::{Extracted, Reader, Source};

/// Reads a web archive.
pub(super) struct Warc;

impl Reader for Warc {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat {
            what: "a web archive",
        })
    }
}
