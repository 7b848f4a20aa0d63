//! Reading a library: everything that a question needs from the database.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::{FileRow, Filter, ModelRow, SegmentId, SegmentRow, StoreError, Validators};
use crate::article::{ArticleId, Kind, Metadata, Passage, PassageId, Place, Span, StoredArticle};

/// How much a library holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files, and names given for standard input.
    pub files: u64,
    /// Articles.
    pub articles: u64,
    /// Passages of every kind.
    pub passages: u64,
    /// Passages that are searched by default.
    pub body: u64,
    /// Passages that are gone while a segment still holds their vectors.
    pub tombstones: u64,
}

/// A library's database, open for reading.
///
/// A reader from [`super::open_reader`] sees the library as it was when it was opened, however long it lives.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

const PASSAGE: &str =
    "SELECT id, article, paragraph, part, parts, start, stop, kind, text FROM passages";
const ARTICLE: &str =
    "SELECT articles.id, files.path, entry, title, author, date, source, language, paragraphs,
        address
    FROM articles JOIN files ON files.id = articles.file";

/// A passage's text, and what of its article bears on how it is read.
#[derive(Debug, Clone, Copy)]
pub struct PassageText<'a> {
    /// The passage's number.
    pub passage: PassageId,
    /// Its text.
    pub text: &'a str,
    /// The article's title.
    pub title: Option<&'a str>,
    /// Its language, or its article's.
    pub language: Option<&'a str>,
}

impl Reader {
    /// Fixes the snapshot that this reader sees.
    pub(super) fn new(connection: Connection, path: PathBuf) -> Result<Self, StoreError> {
        let reader = Self { connection, path };
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
        work(&self.connection).map_err(|error| StoreError::sqlite(&self.path, error))
    }

    /// The database's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How much the library holds.
    ///
    /// # Errors
    ///
    /// As all reading: where the database is damaged or can't be read.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        self.run(|connection| {
            let count = |table: &str| {
                connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                    unsigned(row, 0)
                })
            };
            Ok(Counts {
                files: count("files")?,
                articles: count("articles")?,
                passages: count("passages")?,
                body: count("passages WHERE kind = 'body'")?,
                tombstones: count("tombstones")?,
            })
        })
    }

    /// How many passages of each kind there are, in the order of [`Kind::ALL`], kinds without any left out.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn kinds(&self) -> Result<Vec<(Kind, u64)>, StoreError> {
        let mut kinds = self
            .collect("SELECT kind, count(*) FROM passages GROUP BY kind", |row| {
                Ok((kind(row, 0)?, unsigned(row, 1)?))
            })?;
        kinds.sort_unstable();
        Ok(kinds)
    }

    /// The model that the library's vectors come from; `None` while there are none.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn model(&self) -> Result<Option<ModelRow>, StoreError> {
        let value = |key: &str| {
            self.run(|connection| {
                connection
                    .query_row("SELECT value FROM meta WHERE key = ?", [key], |row| {
                        row.get(0)
                    })
                    .optional()
            })
        };
        Ok(
            match (value("model_reference")?, value("model_identity")?) {
                (Some(reference), Some(identity)) => Some(ModelRow {
                    reference,
                    identity,
                }),
                _ => None,
            },
        )
    }

    /// The manifest: every vector segment, in the order in which they were made.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn segments(&self) -> Result<Vec<SegmentRow>, StoreError> {
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
    pub fn tombstones(&self) -> Result<Vec<PassageId>, StoreError> {
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
    pub fn matching(&self, filter: &Filter) -> Result<Vec<PassageId>, StoreError> {
        let (condition, parameters) =
            filter.article_condition("coalesce(passages.language, articles.language)");
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
        let sql = format!(
            "SELECT passages.id FROM passages JOIN articles ON articles.id = passages.article
             JOIN files ON files.id = articles.file WHERE {condition} {kinds} {theme} ORDER BY passages.id"
        );
        self.run(|connection| {
            let mut statement = connection.prepare(&sql)?;
            statement
                .query_map(params_from_iter(parameters), passage_id)?
                .collect()
        })
    }

    /// Calls `take` with every passage, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn each_passage(&self, take: &mut dyn FnMut(Passage)) -> Result<(), StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare(&format!("{PASSAGE} ORDER BY id"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                take(passage(row)?);
            }
            Ok(())
        })
    }

    /// Every passage that is not searched by default, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn not_body(&self) -> Result<Vec<PassageId>, StoreError> {
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
    pub fn passage_ids(&self) -> Result<Vec<PassageId>, StoreError> {
        self.collect("SELECT id FROM passages ORDER BY id", passage_id)
    }

    /// Gives `take` every passage with a higher number than `seen`, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn each_text_after(
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
    pub fn highest_passage(&self) -> Result<Option<PassageId>, StoreError> {
        let highest = self.collect(
            "SELECT id FROM passages ORDER BY id DESC LIMIT 1",
            passage_id,
        )?;
        Ok(highest.first().copied())
    }

    /// The languages of the library's articles, the most frequent first.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn languages(&self) -> Result<Vec<String>, StoreError> {
        self.collect(
            "SELECT language FROM articles WHERE language IS NOT NULL
             GROUP BY language ORDER BY count(*) DESC, language",
            |row| row.get(0),
        )
    }

    /// One passage.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn passage(&self, id: PassageId) -> Result<Option<Passage>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(&format!("{PASSAGE} WHERE id = ?"))?;
            statement.query_row([signed(id.0)], passage).optional()
        })
    }

    /// The passages of an article in reading order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn passages_of(&self, article: ArticleId) -> Result<Vec<Passage>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{PASSAGE} WHERE article = ? ORDER BY paragraph, part"
            ))?;
            statement.query_map([signed(article.0)], passage)?.collect()
        })
    }

    /// The article of each passage, and its paragraphs' kinds aside, for every passage in the library.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn articles_of_passages(&self) -> Result<HashMap<PassageId, ArticleId>, StoreError> {
        let rows = self.collect("SELECT id, article FROM passages", |row| {
            Ok((passage_id(row)?, ArticleId(unsigned(row, 1)?)))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// One article.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn article(&self, id: ArticleId) -> Result<Option<StoredArticle>, StoreError> {
        self.run(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("{ARTICLE} WHERE articles.id = ?"))?;
            statement.query_row([signed(id.0)], article).optional()
        })
    }

    /// The articles that the filter chooses, by path and then in the order of the file.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn articles(&self, filter: &Filter) -> Result<Vec<StoredArticle>, StoreError> {
        let (condition, parameters) = filter.article_condition("articles.language");
        self.run(|connection| {
            let mut statement = connection.prepare(&format!(
                "{ARTICLE} WHERE {condition} ORDER BY files.path, articles.id"
            ))?;
            statement
                .query_map(params_from_iter(parameters), article)?
                .collect()
        })
    }

    /// The articles that were read from exactly this path.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn articles_at(&self, path: &str) -> Result<Vec<StoredArticle>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare(&format!(
                "{ARTICLE} WHERE files.path = ? ORDER BY articles.id"
            ))?;
            statement.query_map([path], article)?.collect()
        })
    }

    /// What is known of the file at this path.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn file(&self, path: &str) -> Result<Option<FileRow>, StoreError> {
        self.run(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT id, size, modified_ns, digest FROM files WHERE path = ?")?;
            let read = |row: &Row| {
                Ok(FileRow {
                    id: unsigned(row, 0)?,
                    size: unsigned(row, 1)?,
                    modified_ns: row.get(2)?,
                    digest: row.get(3)?,
                })
            };
            statement.query_row([path], read).optional()
        })
    }

    /// What a server said of the file at this path; nothing where it isn't in the library, or not whole.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn validators(&self, path: &str) -> Result<Validators, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT etag, last_modified FROM fetched JOIN files USING (path) WHERE path = ?",
            )?;
            let read = |row: &Row| {
                Ok(Validators {
                    etag: row.get(0)?,
                    last_modified: row.get(1)?,
                })
            };
            Ok(statement
                .query_row([path], read)
                .optional()?
                .unwrap_or_default())
        })
    }

    /// Every path that was read, in order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn paths(&self) -> Result<Vec<String>, StoreError> {
        self.collect("SELECT path FROM files ORDER BY path", |row| row.get(0))
    }

    /// The articles of a file with the digests of their content.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn article_digests(&self, path: &str) -> Result<Vec<(ArticleId, [u8; 32])>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT articles.id, articles.digest FROM articles JOIN files ON files.id = articles.file
                 WHERE files.path = ? ORDER BY articles.id",
            )?;
            statement.query_map([path], |row| Ok((ArticleId(unsigned(row, 0)?), row.get(1)?)))?.collect()
        })
    }

    /// The passages whose text has this digest, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn passages_with_digest(&self, digest: &[u8; 32]) -> Result<Vec<PassageId>, StoreError> {
        self.run(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT id FROM passages WHERE digest = ? ORDER BY id")?;
            statement.query_map(params![digest], passage_id)?.collect()
        })
    }

    /// A passage and those around it in its article: of as many `paragraphs` before and behind its own.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn passages_around(
        &self,
        passage: &Passage,
        paragraphs: u32,
    ) -> Result<Vec<Passage>, StoreError> {
        let mut around = self.passages_of(passage.article)?;
        let own = passage.place.paragraph;
        around.retain(|other| other.place.paragraph.abs_diff(own) <= paragraphs);
        Ok(around)
    }

    /// The passages with the same text as this one, itself among them.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn copies_of(&self, passage: PassageId) -> Result<Vec<PassageId>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id FROM passages WHERE digest = (SELECT digest FROM passages WHERE id = ?) ORDER BY id",
            )?;
            statement.query_map([signed(passage.0)], passage_id)?.collect()
        })
    }

    /// What SQLite's own checks say of the database; nothing where it is sound.
    ///
    /// # Errors
    ///
    /// Where the database can't be read at all.
    pub fn integrity(&self) -> Result<Vec<String>, StoreError> {
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
        findings.extend(orphans.into_iter().take(20));
        Ok(findings)
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

/// SQLite's integers are signed; ids and sizes never are.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

fn small(row: &Row<'_>, column: usize) -> rusqlite::Result<u32> {
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

fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<Kind> {
    parsed(column, &row.get::<_, String>(column)?)
}

fn passage(row: &Row<'_>) -> rusqlite::Result<Passage> {
    let place =
        |column| unsigned(row, column).map(|value| usize::try_from(value).unwrap_or(usize::MAX));
    Ok(Passage {
        id: passage_id(row)?,
        article: ArticleId(unsigned(row, 1)?),
        place: Place {
            paragraph: small(row, 2)?,
            part: small(row, 3)?,
            parts: small(row, 4)?,
        },
        span: Span::new(place(5)?, place(6)?),
        kind: kind(row, 7)?,
        text: row.get(8)?,
    })
}

fn article(row: &Row<'_>) -> rusqlite::Result<StoredArticle> {
    let date: Option<String> = row.get(5)?;
    Ok(StoredArticle {
        id: ArticleId(unsigned(row, 0)?),
        path: row.get(1)?,
        entry: row.get(2)?,
        metadata: Metadata {
            title: row.get(3)?,
            author: row.get(4)?,
            date: date.map(|date| parsed(5, &date)).transpose()?,
            source: row.get(6)?,
            language: row.get(7)?,
            address: row.get(9)?,
        },
        paragraphs: small(row, 8)?,
    })
}
