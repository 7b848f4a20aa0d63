//! Telling when a library has changed, for whoever keeps one open for long.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::DATABASE;
use super::open::{FileIdentity, FileState, connect_locked, identity, log_of, state};
use crate::store::StoreError;

/// Which state a library is in: another one whenever something was committed to it, or it was put in another's place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Revision {
    database: Option<FileIdentity>,
    commits: Option<Commits>,
    /// How often the log was emptied into the database.
    emptied: u64,
    beside: Option<FileState>,
}

/// What tells which commits there were.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Commits {
    /// As SQLite counts them.
    Counted(i64),
    /// The database and its log, as they lie there, where this program may not write and SQLite can't count.
    Lying(Option<FileState>, Option<FileState>),
}

/// From which length on, in bytes, the log of commits is to be emptied into the database. What opens a library for reading keeps the
/// log from being begun anew for as long as it needs a part of it, and one that is opened as soon as there is a commit
/// always needs one.
const LONG_LOG: u64 = 4 << 20;

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
        let database = root.join(DATABASE);
        Self {
            log: log_of(&database),
            database,
            beside,
            open: None,
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
            self.open = connect_locked(path)?.map(|connection| (identity, connection));
        }
        let counted = match &self.open {
            Some((_, connection)) => {
                counted(connection).map_err(|error| StoreError::sqlite(path, error))?
            }
            None => None,
        };
        let lying = || Commits::Lying(state(path), state(&self.log));
        let commits = counted.map_or_else(lying, Commits::Counted);
        self.empty_log();
        Ok(Revision {
            database: Some(identity),
            commits: Some(commits),
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

/// How many commits of others a connection has seen; `None` where SQLite doesn't know. It counts each look as one where the log is empty
/// and its files may not be written.
fn counted(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let count = || connection.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0));
    let (first, second) = (count()?, count()?);
    Ok((first == second).then_some(first))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::{Reader, open_reader, open_writer};
    use crate::store::{ModelRow, Records};

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

    /// Has SQLite find none of the files beside a database, and none that it could make, as whoever may not write there, which root
    /// always may: it follows no links.
    #[cfg(unix)]
    fn bar(root: &Path) {
        let _ = std::fs::remove_file(root.join("library.db-wal"));
        let _ = std::fs::remove_file(root.join("library.db-shm"));
        std::os::unix::fs::symlink("nowhere", root.join("library.db-shm")).unwrap();
    }

    #[cfg(unix)]
    fn commit(root: &Path, reference: &str) {
        let _ = std::fs::remove_file(root.join("library.db-shm"));
        let model = ModelRow {
            reference: reference.into(),
            identity: "{}".into(),
        };
        open_writer(root).unwrap().set_model(&model).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn whoever_may_not_write_sees_each_commit_and_nothing_that_is_being_changed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("library");
        commit(&root, "a");
        bar(&root);
        let mut watch = Watch::new(&root, root.join("words"));
        let seen = watch.revision().unwrap();
        assert_eq!(watch.revision().unwrap(), seen);
        let model = |reader: &Reader| Ok::<_, StoreError>(reader.model()?.unwrap().reference);
        let reader = open_reader(&root).unwrap();
        assert_eq!(model(&reader).unwrap(), "a");

        commit(&root, "b");
        bar(&root);
        assert_ne!(watch.revision().unwrap(), seen);
        let error = model(&reader).unwrap_err();
        assert!(matches!(error, StoreError::Changed { .. }), "{error}");
        assert_eq!(model(&open_reader(&root).unwrap()).unwrap(), "b");
    }

    #[test]
    #[cfg(unix)]
    fn commits_in_a_log_that_can_not_be_read_are_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("library");
        commit(&root, "a");
        // As a program leaves them that was killed.
        let kept = Connection::open(root.join(DATABASE)).unwrap();
        kept.execute(
            "UPDATE meta SET value = 'b' WHERE key = 'model_reference'",
            [],
        )
        .unwrap();
        let log = std::fs::read(root.join("library.db-wal")).unwrap();
        drop(kept);
        commit(&root, "a");
        bar(&root);
        std::fs::write(root.join("library.db-wal"), log).unwrap();
        let error = open_reader(&root).unwrap_err();
        assert!(matches!(error, StoreError::LogUnreadable { .. }), "{error}");
        assert!(error.hint().unwrap().contains("may write"));
    }
}
