//! Why something could not be fetched.

use std::net::IpAddr;
use std::time::Duration;

/// Why an address gave nothing.
///
/// The text of each says what is wrong and, where something can be done, what; it fits behind the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The server answered, but not with what was asked for.
    #[error("answered {status}{}{}", named(reason), asks(*retry_after))]
    Status {
        /// The number of the status.
        status: u16,
        /// What the status is called.
        reason: &'static str,
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// Its host has asked to be left alone, and the time is not over.
    #[error("was not asked: its host asks to be left alone for {} seconds more", whole_seconds(*.0))]
    LeftAlone(Duration),
    /// The site asks programs to leave it alone.
    #[error("is not for programs: {robots} says so")]
    Disallowed {
        /// The address of its `robots.txt`.
        robots: String,
    },
    /// Whether the site asks programs to leave it alone is not known.
    #[error("was not asked, since {robots} {reason}: try again later")]
    NoRobots {
        /// The address of its `robots.txt`.
        robots: String,
        /// What is wrong with that.
        reason: Box<FetchError>,
    },
    /// It leads to a machine that is not of the public internet.
    #[error("leads to {number}, {what}: if it is meant, say `--allow-private`")]
    NotPublic {
        /// One of the addresses that it leads to.
        number: IpAddr,
        /// What that is, with its article.
        what: &'static str,
    },
    /// What it holds is larger than the limit.
    #[error("holds more than {} MiB: raise the limit with `--max-file-size`", limit >> 20)]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// No connection was made in time.
    #[error("can't be reached within {} seconds", whole_seconds(*.0))]
    Unreachable(Duration),
    /// The answer was not complete in time.
    #[error("took longer than {} seconds to answer: give it more with `--timeout`", whole_seconds(*.0))]
    TooSlow(Duration),
    /// Nobody knows the host.
    #[error("has a host that is not known: check how it is written, and the connection")]
    UnknownHost,
    /// It redirects on and on.
    #[error("redirects more than {0} times")]
    Redirects(usize),
    /// It redirects to something that is not fetched.
    #[error("redirects to `{to}`, which {reason}")]
    BadRedirect {
        /// Where to.
        to: String,
        /// Why that is not fetched.
        reason: String,
    },
    /// Anything else between here and there.
    #[error("can't be fetched: {0}")]
    Connection(String),
    /// The user stopped it.
    #[error("was not fetched: interrupted")]
    Interrupted,
}

impl FetchError {
    /// Whether the same is to be expected the next time, so that a page needn't be asked for again soon.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Status { status, .. } => status / 100 == 4 && !matches!(*status, 408 | 429),
            Self::Disallowed { .. }
            | Self::NotPublic { .. }
            | Self::TooLarge { .. }
            | Self::Redirects(_)
            | Self::BadRedirect { .. } => true,
            _ => false,
        }
    }

    /// How long the server asks to be left alone, where it does.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::LeftAlone(wait) => Some(*wait),
            _ => None,
        }
    }
}

fn named(reason: &str) -> String {
    match reason {
        "" => String::new(),
        reason => format!(" {reason}"),
    }
}

fn asks(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |wait| {
        format!(
            ", and asks to be left alone for {} seconds",
            whole_seconds(wait)
        )
    })
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
