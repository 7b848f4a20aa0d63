//! Where a library is: in a folder of this machine, or on PostgreSQL.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::postgres::ServerUrl;

/// Where a library is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a database of PostgreSQL with pgvector.
    Server(ServerUrl),
}

impl Location {
    /// Reads what a person typed: an address that begins with `postgres://` or `postgresql://`, or else a folder.
    ///
    /// ```
    /// use topoi::Location;
    ///
    /// let server = Location::parse("postgres://reader:secret@db.example.org/press".as_ref());
    /// assert_eq!(server.to_string(), "postgres://reader@db.example.org/press");
    /// assert!(matches!(Location::parse("articles.topoi".as_ref()), Location::Folder(_)));
    /// ```
    #[must_use]
    pub fn parse(typed: &Path) -> Self {
        match typed.to_str().and_then(ServerUrl::parse) {
            Some(url) => Self::Server(url),
            None => Self::Folder(typed.to_owned()),
        }
    }

    /// The folder, where it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Server(_) => None,
        }
    }
}

/// As it was typed, without a password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Server(url) => url.fmt(f),
        }
    }
}

impl From<&Self> for Location {
    fn from(location: &Self) -> Self {
        location.clone()
    }
}

impl From<PathBuf> for Location {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl From<&PathBuf> for Location {
    fn from(folder: &PathBuf) -> Self {
        Self::Folder(folder.clone())
    }
}

impl From<&Path> for Location {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_owned())
    }
}
