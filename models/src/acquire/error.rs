//! What can go wrong while a model is found, fetched and verified.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::error::LoadError;

/// Why a model couldn't be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AcquireError {
    /// The name is neither a known model's, nor a folder's, nor of the form `organisation/name`.
    #[error("there is no model `{name}`")]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// The names that are known.
        known: Vec<String>,
    },
    /// The folder that was named isn't one.
    #[error("`{}` isn't a folder", path.display())]
    NotAFolder {
        /// What was named.
        path: PathBuf,
    },
    /// The folder isn't a model.
    #[error(transparent)]
    Folder(#[from] LoadError),
    /// A file isn't what it should be.
    #[error("`{}` has SHA-256 {found}, and should have {expected}", path.display())]
    Digest {
        /// The file, or where it came from.
        path: PathBuf,
        /// The digest that it should have.
        expected: String,
        /// The digest that it has.
        found: String,
        /// Whether the file lies in topoi's cache (it was fine once), rather than having just been fetched (it
        /// has been thrown away again).
        cached: bool,
    },
    /// A file that was in topoi's cache is gone.
    #[error("`{}` is gone from the cache", path.display())]
    CacheIncomplete {
        /// The file.
        path: PathBuf,
    },
    /// The list of digests in topoi's cache can't be read.
    #[error("`{}` is damaged: {reason}", path.display())]
    Pin {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The model isn't on this machine, and nothing may be fetched.
    #[error("the model `{name}` isn't on this machine, and nothing may be fetched while offline")]
    Offline {
        /// The model.
        name: String,
    },
    /// The hub has no such model, or doesn't show it.
    #[error("the hub has no `{name}` at revision `{revision}`, or doesn't show it ({reason})")]
    NotOnHub {
        /// The model.
        name: String,
        /// The revision.
        revision: String,
        /// What the hub said.
        reason: String,
    },
    /// The model's files couldn't be fetched from anywhere.
    #[error("can't fetch the model `{name}`: {}", reasons.join("; "))]
    Unreachable {
        /// The model.
        name: String,
        /// What went wrong, one entry a place that was tried.
        reasons: Vec<String>,
    },
    /// A file or folder couldn't be read.
    #[error("can't read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A file or folder couldn't be written.
    #[error("can't write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl AcquireError {
    /// What the person can do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownModel { known, .. } => Some(format!(
                "known models are {}; others are named `organisation/name`, as on the hub, or by \
                 their folder",
                known
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
            Self::Folder(error) => error.hint(),
            Self::Digest {
                path, cached: true, ..
            }
            | Self::CacheIncomplete { path }
            | Self::Pin { path, .. } => Some(format!(
                "remove the folder of `{}` and fetch the model again",
                path.display()
            )),
            Self::Digest { cached: false, .. } => Some(
                "the file was thrown away: try again, and if it goes on, what the server sends \
                 isn't the model"
                    .to_owned(),
            ),
            Self::Offline { name } => Some(format!("while online, run `topoi model pull {name}`")),
            Self::NotOnHub { .. } => Some(
                "check the name; for a model that isn't public, log in with `hf auth login`"
                    .to_owned(),
            ),
            Self::Unreachable { .. } => Some(
                "copy the model's folder here from another machine, and name the folder instead \
                 of the model"
                    .to_owned(),
            ),
            Self::NotAFolder { .. } | Self::Read { .. } | Self::Write { .. } => None,
        }
    }
}
