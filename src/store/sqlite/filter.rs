//! Which articles and passages a question is about, as SQL.

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ToSql};

use super::read::signed;
use crate::store::Filter;

/// The condition on the table `articles` (joined with `files`), and its parameters; `language_of` is the column that
/// holds the language.
pub(super) fn article_condition(
    filter: &Filter,
    language_of: &str,
) -> (String, Vec<Box<dyn ToSql>>) {
    let mut conditions = vec![String::from("1")];
    let mut parameters: Vec<Box<dyn ToSql>> = Vec::new();
    let mut add = |condition: &str, parameter: Box<dyn ToSql>| {
        parameters.push(parameter);
        conditions.push(condition.replace('?', &format!("?{}", parameters.len())));
    };
    if let Some(author) = &filter.author {
        add("holds(articles.author, ?)", Box::new(author.to_lowercase()));
    }
    if let Some(source) = &filter.source {
        add("holds(articles.source, ?)", Box::new(source.to_lowercase()));
    }
    if let Some(after) = filter.after {
        add(
            "articles.date_from >= ?",
            Box::new(after.earliest().to_string()),
        );
    }
    if let Some(before) = filter.before {
        add(
            "articles.date_from < ?",
            Box::new(before.earliest().to_string()),
        );
    }
    if let Some(language) = &filter.language {
        add(
            &format!("substr(lower({language_of}) || '-', 1, length(?) + 1) = ? || '-'"),
            Box::new(language.to_lowercase()),
        );
    }
    if let Some(path) = &filter.path {
        if path.contains(['*', '?', '[']) {
            add("files.path GLOB ?", Box::new(path.clone()));
        } else {
            add("holds(files.path, ?)", Box::new(path.to_lowercase()));
        }
    }
    if let Some(one_in) = filter.one_in {
        add("articles.id % ? = 0", Box::new(signed(one_in.get())));
    }
    if let Some(theme) = filter.theme {
        add(
            "articles.id IN (SELECT article FROM passages JOIN theme_passages ON passage = passages.id WHERE theme = ?)",
            Box::new(signed(theme.0)),
        );
    }
    (conditions.join(" AND "), parameters)
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
