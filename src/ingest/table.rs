//! The reader of comma-separated values.

use super::error::ReadError;
use super::source::{Extracted, Reader, Source};

/// Reads a table.
pub(super) struct Table;

impl Reader for Table {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat { what: "a table" })
    }
}
