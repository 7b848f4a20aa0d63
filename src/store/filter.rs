//! Which articles and passages a question is about, as SQL.

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ToSql};

use super::read::signed;
use crate::article::{Date, ThemeId};

/// A choice of passages by what is known of their articles. The default chooses every body passage.
///
/// The criteria that are given must all hold. A criterion on something that is not known of an article
/// (its author, its date …) does not hold for that article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the author's name, in any case.
    pub author: Option<String>,
    /// Part of the source's name, in any case.
    pub source: Option<String>,
    /// Published on this day or later; of a month or a year, its first day.
    pub after: Option<Date>,
    /// Published before this day; of a month or a year, its first day.
    pub before: Option<Date>,
    /// The language as an ISO 639-1 code; `en` also finds `en-GB`.
    pub language: Option<String>,
    /// Part of the path; with `*`, `?` or `[`, a pattern for the whole path.
    pub path: Option<String>,
    /// A theme of the library's ledger: its passages, and the articles that they stand in.
    pub theme: Option<ThemeId>,
    /// Whether headings and boilerplate are chosen too.
    pub all_kinds: bool,
}

impl Filter {
    /// Whether nothing but the kind of paragraph matters.
    #[must_use]
    pub fn is_any_article(&self) -> bool {
        *self
            == Self {
                all_kinds: self.all_kinds,
                ..Self::default()
            }
    }

    /// The condition on the table `articles` (joined with `files`), and its parameters; `language_of` is the column that
    /// holds the language.
    pub(super) fn article_condition(&self, language_of: &str) -> (String, Vec<Box<dyn ToSql>>) {
        let mut conditions = vec![String::from("1")];
        let mut parameters: Vec<Box<dyn ToSql>> = Vec::new();
        let mut add = |condition: &str, parameter: Box<dyn ToSql>| {
            parameters.push(parameter);
            conditions.push(condition.replace('?', &format!("?{}", parameters.len())));
        };
        if let Some(author) = &self.author {
            add("holds(articles.author, ?)", Box::new(author.to_lowercase()));
        }
        if let Some(source) = &self.source {
            add("holds(articles.source, ?)", Box::new(source.to_lowercase()));
        }
        if let Some(after) = self.after {
            add(
                "articles.date_from >= ?",
                Box::new(after.earliest().to_string()),
            );
        }
        if let Some(before) = self.before {
            add(
                "articles.date_from < ?",
                Box::new(before.earliest().to_string()),
            );
        }
        if let Some(language) = &self.language {
            add(
                &format!("substr(lower({language_of}) || '-', 1, length(?) + 1) = ? || '-'"),
                Box::new(language.to_lowercase()),
            );
        }
        if let Some(path) = &self.path {
            if path.contains(['*', '?', '[']) {
                add("files.path GLOB ?", Box::new(path.clone()));
            } else {
                add("holds(files.path, ?)", Box::new(path.to_lowercase()));
            }
        }
        if let Some(theme) = self.theme {
            add(
                "articles.id IN (SELECT article FROM passages JOIN theme_passages ON passage = passages.id WHERE theme = ?)",
                Box::new(signed(theme.0)),
            );
        }
        (conditions.join(" AND "), parameters)
    }
}

/// SQLite itself folds the case of ASCII letters only.
pub(super) fn register_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("holds", 2, flags, |context| {
        let text: Option<String> = context.get(0)?;
        let part: String = context.get(1)?;
        Ok(text.is_some_and(|text| text.to_lowercase().contains(&part)))
    })
}
