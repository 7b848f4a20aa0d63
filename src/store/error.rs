//! What can go wrong with a library on disk.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::sqlite;
use crate::location::Location;
use crate::postgres::ServerError;

/// Why a library could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no library here.
    #[error("there is no library at `{at}`")]
    Missing {
        /// Where it was looked for.
        at: Location,
    },
    /// The database belongs to another program.
    #[error("`{path}` is not the database of a topoi library")]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// A newer topoi wrote this library.
    #[error(
        "`{path}` is of format version {found}, and this topoi reads versions up to {}",
        sqlite::CURRENT
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// Another program is writing to the library.
    #[error("another topoi{} is writing to the library at `{at}`", holder.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        /// The library.
        at: Location,
        /// The process that holds the lock, where it left its number.
        holder: Option<String>,
    },
    /// The database is damaged.
    #[error("the database `{path}` is damaged: {detail}")]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// There is no room left, or the folder can't be written.
    #[error("cannot write to `{path}`: {detail}")]
    Unwritable {
        /// The database.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// The last commits are where this program can't read them.
    #[error(
        "the last commits to `{path}` can't be read: they are in the log beside it, and this user may not write there"
    )]
    LogUnreadable {
        /// The database.
        path: PathBuf,
    },
    /// Somebody changed the database while it was read, and could not be kept from it.
    #[error("`{path}` was changed while it was read")]
    Changed {
        /// The database.
        path: PathBuf,
    },
    /// SQLite reports something else.
    #[error("cannot work with the database `{path}`")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A server that the library is on.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The file system reports an error.
    #[error("cannot {action} `{path}`")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let detail = source.to_string();
        match &source {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => {
                return Self::Damaged { path, detail };
            }
            _ => {}
        }
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, detail }
            }
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure,
            ) => Self::Unwritable { path, detail },
            _ => Self::Sqlite { path, source },
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some("make one with `topoi index FILE_OR_FOLDER`, or name another with `--library DIR`".into()),
            Self::Foreign { .. } => Some("name the library's folder with `--library DIR`".into()),
            Self::Newer { .. } => Some("use the newer topoi that wrote it".into()),
            Self::Locked { .. } => Some("wait for it to finish; reading works meanwhile".into()),
            Self::Damaged { .. } => Some("`topoi check` says what is damaged; restore `library.db` from a copy, or index the articles anew into another library".into()),
            Self::Unwritable { .. } => Some("nothing was changed; make room or make the folder writable, and run the command again".into()),
            Self::LogUnreadable { .. } => Some("read the library once as a user who may write in its folder, as by `topoi status`, or copy the folder to where you may".into()),
            Self::Changed { .. } => Some("run the command again".into()),
            Self::Server(error) => error.hint(),
            Self::Sqlite { .. } | Self::Io { .. } => None,
        }
    }
}
