//! What a library has articles of: whose, from where, in which languages and of which time.

use rusqlite::{Row, params_from_iter};

use super::read::{parsed, unsigned};
use super::{Filter, Reader, StoreError};
use crate::article::Date;

/// What the articles are that a filter chooses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// How many there are.
    pub articles: u64,
    /// The first day, month or year that one is of.
    pub from: Option<Date>,
    /// The last one.
    pub until: Option<Date>,
    /// Where they were published, most articles first.
    pub sources: Vec<NameCount>,
    /// Who wrote them, as their bylines say, most articles first.
    pub authors: Vec<NameCount>,
    /// Their languages, most articles first.
    pub languages: Vec<NameCount>,
}

/// How many articles have something.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NameCount {
    /// What it is called.
    pub name: String,
    /// How many articles have it.
    pub articles: u64,
}

impl Reader {
    /// What the articles are that the filter chooses.
    ///
    /// # Errors
    ///
    /// As all reading.
    pub fn overview(&self, filter: &Filter) -> Result<Overview, StoreError> {
        let (condition, parameters) = filter.article_condition("articles.language");
        let from =
            format!("FROM articles JOIN files ON files.id = articles.file WHERE {condition}");
        let names = |column: &str| {
            self.run(|connection| {
                let mut statement = connection.prepare(&format!(
                    "SELECT {column}, count(*) {from} AND {column} IS NOT NULL
                     GROUP BY 1 ORDER BY 2 DESC, 1"
                ))?;
                let rows = statement.query_map(params_from_iter(&parameters), |row| {
                    Ok(NameCount {
                        name: row.get(0)?,
                        articles: unsigned(row, 1)?,
                    })
                })?;
                rows.collect()
            })
        };
        let (articles, from_date, until) = self.run(|connection| {
            connection.query_row(
                &format!("SELECT count(*), min(date), max(date) {from}"),
                params_from_iter(&parameters),
                |row| Ok((unsigned(row, 0)?, date(row, 1)?, date(row, 2)?)),
            )
        })?;
        Ok(Overview {
            articles,
            from: from_date,
            until,
            sources: names("articles.source")?,
            authors: names("articles.author")?,
            languages: names("articles.language")?,
        })
    }
}

fn date(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Date>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| parsed(column, &text)).transpose()
}
