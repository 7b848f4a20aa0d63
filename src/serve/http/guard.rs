//! Who may ask.
//!
//! On this machine's own address every program may. What stands between a library and a web page that somebody has open is
//! this: a request must name this server as its host, so that no name which was made to lead here afterwards (DNS
//! rebinding) does, and if it comes from a page, that page must be the server's own or one that was allowed.
//!
//! On any other address a token is needed, as `Authorization: Bearer …`, or as a cookie for which the token is given once.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{App, body, page};
use crate::serve::failure::{Failure, Result};

/// The name of the cookie.
const COOKIE: &str = "topoi_session";

/// How many browsers can be let in with a cookie; after that the oldest ones must give the token again.
const MOST_SESSIONS: usize = 1000;

/// A request for a session is no longer than this.
const MAX_BYTES: usize = 4 << 10;

/// For how many seconds a browser needn't ask again what another page may do.
const PREFLIGHT_SECONDS: &str = "600";

/// Who may ask.
pub(crate) struct Guard {
    /// The digest of the token that is needed.
    token: Option<[u8; 32]>,
    /// Names of this server, apart from its addresses and `localhost`.
    names: HashSet<String>,
    /// Pages of other servers that may ask.
    origins: HashSet<String>,
    /// The digests of the cookies that were given out, the oldest first.
    sessions: Mutex<Vec<[u8; 32]>>,
}

impl Guard {
    pub(crate) fn new(token: Option<&str>, names: &[String], origins: &[String]) -> Self {
        Self {
            token: token.map(digest),
            names: names.iter().map(|name| name.to_lowercase()).collect(),
            origins: origins.iter().cloned().collect(),
            sessions: Mutex::default(),
        }
    }

    /// Refuses a host that isn't this server.
    fn check_host(&self, headers: &HeaderMap, uri: &Uri) -> Result<()> {
        let named = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let named = uri
            .authority()
            .map(|authority| authority.as_str())
            .or(named);
        let name = named.map(without_port).unwrap_or_default().to_lowercase();
        // An address can't be made to lead elsewhere.
        let is_address = name
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok();
        if is_address || name == "localhost" || self.names.contains(&name) {
            return Ok(());
        }
        Err(Failure {
            code: Some("unknown_host"),
            ..Failure::forbidden(format!(
                "this server isn't known as “{name}”: start it with `--name {name}` if it is to be"
            ))
        })
    }

    /// Refuses pages of other servers; says which of those that are allowed it is.
    fn check_origin(&self, request: &Request) -> Result<Option<HeaderValue>> {
        let headers = request.headers();
        let Some(origin) = headers.get(header::ORIGIN) else {
            let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
            let mode = headers.get("sec-fetch-mode").map(HeaderValue::as_bytes);
            // A link from anywhere may lead to the page; nothing else comes from other sites.
            let is_link = mode == Some(b"navigate") && page::is_public(request.uri().path());
            if site == Some(b"cross-site") && !is_link {
                return Err(Failure::forbidden("pages of other sites may not ask here"));
            }
            return Ok(None);
        };
        let named = origin.to_str().unwrap_or_default();
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let own = named
            .strip_prefix("http://")
            .or_else(|| named.strip_prefix("https://"));
        if own.is_some() && own == host {
            return Ok(None);
        }
        if self.origins.contains(named) {
            return Ok(Some(origin.clone()));
        }
        Err(Failure {
            code: Some("unknown_origin"),
            ..Failure::forbidden(format!(
                "pages of “{named}” may not ask here: start the server with `--cors {named}` if they are to"
            ))
        })
    }

    /// Refuses who needs a token and has none.
    fn check_token(&self, headers: &HeaderMap) -> Result<()> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let given = headers.get(header::AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme
                .eq_ignore_ascii_case("bearer")
                .then_some(token.trim())
        });
        if given.is_some_and(|given| is(&digest(given), token)) {
            return Ok(());
        }
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if cookies(headers).any(|cookie| {
            let cookie = digest(cookie);
            sessions.iter().any(|session| is(&cookie, session))
        }) {
            return Ok(());
        }
        Err(Failure {
            code: Some("token_needed"),
            ..Failure::new(
                StatusCode::UNAUTHORIZED,
                "a token is needed: send it as `Authorization: Bearer TOKEN`",
            )
        })
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Whether two digests are the same; takes equally long whether they are or not.
fn is(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.ct_eq(b).into()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// What the session's cookie holds, as often as it was sent.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::COOKIE).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

/// Lets through who may ask.
pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let guard = &app.guard;
    let headers = request.headers();
    let checked = guard
        .check_host(headers, request.uri())
        .and_then(|()| guard.check_origin(&request));
    let other = match checked {
        Ok(other) => other,
        Err(failure) => return failure.into_response(),
    };
    let is_preflight = other.is_some()
        && request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight {
        [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization, content-type, mcp-protocol-version, mcp-method, mcp-name",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS),
        ]
        .into_response()
    } else if page::is_public(request.uri().path()) {
        next.run(request).await
    } else {
        match guard.check_token(headers) {
            Ok(()) => next.run(request).await,
            Err(failure) => failure.into_response(),
        }
    };
    if let Some(origin) = other {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    token: String,
}

/// Gives a browser that knows the token a cookie, which its scripts can't read.
pub(super) async fn begin_session(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    sent: body::Sent,
) -> Result<Response> {
    let Asked { token } = body::json(&headers, sent, MAX_BYTES).await?;
    let Some(needed) = &app.guard.token else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    if !is(&digest(&token), needed) {
        return Err(Failure {
            code: Some("token_wrong"),
            ..Failure::new(StatusCode::UNAUTHORIZED, "this is not the token")
        });
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| {
        let message = format!("there are no random numbers: {error}");
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    })?;
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut sessions = app
        .guard
        .sessions
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if sessions.len() == MOST_SESSIONS {
        sessions.remove(0);
    }
    sessions.push(digest(&secret));
    let cookie = format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Takes the cookie back.
pub(super) async fn end_session(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let gone: Vec<[u8; 32]> = cookies(&headers).map(digest).collect();
    let mut sessions = app
        .guard
        .sessions
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    sessions.retain(|session| !gone.contains(session));
    let cookie = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn asking(method: &str, uri: &str, headers: &[(&str, &str)]) -> Request {
        let request = Request::builder().method(method).uri(uri);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        request.body(Body::empty()).unwrap()
    }

    fn host(host: &str, guard: &Guard) -> bool {
        let request = asking("GET", "/v1/search", &[("host", host)]);
        guard.check_host(request.headers(), request.uri()).is_ok()
    }

    #[test]
    fn only_names_of_the_server_lead_to_it() {
        let guard = Guard::new(None, &["archive.example".into()], &[]);
        for known in [
            "localhost",
            "localhost:7788",
            "127.0.0.1:7788",
            "[::1]:7788",
            "[::1]",
            "192.168.1.7",
            "Archive.example:80",
        ] {
            assert!(host(known, &guard), "{known}");
        }
        for unknown in [
            "evil.example:7788",
            "",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
        ] {
            assert!(!host(unknown, &guard), "{unknown}");
        }
    }

    #[test]
    fn pages_of_other_servers_may_not_ask() {
        let guard = Guard::new(None, &[], &["https://friend.example".into()]);
        let ask = |origin: &str| {
            let headers = [("host", "localhost:7788"), ("origin", origin)];
            guard.check_origin(&asking("POST", "/v1/search", &headers))
        };
        assert!(ask("http://localhost:7788").unwrap().is_none());
        assert!(ask("https://friend.example").unwrap().is_some());
        for other in [
            "http://localhost:80",
            "http://evil.example",
            "null",
            "localhost:7788",
        ] {
            assert!(ask(other).is_err(), "{other}");
        }
        let cross = [("host", "localhost:7788"), ("sec-fetch-site", "cross-site")];
        assert!(
            guard
                .check_origin(&asking("GET", "/v1/themes", &cross))
                .is_err()
        );
        let link = [cross[0], cross[1], ("sec-fetch-mode", "navigate")];
        assert!(guard.check_origin(&asking("GET", "/", &link)).is_ok());
    }

    #[test]
    fn a_token_that_is_needed_must_be_right() {
        let guard = Guard::new(Some("secret"), &[], &[]);
        let ask = |headers: &[(&str, &str)]| {
            guard.check_token(asking("GET", "/v1/search", headers).headers())
        };
        assert!(ask(&[("authorization", "Bearer secret")]).is_ok());
        assert!(ask(&[("authorization", "bearer  secret")]).is_ok());
        for wrong in [
            "Bearer secre",
            "Bearer secrets",
            "Basic secret",
            "secret",
            "Bearer",
        ] {
            assert!(ask(&[("authorization", wrong)]).is_err(), "{wrong}");
        }
        assert!(ask(&[("cookie", "topoi_session=secret")]).is_err());
        assert!(ask(&[]).is_err());
    }
}
