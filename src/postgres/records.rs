//! Reading files, articles and passages.

use std::collections::HashMap;
use std::pin::pin;

use futures_util::TryStreamExt as _;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql};

use super::ServerError;
use super::database::{Database, wait};
use super::schema::OWED;
use super::sql::Condition;
use crate::article::{
    ArticleId, Kind, Metadata, Passage, PassageId, Place, Span, StoredArticle, ThemeId,
};
use crate::copies::Sketch;
use crate::store::{
    Copy, Counts, FileRow, Filter, KeptTheme, Membership, ModelRow, NameCount, Overview, Records,
    Sketched, StoreError, Validators,
};

const PASSAGE: &str = "id, article, paragraph, part, parts, start, stop, kind, text";
const ARTICLE: &str = "SELECT id, path, entry, title, author, date, source, language, paragraphs, address FROM articles";

type Asked<T> = Result<T, StoreError>;

/// A column that isn't what topoi writes there.
struct Strange(String);

impl Database {
    fn strange(&self, found: Strange) -> StoreError {
        ServerError::Damaged {
            url: self.url().to_string(),
            detail: found.0,
        }
        .into()
    }

    /// The rows that a statement gives.
    pub(super) fn rows(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Asked<Vec<Row>> {
        self.read(async |client| {
            let statement = client.prepare_cached(sql).await?;
            client.query(&statement, parameters).await
        })
    }

    /// The one number that a statement gives; 0 where it gives no row.
    pub(super) fn number(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Asked<i64> {
        let rows = self.rows(sql, parameters)?;
        let number = rows.first().map(|row| row.try_get(0)).transpose();
        let number = number.map_err(|error| self.failed(&error))?;
        Ok(number.unwrap_or(0))
    }

    fn collect<T>(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
        read: impl Fn(&Row) -> Result<T, Strange>,
    ) -> Asked<Vec<T>> {
        let rows = self.rows(sql, parameters)?;
        let rows = rows.iter().map(read);
        rows.collect::<Result<_, _>>()
            .map_err(|found| self.strange(found))
    }
}

fn get<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Result<T, Strange> {
    row.try_get(column)
        .map_err(|error| Strange(super::error::detail(&error)))
}

fn number(row: &Row, column: usize) -> Result<u64, Strange> {
    let value: i64 = get(row, column)?;
    u64::try_from(value).map_err(|_| Strange(format!("{value} is no number that topoi gives")))
}

fn small(row: &Row, column: usize) -> Result<u32, Strange> {
    let value: i32 = get(row, column)?;
    u32::try_from(value).map_err(|_| Strange(format!("{value} is no number that topoi gives")))
}

fn parsed<T: std::str::FromStr<Err: ToString>>(text: &str) -> Result<T, Strange> {
    text.parse()
        .map_err(|error: T::Err| Strange(format!("`{text}`: {}", error.to_string())))
}

fn digest(row: &Row, column: usize) -> Result<[u8; 32], Strange> {
    let bytes: &[u8] = get(row, column)?;
    bytes
        .try_into()
        .map_err(|_| Strange(format!("a digest has {} bytes", bytes.len())))
}

fn list<T: serde::de::DeserializeOwned>(row: &Row, column: usize) -> Result<T, Strange> {
    let text: &str = get(row, column)?;
    serde_json::from_str(text).map_err(|error| Strange(error.to_string()))
}

fn passage(row: &Row) -> Result<Passage, Strange> {
    let place = |column| {
        let value = number(row, column)?;
        Ok(usize::try_from(value).unwrap_or(usize::MAX))
    };
    Ok(Passage {
        id: PassageId(number(row, 0)?),
        article: ArticleId(number(row, 1)?),
        place: Place {
            paragraph: small(row, 2)?,
            part: small(row, 3)?,
            parts: small(row, 4)?,
        },
        span: Span::new(place(5)?, place(6)?),
        kind: parsed(get(row, 7)?)?,
        text: get(row, 8)?,
    })
}

fn article(row: &Row) -> Result<StoredArticle, Strange> {
    let date: Option<&str> = get(row, 5)?;
    Ok(StoredArticle {
        id: ArticleId(number(row, 0)?),
        path: get(row, 1)?,
        entry: get(row, 2)?,
        metadata: Metadata {
            title: get(row, 3)?,
            author: get(row, 4)?,
            date: date.map(parsed).transpose()?,
            source: get(row, 6)?,
            language: get(row, 7)?,
            address: get(row, 9)?,
        },
        paragraphs: small(row, 8)?,
    })
}

fn theme(row: &Row) -> Result<KeptTheme, Strange> {
    Ok(KeptTheme {
        id: ThemeId(number(row, 0)?),
        name: get(row, 1)?,
        given: get(row, 2)?,
        title: get(row, 3)?,
        terms: list(row, 4)?,
        exemplars: list(row, 5)?,
        coherence: get(row, 6)?,
        pinned: get(row, 7)?,
    })
}

/// Numbers as PostgreSQL has them, which are signed.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The same of many.
pub(super) fn all_signed(ids: impl IntoIterator<Item = u64>) -> Vec<i64> {
    ids.into_iter().map(signed).collect()
}

/// What a filter asks of articles, its theme too.
fn of_articles(filter: &Filter) -> Condition {
    let mut condition = Condition::default();
    condition.of_article(filter, "id");
    if let Some(theme) = filter.theme {
        let sign = condition.bind(signed(theme.0));
        condition.and(format!(
            "id IN (SELECT article FROM passages JOIN theme_passages ON passage = passages.id WHERE theme = {sign})"
        ));
    }
    condition
}

impl Records for Database {
    fn damaged(&self, detail: String) -> StoreError {
        self.strange(Strange(detail))
    }

    fn counts(&self) -> Asked<Counts> {
        let totals = self.totals()?;
        let counts = self.collect(
            "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM articles)",
            &[],
            |row| {
                Ok(Counts {
                    files: number(row, 0)?,
                    articles: number(row, 1)?,
                    passages: totals.passages,
                    body: totals.body,
                    tombstones: 0,
                })
            },
        )?;
        Ok(counts.into_iter().next().unwrap_or_default())
    }

    fn kinds(&self) -> Asked<Vec<(Kind, u64)>> {
        if self.partitions.is_empty() {
            return Ok(Vec::new());
        }
        let mut kinds = self.collect(
            "SELECT kind, count(*) FROM passages GROUP BY kind",
            &[],
            |row| Ok((parsed(get(row, 0)?)?, number(row, 1)?)),
        )?;
        kinds.sort_unstable();
        Ok(kinds)
    }

    fn model(&self) -> Asked<Option<ModelRow>> {
        let values = self.collect(
            "SELECT key, value FROM meta WHERE key IN ('model_reference', 'model_identity')",
            &[],
            |row| Ok((get::<String>(row, 0)?, get::<String>(row, 1)?)),
        )?;
        let mut values: HashMap<String, String> = values.into_iter().collect();
        let (reference, identity) = (
            values.remove("model_reference"),
            values.remove("model_identity"),
        );
        Ok(reference
            .zip(identity)
            .map(|(reference, identity)| ModelRow {
                reference,
                identity,
            }))
    }

    fn languages(&self) -> Asked<Vec<String>> {
        self.collect(
            "SELECT language FROM articles WHERE language IS NOT NULL
             GROUP BY language ORDER BY count(*) DESC, language",
            &[],
            |row| get(row, 0),
        )
    }

    fn each_passage(&self, filter: &Filter, take: &mut dyn FnMut(Passage)) -> Asked<()> {
        if self.partitions.is_empty() {
            return Ok(());
        }
        let mut condition = Condition::default();
        condition.of_passage(filter);
        condition.of_theme(filter);
        let sql = format!(
            "SELECT {PASSAGE} FROM passages WHERE {} ORDER BY id",
            condition.text()
        );
        // What was taken can't be taken back, so it isn't tried again.
        wait(self.url(), async {
            let client = self.client().await?;
            let failed = |error| ServerError::of(self.url(), &error);
            let rows = client.query_raw(&sql, condition.parameters()).await;
            let mut rows = pin!(rows.map_err(failed)?);
            while let Some(row) = rows.try_next().await.map_err(failed)? {
                match passage(&row) {
                    Ok(passage) => take(passage),
                    Err(found) => return Err(self.strange(found)),
                }
            }
            Ok(())
        })?
    }

    fn passages(&self, ids: &[PassageId]) -> Asked<Vec<Passage>> {
        if ids.is_empty() || self.partitions.is_empty() {
            return Ok(Vec::new());
        }
        let ids = all_signed(ids.iter().map(|id| id.0));
        let sql = format!("SELECT {PASSAGE} FROM passages WHERE id = ANY($1)");
        self.collect(&sql, &[&ids], passage)
    }

    fn passages_of(&self, of: ArticleId) -> Asked<Vec<Passage>> {
        if self.partitions.is_empty() {
            return Ok(Vec::new());
        }
        let sql =
            format!("SELECT {PASSAGE} FROM passages WHERE article = $1 ORDER BY paragraph, part");
        self.collect(&sql, &[&signed(of.0)], passage)
    }

    fn passages_around(&self, of: &Passage, paragraphs: u32) -> Asked<Vec<Passage>> {
        if self.partitions.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {PASSAGE} FROM passages WHERE article = $1 AND paragraph BETWEEN $2 AND $3
             ORDER BY paragraph, part"
        );
        let own = of.place.paragraph;
        let bound = |paragraph: u32| i32::try_from(paragraph).unwrap_or(i32::MAX);
        let first = bound(own.saturating_sub(paragraphs));
        let last = bound(own.saturating_add(paragraphs));
        self.collect(&sql, &[&signed(of.article.0), &first, &last], passage)
    }

    fn own_languages(&self, of: ArticleId) -> Asked<HashMap<PassageId, String>> {
        if self.partitions.is_empty() {
            return Ok(HashMap::new());
        }
        let languages = self.collect(
            "SELECT id, language FROM passages WHERE article = $1 AND language IS NOT NULL",
            &[&signed(of.0)],
            |row| Ok((PassageId(number(row, 0)?), get(row, 1)?)),
        )?;
        Ok(languages.into_iter().collect())
    }

    fn articles_of_passages(&self) -> Asked<HashMap<PassageId, ArticleId>> {
        if self.partitions.is_empty() {
            return Ok(HashMap::new());
        }
        let pairs = self.collect("SELECT id, article FROM passages", &[], |row| {
            Ok((PassageId(number(row, 0)?), ArticleId(number(row, 1)?)))
        })?;
        Ok(pairs.into_iter().collect())
    }

    fn articles_with(&self, ids: &[ArticleId]) -> Asked<Vec<StoredArticle>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = all_signed(ids.iter().map(|id| id.0));
        self.collect(&format!("{ARTICLE} WHERE id = ANY($1)"), &[&ids], article)
    }

    fn articles(&self, filter: &Filter) -> Asked<Vec<StoredArticle>> {
        let condition = of_articles(filter);
        let sql = format!("{ARTICLE} WHERE {} ORDER BY path, id", condition.text());
        self.collect(&sql, &condition.parameters(), article)
    }

    fn articles_at(&self, path: &str) -> Asked<Vec<StoredArticle>> {
        let sql =
            format!("{ARTICLE} WHERE file = (SELECT id FROM files WHERE path = $1) ORDER BY id");
        self.collect(&sql, &[&path], article)
    }

    fn file(&self, path: &str) -> Asked<Option<FileRow>> {
        let sql = "SELECT id, size, modified_ns, digest FROM files WHERE path = $1";
        let mut files = self.collect(sql, &[&path], |row| {
            Ok(FileRow {
                id: number(row, 0)?,
                size: number(row, 1)?,
                modified_ns: get(row, 2)?,
                digest: digest(row, 3)?,
            })
        })?;
        Ok(files.pop())
    }

    fn validators(&self, path: &str) -> Asked<Validators> {
        let sql = "SELECT etag, last_modified FROM files WHERE path = $1";
        let mut found = self.collect(sql, &[&path], |row| {
            Ok(Validators {
                etag: get(row, 0)?,
                last_modified: get(row, 1)?,
            })
        })?;
        Ok(found.pop().unwrap_or_default())
    }

    fn paths(&self) -> Asked<Vec<String>> {
        self.collect("SELECT path FROM files ORDER BY path", &[], |row| {
            get(row, 0)
        })
    }

    fn article_digests(&self, path: &str) -> Asked<Vec<(ArticleId, [u8; 32])>> {
        self.collect(
            "SELECT id, digest FROM articles WHERE file = (SELECT id FROM files WHERE path = $1) ORDER BY id",
            &[&path],
            |row| Ok((ArticleId(number(row, 0)?), digest(row, 1)?)),
        )
    }

    fn overview(&self, filter: &Filter) -> Asked<Overview> {
        let condition = of_articles(filter);
        let (text, parameters) = (condition.text(), condition.parameters());
        let names = |column: &str| {
            let sql = format!(
                "SELECT {column}, count(*) FROM articles WHERE {text} AND {column} IS NOT NULL
                 GROUP BY 1 ORDER BY 2 DESC, 1"
            );
            self.collect(&sql, &parameters, |row| {
                Ok(NameCount {
                    name: get(row, 0)?,
                    articles: number(row, 1)?,
                })
            })
        };
        let sql = format!("SELECT count(*), min(date), max(date) FROM articles WHERE {text}");
        let all = self.collect(&sql, &parameters, |row| {
            let date = |column| {
                let text: Option<&str> = get(row, column)?;
                text.map(parsed).transpose()
            };
            Ok(Overview {
                articles: number(row, 0)?,
                from: date(1)?,
                until: date(2)?,
                ..Overview::default()
            })
        })?;
        Ok(Overview {
            sources: names("source")?,
            authors: names("author")?,
            languages: names("language")?,
            ..all.into_iter().next().unwrap_or_default()
        })
    }

    fn themes(&self) -> Asked<Vec<KeptTheme>> {
        self.collect(
            "SELECT id, name, given, title, terms, exemplars, coherence, pinned FROM themes
             WHERE NOT ended ORDER BY id",
            &[],
            theme,
        )
    }

    fn memberships(&self) -> Asked<Vec<Membership>> {
        self.collect(
            "SELECT passage, theme, strength FROM theme_passages ORDER BY passage",
            &[],
            |row| {
                Ok(Membership {
                    passage: PassageId(number(row, 0)?),
                    theme: ThemeId(number(row, 1)?),
                    strength: get(row, 2)?,
                })
            },
        )
    }

    fn theme_changes(&self) -> Asked<Option<String>> {
        let sql = "SELECT changes FROM theme_runs ORDER BY id DESC LIMIT 1";
        Ok(self.collect(sql, &[], |row| get(row, 0))?.pop())
    }

    fn next_theme(&self) -> Asked<ThemeId> {
        // Themes that have ended stay, so that no number is given twice.
        let sql = "SELECT coalesce(max(id), 0) + 1 FROM themes";
        let next = self.collect(sql, &[], |row| Ok(ThemeId(number(row, 0)?)))?;
        Ok(next.into_iter().next().unwrap_or(ThemeId(1)))
    }

    fn not_sketched(&self) -> Asked<Vec<ArticleId>> {
        self.collect(
            "SELECT id FROM articles WHERE NOT EXISTS
             (SELECT FROM sketches WHERE article = articles.id) ORDER BY id",
            &[],
            |row| Ok(ArticleId(number(row, 0)?)),
        )
    }

    fn sketched(&self) -> Asked<Vec<Sketched>> {
        self.collect(
            "SELECT id, source, date_from, hashes FROM articles
             JOIN sketches ON sketches.article = id ORDER BY id",
            &[],
            |row| {
                let date: Option<&str> = get(row, 2)?;
                Ok(Sketched {
                    article: ArticleId(number(row, 0)?),
                    source: get(row, 1)?,
                    date: date.and_then(|date| date.parse().ok()),
                    sketch: Sketch::from_bytes(get(row, 3)?),
                })
            },
        )
    }

    fn owes_copies(&self) -> Asked<bool> {
        let owed = self.number("SELECT count(*) FROM meta WHERE key = $1", &[&OWED])?;
        Ok(owed > 0)
    }

    fn copies(&self) -> Asked<Vec<Copy>> {
        self.collect(
            "SELECT article, original, likeness FROM copies ORDER BY original, article",
            &[],
            |row| {
                Ok(Copy {
                    article: ArticleId(number(row, 0)?),
                    original: ArticleId(number(row, 1)?),
                    likeness: get(row, 2)?,
                })
            },
        )
    }
}
