//! Reading what a request brings along: so much, so long, and of the right kind.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use serde::de::DeserializeOwned;

use crate::serve::failure::{Failure, Result};

/// How long a body of JSON may take to arrive.
const TIME: Duration = Duration::from_secs(30);

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
