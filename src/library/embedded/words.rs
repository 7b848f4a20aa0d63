//! The index of words, brought up to date by whoever can.

use std::path::{Path, PathBuf};

use topoi_index::PointId;

use crate::article::PassageId;
use crate::error::{Error, Result};
use crate::lexical::{self, Lexical};
use crate::library::check::chain;
use crate::store::sqlite::{self, Reader, Writer};
use crate::store::{Records, StoreError};

/// How many passages have their words compared by a check.
const SAMPLED: usize = 500;

/// How often a check begins anew where another program writes meanwhile.
const ATTEMPTS: usize = 4;

/// The words of the library at `root`, up to date with `reader` if that can be had. `None` if there are none yet and
/// another program is writing, or the library can't be written to.
pub(super) fn open(root: &Path, reader: &Reader) -> Result<Option<Lexical>> {
    let found = Lexical::open(root)?;
    let highest = reader.highest_passage()?.unwrap_or(PassageId(0));
    let commits = reader.commits()?;
    // It may know of later commits, which were made since; or of ones that are lost.
    if found
        .as_ref()
        .is_some_and(|words| words.seen() >= highest && words.commits() <= commits)
    {
        return Ok(found);
    }
    match super::writer(root) {
        Ok(writer) => {
            bring_up_to_date(&writer)?;
            Ok(Lexical::open(root)?)
        }
        // An indexing that was cut off has left it behind, or one is under way.
        Err(Error::Store(
            StoreError::Locked { .. } | StoreError::Unwritable { .. } | StoreError::Io { .. },
        )) => {
            let commits = sqlite::open_reader(root)?.commits()?;
            Ok(found.filter(|words| words.commits() <= commits))
        }
        Err(error) => Err(error),
    }
}

/// Takes up what was committed since the index was written.
pub(super) fn bring_up_to_date(writer: &Writer) -> Result<()> {
    let found = Lexical::open(writer.root()).ok().flatten();
    let next = writer.next_passage()?;
    let commits = writer.commits()?;
    let is_up_to_date =
        |words: &Lexical| words.seen().0 + 1 == next.0 && words.commits() <= commits;
    if !found.as_ref().is_some_and(is_up_to_date) {
        lexical::catch_up_from(writer, found)?;
    }
    Ok(())
}

/// What is wrong with the index of words, and with which file. That there is none, or that it is behind, is not wrong:
/// it catches up when it is needed.
pub(super) fn problems(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    for _ in 1..ATTEMPTS {
        let reader = sqlite::open_reader(root)?;
        let problems = problems_beside(root, &reader)?;
        if problems.is_empty() || sqlite::open_reader(root)?.commits()? == reader.commits()? {
            return Ok(problems);
        }
        // Another program has committed meanwhile, so that the two are of different moments.
    }
    problems_beside(root, &sqlite::open_reader(root)?)
}

/// The same for the database as it is at one moment.
fn problems_beside(root: &Path, reader: &Reader) -> Result<Vec<(PathBuf, String)>> {
    let found = |problem| Ok(vec![(lexical::folder(root), problem)]);
    let words = match Lexical::open(root) {
        Ok(Some(words)) => words,
        Ok(None) => return Ok(Vec::new()),
        Err(error) => return found(chain(&error)),
    };
    if words.commits() > reader.commits()? {
        return found("the index of words is of commits that the database has lost".to_owned());
    }
    let numbers = words.numbers()?;
    let ids = reader.passage_ids()?;
    // Passages that are gone may linger there.
    let seen: Vec<PassageId> = ids.into_iter().filter(|id| *id <= words.seen()).collect();
    let is_missing = |id: &&PassageId| !numbers.contains(PointId(id.0));
    let missing = seen.iter().filter(is_missing).count();
    if missing > 0 {
        return found(format!(
            "{missing} passages are missing from the index of words"
        ));
    }
    let step = seen.len().div_ceil(SAMPLED).max(1);
    let sample: Vec<PassageId> = seen.into_iter().step_by(step).collect();
    let mut others = 0;
    for passage in reader.passages(&sample)? {
        others += usize::from(!words.has(passage.id, &passage.text)?);
    }
    if others > 0 {
        let sampled = sample.len();
        return found(format!(
            "the index of words has other words for {others} of {sampled} passages"
        ));
    }
    Ok(Vec::new())
}
