//! Files from the Hugging Face hub, or from a mirror that speaks as it does, through `hf-hub`.
//!
//! That library waits for ever on a server that accepts a connection and says nothing. So each file is fetched
//! on a thread of its own, and given up when nothing has come for a while; the thread then ends whenever the
//! operating system gives the connection up, or with the process.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use hf_hub::api::Progress as HubProgress;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};

use super::MOST_BYTES;
use super::progress::Progress;

/// How many times as long as for an answer is waited for the next bytes of a file that has begun to come: a
/// slow line stutters.
const STALL_FACTOR: u32 = 4;

/// Why a file didn't come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HubError {
    /// The hub has no such file.
    NotFound(String),
    /// The hub doesn't give it to us.
    Refused(String),
    /// The hub can't be reached.
    Unreachable(String),
    /// The hub broke off in the middle of the file; what has come is kept.
    BrokenOff(String),
    /// What an earlier attempt left of the file can't be gone on from.
    StalePart(String),
}

impl HubError {
    /// What happened, in words.
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::NotFound(reason)
            | Self::Refused(reason)
            | Self::Unreachable(reason)
            | Self::BrokenOff(reason)
            | Self::StalePart(reason) => reason,
        }
    }
}

/// A repository on the hub.
pub(super) struct Hub<'a> {
    api: Api,
    name: String,
    downloads: PathBuf,
    timeout: Duration,
    progress: &'a dyn Progress,
}

/// A file that has come.
pub(super) struct Fetched {
    /// Where it lies now; whoever asked for it moves it.
    pub(super) path: PathBuf,
    /// The commit that it is of.
    pub(super) commit: String,
    /// Its SHA-256 as the hub gives it, which it does for large files.
    pub(super) sha256: Option<String>,
}

enum Event {
    Begins(u64),
    Bytes(u64),
    Done(Result<PathBuf, HubError>),
}

impl<'a> Hub<'a> {
    /// The repository `name` at `endpoint`, the public hub where that is `None`. `hf_cache` is where a token is
    /// looked for, and `downloads` where files and parts of files are put.
    pub(super) fn new(
        name: &str,
        endpoint: Option<&str>,
        hf_cache: Option<PathBuf>,
        downloads: PathBuf,
        timeout: Duration,
        progress: &'a dyn Progress,
    ) -> Result<Self, HubError> {
        let token = hf_cache.and_then(|path| Cache::new(path).token());
        let mut builder = ApiBuilder::from_cache(Cache::new(downloads.clone()))
            .with_token(token)
            .with_progress(false);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
        }
        Ok(Self {
            api: builder.build().map_err(|error| classify(&error))?,
            name: name.to_owned(),
            downloads,
            timeout,
            progress,
        })
    }

    /// Fetches `file` at `revision`. What an earlier attempt left of it is gone on from, or thrown away if that
    /// leads nowhere. When the hub breaks off, it is asked for the rest once.
    pub(super) fn fetch(&self, revision: &str, file: &str) -> Result<Fetched, HubError> {
        match self.attempt(revision, file) {
            Err(HubError::BrokenOff(_)) => self.attempt(revision, file),
            Err(HubError::StalePart(_)) => {
                self.clear_parts();
                self.attempt(revision, file)
            }
            outcome => outcome,
        }
    }

    /// Removes parts of files.
    fn clear_parts(&self) {
        let blobs = self
            .downloads
            .join(self.repo("").folder_name())
            .join("blobs");
        for entry in fs::read_dir(blobs).into_iter().flatten().flatten() {
            let path = entry.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "part")
            {
                // One that stays is complained of again by the next attempt.
                let _ = fs::remove_file(path);
            }
        }
    }

    fn repo(&self, revision: &str) -> Repo {
        Repo::with_revision(self.name.clone(), RepoType::Model, revision.to_owned())
    }

    fn attempt(&self, revision: &str, file: &str) -> Result<Fetched, HubError> {
        let (sender, receiver) = mpsc::channel();
        let repo = self.api.repo(self.repo(revision));
        let wanted = file.to_owned();
        let spawned = thread::Builder::new()
            .name("hub".to_owned())
            .spawn(move || {
                let reporter = Reporter(sender.clone());
                let outcome = repo
                    .download_with_progress(&wanted, reporter)
                    .map_err(|error| classify(&error));
                // Nobody listens any more where it took too long.
                let _ = sender.send(Event::Done(outcome));
            });
        if let Err(error) = spawned {
            return Err(HubError::Unreachable(error.to_string()));
        }
        let mut patience = self.timeout;
        let mut begun = false;
        let outcome = loop {
            match receiver.recv_timeout(patience) {
                Ok(Event::Begins(total)) if total > MOST_BYTES => {
                    break Err(HubError::Refused(format!(
                        "`{file}` has {total} bytes, and {MOST_BYTES} is the most"
                    )));
                }
                Ok(Event::Begins(total)) => {
                    // Said twice by the library, the second time when it sends the request for the bytes.
                    if !begun {
                        self.progress.start(file, Some(total));
                    }
                    begun = true;
                    patience = self.timeout * STALL_FACTOR;
                }
                Ok(Event::Bytes(bytes)) => self.progress.advance(bytes),
                Ok(Event::Done(Err(HubError::Unreachable(reason)))) if begun => {
                    break Err(HubError::BrokenOff(reason));
                }
                Ok(Event::Done(outcome)) => break outcome,
                Err(RecvTimeoutError::Timeout) => {
                    break Err(HubError::Unreachable(format!(
                        "the hub sent nothing for {} seconds",
                        patience.as_secs_f32()
                    )));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    break Err(HubError::Unreachable(
                        "the hub answered in a way that can't be understood".to_owned(),
                    ));
                }
            }
        };
        if begun {
            self.progress.finish();
        }
        let pointer = outcome?;
        let snapshots = self
            .downloads
            .join(self.repo(revision).folder_name())
            .join("snapshots");
        let commit = pointer
            .strip_prefix(&snapshots)
            .ok()
            .and_then(|rest| rest.components().next())
            .and_then(|part| part.as_os_str().to_str())
            .ok_or_else(|| HubError::Unreachable("the hub named no commit".to_owned()))?
            .to_owned();
        // The library leaves a link to the file.
        let path =
            fs::canonicalize(&pointer).map_err(|error| HubError::Unreachable(error.to_string()))?;
        // The library names files by their entity tag, which is the digest of those that the hub keeps apart.
        let sha256 = path
            .file_name()
            .and_then(|name| name.to_str())
            .filter(|name| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .map(str::to_owned);
        Ok(Fetched {
            path,
            commit,
            sha256,
        })
    }
}

/// Tells what the library says to the thread that waits.
struct Reporter(Sender<Event>);

impl HubProgress for Reporter {
    fn init(&mut self, size: usize, _filename: &str) {
        let _ = self.0.send(Event::Begins(size as u64));
    }

    fn update(&mut self, size: usize) {
        let _ = self.0.send(Event::Bytes(size as u64));
    }

    fn finish(&mut self) {}
}

/// Which kind of failure it is. The library's type for HTTP failures belongs to a crate that this one has no
/// other use for, so the status is read from its message; the tests with a small hub would notice a change.
fn classify(error: &ApiError) -> HubError {
    let reason = error.to_string();
    if matches!(error, ApiError::InvalidResume) {
        return HubError::StalePart(reason);
    }
    let status = reason
        .split_once("http status: ")
        .and_then(|(_, rest)| rest.get(..3));
    match status {
        Some("404") => HubError::NotFound(reason),
        Some("401" | "403") => HubError::Refused(reason),
        // Asked for what comes after the end.
        Some("416") => HubError::StalePart(reason),
        _ => HubError::Unreachable(reason),
    }
}
