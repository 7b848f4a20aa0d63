//! The samples of articles' shingles, and which articles are copies.

use rusqlite::{Transaction, params};

use super::Writer;
use super::read::{Reader, article_id, signed};
use crate::article::ArticleId;
use crate::copies::Sketch;
use crate::store::{Copy, Sketched, StoreError};

/// The row of `meta` that says that it is to be worked out anew which articles are copies. Programs that don't know it leave it
/// as it is.
const OWED: &str = "copies_owed";

/// Keeps that articles come or go, within the transaction in which they do.
pub(super) fn owe_copies(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO meta (key, value) VALUES (?, 'yes')")?
        .execute([OWED])?;
    Ok(())
}

impl Reader {
    /// Whether it is to be worked out anew which articles are copies.
    pub(super) fn are_copies_owed(&self) -> Result<bool, StoreError> {
        self.run(|connection| {
            let sql = "SELECT EXISTS (SELECT * FROM meta WHERE key = ?)";
            connection.query_row(sql, [OWED], |row| row.get(0))
        })
    }

    /// The articles with their sketches, in the order of their numbers.
    pub(super) fn sketched_articles(&self) -> Result<Vec<Sketched>, StoreError> {
        self.collect(
            "SELECT articles.id, source, date_from, hashes FROM articles
             JOIN sketches ON sketches.article = articles.id ORDER BY articles.id",
            |row| {
                let date: Option<String> = row.get(2)?;
                Ok(Sketched {
                    article: article_id(row)?,
                    source: row.get(1)?,
                    date: date.and_then(|date| date.parse().ok()),
                    sketch: Sketch::from_bytes(row.get_ref(3)?.as_blob()?),
                })
            },
        )
    }

    /// The articles that are copies of another, those of one story together, in the order of their originals.
    pub(super) fn known_copies(&self) -> Result<Vec<Copy>, StoreError> {
        self.collect(
            "SELECT article, original, likeness FROM copies ORDER BY original, article",
            |row| {
                let original: i64 = row.get(1)?;
                Ok(Copy {
                    article: article_id(row)?,
                    original: ArticleId(original.unsigned_abs()),
                    likeness: row.get(2)?,
                })
            },
        )
    }
}

impl Writer {
    /// Keeps the sketches of articles.
    pub(super) fn write_sketches(
        &mut self,
        sketches: &[(ArticleId, Sketch)],
    ) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut statement = transaction
                .prepare("INSERT OR REPLACE INTO sketches (article, hashes) VALUES (?, ?)")?;
            for (article, sketch) in sketches {
                statement.execute(params![signed(article.0), sketch.to_bytes()])?;
            }
            owe_copies(transaction)
        })
    }

    /// Puts copies in the place of those that were known.
    pub(super) fn write_copies(&mut self, copies: &[Copy]) -> Result<(), StoreError> {
        self.transact(|transaction| {
            transaction.execute("DELETE FROM copies", [])?;
            let mut statement = transaction
                .prepare("INSERT INTO copies (article, original, likeness) VALUES (?, ?, ?)")?;
            for copy in copies {
                statement.execute(params![
                    signed(copy.article.0),
                    signed(copy.original.0),
                    copy.likeness
                ])?;
            }
            transaction.execute("DELETE FROM meta WHERE key = ?", [OWED])?;
            Ok(())
        })
    }
}
