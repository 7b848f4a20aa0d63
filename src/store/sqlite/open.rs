//! Opening a library's database for reading, also where nothing may be written.
//!
//! Whoever reads needs the log of commits, and beside it SQLite's file of what is in the log and who reads it (`-shm`). Where both
//! are there, they can be read by a user who may write neither, locks included. Where they aren't, that user can't make them. Then
//! the database is read without them, which leaves two things to be seen to: that no commits are in the log, and that nobody
//! changes the database meanwhile, since without locks nobody is kept from it.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::store::StoreError;

/// How long a file must not have been written before its time tells what is written later from that: systems give files times
/// that are up to 10 ms old.
const SETTLED: Duration = Duration::from_millis(50);

/// How long a database that can't be read at this moment is tried again. While somebody writes, the log can't be read for the moment
/// between the first commit and what the writer reads next.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait before it is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// What tells a file from another one that stands at its path later.
pub(super) type FileIdentity = (u64, u64, Option<SystemTime>);

/// When a file was written, and how long it is.
pub(super) type FileState = (SystemTime, u64);

/// A database that is read without locks, and its file as it was then: what was read is of one state as long as the file is as it was.
#[derive(Debug)]
pub(super) struct Unlocked {
    path: PathBuf,
    was: (FileIdentity, FileState),
}

impl Unlocked {
    /// Of a file that isn't being written right now.
    fn settled(path: &Path) -> Option<Self> {
        let was = Self::look(path)?;
        let age = SystemTime::now().duration_since(was.1.0);
        // A time to come is that of another machine's clock.
        let is_settled = age.map_or(true, |age| age >= SETTLED);
        is_settled.then(|| Self {
            path: path.to_owned(),
            was,
        })
    }

    fn look(path: &Path) -> Option<(FileIdentity, FileState)> {
        let metadata = path.metadata().ok()?;
        Some((
            identity(&metadata),
            (metadata.modified().ok()?, metadata.len()),
        ))
    }

    /// Refuses what was read, if the file has changed since it was opened.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if Self::look(&self.path).as_ref() == Some(&self.was) {
            return Ok(());
        }
        Err(StoreError::Changed {
            path: self.path.clone(),
        })
    }
}

/// Opens a database for reading, without looking at what is in it; without locks, where they can't be had.
pub(super) fn connect(path: &Path) -> Result<(Connection, Option<Unlocked>), StoreError> {
    let begin = Instant::now();
    loop {
        if let Some(connection) = connect_locked(path)? {
            return Ok((connection, None));
        }
        let unlocked = Unlocked::settled(path);
        let connection = connect_unlocked(path)?;
        // In this order: as long as the file is as it was when the log was empty, all commits are in it.
        let has_log = !is_empty(&log_of(path));
        if let Some(unlocked) = unlocked.filter(|unlocked| unlocked.check().is_ok())
            && !has_log
        {
            return Ok((connection, Some(unlocked)));
        }
        if begin.elapsed() > PATIENCE {
            let path = path.to_owned();
            return Err(if has_log {
                StoreError::LogUnreadable { path }
            } else {
                StoreError::Changed { path }
            });
        }
        std::thread::sleep(PAUSE);
    }
}

/// Opens a database for reading along with whoever writes; `None` where this program may not write in its folder, and SQLite's
/// files aren't there.
pub(super) fn connect_locked(path: &Path) -> Result<Option<Connection>, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
            .map(|()| connection)
    });
    match opened {
        Err(error) if is_refused(&error) => Ok(None),
        opened => opened
            .map(Some)
            .map_err(|error| StoreError::sqlite(path, error)),
    }
}

/// Opens a database without its log and without locks.
fn connect_unlocked(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(immutable_uri(path), flags)
        .map_err(|error| StoreError::sqlite(path, error))
}

/// The log of commits of a database.
pub(super) fn log_of(database: &Path) -> PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

fn is_empty(log: &Path) -> bool {
    log.metadata().is_ok_and(|metadata| metadata.len() == 0) || !log.exists()
}

pub(super) fn state(path: &Path) -> Option<FileState> {
    let metadata = path.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(unix)]
pub(super) fn identity(metadata: &Metadata) -> FileIdentity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino(), None)
}

#[cfg(not(unix))]
pub(super) fn identity(metadata: &Metadata) -> FileIdentity {
    (0, 0, metadata.created().ok())
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(byte))
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

/// Whether the error is one that SQLite gives where it can't have the files beside a database.
fn is_refused(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}
