//! `/v1/search` and `/v1/related`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};

use super::answers::Key;
use super::{App, body};
use crate::serve::asked::{self, Question};
use crate::serve::failure::Result;
use crate::serve::packed::{Packable, Packed};

/// How large a question may be: a whole article can be one.
const MAX_BYTES: usize = 1 << 20;

pub(super) async fn get_search(State(app): State<Arc<App>>, uri: Uri) -> Result<Packable> {
    answer(&app, Request::Search, body::query(&uri)?).await
}

pub(super) async fn post_search(
    _: body::NoQuery,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    sent: body::Sent,
) -> Result<Packable> {
    let question = body::json(&headers, sent, MAX_BYTES).await?;
    answer(&app, Request::Search, question).await
}

pub(super) async fn get_related(State(app): State<Arc<App>>, uri: Uri) -> Result<Packable> {
    answer(&app, Request::Related, body::query(&uri)?).await
}

pub(super) async fn post_related(
    _: body::NoQuery,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    sent: body::Sent,
) -> Result<Packable> {
    let question = body::json(&headers, sent, MAX_BYTES).await?;
    answer(&app, Request::Related, question).await
}

#[derive(Debug, Clone, Copy)]
enum Request {
    Search,
    Related,
}

/// The answer, from before if it was asked before.
async fn answer(app: &App, request: Request, question: Question) -> Result<Packable> {
    let shelf = app.room.shelf(question.library.as_deref())?;
    // Before it can be taken for another one.
    question.options()?;
    let mut key = Key {
        library: shelf.number,
        generation: shelf.generation(),
        request: match request {
            Request::Search => "search",
            Request::Related => "related",
        },
        question: serde_json::to_string(&question).unwrap_or_default(),
    };
    let known = app.answers.get(&key);
    app.metrics.looked_up(known.is_some());
    if let Some(known) = known {
        return Ok(Packable(known));
    }
    let answer = match request {
        Request::Search => asked::search(&app.room.desk, shelf, question).await,
        Request::Related => asked::related(&app.room.desk, shelf, question).await,
    }?;
    let json = serde_json::to_vec(&answer.json).unwrap_or_default();
    // It is kept: without what the writing left free.
    let packed = Arc::new(Packed::json(json.into_boxed_slice()));
    key.generation = answer.generation;
    app.answers.keep(key, Arc::clone(&packed));
    Ok(Packable(packed))
}
