//! What is known of the hosts that were asked: when they were, what their sites ask for, and how long they are left alone.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use mail_parser::DateTime;

use super::robots::Robots;
use super::{Address, FetchError};

/// How long to wait between two requests to a host that doesn't say.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a `robots.txt` is believed (RFC 9309 asks for a day at most).
const ROBOTS_FOR: Duration = Duration::from_hours(24);

/// How long it is believed that it can't be read.
const NO_ROBOTS_FOR: Duration = Duration::from_mins(10);

/// The longest wait for a host that asks to be left alone, before the next address is turned to instead.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The longest time that a host is left alone for because it asks so.
const LONGEST_RETRY: Duration = Duration::from_hours(24);

/// How often it is asked, while waiting, whether the user wants to stop.
const TICK: Duration = Duration::from_millis(50);

type RobotsRead = Result<Robots, FetchError>;

#[derive(Debug, Default)]
pub(super) struct Hosts {
    asked: HashMap<String, Instant>,
    left_alone_until: HashMap<String, Instant>,
    robots: HashMap<String, (Instant, RobotsRead)>,
}

impl Hosts {
    /// Waits until a host may be asked again.
    pub(super) fn wait(
        &self,
        address: &Address,
        pause: Option<Duration>,
        interrupted: fn() -> bool,
    ) -> Result<(), FetchError> {
        let now = Instant::now();
        let host = address.host();
        if let Some(until) = self.left_alone_until.get(host) {
            let left = until.saturating_duration_since(now);
            if left > LONGEST_WAIT {
                return Err(FetchError::LeftAlone(left));
            }
        }
        let after_pause = self
            .asked
            .get(host)
            .map(|asked| *asked + pause.unwrap_or(PAUSE).max(PAUSE));
        let until = after_pause
            .max(self.left_alone_until.get(host).copied())
            .unwrap_or(now);
        while Instant::now() < until {
            if interrupted() {
                return Err(FetchError::Interrupted);
            }
            std::thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }

    /// Remembers that a host was asked just now.
    pub(super) fn asked(&mut self, address: &Address) {
        self.asked.insert(address.host().to_owned(), Instant::now());
    }

    /// Remembers that a host asks to be left alone.
    pub(super) fn leave_alone(&mut self, address: &Address, wait: Duration) {
        let until = Instant::now() + wait;
        self.left_alone_until
            .insert(address.host().to_owned(), until);
    }

    /// What is known of the `robots.txt` of an origin.
    pub(super) fn robots(&self, origin: &str) -> Option<RobotsRead> {
        let (read, robots) = self.robots.get(origin)?;
        let believed = if robots.is_ok() {
            ROBOTS_FOR
        } else {
            NO_ROBOTS_FOR
        };
        (read.elapsed() < believed).then(|| robots.clone())
    }

    pub(super) fn keep_robots(&mut self, origin: String, robots: RobotsRead) {
        self.robots.insert(origin, (Instant::now(), robots));
    }
}

/// How long a server asks to be left alone: a number of seconds, or a time.
pub(super) fn retry_after(header: Option<String>) -> Option<Duration> {
    let header = header?;
    let wait = match header.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let then = DateTime::parse_rfc822(&header).filter(DateTime::is_valid)?;
            let then = u64::try_from(then.to_timestamp()).ok()?;
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            Duration::from_secs(then.saturating_sub(now.ok()?.as_secs()))
        }
    };
    Some(wait.min(LONGEST_RETRY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(header: &str) -> Option<Duration> {
        retry_after(Some(header.to_owned()))
    }

    #[test]
    fn a_server_says_how_long_to_wait_in_seconds_or_by_a_time() {
        assert_eq!(after("120"), Some(Duration::from_secs(120)));
        assert_eq!(after("999999999"), Some(LONGEST_RETRY));
        assert_eq!(after("Thu, 14 May 2020 10:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(after("Sat, 14 May 2180 10:00:00 GMT"), Some(LONGEST_RETRY));
        for none in ["soon", "-5", "", "Thu, 99 May 2020"] {
            assert_eq!(after(none), None, "{none}");
        }
        assert_eq!(retry_after(None), None);
    }

    #[test]
    fn a_host_that_wants_to_be_left_alone_is() {
        let address: Address = "https://example.org/a".parse().unwrap();
        let mut hosts = Hosts::default();
        assert_eq!(hosts.wait(&address, None, || false), Ok(()));
        hosts.leave_alone(&address, Duration::from_secs(600));
        assert!(matches!(
            hosts.wait(&address, None, || false),
            Err(FetchError::LeftAlone(_))
        ));
        let other: Address = "https://example.net/a".parse().unwrap();
        hosts.asked(&other);
        assert_eq!(
            hosts.wait(&other, None, || true),
            Err(FetchError::Interrupted)
        );
    }
}
