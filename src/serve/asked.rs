//! Questions as they come over HTTP and from an agent, and their answers.
//!
//! A question is checked before it waits for a worker, and answered by one. It can say what the command line can say, under
//! the same names, and its answer is the one that the command line gives.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use topoi::article::{Date, ThemeId};
use topoi::ingest::{self, Hints};
use topoi::library::Library;
use topoi::search::{Feedback, Found, Mode, Origin, Query, SearchOptions};
use topoi::store::Filter;
use topoi_models::Role;

use super::desk::{Desk, Seat, Texts};
use super::failure::{Failure, Result};
use super::shelf::Shelf;
use crate::answers::{ResultJson, SearchJson, TimingsJson};

/// How many answers can be had at once.
const MOST_ANSWERS: usize = 100;

/// How many answers can be passed over.
const MOST_PASSED_OVER: usize = 1000;

/// How many paragraphs around a passage can be had.
pub(super) const MOST_CONTEXT: u32 = 20;

/// A query longer than this is no query: something can be found beside whole texts.
const MAX_QUERY_BYTES: usize = 64 << 10;

/// Something is found beside texts up to this length: some ten thousand words.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// A part of a name or of a path is no longer than this.
const MAX_PART_BYTES: usize = 1000;

/// A pattern for paths has no more stars than this: each multiplies the work of comparing.
const MOST_STARS: usize = 3;

/// How many passages and articles can be liked, disliked, or left out.
pub(super) const MOST_NAMED: usize = 1000;

/// What is asked of a library. Which fields mean something depends on who is asked: [`search`] or [`related`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Question {
    pub(crate) library: Option<String>,
    /// What to search for.
    pub(crate) q: Option<String>,
    pub(crate) mode: Option<Mode>,
    pub(crate) like: Vec<String>,
    pub(crate) unlike: Vec<String>,
    pub(crate) except: Vec<String>,
    /// What something is to be found beside: a passage (23) or an article (a7).
    pub(crate) to: Option<String>,
    /// The same: any text.
    pub(crate) text: Option<String>,
    pub(crate) limit: usize,
    pub(crate) offset: usize,
    pub(crate) author: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) after: Option<Date>,
    pub(crate) before: Option<Date>,
    pub(crate) lang: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) theme: Option<ThemeId>,
    pub(crate) all_kinds: bool,
    pub(crate) min_score: Option<f32>,
    pub(crate) per_article: Option<usize>,
    pub(crate) copies: bool,
    pub(crate) exact: bool,
    pub(crate) context: u32,
    /// Whether the answers say which of their sentences is why they were found.
    pub(crate) why: bool,
    /// Whether they say in which line of its file each stands, for which the files are read.
    pub(crate) lines: bool,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            library: None,
            q: None,
            mode: None,
            like: Vec::new(),
            unlike: Vec::new(),
            except: Vec::new(),
            to: None,
            text: None,
            limit: SearchOptions::default().limit,
            offset: 0,
            author: None,
            source: None,
            after: None,
            before: None,
            lang: None,
            path: None,
            theme: None,
            all_kinds: false,
            min_score: None,
            per_article: None,
            copies: false,
            exact: false,
            context: 0,
            why: false,
            lines: false,
        }
    }
}

impl Question {
    /// Refuses what is out of bounds.
    pub(super) fn options(&self) -> Result<SearchOptions> {
        if !(1..=MOST_ANSWERS).contains(&self.limit) {
            let message = format!("`limit` is {}: ask for 1 to {MOST_ANSWERS}", self.limit);
            return Err(Failure::field("limit", message));
        }
        if self.offset > MOST_PASSED_OVER {
            let message = format!("`offset` is {}: at most {MOST_PASSED_OVER}", self.offset);
            return Err(Failure::field("offset", message));
        }
        if self.context > MOST_CONTEXT {
            let message = format!("`context` is {}: at most {MOST_CONTEXT}", self.context);
            return Err(Failure::field("context", message));
        }
        if self.per_article == Some(0) {
            return Err(Failure::field(
                "per_article",
                "`per_article` is 0: at least 1",
            ));
        }
        if self.min_score.is_some_and(|score| !score.is_finite()) {
            return Err(Failure::field("min_score", "`min_score` is no number"));
        }
        Ok(SearchOptions {
            limit: self.limit + self.offset,
            filter: self.filter()?,
            exact: self.exact,
            mode: self.mode.unwrap_or_default(),
            min_score: self.min_score,
            per_article: self.per_article,
            copies: self.copies,
            ..SearchOptions::default()
        })
    }

    pub(super) fn filter(&self) -> Result<Filter> {
        let parts = [
            ("author", &self.author),
            ("source", &self.source),
            ("lang", &self.lang),
            ("path", &self.path),
        ];
        for (name, part) in parts {
            if part
                .as_ref()
                .is_some_and(|part| part.len() > MAX_PART_BYTES)
            {
                let message = format!("`{name}` is longer than {MAX_PART_BYTES} bytes");
                return Err(Failure::field(name, message));
            }
        }
        let stars = self.path.iter().flat_map(|path| path.matches('*')).count();
        if stars > MOST_STARS {
            let message = format!("`path` has {stars} stars: at most {MOST_STARS}");
            return Err(Failure::field("path", message));
        }
        Ok(Filter {
            author: self.author.clone(),
            source: self.source.clone(),
            after: self.after,
            before: self.before,
            language: self.lang.clone(),
            path: self.path.clone(),
            theme: self.theme,
            one_in: None,
            all_kinds: self.all_kinds,
        })
    }

    /// Refuses fields that don't belong to the request, so that nobody believes that they had an effect.
    fn refuse(&self, request: &str, fields: &[(&'static str, bool)]) -> Result<()> {
        match fields.iter().find(|(_, is_set)| *is_set) {
            Some((field, _)) => Err(Failure::field(
                field,
                format!("`{field}` is no field of {request}"),
            )),
            None => Ok(()),
        }
    }
}

/// A passage (23) or an article (a7).
pub(super) fn origin(text: &str, field: &'static str) -> Result<Origin> {
    Origin::parse(text).ok_or_else(|| {
        let message = format!("`{field}` has “{text}”: write 23 for a passage, a7 for an article");
        Failure::field(field, message)
    })
}

fn origins(named: &[String], field: &'static str) -> Result<Vec<Origin>> {
    if named.len() > MOST_NAMED {
        let message = format!("`{field}` names {}: at most {MOST_NAMED}", named.len());
        return Err(Failure::field(field, message));
    }
    named.iter().map(|text| origin(text, field)).collect()
}

/// An answer, and to which state of the library.
pub(crate) struct Answer {
    pub(crate) json: SearchJson,
    pub(crate) generation: u64,
}

/// The passages that say something like what is asked.
pub(crate) async fn search(desk: &Desk, shelf: &Arc<Shelf>, asked: Question) -> Result<Answer> {
    let fields = [("to", asked.to.is_some()), ("text", asked.text.is_some())];
    asked.refuse("a search", &fields)?;
    let Some(typed) = asked.q.clone() else {
        return Err(Failure::field(
            "q",
            "`q` is missing: say what to search for",
        ));
    };
    if typed.len() > MAX_QUERY_BYTES {
        let message = format!(
            "`q` has more than {} KiB: ask in fewer words",
            MAX_QUERY_BYTES >> 10
        );
        return Err(Failure::field("q", message));
    }
    let query = Query::parse(&typed).map_err(topoi::Error::from)?;
    let mut options = asked.options()?;
    let like = origins(&asked.like, "like")?;
    let unlike = origins(&asked.unlike, "unlike")?;
    let except = origins(&asked.except, "except")?;
    let texts = Texts {
        role: Role::Query,
        texts: query.terms().iter().map(|term| term.text.clone()).collect(),
    };
    desk.ask(shelf, texts, move |seat| {
        let library = seat.library.ok_or_else(Failure::empty)?;
        library.expect_theme(&options.filter)?;
        let feedback = Feedback {
            like: library.passages_of(&like)?,
            unlike: library.passages_of(&unlike)?,
        };
        options.except = library.passages_of(&except)?;
        options.until = Some(seat.expires);
        let mut found = library.search(&query, &feedback, seat.encoder, &options)?;
        found.embedding = seat.embedding;
        answer(&seat, library, "topoi.search.v1", typed, found, &asked)
    })
    .await?
}

/// What belongs beside a passage, an article, or a text.
pub(crate) async fn related(desk: &Desk, shelf: &Arc<Shelf>, asked: Question) -> Result<Answer> {
    let fields = [
        ("q", asked.q.is_some()),
        ("mode", asked.mode.is_some()),
        ("like", !asked.like.is_empty()),
        ("unlike", !asked.unlike.is_empty()),
    ];
    asked.refuse("what is related", &fields)?;
    let mut options = asked.options()?;
    let except = origins(&asked.except, "except")?;
    let origin = match (&asked.to, &asked.text) {
        (Some(to), None) => Some(origin(to, "to")?),
        (None, Some(text)) if text.len() > MAX_TEXT_BYTES => {
            let most = MAX_TEXT_BYTES >> 10;
            let message = format!("`text` has more than {most} KiB: give a part of it");
            return Err(Failure::field("text", message));
        }
        (None, Some(_)) => None,
        _ => {
            let message = "name either a passage or an article with `to`, or give a `text`";
            return Err(Failure::field("to", message));
        }
    };
    desk.ask(shelf, Texts::none(), move |seat| {
        let library = seat.library.ok_or_else(Failure::empty)?;
        library.expect_theme(&options.filter)?;
        options.except = library.passages_of(&except)?;
        options.until = Some(seat.expires);
        let query = asked.to.clone().unwrap_or_default();
        let found = match &origin {
            Some(origin) => library.related(origin, &options)?,
            None => {
                let text = asked.text.as_deref().unwrap_or_default();
                let reading = ingest::read_source(text.as_bytes(), &Hints::default())
                    .map_err(|error| Failure::field("text", format!("the text {error}")))?;
                library.related_to_text(&reading.articles, seat.encoder, &options)?
            }
        };
        answer(&seat, library, "topoi.related.v1", query, found, &asked)
    })
    .await?
}

fn answer(
    seat: &Seat<'_>,
    library: &Library,
    schema: &'static str,
    query: String,
    mut found: Found,
    asked: &Question,
) -> Result<Answer> {
    found.hits.drain(..asked.offset.min(found.hits.len()));
    // Only of what is shown.
    for hit in &mut found.hits {
        hit.context = library.context(&hit.passage, asked.context)?;
    }
    if asked.why {
        library.explain(&mut found, seat.encoder)?;
    }
    let lines = library.lines();
    let json = |hit, rank| {
        let line = |hit: &topoi::search::Hit| lines.line(&hit.article, hit.passage.span);
        let line = asked.lines.then(|| line(hit)).flatten();
        ResultJson::new(hit, rank, line)
    };
    Ok(Answer {
        json: SearchJson {
            schema,
            query,
            model: library.identity().map(|identity| identity.name.clone()),
            timings: TimingsJson::new(Duration::ZERO, &found),
            results: (asked.offset + 1..)
                .zip(&found.hits)
                .map(|(rank, hit)| json(hit, rank))
                .collect(),
            nearest_miss: found.nearest_miss.as_deref().map(|hit| json(hit, 0)),
        },
        generation: seat.generation,
    })
}
