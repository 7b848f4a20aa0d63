//! Telling when a library has changed, for whoever keeps one open for long.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};

use super::{DATABASE, connect};
use crate::store::StoreError;

/// Which state a library is in: another one whenever something was committed to it, or it was put in another's place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Revision {
    database: Option<FileIdentity>,
    version: i64,
    /// How often the log was emptied into the database.
    emptied: u64,
    beside: Option<FileState>,
}

/// When a file was written, and how long it is.
type FileState = (SystemTime, u64);

/// From which length on, in bytes, the log of commits is to be emptied into the database. What opens a library for reading keeps the
/// log from being begun anew for as long as it needs a part of it, and one that is opened as soon as there is a commit
/// always needs one.
const LONG_LOG: u64 = 4 << 20;

/// What tells a file from another one that stands at its path later.
type FileIdentity = (u64, u64, Option<SystemTime>);

/// Watches a library's database, and one file beside it.
#[derive(Debug)]
pub(crate) struct Watch {
    database: PathBuf,
    beside: PathBuf,
    /// The file that is open, and its connection: SQLite counts the commits of all others.
    open: Option<(FileIdentity, Connection)>,
    /// The log of commits, and as it was when it was emptied last.
    log: PathBuf,
    emptied_as: Option<FileState>,
    emptied: u64,
}

impl Watch {
    /// Watches the library in the folder `root`, which may come later, and a file that is written beside the database.
    #[must_use]
    pub(crate) fn new(root: &Path, beside: PathBuf) -> Self {
        Self {
            database: root.join(DATABASE),
            beside,
            open: None,
            log: root.join(format!("{DATABASE}-wal")),
            emptied_as: None,
            emptied: 0,
        }
    }

    /// The state that the library is in now. Two that differ may be of the same content, but no two of different content
    /// are equal.
    ///
    /// # Errors
    ///
    /// Where the database can't be read.
    pub(crate) fn revision(&mut self) -> Result<Revision, StoreError> {
        let path = &self.database;
        let Ok(metadata) = path.metadata() else {
            self.open = None;
            return Ok(Revision::default());
        };
        let identity = identity(&metadata);
        if self.open.as_ref().is_none_or(|open| open.0 != identity) {
            self.open = Some((identity, connect(path)?));
        }
        let version = match &self.open {
            Some((_, connection)) => connection
                .query_row("PRAGMA data_version", [], |row| row.get(0))
                .map_err(|error| StoreError::sqlite(path, error))?,
            None => 0,
        };
        self.empty_log();
        Ok(Revision {
            database: Some(identity),
            version,
            emptied: self.emptied,
            beside: state(&self.beside),
        })
    }

    /// Empties a long log into the database, once nobody needs an earlier state. Whoever opens the library again then needs no part of the
    /// log, and the next commit begins it anew.
    fn empty_log(&mut self) {
        let log = state(&self.log);
        let is_long = log.is_some_and(|(_, length)| length > LONG_LOG);
        if is_long && log != self.emptied_as && empty(&self.database) {
            self.emptied_as = log;
            self.emptied += 1;
        }
    }
}

/// Has the log of commits written into the database; whether all of it was. It can't be where this may not be written, and
/// not all of it while somebody reads an earlier state.
fn empty(database: &Path) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let emptied = Connection::open_with_flags(database, flags).and_then(|connection| {
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })
    });
    emptied.is_ok_and(|(frames, written)| frames == written)
}

fn state(path: &Path) -> Option<FileState> {
    let metadata = path.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> FileIdentity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino(), None)
}

#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> FileIdentity {
    (0, 0, metadata.created().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ModelRow;
    use crate::store::sqlite::open_writer;

    #[test]
    fn a_commit_and_another_library_in_its_place_are_another_revision() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("library");
        let mut watch = Watch::new(&root, root.join("words"));
        assert_eq!(watch.revision().unwrap(), Revision::default());

        let mut writer = open_writer(&root).unwrap();
        let made = watch.revision().unwrap();
        assert_ne!(made, Revision::default());
        assert_eq!(watch.revision().unwrap(), made);

        let model = ModelRow {
            reference: "a".into(),
            identity: "{}".into(),
        };
        writer.set_model(&model).unwrap();
        let changed = watch.revision().unwrap();
        assert_ne!(changed, made);
        std::fs::write(root.join("words"), "new").unwrap();
        let changed = watch.revision().unwrap();
        drop(writer);

        std::fs::rename(&root, folder.path().join("away")).unwrap();
        drop(open_writer(&root).unwrap());
        assert_ne!(watch.revision().unwrap(), changed);
    }
}
