//! Reading a library's files, articles and passages.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Row, params_from_iter};

use super::filter::article_condition;
use super::read::{Reader, article_id, chosen, kind, parsed, passage_id, signed, small, unsigned};
use crate::article::{
    ArticleId, Kind, Metadata, Passage, PassageId, Place, Span, StoredArticle, ThemeId,
};
use crate::store::{
    Copy, Counts, FileRow, Filter, KeptTheme, Membership, ModelRow, Overview, Records, Sketched,
    StoreError, Validators,
};

const PASSAGE: &str = "passages.id, article, paragraph, part, parts, start, stop, kind, text";
const ARTICLE: &str =
    "SELECT articles.id, files.path, entry, title, author, date, source, language, paragraphs,
        address
    FROM articles JOIN files ON files.id = articles.file";

impl Records for Reader {
    fn damaged(&self, detail: String) -> StoreError {
        StoreError::Damaged {
            path: self.path.clone(),
            detail,
        }
    }

    fn counts(&self) -> Result<Counts, StoreError> {
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

    fn kinds(&self) -> Result<Vec<(Kind, u64)>, StoreError> {
        let mut kinds = self
            .collect("SELECT kind, count(*) FROM passages GROUP BY kind", |row| {
                Ok((kind(row, 0)?, unsigned(row, 1)?))
            })?;
        kinds.sort_unstable();
        Ok(kinds)
    }

    fn model(&self) -> Result<Option<ModelRow>, StoreError> {
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

    fn each_passage(
        &self,
        filter: &Filter,
        take: &mut dyn FnMut(Passage),
    ) -> Result<(), StoreError> {
        let (chosen, parameters) = chosen(filter);
        self.run(|connection| {
            let mut statement =
                connection.prepare(&format!("SELECT {PASSAGE} {chosen} ORDER BY passages.id"))?;
            let mut rows = statement.query(params_from_iter(parameters))?;
            while let Some(row) = rows.next()? {
                take(passage(row)?);
            }
            Ok(())
        })
    }

    fn languages(&self) -> Result<Vec<String>, StoreError> {
        self.collect(
            "SELECT language FROM articles WHERE language IS NOT NULL
             GROUP BY language ORDER BY count(*) DESC, language",
            |row| row.get(0),
        )
    }

    fn passages(&self, ids: &[PassageId]) -> Result<Vec<Passage>, StoreError> {
        self.run(|connection| {
            let mut statement = connection
                .prepare_cached(&format!("SELECT {PASSAGE} FROM passages WHERE id = ?"))?;
            let rows = ids.iter().map(|id| {
                let row = statement.query_row([signed(id.0)], passage);
                row.optional()
            });
            rows.filter_map(Result::transpose).collect()
        })
    }

    fn passages_of(&self, article: ArticleId) -> Result<Vec<Passage>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {PASSAGE} FROM passages WHERE article = ? ORDER BY paragraph, part"
            ))?;
            statement.query_map([signed(article.0)], passage)?.collect()
        })
    }

    fn passages_around(
        &self,
        passage: &Passage,
        paragraphs: u32,
    ) -> Result<Vec<Passage>, StoreError> {
        let own = passage.place.paragraph;
        self.run(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {PASSAGE} FROM passages WHERE article = ? AND paragraph BETWEEN ? AND ?
                 ORDER BY paragraph, part"
            ))?;
            let bounds = (
                signed(passage.article.0),
                own.saturating_sub(paragraphs),
                own.saturating_add(paragraphs),
            );
            statement.query_map(bounds, self::passage)?.collect()
        })
    }

    fn own_languages(&self, article: ArticleId) -> Result<HashMap<PassageId, String>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, language FROM passages WHERE article = ? AND language IS NOT NULL",
            )?;
            let rows = statement.query_map([signed(article.0)], |row| {
                Ok((passage_id(row)?, row.get(1)?))
            })?;
            rows.collect()
        })
    }

    fn articles_of_passages(&self) -> Result<HashMap<PassageId, ArticleId>, StoreError> {
        let rows = self.collect("SELECT id, article FROM passages", |row| {
            Ok((passage_id(row)?, ArticleId(unsigned(row, 1)?)))
        })?;
        Ok(rows.into_iter().collect())
    }

    fn articles_with(&self, ids: &[ArticleId]) -> Result<Vec<StoredArticle>, StoreError> {
        self.run(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("{ARTICLE} WHERE articles.id = ?"))?;
            let rows = ids.iter().map(|id| {
                let row = statement.query_row([signed(id.0)], article);
                row.optional()
            });
            rows.filter_map(Result::transpose).collect()
        })
    }

    fn articles(&self, filter: &Filter) -> Result<Vec<StoredArticle>, StoreError> {
        let (condition, parameters) = article_condition(filter, "articles.language");
        self.run(|connection| {
            let mut statement = connection.prepare(&format!(
                "{ARTICLE} WHERE {condition} ORDER BY files.path, articles.id"
            ))?;
            statement
                .query_map(params_from_iter(parameters), article)?
                .collect()
        })
    }

    fn articles_at(&self, path: &str) -> Result<Vec<StoredArticle>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare(&format!(
                "{ARTICLE} WHERE files.path = ? ORDER BY articles.id"
            ))?;
            statement.query_map([path], article)?.collect()
        })
    }

    fn file(&self, path: &str) -> Result<Option<FileRow>, StoreError> {
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

    fn validators(&self, path: &str) -> Result<Validators, StoreError> {
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

    fn paths(&self) -> Result<Vec<String>, StoreError> {
        self.collect("SELECT path FROM files ORDER BY path", |row| row.get(0))
    }

    fn article_digests(&self, path: &str) -> Result<Vec<(ArticleId, [u8; 32])>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT articles.id, articles.digest FROM articles JOIN files ON files.id = articles.file
                 WHERE files.path = ? ORDER BY articles.id",
            )?;
            statement.query_map([path], |row| Ok((ArticleId(unsigned(row, 0)?), row.get(1)?)))?.collect()
        })
    }

    fn overview(&self, filter: &Filter) -> Result<Overview, StoreError> {
        self.overview_of(filter)
    }

    fn themes(&self) -> Result<Vec<KeptTheme>, StoreError> {
        self.kept_themes()
    }

    fn memberships(&self) -> Result<Vec<Membership>, StoreError> {
        self.theme_passages()
    }

    fn theme_changes(&self) -> Result<Option<String>, StoreError> {
        self.last_theme_changes()
    }

    fn next_theme(&self) -> Result<ThemeId, StoreError> {
        self.next("themes").map(ThemeId)
    }

    fn not_sketched(&self) -> Result<Vec<ArticleId>, StoreError> {
        self.collect(
            "SELECT id FROM articles WHERE id NOT IN (SELECT article FROM sketches) ORDER BY id",
            article_id,
        )
    }

    fn sketched(&self) -> Result<Vec<Sketched>, StoreError> {
        self.sketched_articles()
    }

    fn owes_copies(&self) -> Result<bool, StoreError> {
        self.are_copies_owed()
    }

    fn copies(&self) -> Result<Vec<Copy>, StoreError> {
        self.known_copies()
    }
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
