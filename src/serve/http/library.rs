//! What the libraries hold, and how the server is.

use std::sync::{Arc, LazyLock};

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use topoi::article::{Date, PassageId, ThemeId};
use topoi::search::Origin;
use topoi::store::Filter;

use super::{App, body};
use crate::answers::themes::BriefJson;
use crate::serve::asked::{MOST_CONTEXT, Question, origin};
use crate::serve::desk::Texts;
use crate::serve::failure::{Failure, Result};
use crate::serve::packed::{Packable, Packed};
use crate::serve::shown::{self, MemberJson, Part};

/// How many articles, or passages of a theme, come unless something is said.
const LISTED: usize = 50;

/// How many passages of an article.
const PASSAGES: usize = 200;

/// How many passages stand for a theme, in the list of all and by itself.
const EXEMPLARS: usize = 1;

/// When whoever asked for what takes long may come again, in seconds.
const SOON: &str = "1";

/// A policy that is not the one of all other answers.
#[derive(Clone)]
pub(super) struct OwnPolicy(pub(super) HeaderValue);

/// The map's script and style are in the page. Only pages from here may frame it.
static MAP_POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let policy = format!("{}; frame-ancestors 'self'", topoi::themes::map::policy());
    HeaderValue::from_str(&policy).ok()
});

#[derive(Serialize)]
struct LibrariesJson<'a> {
    schema: &'static str,
    libraries: Vec<LibraryJson<'a>>,
}

#[derive(Serialize)]
struct LibraryJson<'a> {
    name: &'a str,
    model: &'a str,
    articles: u64,
    passages: u64,
    generation: u64,
    can_index: bool,
    problem: Option<String>,
}

pub(super) async fn libraries(_: body::NoQuery, State(app): State<Arc<App>>) -> Packable {
    let libraries = app.room.shelves.iter().map(|shelf| {
        let counts = shelf.counts();
        LibraryJson {
            name: &shelf.name,
            model: shelf.model.name(),
            articles: counts.articles,
            passages: counts.passages,
            generation: shelf.generation(),
            can_index: app.jobs.takes_uploads(),
            problem: shelf.problem(),
        }
    });
    json(&LibrariesJson {
        schema: "topoi.libraries.v1",
        libraries: libraries.collect(),
    })
}

/// Whether all libraries can be read.
pub(super) async fn health(_: body::NoQuery, State(app): State<Arc<App>>) -> Response {
    let is_sound = app
        .room
        .shelves
        .iter()
        .all(|shelf| shelf.problem().is_none());
    let (status, said) = if is_sound {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "a library can't be opened")
    };
    (status, json(&serde_json::json!({ "status": said }))).into_response()
}

pub(super) async fn metrics(_: body::NoQuery, State(app): State<Arc<App>>) -> Response {
    for shelf in &app.room.shelves {
        let passages = shelf.counts().passages;
        app.metrics
            .library(&shelf.name, passages, shelf.generation());
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.text()).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InContext {
    library: Option<String>,
    context: Option<u32>,
}

pub(super) async fn passage(
    State(app): State<Arc<App>>,
    body::Part(id): body::Part,
    uri: Uri,
) -> Result<Packable> {
    let asked: InContext = body::query(&uri)?;
    let Ok(Origin::Passage(id)) = origin(&id, "id") else {
        return Err(no_such("passage", &id));
    };
    let context = asked.context.unwrap_or(0);
    if context > MOST_CONTEXT {
        let message = format!("`context` is {context}: at most {MOST_CONTEXT}");
        return Err(Failure::field("context", message));
    }
    let shelf = app.room.shelf(asked.library.as_deref())?;
    let shown = app.room.desk.ask(shelf, Texts::none(), move |seat| {
        shown::passage(seat.library.ok_or_else(Failure::empty)?, id, context)
    });
    Ok(json(&shown.await??))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InParts {
    library: Option<String>,
    offset: Option<usize>,
    limit: Option<usize>,
}

pub(super) async fn article(
    State(app): State<Arc<App>>,
    body::Part(id): body::Part,
    uri: Uri,
) -> Result<Packable> {
    let asked: InParts = body::query(&uri)?;
    let part = Part::new(asked.offset, asked.limit, PASSAGES)?;
    let article = match origin(&id, "id") {
        Ok(Origin::Article(article)) => article,
        Ok(Origin::Passage(PassageId(number))) => topoi::article::ArticleId(number),
        Err(_) => return Err(no_such("article", &id)),
    };
    let shelf = app.room.shelf(asked.library.as_deref())?;
    let shown = app.room.desk.ask(shelf, Texts::none(), move |seat| {
        shown::article(seat.library.ok_or_else(Failure::empty)?, article, part)
    });
    let mut shown = shown.await??;
    if let Some(themes) = app.room.themes.known(shelf) {
        shown.themes = themes.of_article(article);
    }
    Ok(json(&shown))
}

fn no_such(what: &str, id: &str) -> Failure {
    Failure::not_found(format!("“{id}” is no number of {what}s"))
}

/// Which articles.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    library: Option<String>,
    offset: Option<usize>,
    limit: Option<usize>,
    author: Option<String>,
    source: Option<String>,
    after: Option<Date>,
    before: Option<Date>,
    lang: Option<String>,
    path: Option<String>,
    theme: Option<ThemeId>,
}

impl Chosen {
    fn filter(&self) -> Result<Filter> {
        Question {
            author: self.author.clone(),
            source: self.source.clone(),
            after: self.after,
            before: self.before,
            lang: self.lang.clone(),
            path: self.path.clone(),
            theme: self.theme,
            ..Question::default()
        }
        .filter()
    }
}

pub(super) async fn articles(State(app): State<Arc<App>>, uri: Uri) -> Result<Packable> {
    let asked: Chosen = body::query(&uri)?;
    let part = Part::new(asked.offset, asked.limit, LISTED)?;
    let filter = asked.filter()?;
    let shelf = app.room.shelf(asked.library.as_deref())?;
    let shown = app.room.desk.ask(shelf, Texts::none(), move |seat| {
        shown::articles(seat.library.ok_or_else(Failure::empty)?, &filter, part)
    });
    Ok(json(&shown.await??))
}

pub(super) async fn sources(State(app): State<Arc<App>>, uri: Uri) -> Result<Packable> {
    let asked: Chosen = body::query(&uri)?;
    if asked.offset.is_some() || asked.limit.is_some() {
        return Err(Failure::field("limit", "sources come all at once"));
    }
    let filter = asked.filter()?;
    let shelf = app.room.shelf(asked.library.as_deref())?;
    let shown = app.room.desk.ask(shelf, Texts::none(), move |seat| {
        shown::sources(seat.library.ok_or_else(Failure::empty)?, &filter)
    });
    Ok(json(&shown.await??))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfLibrary {
    library: Option<String>,
}

pub(super) async fn themes(State(app): State<Arc<App>>, uri: Uri) -> Result<Response> {
    let asked: OfLibrary = body::query(&uri)?;
    let shelf = app.room.shelf(asked.library.as_deref())?;
    Ok(match app.room.themes.get(shelf)? {
        Some(themes) => json(&themes.json(EXEMPLARS)).into_response(),
        None => being_found(),
    })
}

#[derive(Serialize)]
struct ThemeJson<'t> {
    schema: &'static str,
    theme: &'t BriefJson,
    total: usize,
    passages: Vec<MemberJson>,
}

pub(super) async fn theme(
    State(app): State<Arc<App>>,
    body::Part(id): body::Part,
    uri: Uri,
) -> Result<Response> {
    let asked: InParts = body::query(&uri)?;
    let part = Part::new(asked.offset, asked.limit, LISTED)?;
    let Ok(Origin::Passage(PassageId(number))) = origin(&id, "id") else {
        return Err(no_such("theme", &id));
    };
    let shelf = app.room.shelf(asked.library.as_deref())?;
    let Some(themes) = app.room.themes.get(shelf)? else {
        return Ok(being_found());
    };
    let theme = themes.theme(ThemeId(number))?;
    let wanted = part.of(&theme.members).to_vec();
    let passages = app.room.desk.ask(shelf, Texts::none(), move |seat| {
        shown::members(seat.library.ok_or_else(Failure::empty)?, &wanted)
    });
    Ok(json(&ThemeJson {
        schema: "topoi.theme.v1",
        theme: &theme.brief,
        total: theme.members.len(),
        passages: passages.await??,
    })
    .into_response())
}

pub(super) async fn map(State(app): State<Arc<App>>, uri: Uri) -> Result<Response> {
    let asked: OfLibrary = body::query(&uri)?;
    let shelf = app.room.shelf(asked.library.as_deref())?;
    Ok(match app.room.themes.map(shelf)? {
        Some(map) => {
            let mut response = Packable(map).into_response();
            if let Some(policy) = &*MAP_POLICY {
                response.extensions_mut().insert(OwnPolicy(policy.clone()));
            }
            response
        }
        None => being_found(),
    })
}

/// What takes long is being found: come again.
fn being_found() -> Response {
    let soon = [(header::RETRY_AFTER, HeaderValue::from_static(SOON))];
    let status = serde_json::json!({ "status": "computing" });
    (StatusCode::ACCEPTED, soon, json(&status)).into_response()
}

pub(super) fn json(answer: &impl Serialize) -> Packable {
    let bytes = serde_json::to_vec(answer).unwrap_or_default();
    Packable(Arc::new(Packed::json(bytes)))
}
