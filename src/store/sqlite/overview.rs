//! What a library has articles of: whose, from where, in which languages and of which time.

use rusqlite::{Row, params_from_iter};

use super::Reader;
use super::filter::article_condition;
use super::read::{parsed, unsigned};
use crate::article::Date;
use crate::store::{Filter, NameCount, Overview, StoreError};

impl Reader {
    /// What the articles are that the filter chooses.
    pub(super) fn overview_of(&self, filter: &Filter) -> Result<Overview, StoreError> {
        let (condition, parameters) = article_condition(filter, "articles.language");
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
