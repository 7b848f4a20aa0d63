//! The tables, and how an older library becomes a current one.

use std::path::Path;

use rusqlite::Connection;

use super::seal;
use crate::store::StoreError;

/// "topo", so that the database is known for what it is.
const APPLICATION_ID: i64 = 0x746f_706f;

/// How long the log of commits may stay when it is begun anew, in bytes.
const LOG_KEPT: i64 = 1 << 20;

/// The version of the tables that this code reads and writes.
pub(crate) const CURRENT: i64 = MIGRATIONS.len() as i64;

/// Each entry takes a database from the version that is its index to the next. Entries are never edited.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE files (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;

    CREATE TABLE articles (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        file INTEGER NOT NULL REFERENCES files (id),
        entry TEXT,
        title TEXT,
        author TEXT,
        -- The date as the source gives it, and the first day that it can mean.
        date TEXT,
        date_from TEXT,
        source TEXT,
        language TEXT,
        paragraphs INTEGER NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
    CREATE INDEX articles_file ON articles (file);

    CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        article INTEGER NOT NULL REFERENCES articles (id),
        paragraph INTEGER NOT NULL,
        part INTEGER NOT NULL,
        parts INTEGER NOT NULL,
        start INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
    CREATE INDEX passages_article ON passages (article);
    CREATE INDEX passages_digest ON passages (digest);
    CREATE INDEX passages_not_body ON passages (id) WHERE kind <> 'body';

    -- Passages that are gone while a segment still holds their vectors.
    CREATE TABLE tombstones (
        passage INTEGER PRIMARY KEY
    ) STRICT;

    CREATE TABLE segments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        points INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
", "
    -- The themes that the library had when they were last found or mended, and those that have ended.
    CREATE TABLE themes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        -- The name that a person has given it, and the title that a language model has.
        given TEXT,
        title TEXT,
        -- Lists in JSON: its telling words and phrases, and the passages that stand for it.
        terms TEXT NOT NULL,
        exemplars TEXT NOT NULL,
        coherence REAL NOT NULL,
        pinned INTEGER NOT NULL,
        ended INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE theme_passages (
        passage INTEGER PRIMARY KEY,
        theme INTEGER NOT NULL REFERENCES themes (id),
        strength REAL NOT NULL
    ) STRICT;
    CREATE INDEX theme_passages_theme ON theme_passages (theme);

    -- What changed when the themes were found anew, as a list in JSON.
    CREATE TABLE theme_runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        changes TEXT NOT NULL
    ) STRICT;
", "
    -- The address under which an article was published.
    ALTER TABLE articles ADD COLUMN address TEXT;

    -- The language of a passage, where it is another than its article's.
    ALTER TABLE passages ADD COLUMN language TEXT;

    -- Samples of the articles' shingles, by which copies are found.
    CREATE TABLE sketches (
        article INTEGER PRIMARY KEY,
        hashes BLOB NOT NULL
    ) STRICT;

    -- Articles that are copies of another: of the one of their story that was published, or taken in, first.
    CREATE TABLE copies (
        article INTEGER PRIMARY KEY,
        original INTEGER NOT NULL,
        likeness REAL NOT NULL
    ) STRICT;
    CREATE INDEX copies_original ON copies (original);

    -- What a server said of a file that was fetched from it, to ask whether it has changed since.
    CREATE TABLE fetched (
        path TEXT PRIMARY KEY,
        etag TEXT,
        last_modified TEXT
    ) STRICT;
", "
    -- What the rows of all other tables come to, and how many commits there were.
    CREATE TABLE seal (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        sum BLOB NOT NULL,
        commits INTEGER NOT NULL
    ) STRICT;
    INSERT INTO seal VALUES (1, zeroblob(16), 0);
"];

/// The version of the database at `path`, 0 for an empty one.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let read = || {
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((pragma("application_id")?, pragma("user_version")?, tables))
    };
    match read().map_err(|error| StoreError::sqlite(path, error))? {
        (APPLICATION_ID, found @ 0..=CURRENT, _) => Ok(found),
        (APPLICATION_ID, found, _) if found > CURRENT => Err(StoreError::Newer {
            path: path.to_owned(),
            found,
        }),
        (0, 0, 0) => Ok(0),
        _ => Err(StoreError::Foreign {
            path: path.to_owned(),
        }),
    }
}

/// Brings the database to [`CURRENT`], all steps in one transaction. One that holds something is copied before, to a file
/// that is called after its version.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection, path)?;
    let run = |connection: &mut Connection| {
        connection.pragma_update(None, "journal_mode", "wal")?;
        // A commit that was reported survives a loss of power.
        connection.pragma_update(None, "synchronous", "full")?;
        // A log that has grown is cut when it is begun anew.
        connection.pragma_update(None, "journal_size_limit", LOG_KEPT)?;
        if found == CURRENT {
            return Ok(());
        }
        if found > 0 {
            back_up(connection, path, found)?;
        }
        let transaction = connection.transaction()?;
        let done = usize::try_from(found).unwrap_or(usize::MAX);
        for step in MIGRATIONS.iter().skip(done) {
            transaction.execute_batch(step)?;
        }
        seal::make(&transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", CURRENT)?;
        transaction.commit()
    };
    run(connection).map_err(|error| StoreError::sqlite(path, error))
}

/// Copies the database as it is. A copy that an earlier attempt has left is made anew.
fn back_up(connection: &Connection, path: &Path, version: i64) -> rusqlite::Result<()> {
    let copy = path.with_extension(format!("version-{version}.db"));
    let _ = std::fs::remove_file(&copy);
    connection.execute("VACUUM INTO ?", [copy.to_string_lossy()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_earlier_version_is_brought_up_to_date_and_kept_beside_it() {
        for version in 1..CURRENT {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("library.db");
            let mut connection = Connection::open(&path).unwrap();
            for step in MIGRATIONS.iter().take(version as usize) {
                connection.execute_batch(step).unwrap();
            }
            connection
                .execute(
                    "INSERT INTO meta (key, value) VALUES ('kept', 'as it was')",
                    [],
                )
                .unwrap();
            connection
                .pragma_update(None, "application_id", APPLICATION_ID)
                .unwrap();
            connection
                .pragma_update(None, "user_version", version)
                .unwrap();
            migrate(&mut connection, &path).unwrap();
            assert_eq!(super::version(&connection, &path).unwrap(), CURRENT);
            let kept = |connection: &Connection| -> String {
                let sql = "SELECT value FROM meta WHERE key = 'kept'";
                connection.query_row(sql, [], |row| row.get(0)).unwrap()
            };
            assert_eq!(kept(&connection), "as it was");
            assert!(seal::is_whole(&connection).unwrap());
            let copy = folder.path().join(format!("library.version-{version}.db"));
            let copied = Connection::open(&copy).unwrap();
            assert_eq!(super::version(&copied, &copy).unwrap(), version);
            assert_eq!(kept(&copied), "as it was");
        }
    }
}
