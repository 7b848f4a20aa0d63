//! `/v1/index`: taking articles in.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use topoi::ingest;

use super::library::json;
use super::{App, body};
use crate::serve::failure::{Failure, Result};
use crate::serve::jobs::{JobJson, Source};
use crate::serve::packed::Packable;

/// How large a list of paths may be.
const MAX_BYTES: usize = 1 << 20;

/// How long a file may take to arrive.
const UPLOAD_TIME: Duration = Duration::from_secs(600);

/// How many paths can be named at once.
const MOST_PATHS: usize = 1000;

/// How often something is sent, so that a connection isn't taken for dead.
const ALIVE: Duration = Duration::from_secs(15);

/// Progress is told at most so often.
const PACE: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    library: Option<String>,
    /// What the file that is sent is called.
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paths {
    paths: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Answer {
    job: JobJson,
}

pub(super) async fn begin(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    sent: body::Sent,
) -> Result<Response> {
    let asked: Asked = body::query(&uri)?;
    let shelf = app.room.shelf(asked.library.as_deref())?;
    let source = match asked.name {
        Some(name) => {
            // Before the file has been sent in vain.
            let none = bytes::Bytes::new();
            app.jobs.check(Source::Upload {
                name: name.clone(),
                bytes: none,
            })?;
            let most = usize::try_from(ingest::DEFAULT_MAX_FILE_SIZE).unwrap_or(usize::MAX);
            let bytes = body::read(sent, most, UPLOAD_TIME).await?;
            Source::Upload { name, bytes }
        }
        None if body::is_json(&headers) => {
            let Paths { paths } = body::json(&headers, sent, MAX_BYTES).await?;
            if !(1..=MOST_PATHS).contains(&paths.len()) {
                let message = format!("`paths` names {}: 1 to {MOST_PATHS}", paths.len());
                return Err(Failure::field("paths", message));
            }
            Source::Paths(paths)
        }
        None => {
            let message = "send a file, and say what it is called with `?name=report.pdf`, \
                or JSON that names `paths`";
            return Err(Failure::field("name", message));
        }
    };
    let job = app.jobs.add(shelf, source)?;
    let place = [(header::LOCATION, format!("/v1/index/{}", job.id))];
    Ok((StatusCode::ACCEPTED, place, json(&Answer { job })).into_response())
}

pub(super) async fn job(
    _: body::NoQuery,
    State(app): State<Arc<App>>,
    body::Part(id): body::Part,
) -> Result<Packable> {
    let job = app.jobs.follow(&id)?.borrow().clone();
    Ok(json(&Answer { job }))
}

pub(super) async fn cancel(
    _: body::NoQuery,
    State(app): State<Arc<App>>,
    body::Part(id): body::Part,
) -> Result<Packable> {
    let job = app.jobs.cancel(&id)?;
    Ok(json(&Answer { job }))
}

/// Tells how a job goes on, until it is over.
pub(super) async fn events(
    _: body::NoQuery,
    State(app): State<Arc<App>>,
    body::Part(id): body::Part,
) -> Result<Sse<impl Stream<Item = std::result::Result<Event, Infallible>>>> {
    let follow = Some((app.jobs.follow(&id)?, Duration::ZERO));
    let events = stream::unfold(follow, async |follow| {
        let (mut states, pause) = follow?;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
            // The job's state outlives those who follow it.
            states.changed().await.ok()?;
        }
        let job = states.borrow_and_update().clone();
        let is_over = job.state.is_over();
        let data = serde_json::to_string(&Answer { job }).unwrap_or_default();
        let name = if is_over { "end" } else { "progress" };
        let event = Event::default().event(name).data(data);
        Some((Ok(event), (!is_over).then_some((states, PACE))))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE)))
}
