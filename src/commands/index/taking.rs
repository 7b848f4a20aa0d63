//! From files and addresses to a library: the way that `topoi index` and `topoi watch` share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use topoi::fetch::{Address, is_address};
use topoi::ingest::{FoundFile, Hints, Warning};
use topoi::library::{IndexReport, Indexer, Library, Share, Windowing, Worker};
use topoi::store::StoreError;
use topoi::{Error, Location};

use super::super::context::Loaded;
use super::super::interrupt;
use super::super::output::Output;
use super::super::target::stored_path;
use super::web::{Known, Web};
use super::{Progress, Refused};

/// How long to wait before the library is tried again that another program is writing to.
const LOCKED: Duration = Duration::from_secs(1);

/// Takes articles into a library. The library is open for writing only while there is something to write.
pub(crate) struct Taking<'a> {
    pub(crate) output: &'a Output,
    pub(crate) library: &'a Location,
    pub(crate) model: &'a Loaded,
    pub(crate) hints: &'a Hints,
    /// The largest file that is read.
    pub(crate) max_bytes: u64,
    /// Whether to wait for another program that is writing to the library, instead of giving up.
    pub(crate) patient: bool,
}

/// What was taken in.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) report: IndexReport,
    pub(crate) refused: Refused,
    /// What was odd, each with its file's path.
    pub(crate) warnings: Vec<(String, Warning)>,
}

impl Taken {
    pub(crate) fn merge(&mut self, other: Self) {
        self.report.merge(other.report);
        self.refused.extend(other.refused);
        self.warnings.extend(other.warnings);
    }

    /// Whether nothing of what was given could be read.
    pub(crate) fn is_nothing(&self) -> bool {
        let report = &self.report;
        report.files_read + report.files_unchanged + report.files_removed == 0
            && !self.refused.is_empty()
    }
}

impl Taking<'_> {
    /// Takes in files, and a text from standard input under a name, and removes what the library has below some folders
    /// and files that is no longer there.
    pub(crate) fn files(
        &self,
        files: &[FoundFile],
        stdin: Option<(&str, &[u8])>,
        prune: &[PathBuf],
    ) -> anyhow::Result<Taken> {
        self.write(|indexer| {
            let mut refused = Refused::new();
            if let Some((name, bytes)) = stdin
                && let Err(refusal) = indexer.add_text(name, bytes)?
            {
                refused.push((PathBuf::from(name), refusal));
            }
            refused.extend(indexer.add_files(files, self.max_bytes)?);
            if !prune.is_empty() {
                // Last, so that a renamed file finds the vectors of its text under the old name.
                let gone = gone(indexer.paths()?, prune);
                indexer.remove_files(&gone)?;
            }
            Ok(refused)
        })
    }

    /// Fetches addresses, and takes in what has changed.
    pub(crate) fn addresses(&self, web: &mut Web, addresses: &[Address]) -> anyhow::Result<Taken> {
        let mut taken = Taken::default();
        if addresses.is_empty() {
            return Ok(taken);
        }
        let library = Library::records_if_any(self.library)?;
        let known = Known {
            library: library.as_deref(),
            // What a person says of files may make others of them, though they are as they were.
            is_read_anew: *self.hints != Hints::default(),
        };
        let asked = web.fetch_all(self.output, addresses, &known, &mut |fetched| {
            taken.merge(self.write(|indexer| {
                let mut refused = Refused::new();
                for page in fetched {
                    let path = page.path.to_string();
                    if let Err(refusal) = indexer.add_fetched(&path, page.fetched)?
                        && !page.is_followed
                    {
                        refused.push((PathBuf::from(path), refusal));
                    }
                }
                Ok(refused)
            })?);
            Ok(())
        })?;
        taken.report.files_unchanged += asked.unchanged;
        taken.refused.extend(asked.refused);
        Ok(taken)
    }

    /// Takes in files beside other workers: those given, and those that wait already.
    pub(crate) fn beside_others(&self, files: &[FoundFile], share: Share) -> anyhow::Result<Taken> {
        let Loaded {
            encoder, reference, ..
        } = self.model;
        let progress = Progress::new(self.output, 0, "embedding");
        let mut worker = Worker::open(
            self.library,
            reference,
            encoder.as_ref(),
            &progress,
            Windowing::Windows,
        )?;
        worker.set_hints(self.hints.clone());
        let mut refused = worker.add(files, share)?;
        refused.extend(worker.work(share, self.max_bytes)?);
        let warnings = worker.warnings().to_vec();
        let (report, is_last) = worker.finish()?;
        progress.finish();
        if !is_last {
            self.output.note(format_args!(
                "other workers are still at it; the last of them finds the copies"
            ));
        }
        Ok(Taken {
            report,
            refused,
            warnings,
        })
    }

    fn write(
        &self,
        work: impl FnOnce(&mut Indexer<'_>) -> anyhow::Result<Refused>,
    ) -> anyhow::Result<Taken> {
        let progress = Progress::new(self.output, 0, "embedding");
        let mut indexer = self.open(&progress)?;
        indexer.set_hints(self.hints.clone());
        let refused = work(&mut indexer)?;
        let warnings = indexer.warnings().to_vec();
        let report = indexer.finish()?;
        progress.finish();
        Ok(Taken {
            report,
            refused,
            warnings,
        })
    }

    fn open<'p>(&'p self, progress: &'p Progress<'_>) -> anyhow::Result<Indexer<'p>> {
        let Loaded {
            encoder, reference, ..
        } = self.model;
        let mut has_waited = false;
        loop {
            match Indexer::open(
                self.library,
                reference,
                encoder.as_ref(),
                progress,
                Windowing::Windows,
            ) {
                Err(error @ Error::Store(StoreError::Locked { .. })) if self.patient => {
                    if !has_waited {
                        self.output.note(format_args!("{error}: waiting for it"));
                        has_waited = true;
                    }
                    interrupt::sleep(LOCKED)?;
                }
                opened => return Ok(opened?),
            }
        }
    }
}

/// Those of a library's paths that lie at or below some others, and that are no longer there. Addresses are nowhere.
fn gone(mut paths: Vec<String>, given: &[PathBuf]) -> Vec<String> {
    let roots: Vec<PathBuf> = given.iter().map(|path| stored_path(path)).collect();
    paths.retain(|text| {
        let path = Path::new(text);
        !is_address(text) && roots.iter().any(|root| path.starts_with(root)) && !path.exists()
    });
    paths
}
