//! `sources`: what the library has, and whose.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use topoi::store::NameCount;

use super::fields;
use super::parameters::{Arguments, Parameter};
use super::tool::{Output, Tool};
use crate::answers::one_line;
use crate::serve::desk::Texts;
use crate::serve::failure::{Failure, Result};
use crate::serve::room::Room;
use crate::serve::shelf::Shelf;
use crate::serve::shown;

/// How many names of a kind come, and how many at most.
const USUAL: u64 = 10;
const MOST: u64 = 100;

/// A name is no longer than this, in columns.
const MOST_NAME: usize = 100;

pub(super) fn tool() -> Tool {
    let limit = Parameter::number(
        "limit",
        (1, MOST),
        Some(USUAL),
        "How many authors, sources and languages to name, those with the most articles first.",
    );
    let mut parameters = vec![limit];
    parameters.extend(fields::filters());
    let name = fields::object(
        json!({
            "name": fields::text("The name, as the filters of the other tools take it."),
            "articles": fields::whole("How many articles."),
        }),
        &["name", "articles"],
    );
    let names = |description| {
        fields::object(
            json!({
                "total": fields::whole("How many there are, up to 1000."),
                "first": fields::list(name.clone(), description),
            }),
            &["total", "first"],
        )
    };
    let output = fields::object(
        json!({
            "articles": fields::whole("How many articles there are."),
            "from": fields::text("When the first of them appeared."),
            "until": fields::text("When the last of them appeared."),
            "authors": names("Who wrote them, most articles first."),
            "sources": names("Where they appeared, most articles first."),
            "languages": names("In which languages, most articles first."),
        }),
        &["articles", "authors", "sources", "languages"],
    );
    Tool {
        name: "sources",
        title: "See what the library has",
        description: "Says how many articles there are, of which time, by which authors, from which newspapers, journals or \
            sites, and in which languages; with filters, the same of a part of the library. Use this before you filter by a \
            name, to learn how it is written, and to judge how much a result covers. It does not look into the texts: use \
            `search` or `themes` for that.",
        parameters,
        output,
    }
}

#[derive(Serialize)]
struct Answer {
    articles: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    authors: Names,
    sources: Names,
    languages: Names,
}

#[derive(Serialize)]
struct Names {
    total: usize,
    first: Vec<Name>,
}

#[derive(Serialize)]
struct Name {
    name: String,
    articles: u64,
}

impl Names {
    fn new(names: &[NameCount], limit: usize) -> Self {
        let name = |name: &NameCount| Name {
            name: one_line(&name.name, MOST_NAME),
            articles: name.articles,
        };
        Self {
            total: names.len(),
            first: names.iter().take(limit).map(name).collect(),
        }
    }

    fn line(&self, what: &str) -> String {
        if self.first.is_empty() {
            return format!("{what}: none known\n");
        }
        let names: Vec<String> = self
            .first
            .iter()
            .map(|name| format!("{} ({})", name.name, name.articles))
            .collect();
        let rest = self.total - self.first.len();
        let rest = if rest > 0 {
            format!("; and {rest} more")
        } else {
            String::new()
        };
        format!("{what}: {}{rest}\n", names.join("; "))
    }
}

pub(super) async fn sources(
    room: &Room,
    shelf: &Arc<Shelf>,
    arguments: &Arguments,
) -> Result<Output> {
    let filter = fields::filter(arguments)?;
    let limit = arguments.number("limit").unwrap_or(USUAL) as usize;
    let shown = room.desk.ask(shelf, Texts::none(), move |seat| {
        shown::sources(seat.library.ok_or_else(Failure::empty)?, &filter)
    });
    let shown = shown.await??;
    let answer = Answer {
        articles: shown.articles,
        from: shown.from.map(|date| date.to_string()),
        until: shown.until.map(|date| date.to_string()),
        authors: Names::new(&shown.authors, limit),
        sources: Names::new(&shown.sources, limit),
        languages: Names::new(&shown.languages, limit),
    };
    let mut text = format!("{} articles", answer.articles);
    if let (Some(from), Some(until)) = (&answer.from, &answer.until) {
        let _ = write!(text, ", from {from} to {until}");
    }
    text.push_str(".\n");
    text.push_str(&answer.authors.line("Authors"));
    text.push_str(&answer.sources.line("Sources"));
    text.push_str(&answer.languages.line("Languages"));
    Ok(Output::new(&answer, text))
}
