//! What all rows of the database come to, kept with each change, so that damage shows.
//!
//! SQLite notices a page that makes no sense, but not a letter that has become another. So each row has a hash, and the
//! database keeps the sum of all of them (a multiset hash, which doesn't depend on the order): a change takes away what rows
//! were and adds what they are. Whoever looks for damage adds up all rows.
//!
//! The log of the last commits is not damaged but shorter, for SQLite, where it makes no sense. So commits are numbered, and
//! the number of the last one stands in a file beside the database too.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Null, ValueRef};
use rusqlite::{Connection, Transaction, params};
use sha2::{Digest, Sha256};

/// The table that has the sum, and no part in it.
const TABLE: &str = "seal";

/// The file that has the number of the last commit.
const MARK: &str = "commits";

/// Below this every whole number is one that a floating-point number can be.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// The sum of the hashes of rows, without regard to how large it gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum(u128);

impl Sum {
    fn add(&mut self, row: u128) {
        self.0 = self.0.wrapping_add(row);
    }

    fn take(&mut self, row: u128) {
        self.0 = self.0.wrapping_sub(row);
    }
}

/// What a row comes to. A number is the same whether it is kept whole or not.
fn hash<'v>(table: &str, values: impl Iterator<Item = ValueRef<'v>>) -> u128 {
    let mut hasher = Sha256::new();
    let mut part = |kind: u8, bytes: &[u8]| {
        hasher.update([kind]);
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(b't', table.as_bytes());
    for value in values {
        match value {
            ValueRef::Null => part(b'n', &[]),
            ValueRef::Integer(number) => part(b'i', &number.to_le_bytes()),
            ValueRef::Real(number) if number.fract() == 0.0 && number.abs() < WHOLE => {
                part(b'i', &(number as i64).to_le_bytes());
            }
            ValueRef::Real(number) => part(b'r', &number.to_le_bytes()),
            ValueRef::Text(text) => part(b's', text),
            ValueRef::Blob(bytes) => part(b'b', bytes),
        }
    }
    let digest: [u8; 32] = hasher.finalize().into();
    digest
        .iter()
        .take(16)
        .fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

/// What the changes of a transaction come to.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes(Arc<Mutex<Sum>>);

impl Changes {
    /// Counts what is changed on a connection from now on, by triggers that are this connection's own.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let changes = Self::default();
        let sum = Arc::clone(&changes.0);
        // How many arguments it has is as many as a table has columns.
        connection.create_scalar_function(
            "sealed",
            -1,
            FunctionFlags::SQLITE_UTF8,
            move |row| {
                let is_new: bool = row.get(0)?;
                let table: String = row.get(1)?;
                let hash = hash(&table, (2..row.len()).map(|column| row.get_raw(column)));
                let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                if is_new {
                    sum.add(hash);
                } else {
                    sum.take(hash);
                }
                Ok(Null)
            },
        )?;
        // So that a row that another takes the place of is counted too.
        connection.pragma_update(None, "recursive_triggers", true)?;
        for table in tables(connection)? {
            let columns = columns(connection, &table)?;
            let values = |row: &str| {
                let values = columns
                    .iter()
                    .map(|column| format!("{row}.{}", name(column)));
                values.collect::<Vec<_>>().join(", ")
            };
            let [old, new] = [(0, "OLD"), (1, "NEW")].map(|(is_new, row)| {
                let table = table.replace('\'', "''");
                format!("SELECT sealed({is_new}, '{table}', {});", values(row))
            });
            let trigger = |on: &str, what: &str| {
                let trigger = name(&format!("sealed_{table}_{on}"));
                let table = name(&table);
                format!(
                    "CREATE TEMP TRIGGER {trigger} AFTER {on} ON main.{table} BEGIN {what} END;"
                )
            };
            connection.execute_batch(
                &[
                    trigger("INSERT", &new),
                    trigger("DELETE", &old),
                    trigger("UPDATE", &format!("{old} {new}")),
                ]
                .concat(),
            )?;
        }
        Ok(changes)
    }

    /// Forgets what was counted, which was rolled back or is kept.
    pub(super) fn begin(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Sum::default();
    }

    /// Keeps what was counted since, within the transaction that it belongs to; gives the number of the commit.
    pub(super) fn keep(&self, transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
        let (mut sum, commits) = kept(transaction)?;
        sum.add(self.0.lock().unwrap_or_else(PoisonError::into_inner).0);
        store(transaction, sum, commits + 1)?;
        Ok(commits + 1)
    }
}

/// A name as a statement has it. A library may come from anywhere, and so may what its tables are called.
fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The tables that are sealed.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut tables = connection.prepare(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> ?",
    )?;
    tables.query_map([TABLE], |row| row.get(0))?.collect()
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?) ORDER BY cid")?;
    columns.query_map([table], |row| row.get(0))?.collect()
}

/// The sum that is kept, and the number of the last commit.
fn kept(connection: &Connection) -> rusqlite::Result<(Sum, u64)> {
    connection.query_row("SELECT sum, commits FROM seal", [], |row| {
        let sum: [u8; 16] = row.get(0)?;
        let commits: i64 = row.get(1)?;
        Ok((Sum(u128::from_le_bytes(sum)), commits.unsigned_abs()))
    })
}

fn store(connection: &Connection, sum: Sum, commits: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE seal SET sum = ?, commits = ?")?
        .execute(params![sum.0.to_le_bytes(), super::read::signed(commits)])?;
    Ok(())
}

/// Keeps what all rows come to now, within a transaction: where none was kept before.
pub(super) fn make(connection: &Connection) -> rusqlite::Result<()> {
    store(connection, of_all(connection)?, 0)
}

/// Adds up all rows.
fn of_all(connection: &Connection) -> rusqlite::Result<Sum> {
    let mut sum = Sum::default();
    for table in tables(connection)? {
        let mut statement = connection.prepare(&format!("SELECT * FROM {}", name(&table)))?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let values: Vec<ValueRef<'_>> = (0..columns)
                .map(|column| row.get_ref(column))
                .collect::<rusqlite::Result<_>>()?;
            sum.add(hash(&table, values.into_iter()));
        }
    }
    Ok(sum)
}

/// Whether the rows are those that were written.
pub(super) fn is_whole(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(of_all(connection)? == kept(connection)?.0)
}

/// How many commits there were.
pub(super) fn commits(connection: &Connection) -> rusqlite::Result<u64> {
    Ok(kept(connection)?.1)
}

fn mark_of(root: &Path) -> PathBuf {
    root.join(MARK)
}

/// Writes the number of a commit beside the database. Where that fails, a later one is noticed to be lost instead of this one.
pub(super) fn mark(root: &Path, commits: u64) -> io::Result<()> {
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(mark_of(root))?;
    file.write_all(line(commits).as_bytes())
}

/// The number of the last commit, as it stands beside the database; `None` where there is none, or it makes no sense.
pub(super) fn marked(root: &Path) -> Option<u64> {
    let mut text = String::new();
    let file = File::open(mark_of(root)).ok()?;
    file.take(100).read_to_string(&mut text).ok()?;
    let commits = text.split(' ').next()?.parse().ok()?;
    (line(commits) == text).then_some(commits)
}

/// A number, and what shows that it is that one.
fn line(commits: u64) -> String {
    let number = format!("{commits:020}");
    let digest: [u8; 32] = Sha256::digest(&number).into();
    let digest: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{number} {digest}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON;
                 CREATE TABLE seal (one INTEGER PRIMARY KEY, sum BLOB NOT NULL, commits INTEGER NOT NULL);
                 INSERT INTO seal VALUES (1, zeroblob(16), 0);
                 CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT UNIQUE, weight REAL);
                 CREATE TABLE uses (word INTEGER REFERENCES words (id) ON DELETE CASCADE, place INTEGER, PRIMARY KEY (word, place)) WITHOUT ROWID;
                 CREATE TABLE \"o'd\"\"d\" (\"a\"\"b'c\" TEXT);",
            )
            .unwrap();
        connection
    }

    #[test]
    fn the_sum_follows_each_change_and_no_other() {
        let mut connection = database();
        let changes = Changes::of(&connection).unwrap();
        for (number, statements) in [
            "INSERT INTO words VALUES (1, 'bread', 1.0), (2, 'rent', 0.25)",
            "INSERT INTO uses VALUES (1, 7), (1, 9), (2, 3)",
            "UPDATE words SET weight = weight * 2",
            "INSERT OR REPLACE INTO words VALUES (3, 'rent', 8)",
            "DELETE FROM words WHERE word = 'bread'",
            "INSERT INTO \"o'd\"\"d\" VALUES ('an odd table')",
            "DELETE FROM uses",
        ]
        .iter()
        .enumerate()
        {
            let transaction = connection.transaction().unwrap();
            changes.begin();
            transaction.execute_batch(statements).unwrap();
            let commit = changes.keep(&transaction).unwrap();
            transaction.commit().unwrap();
            assert_eq!(commit, number as u64 + 1);
            assert!(is_whole(&connection).unwrap(), "{statements}");
        }
        // What is rolled back is not counted.
        let transaction = connection.transaction().unwrap();
        changes.begin();
        transaction.execute_batch("DELETE FROM words").unwrap();
        drop(transaction);
        assert!(is_whole(&connection).unwrap());
        // And nobody else may change anything unseen.
        connection
            .execute_batch("DROP TRIGGER \"sealed_words_UPDATE\"; UPDATE words SET word = 'rant'")
            .unwrap();
        assert!(!is_whole(&connection).unwrap());
    }

    #[test]
    fn a_number_beside_the_database_is_known_or_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(marked(folder.path()), None);
        mark(folder.path(), 41).unwrap();
        mark(folder.path(), 42).unwrap();
        assert_eq!(marked(folder.path()), Some(42));
        std::fs::write(mark_of(folder.path()), line(42).replace("42", "43")).unwrap();
        assert_eq!(marked(folder.path()), None);
    }
}
