//! The reader of feeds.

use super::error::ReadError;
use super::source::{Extracted, Reader, Source};

/// Reads a feed.
pub(super) struct Feed;

impl Reader for Feed {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat { what: "a feed" })
    }
}
