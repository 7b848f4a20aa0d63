//! Writing to a library: every change is one transaction.

use std::ops::{Deref, RangeFrom};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, params};

use super::copies::owe_copies;
use super::lock::WriteLock;
use super::log::Log;
use super::read::{Reader, signed, unsigned};
use super::{SEGMENTS, SegmentId, SegmentRow, numbers, seal};
use crate::article::{ArticleId, Kind, Metadata, PassageId, Place};
use crate::copies::Sketch;
use crate::store::{
    Change, Copy, Editor, KeptTheme, Membership, ModelRow, NewArticle, NewFile, Records,
    StoreError, Validators,
};

/// A library's database, open for writing. There is one at a time.
#[derive(Debug)]
pub(crate) struct Writer {
    reader: Reader,
    root: PathBuf,
    changes: seal::Changes,
    log: Log,
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
        let changes = seal::Changes::of(&connection);
        let changes = changes.map_err(|error| StoreError::sqlite(&path, error))?;
        let marked = seal::marked(&root);
        let writer = Self {
            log: Log::of(&path),
            reader: Reader {
                connection,
                path,
                unlocked: None,
                marked,
            },
            root,
            changes,
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
    pub(crate) fn sweep(&self) -> Result<(), StoreError> {
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

    /// Takes the library as it is, though there were later commits that are lost.
    ///
    /// # Errors
    ///
    /// Where the library can't be read or written.
    pub(crate) fn accept_loss(&self) -> Result<(), StoreError> {
        super::mark_commits(&self.root, self.commits()?)
    }

    /// The first number that no passage ever had.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn next_passage(&self) -> Result<PassageId, StoreError> {
        self.next("passages").map(PassageId)
    }

    /// The first number that no segment ever had.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub(crate) fn next_segment(&self) -> Result<SegmentId, StoreError> {
        self.next("segments").map(SegmentId)
    }

    /// Records which model the library's vectors come from.
    ///
    /// # Errors
    ///
    /// Where the database can't be written.
    pub(crate) fn set_model(&mut self, model: &ModelRow) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut statement =
                transaction.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)")?;
            statement.execute(["model_reference", &model.reference])?;
            statement.execute(["model_identity", &model.identity])?;
            Ok(())
        })
    }

    /// Adds what was read, its passages numbered in their order from `first` on, and the segment with their vectors, all at
    /// once.
    ///
    /// The segment's file must be complete and synced already.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub(crate) fn commit(
        &mut self,
        changes: &[Change],
        first: PassageId,
        segment: Option<&SegmentRow>,
    ) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut numbers = first.0..;
            for change in changes {
                apply(transaction, change, &mut numbers)?;
            }
            segment.map_or(Ok(()), |segment| insert_segment(transaction, segment))
        })
    }

    /// Records that files are as they were, though their time or length had to be looked at again.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub(crate) fn touch(&mut self, files: &[NewFile]) -> Result<(), StoreError> {
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

    /// Puts one segment in the place of several, and forgets tombstones that no segment needs any more.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub(crate) fn replace_segments(
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
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn transact<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.log.keep_short(&self.reader.connection);
        let changes = self.changes.clone();
        let run = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            changes.begin();
            let done = work(&transaction)?;
            numbers::keep(&transaction)?;
            let commits = changes.keep(&transaction)?;
            transaction.commit()?;
            Ok((done, commits))
        };
        let (done, commits) = run(&mut self.reader.connection)
            .map_err(|error| StoreError::sqlite(&self.reader.path, error))?;
        // The commit is safe without it.
        let _ = seal::mark(&self.root, commits);
        Ok(done)
    }
}

impl Editor for Writer {
    fn records(&self) -> &dyn Records {
        &self.reader
    }

    fn remove_articles(&mut self, articles: &[ArticleId]) -> Result<(), StoreError> {
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

    fn remove_files(&mut self, paths: &[String]) -> Result<(), StoreError> {
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

    fn mark_recurring(&mut self, passages: &[PassageId]) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut statement = transaction.prepare("UPDATE passages SET kind = ? WHERE id = ?")?;
            for passage in passages {
                statement.execute(params![Kind::Recurring.as_str(), signed(passage.0)])?;
            }
            Ok(())
        })
    }

    fn keep_sketches(&mut self, sketches: &[(ArticleId, Sketch)]) -> Result<(), StoreError> {
        self.write_sketches(sketches)
    }

    fn keep_copies(&mut self, copies: &[Copy]) -> Result<(), StoreError> {
        self.write_copies(copies)
    }

    fn keep_themes(
        &mut self,
        themes: &[KeptTheme],
        memberships: &[Membership],
        changes: Option<&str>,
    ) -> Result<(), StoreError> {
        self.write_themes(themes, memberships, changes)
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
    owe_copies(transaction)?;
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

fn apply(
    transaction: &Transaction<'_>,
    change: &Change,
    numbers: &mut RangeFrom<u64>,
) -> rusqlite::Result<()> {
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
        insert_article(transaction, file_id, article, numbers)?;
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
    numbers: &mut RangeFrom<u64>,
) -> rusqlite::Result<()> {
    owe_copies(transaction)?;
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
    for (passage, number) in article.passages.iter().zip(numbers) {
        let Place {
            paragraph,
            part,
            parts,
        } = passage.place;
        statement.execute(params![
            signed(number),
            id,
            paragraph,
            part,
            parts,
            signed(passage.span.start as u64),
            signed(passage.span.end as u64),
            passage.kind.as_str(),
            passage.language.as_deref(),
            passage.text,
            passage.digest,
        ])?;
    }
    Ok(())
}
