//! `themes`: what the library is about, and the passages of a theme.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;
use topoi::article::ThemeId;
use topoi::themes::trends::ThemeTrends;

use super::cursor::{self, Pages};
use super::fields::{self, Article};
use super::parameters::{Arguments, Parameter};
use super::snippet::snippet;
use super::tool::{Output, Tool};
use crate::answers::{PassageJson, clean, one_line};
use crate::serve::desk::Texts;
use crate::serve::failure::{Failure, Result};
use crate::serve::room::Room;
use crate::serve::shelf::Shelf;
use crate::serve::shown::{self, Part};
use crate::serve::themes::{Found, FoundTheme};

/// How many themes, or passages of one, come, and how many at most.
const USUAL: u64 = 10;
const MOST: u64 = 20;

/// How many characters of a passage are shown: of one that stands for its theme, and of those of a theme.
const EXAMPLE: usize = 160;
const SHOWN: usize = 300;

/// How many words and authors of a theme are named.
const WORDS: usize = 6;
const AUTHORS: usize = 3;

/// From so many standard errors on, a theme rises or falls.
const SURE: f64 = 2.0;

/// How long to wait for themes that are being found, and how often to look.
const PATIENCE: Duration = Duration::from_secs(15);
const TICK: Duration = Duration::from_millis(50);

/// A name is no longer than this, in columns.
const MOST_NAME: usize = 100;

pub(super) fn tool() -> Tool {
    let theme = Parameter::number(
        "theme",
        (0, u64::from(u32::MAX)),
        None,
        "The number of a theme, for its passages. Leave it out for the list of all themes.",
    );
    let limit = Parameter::number(
        "limit",
        (1, MOST),
        Some(USUAL),
        "How many themes, or passages, to give at once.",
    );
    let strings = |description| fields::list(json!({ "type": "string" }), description);
    let passage = |more| {
        let mut own = json!({
            "passage": fields::text("The passage's number: 23. `show` and `related` take it."),
            "text": fields::text("A quotation: how the passage begins."),
        });
        if let (Some(own), serde_json::Value::Object(more)) = (own.as_object_mut(), more) {
            own.extend(more);
        }
        fields::object(fields::article_and(own), &["passage", "article", "text"])
    };
    let strength = json!({
        "strength": fields::number("How firmly the passage belongs to the theme, 0 to 1."),
    });
    let about = json!({
        "theme": fields::whole("The theme's number, for this tool and for the filter `theme` of the others."),
        "name": fields::text("Its name."),
        "words": strings("The words that set it apart."),
        "articles": fields::whole("How many articles have passages of it."),
        "passages": fields::whole("How many passages it has."),
        "authors": strings("Who wrote most of it."),
        "trend": fields::text("Whether there is more of it of late (rising) or less (falling); absent if neither is sure."),
        "example": passage(json!({})),
    });
    let about = fields::object(about, &["theme", "name", "words", "articles", "passages"]);
    let output = fields::object(
        json!({
            "status": fields::text("`ready`, or `computing` while the themes are still being found: call again."),
            "total": fields::whole("How many themes there are, or how many passages the theme has."),
            "themes": fields::list(about, "The themes, or the one that was asked for."),
            "passages": fields::list(passage(strength), "The passages of the theme, the firmest first."),
            "cursor": fields::cursor(),
        }),
        &["status", "themes"],
    );
    Tool {
        name: "themes",
        title: "See what the library is about",
        description: "Without `theme`: the themes into which the library's passages fall, the largest first, each with its \
            name, its words, how much there is of it, who wrote most of it, and whether it rises or falls. With `theme`: \
            its passages, the firmest first. Use this for an overview (\"what is this about?\", \"what do they write about \
            most?\"), and to collect all that was said on one subject; use `search` for a particular question. The first \
            call may take a while, since the themes are then found; if it says `computing`, call again.",
        parameters: vec![theme, limit, cursor::parameter()],
        output,
    }
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    themes: Vec<Theme>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passages: Option<Vec<Passage>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Theme {
    theme: u64,
    name: String,
    words: Vec<String>,
    articles: usize,
    passages: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trend: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Passage>,
}

#[derive(Serialize)]
struct Passage {
    passage: String,
    #[serde(flatten)]
    article: Article,
    #[serde(skip_serializing_if = "Option::is_none")]
    strength: Option<f64>,
    text: String,
}

impl Passage {
    fn new(passage: &PassageJson, strength: Option<f32>, most: usize) -> Self {
        Self {
            passage: passage.passage.to_string(),
            article: (&passage.article).into(),
            strength: strength.map(fields::rounded),
            text: snippet(&passage.text, None, most),
        }
    }
}

impl From<&FoundTheme> for Theme {
    fn from(theme: &FoundTheme) -> Self {
        let brief = &theme.brief;
        let words = brief.label.iter().take(WORDS);
        let authors = brief.trends.authors.iter().take(AUTHORS);
        let example = brief.exemplars.first();
        Self {
            theme: theme.id.0,
            name: one_line(&brief.name, MOST_NAME),
            words: words.map(|word| clean(word)).collect(),
            articles: brief.articles,
            passages: brief.passages,
            authors: authors
                .map(|name| one_line(&name.name, MOST_NAME))
                .collect(),
            trend: trend(&brief.trends),
            example: example.map(|passage| Passage::new(passage, None, EXAMPLE)),
        }
    }
}

fn trend(trends: &ThemeTrends) -> Option<&'static str> {
    match trends.rising?.z {
        z if z >= SURE => Some("rising"),
        z if z <= -SURE => Some("falling"),
        _ => None,
    }
}

pub(super) async fn themes(
    room: &Room,
    shelf: &Arc<Shelf>,
    arguments: &Arguments,
) -> Result<Output> {
    let pages = Pages::new("themes", arguments)?;
    let limit = arguments.number("limit").unwrap_or(USUAL) as usize;
    let Some(found) = wait(room, shelf).await? else {
        let text = "The themes are being found, which takes up to some minutes in a large library: call `themes` again \
                    in a moment. `search` works meanwhile.\n";
        let answer = Answer {
            status: "computing",
            total: None,
            themes: Vec::new(),
            passages: None,
            cursor: None,
        };
        return Ok(Output::new(&answer, text.to_owned()));
    };
    let part = Part {
        offset: pages.offset(),
        limit,
    };
    let next = pages.offset() + limit;
    let cursor = |total: usize| (next < total).then(|| pages.cursor(next)).flatten();
    let answer = match arguments.number("theme") {
        None => Answer {
            status: "ready",
            total: Some(found.themes.len()),
            themes: part.of(&found.themes).iter().map(Theme::from).collect(),
            passages: None,
            cursor: cursor(found.themes.len()),
        },
        Some(number) => {
            let theme = found.theme(ThemeId(number))?;
            let wanted = part.of(&theme.members).to_vec();
            let members = room.desk.ask(shelf, Texts::none(), move |seat| {
                shown::members(seat.library.ok_or_else(Failure::empty)?, &wanted)
            });
            let members = members.await??;
            let passages = members
                .iter()
                .map(|member| Passage::new(&member.passage, Some(member.strength), SHOWN));
            Answer {
                status: "ready",
                total: Some(theme.members.len()),
                themes: vec![theme.into()],
                passages: Some(passages.collect()),
                cursor: cursor(theme.members.len()),
            }
        }
    };
    let text = told(&answer, pages.offset());
    Ok(Output::new(&answer, text))
}

/// The themes, if they are found soon.
async fn wait(room: &Room, shelf: &Arc<Shelf>) -> Result<Option<Arc<Found>>> {
    let until = Instant::now() + PATIENCE;
    loop {
        let found = room.themes.get(shelf)?;
        if found.is_some() || Instant::now() >= until {
            return Ok(found);
        }
        tokio::time::sleep(TICK).await;
    }
}

fn told(answer: &Answer, offset: usize) -> String {
    let mut text = String::new();
    let total = answer.total.unwrap_or_default();
    if answer.passages.is_none() {
        let last = offset + answer.themes.len();
        let _ = writeln!(
            text,
            "Themes {} to {last} of {total}:",
            (offset + 1).min(last)
        );
    }
    for theme in &answer.themes {
        let trend = theme.trend.map(|trend| format!(", {trend}"));
        // Its name may be made of words already.
        let words = theme.words.iter().map(String::as_str);
        let words: Vec<&str> = words.filter(|word| !theme.name.contains(word)).collect();
        let between = if words.is_empty() { "" } else { " · " };
        let _ = writeln!(
            text,
            "\nTheme {} “{}”{between}{} · {} passages in {} articles{}",
            theme.theme,
            theme.name,
            words.join(", "),
            theme.passages,
            theme.articles,
            trend.unwrap_or_default(),
        );
        if !theme.authors.is_empty() {
            let _ = writeln!(text, "Mostly by {}", theme.authors.join("; "));
        }
        if let Some(example) = theme.example.as_ref().filter(|_| answer.passages.is_none()) {
            let _ = writeln!(text, "[{}] > {}", example.passage, example.text);
        }
    }
    let passages = answer.passages.as_deref().unwrap_or_default();
    for passage in passages {
        let _ = writeln!(
            text,
            "\n[{}] {}\n> {}",
            passage.passage,
            passage.article.line(),
            passage.text
        );
    }
    text.push_str(&fields::more(answer.cursor.as_deref()));
    text
}
