//! Asking a hub for a file, and going where it sends us.
//!
//! A hub sends small files itself, or from another of its own addresses. For a large one it says what the file is
//! (`X-Linked-Etag` is its SHA-256, `X-Linked-Size` its size) and redirects to another host, which gets no token.
//! So redirects are followed by hand.

use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::header::{AUTHORIZATION, CONTENT_RANGE, ETAG, LOCATION, RANGE};
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::{Agent, Body};
use url::Url;

use super::{HubError, STALL_FACTOR};

/// The public hub.
const PUBLIC: &str = "https://huggingface.co";

/// How many redirects are followed, one after another: a renamed repository, a cache and a store come to three.
const MOST_REDIRECTS: usize = 10;

/// Asks a hub for files.
pub(super) struct Client {
    agent: Agent,
    endpoint: Url,
    token: Option<String>,
    timeout: Duration,
}

/// A file that begins to come.
pub(super) struct Answer {
    /// The commit that it is of, where the hub names one.
    pub(super) commit: Option<String>,
    /// What tells its content from another, as the hub says.
    pub(super) tag: Option<String>,
    /// How many bytes it has in all, as was announced first.
    pub(super) size: Option<u64>,
    /// How many bytes it has in all, as whoever sends it says.
    pub(super) length: Option<u64>,
    /// From which byte on it comes.
    pub(super) start: u64,
    pub(super) body: Body,
    /// Its SHA-256, where the hub gives it.
    pub(super) sha256: Option<String>,
}

/// What was said of a file on the way to it.
#[derive(Default)]
struct Told {
    commit: Option<String>,
    /// The tag of what a redirect leads to.
    linked: Option<String>,
    /// The tag of the hub's own last answer.
    own: Option<String>,
    size: Option<u64>,
}

impl Client {
    /// A client of the hub at `endpoint`, the public one where that is `None`, that waits so long for an answer.
    pub(super) fn new(
        endpoint: Option<&str>,
        token: Option<String>,
        timeout: Duration,
    ) -> Result<Self, HubError> {
        let endpoint = Url::parse(endpoint.unwrap_or(PUBLIC).trim_end_matches('/'))
            .ok()
            .filter(is_of_the_web)
            .ok_or_else(|| {
                // Not repeated, since a password may be in it.
                HubError::Unreachable("the hub's address isn't one of the web".to_owned())
            })?;
        let config = Config::builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("topoi/", env!("CARGO_PKG_VERSION")))
            // Packed bytes have other sizes and other ranges.
            .accept_encoding("identity")
            .timeout_per_read(Some(timeout * STALL_FACTOR))
            .timeout_per_write(Some(timeout))
            .build();
        Ok(Self {
            agent: config.new_agent(),
            endpoint,
            token,
            timeout,
        })
    }

    /// Asks for `file` of the repository `name` at `revision`, from the byte `start` on.
    pub(super) fn ask(
        &self,
        name: &str,
        revision: &str,
        file: &str,
        start: u64,
    ) -> Result<Answer, HubError> {
        let deadline = Instant::now() + self.timeout;
        let mut here = self.address(name, revision, file);
        let mut told = Told::default();
        let mut at_home = true;
        for _ in 0..=MOST_REDIRECTS {
            // Whoever has left the hub doesn't come back to it: others then choose what it is asked.
            at_home &= here.origin() == self.endpoint.origin();
            let response = self.request(&here, start, at_home, deadline)?;
            told.listen(response.headers(), at_home);
            let status = response.status();
            if matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
                return told.answer(response);
            }
            let location = header(response.headers(), LOCATION.as_str());
            let Some(location) = location.filter(|_| redirects(status)) else {
                return Err(refusal(status));
            };
            here = here
                .join(location)
                .ok()
                .filter(is_of_the_web)
                .ok_or_else(incomprehensible)?;
        }
        Err(HubError::Unreachable(format!(
            "the hub redirects more than {MOST_REDIRECTS} times"
        )))
    }

    /// Where the hub has a file. A slash in a revision belongs to its name.
    fn address(&self, name: &str, revision: &str, file: &str) -> Url {
        let mut address = self.endpoint.clone();
        // Never an error: what is of the web has a path.
        if let Ok(mut path) = address.path_segments_mut() {
            path.pop_if_empty()
                .extend(name.split('/'))
                .extend(["resolve", revision])
                .extend(file.split('/'));
        }
        address
    }

    fn request(
        &self,
        address: &Url,
        start: u64,
        at_home: bool,
        deadline: Instant,
    ) -> Result<Response<Body>, HubError> {
        let left = deadline
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1));
        let mut request = self
            .agent
            .get(address.as_str())
            .config()
            .timeout_resolve(Some(left))
            .timeout_connect(Some(left))
            .timeout_send_request(Some(left))
            .timeout_recv_response(Some(left))
            .build();
        if let Some(token) = self.token.as_ref().filter(|_| at_home) {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        // `If-Range` is of no use: the host that has the bytes gives them tags of its own.
        if start > 0 {
            request = request.header(RANGE, format!("bytes={start}-"));
        }
        request.call().map_err(|error| match error {
            ureq::Error::Timeout(_) => HubError::silent(self.timeout),
            error => HubError::Unreachable(format!("request error: {error}")),
        })
    }
}

impl Told {
    /// Takes note of what one answer says, of the hub itself or of whoever it leads to.
    fn listen(&mut self, headers: &HeaderMap, at_home: bool) {
        let said = |name| header(headers, name);
        if self.commit.is_none() {
            self.commit = said("x-repo-commit").and_then(|commit| hexadecimal(commit, 40));
        }
        if self.linked.is_none() {
            self.linked = said("x-linked-etag").map(str::to_owned);
        }
        if self.size.is_none() {
            self.size = said("x-linked-size").and_then(|size| size.parse().ok());
        }
        if at_home && let Some(tag) = said(ETAG.as_str()) {
            self.own = Some(tag.to_owned());
        }
    }

    /// The file that the last answer holds.
    fn answer(self, response: Response<Body>) -> Result<Answer, HubError> {
        let (start, length) = if response.status() == StatusCode::PARTIAL_CONTENT {
            header(response.headers(), CONTENT_RANGE.as_str())
                .and_then(range)
                .ok_or_else(incomprehensible)?
        } else {
            (0, response.body().content_length())
        };
        let tag = self.linked.or(self.own);
        let sha256 = tag.as_deref().and_then(|tag| {
            let opaque = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
            hexadecimal(opaque, 64)
        });
        Ok(Answer {
            commit: self.commit,
            // A weak tag holds for other bytes too.
            tag: tag.filter(|tag| !tag.starts_with("W/")),
            size: self.size.or(length),
            length,
            start,
            body: response.into_body(),
            sha256,
        })
    }
}

fn is_of_the_web(address: &Url) -> bool {
    matches!(address.scheme(), "http" | "https")
}

fn redirects(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Which kind of failure a status is.
fn refusal(status: StatusCode) -> HubError {
    let reason = format!("request error: http status: {}", status.as_u16());
    match status {
        StatusCode::NOT_FOUND => HubError::NotFound(reason),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => HubError::Refused(reason),
        // Asked for what comes after the end.
        StatusCode::RANGE_NOT_SATISFIABLE => HubError::StalePart(reason),
        _ => HubError::Unreachable(reason),
    }
}

fn incomprehensible() -> HubError {
    HubError::Unreachable("the hub answered in a way that can't be understood".to_owned())
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    str::from_utf8(headers.get(name)?.as_bytes()).ok()
}

/// `text` in lower case, if it is so many hexadecimal digits and nothing else.
fn hexadecimal(text: &str, digits: usize) -> Option<String> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| text.to_ascii_lowercase())
}

/// The first byte of a range, and how many the whole has: `bytes 500-999/1000`.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, whole) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let whole = match whole {
        "*" => None,
        number => Some(number.parse().ok()?),
    };
    Some((start.parse().ok()?, whole))
}
