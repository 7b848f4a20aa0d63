//! The index of words, brought up to date by whoever can.

use std::path::{Path, PathBuf};

use crate::article::PassageId;
use crate::error::{Error, Result};
use crate::lexical::{self, Lexical};
use crate::library::check::chain;
use crate::store::sqlite::{self, Reader, Writer};
use crate::store::{Records, StoreError};

/// The words of the library at `root`, up to date with `reader` if that can be had. `None` if there are none yet and
/// another program is writing, or the library can't be written to.
pub(super) fn open(root: &Path, reader: &Reader) -> Result<Option<Lexical>> {
    let found = Lexical::open(root)?;
    let highest = reader.highest_passage()?.unwrap_or(PassageId(0));
    if found.as_ref().is_some_and(|words| words.seen() >= highest) {
        return Ok(found);
    }
    // An indexing that was cut off has left it behind.
    match sqlite::open_writer(root) {
        Ok(writer) => {
            lexical::catch_up(&writer)?;
            Ok(Lexical::open(root)?)
        }
        Err(StoreError::Locked { .. } | StoreError::Unwritable { .. } | StoreError::Io { .. }) => {
            Ok(found)
        }
        Err(error) => Err(Error::Store(error)),
    }
}

/// Takes up what was committed since the index was written.
pub(super) fn bring_up_to_date(writer: &Writer) -> Result<()> {
    let found = Lexical::open(writer.root()).ok().flatten();
    let seen = found.as_ref().map(Lexical::seen);
    let next = writer.next_passage()?;
    if seen.is_none_or(|seen| seen.0 + 1 < next.0) {
        lexical::catch_up_from(writer, found)?;
    }
    Ok(())
}

/// What is wrong with the index of words, and with which file. That there is none, or that it is behind, is not wrong:
/// it catches up when it is needed.
pub(super) fn problems(root: &Path, reader: &Reader) -> Result<Vec<(PathBuf, String)>> {
    let words = match Lexical::open(root) {
        Ok(Some(words)) => words,
        Ok(None) => return Ok(Vec::new()),
        Err(error) => return Ok(vec![(lexical::folder(root), chain(&error))]),
    };
    let highest = reader.highest_passage()?.unwrap_or(PassageId(0));
    let passages = reader.counts()?.passages;
    // Passages that are gone may linger there.
    if words.seen() < highest || words.passages() >= passages {
        return Ok(Vec::new());
    }
    let missing = passages - words.passages();
    let problem = format!("{missing} passages are missing from the index of words");
    Ok(vec![(lexical::folder(root), problem)])
}
