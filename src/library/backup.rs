//! Keeping a copy of a library's files.

use std::path::Path;

use super::backend;
use crate::error::Result;
use crate::location::Location;

/// What a backup holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct BackedUp {
    /// Files, and names given for standard input.
    pub files: u64,
    /// Articles.
    pub articles: u64,
    /// Passages of every kind.
    pub passages: u64,
    /// Segments of vectors.
    pub segments: usize,
    /// The length of all of it on disk.
    pub bytes: u64,
}

/// Copies the files of a library into the folder `to`, as they are at one moment, while others may go on writing to it.
/// `report` is told how many bytes are copied, and of how many, and says whether to go on.
///
/// The copy is a library: numbers of articles, passages and segments are the same. The index of words is not in it, since it
/// is made again where it is gone. It is checked before it gets its name, so that a folder of that name holds all of it.
///
/// # Errors
///
/// Where the library is on servers, it is damaged, there is something in `to`, or it can't be written. Nothing is left then.
pub fn backup(
    location: impl Into<Location>,
    to: &Path,
    report: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<BackedUp> {
    backend::backup(&location.into(), to, report)
}
