//! The database, open for reading, and what of it only the embedded library needs: the manifest, and sets of passages.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};

use sha2::{Digest, Sha256};

use super::filter::article_condition;
use super::open::Unlocked;
use super::{SegmentId, SegmentRow, numbers, seal};
use crate::article::{ArticleId, Kind, PassageId};
use crate::store::{Filter, StoreError};

/// How many problems of a kind are named.
const NAMED: usize = 20;

/// A library's database, open for reading.
///
/// A reader from [`super::open_reader`] sees the library as it was when it was opened, however long it lives.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// Set where it is read without locks.
    pub(super) unlocked: Option<Unlocked>,
    /// The number of the last commit, as it stood beside the database before this was opened.
    pub(super) marked: Option<u64>,
}

/// A passage's text, and what of its article bears on how it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PassageText<'a> {
    /// The passage's number.
    pub(crate) passage: PassageId,
    /// Its text.
    pub(crate) text: &'a str,
    /// The article's title.
    pub(crate) title: Option<&'a str>,
    /// Its language, or its article's.
    pub(crate) language: Option<&'a str>,
}

impl Reader {
    /// Fixes the snapshot that this reader sees.
    pub(super) fn new(
        connection: Connection,
        path: PathBuf,
        unlocked: Option<Unlocked>,
        marked: Option<u64>,
    ) -> Result<Self, StoreError> {
        let reader = Self {
            connection,
            path,
            unlocked,
            marked,
        };
        reader.run(|connection| {
            connection.execute_batch("BEGIN")?;
            connection.query_row("SELECT count(*) FROM segments", [], |_| Ok(()))
        })?;
        Ok(reader)
    }

    pub(super) fn run<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let done = work(&self.connection);
        self.check_unchanged()?;
        done.map_err(|error| StoreError::sqlite(&self.path, error))
    }

    /// Refuses what was read last, right or wrong, if it may have been changed meanwhile.
    pub(super) fn check_unchanged(&self) -> Result<(), StoreError> {
        self.unlocked.as_ref().map_or(Ok(()), Unlocked::check)
    }

    /// The database's file.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The manifest: every vector segment, in the order in which they were made.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn segments(&self) -> Result<Vec<SegmentRow>, StoreError> {
        self.collect(
            "SELECT id, points, bytes, digest FROM segments ORDER BY id",
            |row| {
                Ok(SegmentRow {
                    id: SegmentId(unsigned(row, 0)?),
                    points: unsigned(row, 1)?,
                    bytes: unsigned(row, 2)?,
                    digest: row.get(3)?,
                })
            },
        )
    }

    /// Passages that are gone while a segment may still hold their vectors, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn tombstones(&self) -> Result<Vec<PassageId>, StoreError> {
        self.collect(
            "SELECT passage FROM tombstones ORDER BY passage",
            passage_id,
        )
    }

    /// Every passage that the filter chooses, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn matching(&self, filter: &Filter) -> Result<Vec<PassageId>, StoreError> {
        let (chosen, parameters) = chosen(filter);
        self.run(|connection| {
            let mut statement =
                connection.prepare(&format!("SELECT passages.id {chosen} ORDER BY passages.id"))?;
            statement
                .query_map(params_from_iter(parameters), passage_id)?
                .collect()
        })
    }

    /// Every passage that is not searched by default, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn not_body(&self) -> Result<Vec<PassageId>, StoreError> {
        self.collect(
            "SELECT id FROM passages WHERE kind <> 'body' ORDER BY id",
            passage_id,
        )
    }

    /// Every passage, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn passage_ids(&self) -> Result<Vec<PassageId>, StoreError> {
        self.collect("SELECT id FROM passages ORDER BY id", passage_id)
    }

    /// Gives `take` every passage with a higher number than `seen`, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn each_text_after(
        &self,
        seen: PassageId,
        take: &mut dyn FnMut(PassageText<'_>),
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT passages.id, text, title, coalesce(passages.language, articles.language) FROM passages
                 JOIN articles ON articles.id = passages.article WHERE passages.id > ? ORDER BY passages.id",
            )?;
            let mut rows = statement.query([signed(seen.0)])?;
            while let Some(row) = rows.next()? {
                take(PassageText {
                    passage: passage_id(row)?,
                    text: row.get_ref(1)?.as_str()?,
                    title: row.get_ref(2)?.as_str_or_null()?,
                    language: row.get_ref(3)?.as_str_or_null()?,
                });
            }
            Ok(())
        })
    }

    /// The highest number of a passage.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn highest_passage(&self) -> Result<Option<PassageId>, StoreError> {
        let highest = self.collect(
            "SELECT id FROM passages ORDER BY id DESC LIMIT 1",
            passage_id,
        )?;
        Ok(highest.first().copied())
    }

    /// The passages whose text has this digest, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn passages_with_digest(
        &self,
        digest: &[u8; 32],
    ) -> Result<Vec<PassageId>, StoreError> {
        self.run(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT id FROM passages WHERE digest = ? ORDER BY id")?;
            statement.query_map(params![digest], passage_id)?.collect()
        })
    }

    /// The passages with the same text as this one, itself among them.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn copies_of(&self, passage: PassageId) -> Result<Vec<PassageId>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id FROM passages WHERE digest = (SELECT digest FROM passages WHERE id = ?) ORDER BY id",
            )?;
            statement.query_map([signed(passage.0)], passage_id)?.collect()
        })
    }

    /// How many commits there were.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn commits(&self) -> Result<u64, StoreError> {
        self.run(seal::commits)
    }

    /// How many commits the database lacks that were made: those at the end of a log that is damaged or gone.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn lost_commits(&self) -> Result<u64, StoreError> {
        let commits = self.commits()?;
        Ok(self
            .marked
            .map_or(0, |marked| marked.saturating_sub(commits)))
    }

    /// What is wrong with the database, by SQLite's own checks and by what its rows came to when they were written; nothing
    /// where it is sound.
    ///
    /// # Errors
    ///
    /// Where the database can't be read at all.
    pub(crate) fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut findings: Vec<String> =
            self.collect("PRAGMA integrity_check(20)", |row| row.get(0))?;
        findings.retain(|finding| finding != "ok");
        let orphans = self.collect("PRAGMA foreign_key_check", |row| {
            Ok(format!(
                "a row of `{}` refers to a missing row of `{}`",
                row.get::<_, String>(0)?,
                row.get::<_, String>(2)?
            ))
        })?;
        findings.extend(orphans.into_iter().take(NAMED));
        if !findings.is_empty() {
            return Ok(findings);
        }
        if self.run(seal::is_whole)? {
            let lowered = self.run(numbers::lowered)?;
            findings.extend(lowered.iter().map(|table| {
                format!("numbers that `{table}` has given out would be given out again")
            }));
        } else {
            findings.push("its rows are not those that were written".to_owned());
            let altered = self.altered_passages()?;
            findings.extend(altered.iter().map(|(passage, article)| {
                format!("the text of passage {passage} of article {article} is another")
            }));
        }
        Ok(findings)
    }

    /// The first passages whose texts aren't those that were written, with their articles.
    fn altered_passages(&self) -> Result<Vec<(PassageId, ArticleId)>, StoreError> {
        self.run(|connection| {
            let mut statement =
                connection.prepare("SELECT id, article, text, digest FROM passages")?;
            let mut rows = statement.query([])?;
            let mut altered = Vec::new();
            while let Some(row) = rows.next()? {
                let (text, digest) = (row.get_ref(2)?.as_bytes()?, row.get_ref(3)?.as_bytes()?);
                if Sha256::digest(text).as_slice() != digest && altered.len() < NAMED {
                    altered.push((PassageId(unsigned(row, 0)?), ArticleId(unsigned(row, 1)?)));
                }
            }
            Ok(altered)
        })
    }

    /// The first number that no row of a table ever had.
    pub(super) fn next(&self, table: &str) -> Result<u64, StoreError> {
        self.run(|connection| {
            let last = connection
                .query_row(
                    "SELECT seq FROM sqlite_sequence WHERE name = ?",
                    [table],
                    |row| unsigned(row, 0),
                )
                .optional()?;
            Ok(last.unwrap_or(0) + 1)
        })
    }

    pub(super) fn collect<T>(
        &self,
        sql: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.run(|connection| connection.prepare(sql)?.query_map([], read)?.collect())
    }
}

/// The passages that a filter chooses, from `FROM` on, and the parameters.
pub(super) fn chosen(filter: &Filter) -> (String, Vec<Box<dyn ToSql>>) {
    let (condition, parameters) =
        article_condition(filter, "coalesce(passages.language, articles.language)");
    let kinds = if filter.all_kinds {
        ""
    } else {
        "AND kind = 'body'"
    };
    let theme = filter.theme.map_or_else(String::new, |theme| {
        format!(
            "AND passages.id IN (SELECT passage FROM theme_passages WHERE theme = {})",
            signed(theme.0)
        )
    });
    let chosen = format!(
        "FROM passages JOIN articles ON articles.id = passages.article
         JOIN files ON files.id = articles.file WHERE {condition} {kinds} {theme}"
    );
    (chosen, parameters)
}

/// SQLite's integers are signed; ids and sizes never are.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

pub(super) fn small(row: &Row<'_>, column: usize) -> rusqlite::Result<u32> {
    let value: i64 = row.get(column)?;
    u32::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

pub(super) fn passage_id(row: &Row<'_>) -> rusqlite::Result<PassageId> {
    Ok(PassageId(unsigned(row, 0)?))
}

pub(super) fn article_id(row: &Row<'_>) -> rusqlite::Result<ArticleId> {
    Ok(ArticleId(unsigned(row, 0)?))
}

/// A column that another type is read from by `FromStr`.
pub(super) fn parsed<T: std::str::FromStr<Err: ToString>>(
    column: usize,
    text: &str,
) -> rusqlite::Result<T> {
    text.parse().map_err(|error: T::Err| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            error.to_string().into(),
        )
    })
}

pub(super) fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<Kind> {
    parsed(column, &row.get::<_, String>(column)?)
}
