//! Writing to a library: every change is one transaction.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, params};

use super::lock::WriteLock;
use super::read::{Reader, signed, unsigned};
use super::{ModelRow, SEGMENTS, SegmentId, SegmentRow, StoreError, Validators};
use crate::article::{ArticleId, Kind, Metadata, PassageId, Place, Span};

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its path, or the name given for standard input.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970; 0 where that cannot be trusted.
    pub modified_ns: i64,
    /// The SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// What the server said of it, where it was fetched from one.
    pub validators: Validators,
}

/// An article to add.
#[derive(Debug, Clone)]
pub struct NewArticle {
    /// Which entry of its file it is.
    pub entry: Option<String>,
    /// What is known of it.
    pub metadata: Metadata,
    /// How many paragraphs it has.
    pub paragraphs: u32,
    /// The SHA-256 of its content.
    pub digest: [u8; 32],
    /// Its passages in reading order.
    pub passages: Vec<NewPassage>,
}

/// A passage to add, under a number from [`Writer::next_passage`] on.
#[derive(Debug, Clone)]
pub struct NewPassage {
    /// Its number.
    pub id: PassageId,
    /// Where it stands in its article.
    pub place: Place,
    /// Where its paragraph stands in the source.
    pub span: Span,
    /// What its paragraph is.
    pub kind: Kind,
    /// Its language, where that is another than its article's.
    pub language: Option<&'static str>,
    /// Its text.
    pub text: String,
    /// The SHA-256 of its text.
    pub digest: [u8; 32],
}

/// What changes for one file.
#[derive(Debug, Clone)]
pub struct Change {
    /// The file. While only part of it is taken in, its digest and time are 0, so that the next run reads it again.
    pub file: NewFile,
    /// Articles that it no longer holds.
    pub removed: Vec<ArticleId>,
    /// Articles that it did not hold before.
    pub added: Vec<NewArticle>,
}

/// A library's database, open for writing. There is one at a time.
#[derive(Debug)]
pub struct Writer {
    reader: Reader,
    root: PathBuf,
    _lock: WriteLock,
}

impl Deref for Writer {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        path: PathBuf,
        root: PathBuf,
        lock: WriteLock,
    ) -> Result<Self, StoreError> {
        let writer = Self {
            reader: Reader { connection, path },
            root,
            _lock: lock,
        };
        writer.sweep()?;
        Ok(writer)
    }

    /// Removes segment files that no manifest row names: the leavings of a run that was cut off, and of merges.
    ///
    /// # Errors
    ///
    /// Where the manifest or the folder can't be read.
    pub fn sweep(&self) -> Result<(), StoreError> {
        let named: Vec<PathBuf> = self
            .segments()?
            .iter()
            .map(|row| row.id.path(&self.root))
            .collect();
        let folder = self.root.join(SEGMENTS);
        let entries =
            std::fs::read_dir(&folder).map_err(|error| StoreError::io("read", &folder, error))?;
        for entry in entries {
            let path = entry
                .map_err(|error| StoreError::io("read", &folder, error))?
                .path();
            if !named.contains(&path) {
                // What can't be removed does no harm, and the next writer tries again.
                let _ = std::fs::remove_file(&path);
            }
        }
        Ok(())
    }

    /// The first number that no passage ever had.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn next_passage(&self) -> Result<PassageId, StoreError> {
        self.next("passages").map(PassageId)
    }

    /// The first number that no article ever had.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn next_article(&self) -> Result<ArticleId, StoreError> {
        self.next("articles").map(ArticleId)
    }

    /// The first number that no segment ever had.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn next_segment(&self) -> Result<SegmentId, StoreError> {
        self.next("segments").map(SegmentId)
    }

    /// Records which model the library's vectors come from.
    ///
    /// # Errors
    ///
    /// Where the database can't be written.
    pub fn set_model(&mut self, model: &ModelRow) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut statement =
                transaction.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)")?;
            statement.execute(["model_reference", &model.reference])?;
            statement.execute(["model_identity", &model.identity])?;
            Ok(())
        })
    }

    /// Adds what was read, and the segment with its vectors, all at once.
    ///
    /// The segment's file must be complete and synced already.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub fn commit(
        &mut self,
        changes: &[Change],
        segment: Option<&SegmentRow>,
    ) -> Result<(), StoreError> {
        self.transact(|transaction| {
            for change in changes {
                apply(transaction, change)?;
            }
            segment.map_or(Ok(()), |segment| insert_segment(transaction, segment))
        })
    }

    /// Records that files are as they were, though their time or length had to be looked at again.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub fn touch(&mut self, files: &[NewFile]) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut statement =
                transaction.prepare("UPDATE files SET size = ?, modified_ns = ? WHERE path = ?")?;
            for file in files {
                statement.execute(params![signed(file.size), file.modified_ns, file.path])?;
                keep_validators(transaction, file)?;
            }
            Ok(())
        })
    }

    /// Marks passages as lines that recur among the articles of their source.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub fn mark_recurring(&mut self, passages: &[PassageId]) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut statement = transaction.prepare("UPDATE passages SET kind = ? WHERE id = ?")?;
            for passage in passages {
                statement.execute(params![Kind::Recurring.as_str(), signed(passage.0)])?;
            }
            Ok(())
        })
    }

    /// Removes articles; a file of which none is left is forgotten.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub fn remove_articles(&mut self, articles: &[ArticleId]) -> Result<(), StoreError> {
        self.transact(|transaction| {
            for article in articles {
                delete_article(transaction, *article)?;
            }
            transaction.execute(
                "DELETE FROM files WHERE id NOT IN (SELECT file FROM articles)",
                [],
            )?;
            transaction.execute(
                "DELETE FROM fetched WHERE path NOT IN (SELECT path FROM files)",
                [],
            )?;
            Ok(())
        })
    }

    /// Removes files with their articles.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub fn remove_files(&mut self, paths: &[String]) -> Result<(), StoreError> {
        self.transact(|transaction| {
            for path in paths {
                let articles: Vec<u64> = transaction
                    .prepare_cached("SELECT articles.id FROM articles JOIN files ON files.id = articles.file WHERE files.path = ?")?
                    .query_map([path], |row| unsigned(row, 0))?
                    .collect::<rusqlite::Result<_>>()?;
                for article in articles {
                    delete_article(transaction, ArticleId(article))?;
                }
                transaction.execute("DELETE FROM files WHERE path = ?", [path])?;
                transaction.execute("DELETE FROM fetched WHERE path = ?", [path])?;
            }
            Ok(())
        })
    }

    /// Puts one segment in the place of several, and forgets tombstones that no segment needs any more.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub fn replace_segments(
        &mut self,
        old: &[SegmentId],
        new: Option<&SegmentRow>,
        buried: &[PassageId],
    ) -> Result<(), StoreError> {
        self.transact(|transaction| {
            for id in old {
                transaction.execute("DELETE FROM segments WHERE id = ?", [signed(id.0)])?;
            }
            for passage in buried {
                transaction
                    .prepare_cached("DELETE FROM tombstones WHERE passage = ?")?
                    .execute([signed(passage.0)])?;
            }
            new.map_or(Ok(()), |segment| insert_segment(transaction, segment))
        })
    }

    /// The library's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn transact<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let run = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        run(&mut self.reader.connection)
            .map_err(|error| StoreError::sqlite(&self.reader.path, error))
    }
}

fn insert_segment(transaction: &Transaction<'_>, segment: &SegmentRow) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO segments (id, points, bytes, digest) VALUES (?, ?, ?, ?)",
        params![
            signed(segment.id.0),
            signed(segment.points),
            signed(segment.bytes),
            segment.digest
        ],
    )?;
    Ok(())
}

fn delete_article(transaction: &Transaction<'_>, article: ArticleId) -> rusqlite::Result<()> {
    for sql in [
        "INSERT INTO tombstones (passage) SELECT id FROM passages WHERE article = ?",
        "DELETE FROM theme_passages WHERE passage IN (SELECT id FROM passages WHERE article = ?)",
        "DELETE FROM sketches WHERE article = ?",
        "DELETE FROM copies WHERE article = ?1 OR original = ?1",
        "DELETE FROM passages WHERE article = ?",
        "DELETE FROM articles WHERE id = ?",
    ] {
        transaction
            .prepare_cached(sql)?
            .execute([signed(article.0)])?;
    }
    Ok(())
}

fn apply(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    let file = &change.file;
    let file_id: i64 = transaction
        .prepare_cached(
            "INSERT INTO files (path, size, modified_ns, digest) VALUES (?, ?, ?, ?)
             ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified_ns = excluded.modified_ns, digest = excluded.digest
             RETURNING id",
        )?
        .query_row(params![file.path, signed(file.size), file.modified_ns, file.digest], |row| row.get(0))?;
    keep_validators(transaction, file)?;
    for article in &change.removed {
        delete_article(transaction, *article)?;
    }
    for article in &change.added {
        insert_article(transaction, file_id, article)?;
    }
    Ok(())
}

/// Keeps what the server said of a file, in place of what it said before.
fn keep_validators(transaction: &Transaction<'_>, file: &NewFile) -> rusqlite::Result<()> {
    let Validators {
        etag,
        last_modified,
    } = &file.validators;
    if file.validators.is_empty() {
        transaction
            .prepare_cached("DELETE FROM fetched WHERE path = ?")?
            .execute([&file.path])?;
    } else {
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO fetched (path, etag, last_modified) VALUES (?, ?, ?)",
            )?
            .execute(params![file.path, etag, last_modified])?;
    }
    Ok(())
}

fn insert_article(
    transaction: &Transaction<'_>,
    file: i64,
    article: &NewArticle,
) -> rusqlite::Result<()> {
    let Metadata {
        title,
        author,
        date,
        source,
        language,
        address,
    } = &article.metadata;
    transaction
        .prepare_cached(
            "INSERT INTO articles (file, entry, title, author, date, date_from, source, language, address, paragraphs, digest)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            file,
            article.entry,
            title,
            author,
            date.map(|date| date.to_string()),
            date.map(|date| date.earliest().to_string()),
            source,
            language,
            address,
            article.paragraphs,
            article.digest,
        ])?;
    let id = transaction.last_insert_rowid();
    let mut statement = transaction.prepare_cached(
        "INSERT INTO passages (id, article, paragraph, part, parts, start, stop, kind, language, text, digest)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for passage in &article.passages {
        let Place {
            paragraph,
            part,
            parts,
        } = passage.place;
        statement.execute(params![
            signed(passage.id.0),
            id,
            paragraph,
            part,
            parts,
            signed(passage.span.start as u64),
            signed(passage.span.end as u64),
            passage.kind.as_str(),
            passage.language,
            passage.text,
            passage.digest,
        ])?;
    }
    Ok(())
}
