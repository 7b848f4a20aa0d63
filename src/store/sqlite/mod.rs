//! A library in a folder: a SQLite database of files, articles, passages and the manifest of vector segments.
//!
//! Everything that a library must not lose is here. One SQLite transaction is the only commit point: segment
//! files are written and synced *before* the transaction that names them ([`Writer::commit`]), so that a crash at
//! any instant leaves the library as it was before or after a commit. Files that no manifest row names are swept
//! away by the next writer.
//!
//! Many readers and one writer work at the same time: SQLite's write-ahead log keeps readers on the snapshot that
//! they began with, and an advisory lock on a file beside the database admits one writer.

mod backup;
mod copies;
mod filter;
mod lock;
mod log;
mod numbers;
mod open;
mod overview;
mod read;
mod records;
mod schema;
mod seal;
mod themes;
mod watch;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

pub(crate) use read::Reader;
pub(crate) use schema::CURRENT;
pub(crate) use watch::{Revision, Watch};
pub(crate) use write::Writer;

use super::StoreError;

/// The name of the database in a library's folder.
pub(crate) const DATABASE: &str = "library.db";
/// The name of the folder of vector segments in a library's folder.
pub(crate) const SEGMENTS: &str = "segments";

/// How long SQLite waits for what another program holds for a moment.
const BUSY: Duration = Duration::from_secs(10);

/// The number of a vector segment, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SegmentId(pub u64);

impl SegmentId {
    /// The segment's file in the library at `root`.
    ///
    /// The name follows from the number and is not stored, so that a manipulated database cannot point elsewhere.
    #[must_use]
    pub(crate) fn path(self, root: &Path) -> PathBuf {
        root.join(SEGMENTS).join(format!("{:010}.seg", self.0))
    }
}

/// A row of the manifest: one vector segment that belongs to the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SegmentRow {
    /// Its number, and thereby its file.
    pub(crate) id: SegmentId,
    /// How many vectors it holds.
    pub(crate) points: u64,
    /// Its file's length in bytes.
    pub(crate) bytes: u64,
    /// The digest that its file must have.
    pub(crate) digest: [u8; 32],
}

/// Whether there is a library at `root`.
#[must_use]
pub(crate) fn exists(root: &Path) -> bool {
    root.join(DATABASE).is_file()
}

/// How often a library is opened that changes while it is opened.
const ATTEMPTS: usize = 4;

/// Opens the library at `root` for reading.
///
/// # Errors
///
/// Where there is no library, it is damaged, it is of a newer version, or it can't be read.
pub(crate) fn open_reader(root: &Path) -> Result<Reader, StoreError> {
    let mut attempt = 1;
    loop {
        match try_open_reader(root) {
            Err(StoreError::Changed { .. }) if attempt < ATTEMPTS => attempt += 1,
            opened => return opened,
        }
    }
}

fn try_open_reader(root: &Path) -> Result<Reader, StoreError> {
    let path = root.join(DATABASE);
    if !path.is_file() {
        return Err(StoreError::Missing { at: root.into() });
    }
    // Before the database: what is committed in between is not lost.
    let marked = seal::marked(root);
    let (connection, unlocked) = open::connect(&path)?;
    configure(&connection).map_err(|error| StoreError::sqlite(&path, error))?;
    let version = schema::version(&connection, &path);
    // A version that makes no sense may be one that was being written.
    unlocked.as_ref().map_or(Ok(()), open::Unlocked::check)?;
    match version? {
        schema::CURRENT => Reader::new(connection, path, unlocked, marked),
        older => {
            // Only a writer may migrate.
            drop(connection);
            drop(open_writer(root)?);
            debug_assert!(older < schema::CURRENT);
            open_reader(root)
        }
    }
}

/// Opens the library at `root` for writing, making it where there is none, and bringing an older one up to date.
///
/// # Errors
///
/// Where another program is writing to it, it is damaged, it is of a newer version, or it can't be written.
pub(crate) fn open_writer(root: &Path) -> Result<Writer, StoreError> {
    let path = root.join(DATABASE);
    let segments = root.join(SEGMENTS);
    std::fs::create_dir_all(&segments)
        .map_err(|error| StoreError::io("create", &segments, error))?;
    let lock = lock::WriteLock::acquire(root)?;
    let mut connection =
        Connection::open(&path).map_err(|error| StoreError::sqlite(&path, error))?;
    configure(&connection).map_err(|error| StoreError::sqlite(&path, error))?;
    schema::migrate(&mut connection, &path)?;
    Writer::new(connection, path, root.to_owned(), lock)
}

/// Notes the number of the last commit beside the database in the folder `root`, as a writer does.
///
/// # Errors
///
/// Where the folder can't be written to.
pub(crate) fn mark_commits(root: &Path, commits: u64) -> Result<(), StoreError> {
    seal::mark(root, commits).map_err(|error| StoreError::io("write in", root, error))
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    // A statement keeps its plan whatever is bound to it, so that it isn't prepared anew for each number of a passage.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // A library may come from anywhere: its schema must not be able to run anything.
    connection.pragma_update(None, "trusted_schema", false)?;
    filter::register_functions(connection)
}
