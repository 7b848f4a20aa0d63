//! What can go wrong with an export.

use std::io;

use super::form::SCHEMA;
use super::read::MAX_LINE;

/// Why an export could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It can't be written.
    #[error("cannot write the export")]
    Unwritten(#[source] io::Error),
    /// It can't be read.
    #[error("cannot read {name}")]
    Unread {
        /// What is read.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// It can be read once only, and there is no room to keep it meanwhile.
    #[error("cannot keep {name} in a temporary file")]
    Unkept {
        /// What is read.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// It is something else.
    #[error("{0} is no export of a topoi library")]
    Foreign(String),
    /// A newer topoi wrote it.
    #[error("{name} has the form `{schema}`, and this topoi reads `{SCHEMA}`")]
    OtherForm {
        /// What is read.
        name: String,
        /// The form that it says it has.
        schema: String,
    },
    /// It has no vectors.
    #[error("{0} was written without vectors, and no library can be made without them")]
    NoVectors(String),
    /// A line is too long.
    #[error("line {line} of {name} is longer than {} MiB", MAX_LINE >> 20)]
    TooLong {
        /// What is read.
        name: String,
        /// Which line, from 1.
        line: u64,
    },
    /// A line is not as it was written.
    #[error("line {line} of {name} is damaged: {detail}")]
    Damaged {
        /// What is read.
        name: String,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        detail: String,
    },
    /// Its end is missing.
    #[error("{name} breaks off behind line {lines}: its end is missing")]
    CutOff {
        /// What is read.
        name: String,
        /// How many whole lines there are.
        lines: u64,
    },
}

impl ExportError {
    /// What the user can do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Unwritten(_) | Self::Unread { .. } => None,
            Self::Unkept { .. } => Some("make room, name another folder for it with TMPDIR, or give the export as a file".into()),
            Self::Foreign(_) => Some("write one with `topoi export FILE`; articles are taken in with `topoi index FILE`".into()),
            Self::OtherForm { .. } => Some("use the newer topoi that wrote it".into()),
            Self::NoVectors(_) => Some("export the library again, without `--no-vectors`".into()),
            Self::TooLong { .. } | Self::Damaged { .. } | Self::CutOff { .. } => {
                Some("nothing was changed; copy the file again from where it came from, or export the library again".into())
            }
        }
    }
}
