//! Taking articles in while the server runs: one job after another, on a thread of its own.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::watch;
use topoi::ingest::{self, FoundFile, SkipReason, WalkOptions};
use topoi::library::{IndexReport, Indexer, Observer, Refusal, Windowing};
use topoi::store::StoreError;

use super::bulk::Bulk;
use super::desk::Desk;
use super::failure::{Failure, Result};
use super::lock;
use super::shelf::Shelf;

/// How many jobs may wait, and how many bytes of uploads they may hold.
const MOST_WAITING: usize = 64;
const MOST_BYTES: usize = 256 << 20;

/// How many jobs are remembered after they have ended.
const MOST_REMEMBERED: usize = 256;

/// How many files that were not read are named.
const MOST_REFUSED: usize = 100;

/// How long to wait before the library is tried again that another program is writing to.
const LOCKED: Duration = Duration::from_millis(500);

/// Below this, paths of the library are names of what was sent here.
const UPLOADS: &str = "upload";

/// Who may have articles taken in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permissions {
    /// Whether files may be sent.
    pub(crate) uploads: bool,
    /// The folders and files that may be read, links resolved.
    pub(crate) roots: Vec<PathBuf>,
}

/// What is to be taken in.
pub(crate) enum Source {
    /// A file that was sent.
    Upload { name: String, bytes: Bytes },
    /// Files and folders of this machine.
    Paths(Vec<PathBuf>),
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl Stage {
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// A job, for programs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct JobJson {
    pub(crate) id: String,
    library: String,
    pub(crate) state: Stage,
    /// How many texts are to be embedded, as far as is known, and how many have been.
    queued: u64,
    embedded: u64,
    /// What is safe in the library.
    articles: u64,
    passages: u64,
    report: Option<IndexReport>,
    refused: Vec<RefusedJson>,
    error: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct RefusedJson {
    path: String,
    reason: String,
}

/// Something to be taken in.
struct Job {
    shelf: Arc<Shelf>,
    source: Mutex<Option<Source>>,
    is_cancelled: AtomicBool,
    state: watch::Sender<JobJson>,
}

impl Job {
    fn bytes(&self) -> usize {
        match &*lock(&self.source) {
            Some(Source::Upload { bytes, .. }) => bytes.len(),
            _ => 0,
        }
    }
}

#[derive(Default)]
struct List {
    waiting: VecDeque<Arc<Job>>,
    all: VecDeque<Arc<Job>>,
    is_closed: bool,
}

/// All jobs.
pub(crate) struct Jobs {
    list: Mutex<List>,
    came: Condvar,
    next: AtomicU64,
    permissions: Permissions,
}

impl Jobs {
    pub(crate) fn new(permissions: Permissions) -> Self {
        Self {
            list: Mutex::default(),
            came: Condvar::new(),
            next: AtomicU64::new(1),
            permissions,
        }
    }

    pub(crate) fn takes_uploads(&self) -> bool {
        self.permissions.uploads
    }

    /// Refuses what may not be taken in, and gives it the form in which it is.
    pub(crate) fn check(&self, source: Source) -> Result<Source> {
        match source {
            Source::Upload { .. } if !self.permissions.uploads => Err(Failure::forbidden(
                "nothing can be sent to this server: start it with `--uploads` if it is to take files in",
            )),
            Source::Upload { name, bytes } => Ok(Source::Upload {
                name: upload_name(&name)?,
                bytes,
            }),
            Source::Paths(paths) => {
                let paths = paths.iter().map(|path| self.allowed(path));
                Ok(Source::Paths(paths.collect::<Result<_>>()?))
            }
        }
    }

    /// The path with its links resolved, if it lies where files may be read.
    fn allowed(&self, path: &Path) -> Result<PathBuf> {
        // What lies elsewhere and what isn't there look alike, so that nobody learns what there is.
        let resolved = path.canonicalize().ok();
        resolved
            .filter(|path| self.is_within(path))
            .ok_or_else(|| {
                Failure::forbidden(format!(
                    "`{}` is not below a folder that this server may read: start it with `--allow FOLDER`",
                    path.display()
                ))
            })
    }

    fn is_within(&self, path: &Path) -> bool {
        let mut roots = self.permissions.roots.iter();
        roots.any(|root| path.starts_with(root))
    }

    /// Lets a job in.
    pub(crate) fn add(&self, shelf: &Arc<Shelf>, source: Source) -> Result<JobJson> {
        let source = self.check(source)?;
        let job = JobJson {
            id: format!("j{}", self.next.fetch_add(1, Ordering::Relaxed)),
            library: shelf.name.clone(),
            state: Stage::Queued,
            queued: 0,
            embedded: 0,
            articles: 0,
            passages: 0,
            report: None,
            refused: Vec::new(),
            error: None,
        };
        let new = Arc::new(Job {
            shelf: Arc::clone(shelf),
            source: Mutex::new(Some(source)),
            is_cancelled: AtomicBool::new(false),
            state: watch::Sender::new(job.clone()),
        });
        let mut list = lock(&self.list);
        let bytes: usize = list.waiting.iter().map(|job| job.bytes()).sum();
        if list.is_closed {
            return Err(Failure::busy("the server is being stopped"));
        }
        if list.waiting.len() >= MOST_WAITING || bytes + new.bytes() > MOST_BYTES {
            return Err(Failure::busy(
                "too much waits to be taken in already: send this one later",
            ));
        }
        list.waiting.push_back(Arc::clone(&new));
        list.all.push_back(new);
        if list.all.len() > MOST_REMEMBERED
            && let Some(over) = list
                .all
                .iter()
                .position(|job| job.state.borrow().state.is_over())
        {
            list.all.remove(over);
        }
        self.came.notify_all();
        Ok(job)
    }

    fn find(&self, id: &str) -> Result<Arc<Job>> {
        let list = lock(&self.list);
        let job = list.all.iter().find(|job| job.state.borrow().id == id);
        job.map(Arc::clone).ok_or_else(|| {
            Failure::not_found(format!("there is no job “{id}”, or it was long ago"))
        })
    }

    /// A job as it is, and as it goes on.
    pub(crate) fn follow(&self, id: &str) -> Result<watch::Receiver<JobJson>> {
        Ok(self.find(id)?.state.subscribe())
    }

    /// Asks a job to stop; what has been committed stays.
    pub(crate) fn cancel(&self, id: &str) -> Result<JobJson> {
        let job = self.find(id)?;
        job.is_cancelled.store(true, Ordering::Relaxed);
        let mut list = lock(&self.list);
        let before = list.waiting.len();
        list.waiting.retain(|waiting| !Arc::ptr_eq(waiting, &job));
        if list.waiting.len() < before {
            job.state
                .send_modify(|state| state.state = Stage::Cancelled);
        }
        Ok(job.state.borrow().clone())
    }

    /// Lets nothing more in, and asks the job that is under way to stop.
    pub(crate) fn close(&self) {
        let mut list = lock(&self.list);
        list.is_closed = true;
        list.waiting.clear();
        for job in &list.all {
            job.is_cancelled.store(true, Ordering::Relaxed);
            if job.state.borrow().state == Stage::Queued {
                job.state
                    .send_modify(|state| state.state = Stage::Cancelled);
            }
        }
        self.came.notify_all();
    }

    /// Does one job after another, until there are no more to come.
    pub(crate) fn work(&self, desk: &Desk, workers: usize) {
        loop {
            let mut list = lock(&self.list);
            let job = loop {
                if list.is_closed {
                    return;
                }
                if let Some(job) = list.waiting.pop_front() {
                    break job;
                }
                list = self.came.wait(list).unwrap_or_else(PoisonError::into_inner);
            };
            drop(list);
            self.run(&job, desk, workers);
        }
    }

    fn run(&self, job: &Job, desk: &Desk, workers: usize) {
        job.state.send_modify(|state| state.state = Stage::Running);
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.take_in(job, desk, workers)
        }));
        job.state.send_modify(|state| match done {
            Ok(Ok((report, refused))) => {
                state.articles = report.articles_added;
                state.passages = report.passages_added;
                let is_nothing = report.files_read + report.files_unchanged == 0;
                state.report = Some(report);
                state.state = Stage::Done;
                if is_nothing && let Some((path, refusal)) = refused.first() {
                    state.state = Stage::Failed;
                    state.error = Some(format!("“{path}” {refusal}"));
                }
                state.refused = refused
                    .into_iter()
                    .take(MOST_REFUSED)
                    .map(|(path, refusal)| RefusedJson {
                        path,
                        reason: refusal.to_string(),
                    })
                    .collect();
            }
            Ok(Err(_)) if job.is_cancelled.load(Ordering::Relaxed) => {
                state.state = Stage::Cancelled;
            }
            Ok(Err(error)) => {
                state.state = Stage::Failed;
                state.error = Some(error);
            }
            Err(_) => {
                state.state = Stage::Failed;
                state.error = Some("it broke down: this is a fault in topoi".to_owned());
            }
        });
        let state = job.state.borrow();
        let JobJson {
            id,
            library,
            state,
            articles,
            error,
            ..
        } = &*state;
        tracing::info!(
            job = id,
            library,
            ?state,
            articles,
            ?error,
            "articles taken in"
        );
    }

    /// Takes a job's articles in; says what was done, and what was not read.
    fn take_in(
        &self,
        job: &Job,
        desk: &Desk,
        workers: usize,
    ) -> std::result::Result<(IndexReport, Vec<(String, Refusal)>), String> {
        let source = lock(&job.source).take();
        let Some(source) = source else {
            return Ok((IndexReport::default(), Vec::new()));
        };
        let encoder = Bulk {
            desk,
            shelf: &job.shelf,
            workers,
        };
        let told = Told {
            job,
            before: AtomicU64::new(0),
        };
        let mut indexer = loop {
            let location = &job.shelf.location;
            let reference = &job.shelf.model.reference;
            match Indexer::open(location, reference, &encoder, &told, Windowing::Windows) {
                Ok(indexer) => break indexer,
                Err(topoi::Error::Store(StoreError::Locked { .. })) if !told.interrupted() => {
                    thread::sleep(LOCKED);
                }
                Err(error) => return Err(text(&error)),
            }
        };
        let mut refused = Vec::new();
        match source {
            Source::Upload { name, bytes } => {
                let taken = indexer
                    .add_text(&name, &bytes)
                    .map_err(|error| text(&error))?;
                refused.extend(taken.err().map(|refusal| (name, refusal)));
            }
            Source::Paths(paths) => {
                let options = WalkOptions::default();
                let found =
                    ingest::find_files(&paths, &options).map_err(|error| error.to_string())?;
                let skipped = found.skipped.into_iter();
                refused.extend(skipped.map(|skipped| {
                    (
                        skipped.path.display().to_string(),
                        Refusal::from(skipped.reason),
                    )
                }));
                // A file below an allowed folder may be a link to elsewhere.
                let is_within = |file: &FoundFile| {
                    let resolved = file.path.canonicalize();
                    resolved.is_ok_and(|path| self.is_within(&path))
                };
                // Of anything else nobody knows when it ends, and nothing could stop the reading.
                let is_file = |file: &FoundFile| file.path.metadata().is_ok_and(|it| it.is_file());
                let within = found.files.into_iter().filter(is_within);
                let (files, others): (Vec<FoundFile>, Vec<_>) = within.partition(is_file);
                refused.extend(others.into_iter().map(|other| {
                    let path = other.path.display().to_string();
                    (path, Refusal::from(SkipReason::NotAFile))
                }));
                let not_read = indexer.add_files(&files, ingest::DEFAULT_MAX_FILE_SIZE);
                let not_read = not_read.map_err(|error| text(&error))?.into_iter();
                refused
                    .extend(not_read.map(|(path, refusal)| (path.display().to_string(), refusal)));
            }
        }
        let report = indexer.finish().map_err(|error| text(&error))?;
        Ok((report, refused))
    }
}

fn text(error: &topoi::Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}: {hint}"),
        None => error.to_string(),
    }
}

/// What an upload is called in the library: a name of a file, which no path can be made of.
fn upload_name(name: &str) -> Result<String> {
    let is_fine = !name.is_empty()
        && name.len() <= 255
        && !matches!(name, "." | "..")
        && !name
            .chars()
            .any(|c| c.is_control() || matches!(c, '/' | '\\'));
    if !is_fine {
        return Err(Failure::field(
            "name",
            "`name` is to be the name of a file, without a folder: report.pdf",
        ));
    }
    Ok(format!("{UPLOADS}/{name}"))
}

/// Tells those who follow a job how far it is.
struct Told<'j> {
    job: &'j Job,
    /// How many texts had been embedded at the last commit.
    before: AtomicU64,
}

impl Observer for Told<'_> {
    fn queued(&self) {
        self.job.state.send_modify(|state| state.queued += 1);
    }

    fn embedded(&self, texts: usize) {
        let embedded = self.before.load(Ordering::Relaxed) + texts as u64;
        self.job
            .state
            .send_modify(|state| state.embedded = embedded);
    }

    fn committed(&self, report: &IndexReport) {
        self.job.state.send_modify(|state| {
            self.before.store(state.embedded, Ordering::Relaxed);
            state.articles = report.articles_added;
            state.passages = report.passages_added;
        });
    }

    fn interrupted(&self) -> bool {
        self.job.is_cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_called_like_a_file() {
        assert_eq!(upload_name("report.pdf").unwrap(), "upload/report.pdf");
        for name in ["", ".", "..", "a/b", "..\\b", "a\0b", &"x".repeat(256)] {
            assert!(upload_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn only_what_is_below_an_allowed_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let inside = root.join("allowed");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(inside.join("a.txt"), "a").unwrap();
        std::fs::write(root.join("secret.txt"), "b").unwrap();
        let jobs = Jobs::new(Permissions {
            uploads: false,
            roots: vec![inside.clone()],
        });
        assert!(jobs.allowed(&inside).is_ok());
        assert!(jobs.allowed(&inside.join("a.txt")).is_ok());
        assert!(jobs.allowed(&inside.join("../secret.txt")).is_err());
        assert!(jobs.allowed(&inside.join("none.txt")).is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root.join("secret.txt"), inside.join("link.txt")).unwrap();
            assert!(jobs.allowed(&inside.join("link.txt")).is_err());
        }
    }
}
