//! Fetching pages and feeds from the web, as a guest: one request at a time, with pauses, and only where guests are welcome.
//!
//! Only the public internet is reached (`guard`), what a site's `robots.txt` asks is kept to (`robots`), and what was fetched
//! before is only asked for again as "if it has changed".

mod address;
mod error;
mod guard;
mod hosts;
mod robots;

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use ureq::http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, Proxy, Timeout};

pub use address::{Address, AddressError, is_address};
pub use error::FetchError;

use crate::ingest::Hints;
use crate::store::Validators;
use guard::{NotPublic, PublicOnly};
use hosts::Hosts;
use robots::Robots;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many redirects are followed, one after another. RFC 9309 asks for five at least.
const MOST_REDIRECTS: usize = 5;

/// What is liked best. Everything is taken, since much is called what it is not.
const ACCEPT: &str = "text/html, application/xhtml+xml, application/atom+xml, application/rss+xml, \
    application/feed+json, text/markdown, */*;q=0.8";

/// The longest text of a header that is kept.
const LONGEST_HEADER: usize = 1024;

/// How things are fetched.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether machines that are not of the public internet may be asked too.
    pub allow_private: bool,
    /// The largest body that is taken, in bytes, unpacked.
    pub max_bytes: u64,
    /// How long an answer may take, from the connection to the last byte, redirects included.
    pub timeout: Duration,
    /// What stands between here and the internet. It is only used with `allow_private`, since it is the proxy that connects,
    /// and nobody here sees where to.
    pub proxy: Option<Proxy>,
    /// Whether the user wants to stop. Asked while waiting.
    pub interrupted: fn() -> bool,
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The content, unpacked.
    pub bytes: Vec<u8>,
    /// Where it was in the end, after redirects.
    pub address: Address,
    /// What the server says it is: `text/html; charset=utf-8`.
    pub media_type: Option<String>,
    /// By what to ask whether it has changed.
    pub validators: Validators,
}

impl Fetched {
    /// What is known of it beside its bytes, and what a person says of all files.
    #[must_use]
    pub fn hints(&self, said: &Hints) -> Hints {
        Hints {
            path: self.address.file_name().map(Path::to_owned),
            media_type: self.media_type.clone(),
            address: Some(self.address.to_string()),
            ..said.clone()
        }
    }
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The content.
    Fetched(Box<Fetched>),
    /// It is as it was.
    Unchanged,
}

/// Fetches from the web. It keeps to what the sites ask for as long as it lives.
#[derive(Debug)]
pub struct Fetcher {
    agent: Agent,
    options: Options,
    hosts: Hosts,
}

impl Fetcher {
    /// A fetcher that has asked nobody yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let config = Agent::config_builder()
            // Followed by hand, so that each target is looked at.
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("topoi/", env!("CARGO_PKG_VERSION")))
            .accept(ACCEPT)
            .timeout_connect(Some(CONNECT_TIMEOUT.min(options.timeout)))
            .proxy(options.proxy.clone().filter(|_| options.allow_private))
            .build();
        let connector = DefaultConnector::default();
        let agent = if options.allow_private {
            Agent::with_parts(config, connector, DefaultResolver::default())
        } else {
            Agent::with_parts(config, connector, PublicOnly::default())
        };
        Self {
            agent,
            options,
            hosts: Hosts::default(),
        }
    }

    /// Fetches what is at an address, unless it is as it was when the server gave it these validators.
    ///
    /// # Errors
    ///
    /// A [`FetchError`] that says why there is nothing.
    pub fn fetch(&mut self, address: &Address, known: &Validators) -> Result<Answer, FetchError> {
        let pause = self.robots(address)?.delay();
        self.hosts.wait(address, pause, self.options.interrupted)?;
        let deadline = Instant::now() + self.options.timeout;
        let mut here = address.clone();
        let answer = self.follow(&mut here, known, deadline, true);
        self.hosts.asked(address);
        self.hosts.asked(&here);
        if let Err(error) = &answer
            && let Some(wait) = error.retry_after()
        {
            self.hosts.leave_alone(&here, wait);
        }
        match answer? {
            Some(response) => self.take(response, here),
            None => Ok(Answer::Unchanged),
        }
    }

    /// Asks, and goes where the answer points to. `None` where nothing has changed.
    fn follow(
        &mut self,
        here: &mut Address,
        known: &Validators,
        deadline: Instant,
        by_robots: bool,
    ) -> Result<Option<Response<Body>>, FetchError> {
        for _ in 0..=MOST_REDIRECTS {
            let response = self.ask(here, known, deadline)?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED && !known.is_empty() {
                return Ok(None);
            }
            if status.is_success() {
                return Ok(Some(response));
            }
            let location =
                header(response.headers(), &LOCATION).filter(|_| status.is_redirection());
            let Some(to) = location else {
                return Err(FetchError::Status {
                    status: status.as_u16(),
                    reason: status.canonical_reason().unwrap_or_default(),
                    retry_after: hosts::retry_after(header(response.headers(), &RETRY_AFTER)),
                });
            };
            *here = here.join(&to).map_err(|reason| FetchError::BadRedirect {
                to,
                reason: reason.to_string(),
            })?;
            if by_robots {
                self.robots(here)?;
            }
        }
        Err(FetchError::Redirects(MOST_REDIRECTS))
    }

    fn ask(
        &self,
        address: &Address,
        known: &Validators,
        deadline: Instant,
    ) -> Result<Response<Body>, FetchError> {
        if (self.options.interrupted)() {
            return Err(FetchError::Interrupted);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let mut config = self
            .agent
            .get(address.as_str())
            .config()
            .timeout_global(Some(left.max(Duration::from_millis(1))));
        if address.is_loopback() {
            // A proxy's own loopback isn't ours.
            config = config.proxy(None);
        }
        let mut request = config.build();
        for (name, value) in [
            (IF_NONE_MATCH, &known.etag),
            (IF_MODIFIED_SINCE, &known.last_modified),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request.call().map_err(|error| self.explain(error))
    }

    /// Takes an answer's content, within the limit.
    fn take(&self, mut response: Response<Body>, address: Address) -> Result<Answer, FetchError> {
        let limit = self.options.max_bytes;
        let headers = response.headers();
        let length = header(headers, &CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        if length.is_some_and(|length| length > limit) {
            return Err(FetchError::TooLarge { limit });
        }
        let media_type = header(headers, &CONTENT_TYPE);
        let validators = Validators {
            etag: header(headers, &ETAG),
            last_modified: header(headers, &LAST_MODIFIED),
        };
        let body = response.body_mut().with_config();
        let bytes = body
            .limit(limit.saturating_add(1))
            .read_to_vec()
            .map_err(|error| self.explain(error))?;
        if bytes.len() as u64 > limit {
            return Err(FetchError::TooLarge { limit });
        }
        Ok(Answer::Fetched(Box::new(Fetched {
            bytes,
            address,
            media_type,
            validators,
        })))
    }

    /// What the site of an address asks of programs, if this address is not among what it asks to leave alone.
    fn robots(&mut self, address: &Address) -> Result<Robots, FetchError> {
        let origin = address.origin();
        let file = format!("{origin}/robots.txt");
        let known = match self.hosts.robots(&origin) {
            Some(known) => known,
            None => {
                let read = self.read_robots(&file);
                if matches!(read, Err(FetchError::Interrupted)) {
                    return read;
                }
                self.hosts.keep_robots(origin, read.clone());
                read
            }
        };
        match known {
            Ok(robots) if robots.allows(address.path_and_query()) => Ok(robots),
            Ok(_) => Err(FetchError::Disallowed {
                robots: format!("`{file}`"),
            }),
            // What is wrong with the host is wrong with the page, and said of the page.
            Err(
                error @ (FetchError::NotPublic { .. }
                | FetchError::UnknownHost
                | FetchError::Unreachable(_)
                | FetchError::Connection(_)),
            ) => Err(error),
            Err(reason) => Err(FetchError::NoRobots {
                robots: format!("`{file}`"),
                reason: Box::new(reason),
            }),
        }
    }

    fn read_robots(&mut self, file: &str) -> Result<Robots, FetchError> {
        let Ok(mut here) = file.parse::<Address>() else {
            return Ok(Robots::default());
        };
        let deadline = Instant::now() + self.options.timeout;
        let response = match self.follow(&mut here, &Validators::default(), deadline, false) {
            Ok(Some(response)) => response,
            Ok(None) => return Ok(Robots::default()),
            // Where there is none, everything is allowed; but "too many requests" says nothing of that.
            Err(FetchError::Status { status, .. }) if status / 100 == 4 && status != 429 => {
                return Ok(Robots::default());
            }
            Err(FetchError::Redirects(_) | FetchError::BadRedirect { .. }) => {
                return Ok(Robots::default());
            }
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        let body = response.into_body().into_with_config();
        let mut body = body.limit(u64::MAX).reader().take(robots::READ);
        match body.read_to_end(&mut bytes) {
            Ok(_) => Ok(Robots::parse(&bytes)),
            Err(error) => Err(match error.downcast::<ureq::Error>() {
                Ok(error) => self.explain(error),
                Err(error) => FetchError::Connection(error.to_string()),
            }),
        }
    }

    /// What an error of the connection is.
    fn explain(&self, error: ureq::Error) -> FetchError {
        match error {
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                FetchError::Unreachable(CONNECT_TIMEOUT.min(self.options.timeout))
            }
            ureq::Error::Timeout(_) => FetchError::TooSlow(self.options.timeout),
            ureq::Error::BodyExceedsLimit(_) => FetchError::TooLarge {
                limit: self.options.max_bytes,
            },
            ureq::Error::HostNotFound => FetchError::UnknownHost,
            ureq::Error::Other(error) => match error.downcast::<NotPublic>() {
                Ok(refused) => FetchError::NotPublic {
                    number: refused.number,
                    what: refused.what,
                },
                Err(error) => FetchError::Connection(error.to_string()),
            },
            ureq::Error::Io(error) => match error.downcast::<ureq::Error>() {
                Ok(error) => self.explain(error),
                Err(error) => FetchError::Connection(self.connection(&error)),
            },
            error => FetchError::Connection(error.to_string()),
        }
    }

    /// What the system says of a connection, and whether a proxy would have helped.
    fn connection(&self, error: &std::io::Error) -> String {
        let proxy = match self.options.proxy.is_some() && !self.options.allow_private {
            true => {
                "; the proxy that the environment names is used only with `--allow-private`, since topoi can't see where it \
                 connects to"
            }
            false => "",
        };
        format!("{error}{proxy}")
    }
}

/// The text of a header, if it is one and not too long.
fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && value.len() <= LONGEST_HEADER).then(|| value.to_owned())
}
