//! What goes wrong with a request, in the form that OpenAI's interface has, so that its clients can read it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use topoi::Error;
use topoi::store::StoreError;
use topoi_models::EncodeError;

use super::desk::Refusal;

/// When whoever was refused for want of room may come again, in seconds.
const RETRY_AFTER: u32 = 1;

/// Why a request is not answered.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    /// What a person at a terminal can do about it.
    pub(crate) hint: Option<String>,
    pub(crate) code: Option<&'static str>,
    pub(crate) param: Option<&'static str>,
    /// In how many seconds to try again.
    pub(crate) retry_after: Option<u32>,
}

#[derive(Serialize)]
struct ErrorJson {
    error: Body,
}

#[derive(Serialize)]
struct Body {
    message: String,
    r#type: &'static str,
    code: Option<&'static str>,
    param: Option<&'static str>,
}

/// The result of a request.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            hint: None,
            code: None,
            param: None,
            retry_after: None,
        }
    }

    /// The request can't be understood, or asks for what there isn't.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A field of the request has a value that it can't have.
    pub(crate) fn field(param: &'static str, message: impl Into<String>) -> Self {
        Self {
            param: Some(param),
            ..Self::bad(message)
        }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self {
            code: Some("not_found"),
            ..Self::new(StatusCode::NOT_FOUND, message)
        }
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self {
            code: Some("not_allowed"),
            ..Self::new(StatusCode::FORBIDDEN, message)
        }
    }

    /// It can't be done now.
    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self {
            retry_after: Some(RETRY_AFTER),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
        }
    }

    /// The library holds nothing yet.
    pub(crate) fn empty() -> Self {
        Self {
            code: Some("library_empty"),
            ..Self::new(
                StatusCode::CONFLICT,
                "the library holds no articles yet: add some with `topoi index FILE_OR_FOLDER`",
            )
        }
    }

    /// What is wrong, and what can be done about it.
    pub(crate) fn told(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}: {hint}", self.message),
            None => self.message.clone(),
        }
    }

    /// The text of the error.
    pub(crate) fn json(&self) -> Vec<u8> {
        let error = Body {
            message: self.told(),
            r#type: match self.status {
                StatusCode::UNAUTHORIZED => "authentication_error",
                StatusCode::FORBIDDEN => "permission_error",
                StatusCode::NOT_FOUND => "not_found_error",
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => "overloaded_error",
                status if status.is_server_error() => "server_error",
                _ => "invalid_request_error",
            },
            code: self.code,
            param: self.param,
        };
        // Strings can always be written.
        serde_json::to_vec(&ErrorJson { error }).unwrap_or_default()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            message = format!("{message}: {next}");
            cause = next.source();
        }
        let hint = error.hint();
        let failure = match error {
            Error::NoPassage(_) | Error::NoArticle(_) | Error::NoTheme(_) => {
                Self::not_found(message)
            }
            Error::Query(_) => Self::field("q", message),
            Error::NoParagraph => Self::field("text", message),
            Error::Themes(_) => Self::bad(message),
            Error::Empty(_) => return Self::empty(),
            // Nobody else stops what a worker does.
            Error::Late | Error::Encode(EncodeError::Cancelled { .. }) => {
                return Refusal::Late.into();
            }
            error => {
                tracing::error!(%error, "a library fails");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
            }
        };
        Self { hint, ..failure }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Busy => Self::busy("too many questions wait already: try again in a second"),
            Refusal::Closing => Self::busy("the server is being stopped"),
            Refusal::Late => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "the answer took too long: ask for less, or try again later",
            ),
            Refusal::Broken => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the answer broke down: this is a fault in topoi",
            ),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        let mut response =
            (self.status, [(header::CONTENT_TYPE, json)], self.json()).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
