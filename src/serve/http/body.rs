//! Reading what a request brings along: so much, so long, and of the right kind.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use topoi::ingest;

use super::App;
use crate::serve::failure::{Failure, Result};

/// How many bytes of bodies can be read at the same time, in units of so many; no body takes more than the largest file.
const MOST_AT_ONCE: u64 = 256 << 20;
const ROOM_UNIT: u64 = 1 << 10;
const MOST_EACH: u64 = ingest::DEFAULT_MAX_FILE_SIZE;

/// The room for bodies, in its units.
pub(super) fn room() -> Semaphore {
    Semaphore::new(usize::try_from(MOST_AT_ONCE / ROOM_UNIT).unwrap_or(Semaphore::MAX_PERMITS))
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

/// Lets a request in if there is room for its body among those that are being read.
pub(super) async fn make_room(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let bytes = match announced {
        Some(bytes) => bytes.min(MOST_EACH),
        None if headers.contains_key(header::TRANSFER_ENCODING) => MOST_EACH,
        None => 0,
    };
    let needed = u32::try_from(bytes.div_ceil(ROOM_UNIT)).unwrap_or(u32::MAX);
    match Arc::clone(&app.room_for_bodies).try_acquire_many_owned(needed) {
        Ok(room) => {
            let answer = next.run(request).await;
            drop(room);
            answer
        }
        Err(_) => {
            Failure::busy("too much is being sent at once: try again in a second").into_response()
        }
    }
}

/// All of a body of at most so many bytes, if it comes in time.
pub(super) async fn read(body: Body, most: usize, time: Duration) -> Result<Bytes> {
    let too_large = || Failure {
        code: Some("body_too_large"),
        ..Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body has more than {} KiB", most >> 10),
        )
    };
    // As far as its length was announced.
    if body.size_hint().lower() > most as u64 {
        drain(body).await;
        return Err(too_large());
    }
    let read = Limited::new(body, most).collect();
    match tokio::time::timeout(time, read).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Failure::bad(format!("the body can't be read: {error}"))),
        Err(_) => Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body did not come within {} s", time.as_secs()),
        )),
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
    body: Body,
    most: usize,
) -> Result<T> {
    if !is_json(headers) {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body is to be JSON: say so with `Content-Type: application/json`",
        ));
    }
    let bytes = read(body, most, TIME).await?;
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
