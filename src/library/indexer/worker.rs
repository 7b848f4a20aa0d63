//! Taking in files beside others who do the same.

use std::path::PathBuf;

use topoi_models::Encoder;

use super::{Indexer, Share, model_row};
use crate::error::Result;
use crate::ingest::{self, FoundFile, Hints, SkipReason, Skipped, WalkOptions};
use crate::library::backend::{self, Queue};
use crate::library::report::{IndexReport, Observer, Refusal, Windowing};
use crate::location::Location;

/// How many files a worker takes at a time: enough for some batches of passages, and few enough that at the end nobody waits
/// long for another.
const TAKEN: usize = 64;

/// Adds articles to a library on servers, of which several programs do so at the same time, on any number of machines that
/// see the files under the same paths.
///
/// The files wait in a list in the library, of which each worker takes some. What a worker that died had taken is free
/// again; what it had committed stays. So workers may be started and killed at will, and when the list is empty the library
/// is the same as if one had done it all.
pub struct Worker<'a> {
    indexer: Indexer<'a>,
    queue: Box<dyn Queue>,
}

impl<'a> Worker<'a> {
    /// Opens a library for taking in articles beside other workers, making it where there is none.
    ///
    /// # Errors
    ///
    /// As [`Indexer::open`], and where the library is in a folder, which has one writer.
    pub fn open(
        location: impl Into<Location>,
        model_reference: &str,
        encoder: &'a dyn Encoder,
        observer: &'a dyn Observer,
        windowing: Windowing,
    ) -> Result<Self> {
        let model = model_row(model_reference, encoder);
        let (intake, queue) = backend::open_worker(&location.into(), &model, encoder.identity())?;
        Ok(Self {
            indexer: Indexer::with_intake(intake, encoder, observer, windowing),
            queue,
        })
    }

    /// What a person says of all files, which must be the same for all workers.
    pub fn set_hints(&mut self, hints: Hints) {
        self.indexer.set_hints(hints);
    }

    /// Has those of some files wait that the library doesn't have as they are. Returns those whose paths it can't keep.
    ///
    /// # Errors
    ///
    /// Where the library can't be written.
    pub fn add(&mut self, files: &[FoundFile], share: Share) -> Result<Vec<(PathBuf, Refusal)>> {
        let (mut own, mut refused) = (Vec::new(), Vec::new());
        for file in files {
            match file.path.to_str() {
                Some(path) if share.has(path) => own.push(file.clone()),
                Some(_) => {}
                None => refused.push((file.path.clone(), Refusal::PathNotUtf8)),
            }
        }
        self.queue.add(&own)?;
        Ok(refused)
    }

    /// Takes in files that wait, until none of this share is left at which nobody is at work. Returns what could not be
    /// read, and why.
    ///
    /// # Errors
    ///
    /// As [`Indexer::add_files`]. What was not committed waits again.
    pub fn work(&mut self, share: Share, max_bytes: u64) -> Result<Vec<(PathBuf, Refusal)>> {
        let mut refused = Vec::new();
        loop {
            let taken = self.queue.take(TAKEN, share)?;
            if taken.is_empty() {
                return Ok(refused);
            }
            for path in &taken {
                refused.extend(self.take_in(path, max_bytes)?);
            }
            self.indexer.flush()?;
            self.queue.done(&taken)?;
        }
    }

    fn take_in(&mut self, path: &str, max_bytes: u64) -> Result<Vec<(PathBuf, Refusal)>> {
        let path = PathBuf::from(path);
        let options = WalkOptions {
            max_file_size: max_bytes,
            ..WalkOptions::default()
        };
        let mut found = match ingest::find_files(std::slice::from_ref(&path), &options) {
            Ok(found) => found,
            Err(error) => return Ok(vec![(path, SkipReason::from(error).into())]),
        };
        // What is a folder by now has files that are not this worker's.
        found.files.retain(|file| file.path == path);
        let skipped = found.skipped.into_iter();
        let mut refused: Vec<_> = skipped
            .map(|Skipped { path, reason }| (path, reason.into()))
            .collect();
        refused.extend(self.indexer.add_files(&found.files, max_bytes)?);
        Ok(refused)
    }

    /// What was odd in the files that were read: each with its file's path.
    #[must_use]
    pub fn warnings(&self) -> &[(String, ingest::Warning)] {
        self.indexer.warnings()
    }

    /// Says what was done; and if no other worker is left, finds out what can be told of all articles only. The second value
    /// is whether that was so.
    ///
    /// # Errors
    ///
    /// As [`Indexer::finish`].
    pub fn finish(self) -> Result<(IndexReport, bool)> {
        self.indexer.finish_unless_others_work()
    }
}
