//! The reader of JSON documents.

use super::error::ReadError;
use super::source::{Extracted, Reader, Source};

/// Reads a JSON document.
pub(super) struct Json;

impl Reader for Json {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat {
            what: "a JSON document",
        })
    }
}
