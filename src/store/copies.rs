//! The samples of articles' shingles, and which articles are copies.

use rusqlite::params;

use super::read::{Reader, article_id, signed};
use super::{StoreError, Writer};
use crate::article::{ArticleId, Date};
use crate::copies::Sketch;

/// An article as it is compared with others.
#[derive(Debug, Clone)]
pub struct Sketched {
    /// The article.
    pub article: ArticleId,
    /// The source that it names.
    pub source: Option<String>,
    /// The first day that its date can mean, as text.
    pub date: Option<Date>,
    /// Its sketch.
    pub sketch: Sketch,
}

/// An article that is a copy of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Copy {
    /// The copy.
    pub article: ArticleId,
    /// The first of its story.
    pub original: ArticleId,
    /// How alike it is to another article of the story, 0 to 1.
    pub likeness: f32,
}

impl Reader {
    /// The articles that have no sketch yet.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn not_sketched(&self) -> Result<Vec<ArticleId>, StoreError> {
        self.collect(
            "SELECT id FROM articles WHERE id NOT IN (SELECT article FROM sketches) ORDER BY id",
            article_id,
        )
    }

    /// The articles with their sketches, in the order of their numbers.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn sketched(&self) -> Result<Vec<Sketched>, StoreError> {
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
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn copies(&self) -> Result<Vec<Copy>, StoreError> {
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
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub fn keep_sketches(&mut self, sketches: &[(ArticleId, Sketch)]) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut statement = transaction
                .prepare("INSERT OR REPLACE INTO sketches (article, hashes) VALUES (?, ?)")?;
            for (article, sketch) in sketches {
                statement.execute(params![signed(article.0), sketch.to_bytes()])?;
            }
            Ok(())
        })
    }

    /// Puts copies in the place of those that were known.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    pub fn keep_copies(&mut self, copies: &[Copy]) -> Result<(), StoreError> {
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
            Ok(())
        })
    }
}
