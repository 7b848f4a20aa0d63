//! Reading what a request brings along: so much, so long, and of the right kind.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::App;
use crate::serve::failure::{Failure, Result};
use crate::serve::lock;

/// How many bytes of bodies there can be at the same time, and of files that are sent: these have a room of their own, so that
/// slow ones keep no questions out.
const MOST_AT_ONCE: usize = 64 << 20;
const MOST_OF_FILES: usize = 192 << 20;

/// Where files are sent to.
pub(super) const INDEX_ROUTE: &str = "/v1/index";

/// The room for bodies, in bytes.
pub(super) struct Rooms {
    bodies: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            bodies: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            files: Arc::new(Semaphore::new(MOST_OF_FILES)),
        }
    }
}

/// What a request's body takes of the room: as much as has come of it, until the request is answered.
#[derive(Clone)]
struct Taken {
    room: Arc<Semaphore>,
    permit: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl Taken {
    /// Takes so many bytes more, if there is room.
    fn take(&self, bytes: usize) -> Result<()> {
        let more = u32::try_from(bytes)
            .ok()
            .and_then(|bytes| Arc::clone(&self.room).try_acquire_many_owned(bytes).ok());
        let more = more.ok_or_else(|| {
            Failure::busy("too much is being sent at once: try again in a second")
        })?;
        match &mut *lock(&self.permit) {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

/// Lets what comes of a request's body be counted.
pub(super) async fn make_room(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let is_file = route.is_some_and(|route| route.as_str() == INDEX_ROUTE);
    let rooms = &app.rooms_for_bodies;
    let room = if is_file { &rooms.files } else { &rooms.bodies };
    let taken = Taken {
        room: Arc::clone(room),
        permit: Arc::default(),
    };
    request.extensions_mut().insert(taken.clone());
    let answer = next.run(request).await;
    drop(taken);
    answer
}

/// A body that is still to be read.
pub(super) struct Sent {
    body: Body,
    taken: Option<Taken>,
}

impl Sent {
    pub(super) fn new(parts: &Parts, body: Body) -> Self {
        Self {
            body,
            taken: parts.extensions.get().cloned(),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> std::result::Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        Ok(Self::new(&parts, body))
    }
}

/// How much of a body that is too large is passed over, and for how long, before it is refused.
const MOST_DRAINED: usize = 64 << 20;
const DRAINING: Duration = Duration::from_secs(2);

/// A part of the address that can be anything.
pub(super) struct Part(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(part)| Self(part))
            .map_err(|_| Failure::bad("the address is no UTF-8"))
    }
}

/// That nothing stands behind a question mark, where nothing there would have an effect.
pub(super) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        match parts.uri.query() {
            None | Some("") => Ok(Self),
            Some(_) => Err(Failure::bad(
                "this address takes nothing behind a question mark",
            )),
        }
    }
}

/// How long a body of JSON may take to arrive.
const TIME: Duration = Duration::from_secs(30);

/// All of a body of at most so many bytes, if it comes in time and there is room.
pub(super) async fn read(sent: Sent, most: usize, time: Duration) -> Result<Bytes> {
    // As far as its length was announced.
    if sent.body.size_hint().lower() > most as u64 {
        drain(sent.body).await;
        return Err(too_large(most));
    }
    match tokio::time::timeout(time, collect(sent, most)).await {
        Ok(collected) => collected,
        Err(_) => Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body did not come within {} s", time.as_secs()),
        )),
    }
}

async fn collect(sent: Sent, most: usize) -> Result<Bytes> {
    let Sent { mut body, taken } = sent;
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Failure::bad(format!("the body can't be read: {error}")))?;
        // Trailers say nothing that is needed here.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > most {
            return Err(too_large(most));
        }
        if let Some(taken) = &taken {
            taken.take(data.len())?;
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.into())
}

fn too_large(most: usize) -> Failure {
    Failure {
        code: Some("body_too_large"),
        ..Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body has more than {} KiB", most >> 10),
        )
    }
}

/// Passes over what is being sent, for a while: most clients read an answer only once they have sent everything.
async fn drain(mut body: Body) {
    let pass_over = async {
        let mut left = MOST_DRAINED;
        while left > 0
            && let Some(Ok(frame)) = body.frame().await
        {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        }
    };
    let _ = tokio::time::timeout(DRAINING, pass_over).await;
}

/// A body of JSON.
pub(super) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    sent: Sent,
    most: usize,
) -> Result<T> {
    if !is_json(headers) {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body is to be JSON: say so with `Content-Type: application/json`",
        ));
    }
    let bytes = read(sent, most, TIME).await?;
    // A list would be taken for the fields in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Failure::bad(
            "the body is not as it should be: an object, not a list",
        ));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::bad(format!("the body is not as it should be: {error}")))
}

/// Whether the body is said to be JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    kind.and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// What stands behind the question mark.
pub(super) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T> {
    Query::try_from_uri(uri)
        .map(|Query(asked)| asked)
        .map_err(|error| Failure::bad(error.body_text()))
}
