//! `show`: a passage in its context, or an article page by page.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use topoi::article::{ArticleId, Kind, PassageId, Place};
use topoi::search::Origin;

use super::cursor::{self, Pages};
use super::fields::{self, Article};
use super::parameters::{Arguments, Parameter};
use super::tool::{Output, Tool};
use crate::answers::{AroundJson, clean};
use crate::serve::asked::origin;
use crate::serve::desk::Texts;
use crate::serve::failure::{Failure, Result};
use crate::serve::room::Room;
use crate::serve::shelf::Shelf;
use crate::serve::shown::{self, Part};

/// How many paragraphs around a passage come, and how many at most.
const USUAL_CONTEXT: u64 = 1;
const MOST_CONTEXT: u64 = 5;

/// After so many characters a page of an article ends, with the passage that is begun; and after so many passages.
const PAGE: usize = 3000;
const MOST_PASSAGES: usize = 100;

/// How many themes of an article are named, and how many copies.
const THEMES: usize = 5;
const COPIES: usize = 10;

pub(super) fn tool() -> Tool {
    let id = Parameter::id(
        "id",
        "The number of a passage (\"23\") or of an article (\"a7\"), from another result.",
    );
    let context = Parameter::number(
        "context",
        (0, MOST_CONTEXT),
        Some(USUAL_CONTEXT),
        "For a passage: how many paragraphs before and behind it to show.",
    );
    let passage = fields::object(
        json!({
            "passage": fields::text("The passage's number."),
            "paragraph": fields::whole("Which paragraph of the article it is, from 1."),
            "kind": fields::text("What it is, unless it is part of the article's own argument: heading, credit, byline …"),
            "text": fields::text("A quotation: the whole passage."),
        }),
        &["passage", "paragraph", "text"],
    );
    let theme = fields::object(
        json!({
            "theme": fields::whole("The theme's number, which `themes` takes."),
            "name": fields::text("Its name."),
            "share": fields::number("How much of the article is about it, 0 to 1."),
        }),
        &["theme", "name", "share"],
    );
    let output = fields::object(
        fields::article_and(json!({
            "asked": fields::text("The number of the passage that was asked for."),
            "total": fields::whole("How many passages the article has, where an article was asked for."),
            "passages": fields::list(passage, "Passages, in their order."),
            "copies": fields::list(json!({ "type": "string" }), "Numbers of other articles that tell the same story."),
            "themes": fields::list(theme, "What the article is about, where the themes are known already."),
            "cursor": fields::cursor(),
        })),
        &["article", "passages"],
    );
    Tool {
        name: "show",
        title: "Read a passage or an article",
        description: "Shows a passage whole, with the paragraphs around it, or an article from its beginning, page by \
            page. Use this to read what `search`, `related` or `themes` found before you quote it or rely on it: they give \
            only a part. For an article, follow `cursor` to its end.",
        parameters: vec![id.required(), context, cursor::parameter()],
        output,
    }
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    article: Article,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    passages: Vec<Passage>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    copies: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    themes: Vec<Theme>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Passage {
    passage: String,
    paragraph: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    text: String,
}

#[derive(Serialize)]
struct Theme {
    theme: u64,
    name: String,
    share: f64,
}

impl Passage {
    fn new(id: PassageId, kind: Kind, place: Place, text: &str) -> Self {
        Self {
            passage: id.to_string(),
            paragraph: place.paragraph,
            kind: (kind != Kind::Body).then_some(kind.as_str()),
            text: clean(text),
        }
    }
}

impl From<&AroundJson> for Passage {
    fn from(around: &AroundJson) -> Self {
        Self::new(around.passage, around.kind, around.place, &around.text)
    }
}

pub(super) async fn show(room: &Room, shelf: &Arc<Shelf>, arguments: &Arguments) -> Result<Output> {
    let answer = match origin(arguments.text("id").unwrap_or_default(), "id")? {
        Origin::Passage(id) => passage(room, shelf, arguments, id).await?,
        Origin::Article(id) => article(room, shelf, arguments, id).await?,
    };
    let text = told(&answer);
    Ok(Output::new(&answer, text))
}

async fn passage(
    room: &Room,
    shelf: &Arc<Shelf>,
    arguments: &Arguments,
    id: PassageId,
) -> Result<Answer> {
    if arguments.text("cursor").is_some() {
        let message = "`cursor` goes with the number of an article (\"a7\"); for more around a passage, raise `context`";
        return Err(Failure::field("cursor", message));
    }
    let context = arguments.number("context").unwrap_or(USUAL_CONTEXT) as u32;
    let shown = room.desk.ask(shelf, Texts::none(), move |seat| {
        shown::passage(seat.library.ok_or_else(Failure::empty)?, id, context)
    });
    let shown = shown.await??;
    let own = &shown.passage;
    let own_text = Passage::new(own.passage, own.kind, own.place, &own.text);
    let before = shown.context.before.iter().map(Passage::from);
    let behind = shown.context.after.iter().map(Passage::from);
    Ok(Answer {
        article: (&own.article).into(),
        asked: Some(own.passage.to_string()),
        total: None,
        passages: before.chain([own_text]).chain(behind).collect(),
        copies: Vec::new(),
        themes: Vec::new(),
        cursor: None,
    })
}

async fn article(
    room: &Room,
    shelf: &Arc<Shelf>,
    arguments: &Arguments,
    id: ArticleId,
) -> Result<Answer> {
    let pages = Pages::new("show", arguments)?;
    let part = Part::new(Some(pages.offset()), Some(MOST_PASSAGES), MOST_PASSAGES)?;
    let shown = room.desk.ask(shelf, Texts::none(), move |seat| {
        shown::article(seat.library.ok_or_else(Failure::empty)?, id, part)
    });
    let shown = shown.await??;
    let mut room_left = PAGE;
    let passages: Vec<Passage> = shown
        .passages
        .iter()
        .map(Passage::from)
        .take_while(|passage| {
            let fits = room_left > 0;
            room_left = room_left.saturating_sub(passage.text.chars().count());
            fits
        })
        .collect();
    let next = pages.offset() + passages.len();
    let is_first = pages.offset() == 0;
    let themes = room.themes.known(shelf).filter(|_| is_first);
    let themes = themes.map_or_else(Vec::new, |themes| themes.of_article(id));
    let themes = themes.into_iter().take(THEMES).map(|share| Theme {
        theme: share.theme.0,
        name: clean(&share.name),
        share: (share.share * 1e3).round() / 1e3,
    });
    let copies = shown.also.iter().take(if is_first { COPIES } else { 0 });
    let is_more = next < shown.total && !passages.is_empty();
    Ok(Answer {
        article: (&shown.article).into(),
        asked: None,
        total: Some(shown.total),
        passages,
        copies: copies.map(|copy| copy.id.to_string()).collect(),
        themes: themes.collect(),
        cursor: is_more.then(|| pages.cursor(next)).flatten(),
    })
}

fn told(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.article.line());
    if let Some(total) = answer.total {
        let _ = writeln!(text, "{total} passages");
    }
    for theme in &answer.themes {
        let percent = theme.share * 100.0;
        let _ = writeln!(
            text,
            "Theme {} “{}”: {percent:.0} %",
            theme.theme, theme.name
        );
    }
    if !answer.copies.is_empty() {
        let _ = writeln!(
            text,
            "The same story is told in {}.",
            answer.copies.join(", ")
        );
    }
    for passage in &answer.passages {
        let mark = if answer.asked.as_ref() == Some(&passage.passage) {
            " (asked for)"
        } else {
            ""
        };
        let kind = passage.kind.map(|kind| format!(" · {kind}"));
        let kind = kind.unwrap_or_default();
        let _ = writeln!(
            text,
            "\n[{}] ¶{}{kind}{mark}\n> {}",
            passage.passage, passage.paragraph, passage.text
        );
    }
    text.push_str(&fields::more(answer.cursor.as_deref()));
    text
}
