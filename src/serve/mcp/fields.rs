//! What several tools can be told, and what several say of an article.

use serde::Serialize;
use serde_json::{Value, json};
use topoi::article::ThemeId;
use topoi::store::Filter;

use super::parameters::{Arguments, Parameter};
use crate::answers::{ArticleJson, one_line};
use crate::serve::asked::Question;
use crate::serve::failure::Result;

/// A title, or a name, is no longer than this, in columns.
const MOST_TITLE: usize = 160;

/// Which passages are meant.
pub(super) fn filters() -> [Parameter; 7] {
    [
        Parameter::text(
            "author",
            200,
            "Only articles by authors whose name holds this, in any case; `sources` lists them.",
        ),
        Parameter::text(
            "source",
            200,
            "Only articles of newspapers, journals or sites whose name holds this, in any case; `sources` lists them.",
        ),
        Parameter::date(
            "after",
            "Only articles of this day or later: 2024-05-14, 2024-05 or 2024.",
        ),
        Parameter::date(
            "before",
            "Only articles of before this day (which is itself left out): 2024-05-14, 2024-05 or 2024.",
        ),
        Parameter::text(
            "language",
            20,
            "Only articles in this language, as a code of two letters: en, de, fr.",
        ),
        Parameter::text(
            "path",
            500,
            "Only articles of files whose path holds this, or matches it if it has `*`, `?` or `[`.",
        ),
        Parameter::number(
            "theme",
            (0, u64::from(u32::MAX)),
            None,
            "Only passages of the theme with this number, which `themes` gives.",
        ),
    ]
}

/// What the filters say.
pub(super) fn filtered(arguments: &Arguments) -> Question {
    Question {
        author: arguments.owned("author"),
        source: arguments.owned("source"),
        after: arguments.date("after"),
        before: arguments.date("before"),
        lang: arguments.owned("language"),
        path: arguments.owned("path"),
        theme: arguments.number("theme").map(ThemeId),
        ..Question::default()
    }
}

/// What the filters say, for what isn't a question.
pub(super) fn filter(arguments: &Arguments) -> Result<Filter> {
    filtered(arguments).filter()
}

/// An article, in so many words.
#[derive(Debug, Serialize)]
pub(super) struct Article {
    article: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

impl From<&ArticleJson> for Article {
    fn from(article: &ArticleJson) -> Self {
        let short = |text: &Option<String>| {
            let text = text.as_deref().map(|text| one_line(text, MOST_TITLE));
            text.filter(|text| !text.is_empty())
        };
        Self {
            article: article.id.to_string(),
            title: short(&article.title),
            author: short(&article.author),
            date: article.date.map(|date| date.to_string()),
            source: short(&article.source),
        }
    }
}

impl Article {
    /// Title, number and by-line, as one line.
    pub(super) fn line(&self) -> String {
        let title = self.title.as_deref().unwrap_or("(untitled)");
        let parts = [&self.author, &self.date, &self.source];
        let by_line: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        let by_line = by_line.join(" · ");
        let between = if by_line.is_empty() { "" } else { " · " };
        format!("“{title}” ({}){between}{by_line}", self.article)
    }
}

/// The schema of an object with these fields, of which some are always there.
pub(super) fn object(fields: Value, always: &[&str]) -> Value {
    json!({ "type": "object", "properties": fields, "required": always })
}

/// The schema of a list.
pub(super) fn list(of: Value, description: &str) -> Value {
    json!({ "type": "array", "items": of, "description": description })
}

/// The schema of a text, of a whole number and of any number.
pub(super) fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

pub(super) fn whole(description: &str) -> Value {
    json!({ "type": "integer", "description": description })
}

pub(super) fn number(description: &str) -> Value {
    json!({ "type": "number", "description": description })
}

/// The fields of an [`Article`], and some more.
pub(super) fn article_and(more: Value) -> Value {
    let mut fields = json!({
        "article": text("The article's number: a7. `show` shows the article."),
        "title": text("The article's title."),
        "author": text("Who wrote it."),
        "date": text("When it appeared: a day, a month or a year."),
        "source": text("Where it appeared."),
    });
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    fields
}

/// The field that all results with pages have.
pub(super) fn cursor() -> Value {
    text("Give this to the same call to get the next page. Absent on the last page.")
}

/// A number as far as it says something.
pub(super) fn rounded(number: f32) -> f64 {
    (f64::from(number) * 1e3).round() / 1e3
}

/// The last line of a text with pages.
pub(super) fn more(cursor: Option<&str>) -> String {
    cursor.map_or_else(String::new, |cursor| {
        format!("\nThere is more: repeat the call with cursor \"{cursor}\".\n")
    })
}
