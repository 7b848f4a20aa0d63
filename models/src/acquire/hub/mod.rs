//! Files from the Hugging Face hub, or from a mirror that speaks as it does.
//!
//! A hub may be anybody, and so may whoever stands between. What it says of a file is believed where it looks like
//! a commit, a digest or a size. It names nothing on this machine, and no more bytes are taken than it announced.

mod client;
mod part;

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use super::MOST_BYTES;
use super::progress::Progress;
use client::{Answer, Client};
use part::{Part, clear, place};

/// How many times as long as for an answer is waited for the next bytes of a file that has begun to come: a
/// slow line stutters.
const STALL_FACTOR: u32 = 4;

/// How many bytes are read at a time.
const PIECE: usize = 1 << 16;

/// Why a file didn't come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HubError {
    /// The hub has no such file.
    NotFound(String),
    /// The hub doesn't give it to us, or it is more than we take.
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

    /// The hub says nothing any more.
    fn silent(patience: Duration) -> Self {
        Self::Unreachable(format!(
            "the hub sent nothing for {} seconds",
            patience.as_secs_f32()
        ))
    }

    /// What has come can't be written.
    fn unwritten(error: &io::Error) -> Self {
        Self::Unreachable(format!("I/O error {error}"))
    }
}

/// A repository on the hub.
pub(super) struct Hub<'a> {
    client: Client,
    name: String,
    downloads: PathBuf,
    timeout: Duration,
    progress: &'a dyn Progress,
    /// The most bytes that a file may have.
    most: u64,
}

/// A file that has come.
#[derive(Debug)]
pub(super) struct Fetched {
    /// Where it lies now; whoever asked for it moves it.
    pub(super) path: PathBuf,
    /// The commit that it is of.
    pub(super) commit: String,
    /// Its SHA-256 as the hub gives it, which it does for large files.
    pub(super) sha256: Option<String>,
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
        let token = hf_cache.and_then(|folder| {
            let text = fs::read_to_string(folder.parent()?.join("token")).ok()?;
            Some(text.trim().to_owned()).filter(|token| !token.is_empty())
        });
        Ok(Self {
            client: Client::new(endpoint, token, timeout)?,
            name: name.to_owned(),
            downloads,
            timeout,
            progress,
            most: MOST_BYTES,
        })
    }

    /// Fetches `file` at `revision`. What an earlier attempt left of it is gone on from, or thrown away if that
    /// leads nowhere. When the hub breaks off, it is asked for the rest once.
    pub(super) fn fetch(&self, revision: &str, file: &str) -> Result<Fetched, HubError> {
        match self.attempt(revision, file) {
            Err(HubError::BrokenOff(_)) => self.attempt(revision, file),
            Err(HubError::StalePart(_)) => {
                clear(&self.downloads, file);
                self.attempt(revision, file)
            }
            outcome => outcome,
        }
    }

    fn attempt(&self, revision: &str, file: &str) -> Result<Fetched, HubError> {
        let left = Part::left(&self.downloads, file);
        let asked = left.as_ref().map_or(0, |part| part.length);
        let answer = self.client.ask(&self.name, revision, file, asked)?;
        let commit = answer
            .commit
            .clone()
            .ok_or_else(|| HubError::Unreachable("the hub named no commit".to_owned()))?;
        self.check_size(file, &answer)?;
        let path = place(&self.downloads, file, answer.tag.as_deref());
        let mut target = if answer.start == 0 {
            clear(&self.downloads, file);
            fs::create_dir_all(&self.downloads).and_then(|()| File::create(&path))
        } else if answer.start == asked && left.is_some_and(|part| part.path == path) {
            File::options().append(true).open(&path)
        } else {
            return Err(HubError::StalePart(
                "the hub has another file now than a part was left of".to_owned(),
            ));
        }
        .map_err(|error| HubError::unwritten(&error))?;
        let sha256 = answer.sha256.clone();
        self.progress.start(file, answer.size);
        let received = self.receive(file, answer, &mut target);
        self.progress.finish();
        if let Err(HubError::Refused(_)) = received {
            clear(&self.downloads, file);
        }
        received?;
        Ok(Fetched {
            path,
            commit,
            sha256,
        })
    }

    /// Checks what is announced, before any of it is read.
    fn check_size(&self, file: &str, answer: &Answer) -> Result<(), HubError> {
        match (answer.size, answer.length) {
            (Some(size), _) if size > self.most => Err(HubError::Refused(format!(
                "`{file}` has {size} bytes, and {} is the most",
                self.most
            ))),
            (Some(size), Some(length)) if length > size => Err(longer(file, size)),
            (Some(size), _) if answer.start > size => Err(HubError::StalePart(format!(
                "`{file}` has {size} bytes, and {} were left of it",
                answer.start
            ))),
            _ => Ok(()),
        }
    }

    /// Writes to `target` what comes of `file`, and says whether it was all of it.
    fn receive(&self, file: &str, answer: Answer, target: &mut File) -> Result<(), HubError> {
        let mut so_far = answer.start;
        if so_far > 0 {
            self.progress.advance(so_far);
        }
        let mut body = answer.body.into_reader();
        let mut piece = vec![0; PIECE];
        loop {
            let read = body
                .read(&mut piece)
                .map_err(|error| self.interrupted(error))?;
            if read == 0 {
                break;
            }
            so_far += read as u64;
            match answer.size {
                Some(size) if so_far > size => return Err(longer(file, size)),
                None if so_far > self.most => {
                    return Err(HubError::Refused(format!(
                        "`{file}` has more than {} bytes, which is the most",
                        self.most
                    )));
                }
                _ => {}
            }
            target
                .write_all(&piece[..read])
                .map_err(|error| HubError::unwritten(&error))?;
            self.progress.advance(read as u64);
        }
        match answer.size {
            Some(size) if so_far < size => Err(HubError::BrokenOff(format!(
                "the hub sent {so_far} of {size} bytes"
            ))),
            _ => Ok(()),
        }
    }

    /// Why a file that had begun to come came no further.
    fn interrupted(&self, error: io::Error) -> HubError {
        match ureq::Error::from(error) {
            ureq::Error::Timeout(_) => HubError::silent(self.timeout * STALL_FACTOR),
            error => HubError::BrokenOff(format!("I/O error {}", error.into_io())),
        }
    }
}

/// More comes than was said to.
fn longer(file: &str, size: u64) -> HubError {
    HubError::Refused(format!(
        "`{file}` has more than the {size} bytes that were announced"
    ))
}
