//! Addresses on the web.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use url::Url;

/// How many bytes an address has, at most: servers refuse longer ones (RFC 9110, 4.1, asks for 8,000 to be taken).
const MOST_BYTES: usize = 8000;

/// The address of something on the web: `http` or `https`, without a fragment.
///
/// Its text is normal (`HTTP://Example.org` is `http://example.org/`), so that a page has one path in a library.
///
/// ```
/// use topoi::fetch::Address;
///
/// let address: Address = "https://Example.org/essays/harbour.html#top".parse()?;
/// assert_eq!(address.to_string(), "https://example.org/essays/harbour.html");
/// # Ok::<(), topoi::fetch::AddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Url);

/// Why a text is not the address of something that can be fetched. It fits behind the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address at all.
    #[error("is not an address of the web: {0}")]
    Malformed(String),
    /// It is fetched by another protocol.
    #[error("begins with `{0}:`, and only `http:` and `https:` are fetched")]
    Scheme(String),
    /// It holds a name or password, which would be kept in the library for everyone to see.
    #[error("holds a name or password, which the library would show: leave it out")]
    Credentials,
    /// Nobody would answer to it.
    #[error("has {0} bytes, and {MOST_BYTES} is the most")]
    TooLong(usize),
}

/// Whether a path is meant as an address: it begins with a scheme and `//`.
#[must_use]
pub fn is_address(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}

impl Address {
    pub(super) fn new(mut url: Url) -> Result<Self, AddressError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        url.set_fragment(None);
        if url.as_str().len() > MOST_BYTES {
            return Err(AddressError::TooLong(url.as_str().len()));
        }
        Ok(Self(url))
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The last part of its path, which stands for the name of a file: `harbour.html`.
    #[must_use]
    pub fn file_name(&self) -> Option<&Path> {
        let last = self.0.path_segments()?.next_back()?;
        (!last.is_empty()).then(|| Path::new(last))
    }

    /// Where another address leads that stands in what was fetched from this one.
    ///
    /// # Errors
    ///
    /// Where that is no address of the web.
    pub fn join(&self, to: &str) -> Result<Self, AddressError> {
        let url = self.0.join(to);
        url.map_err(|error| AddressError::Malformed(error.to_string()))
            .and_then(Self::new)
    }

    pub(super) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether it names this machine itself.
    pub(super) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(number)) => number.is_loopback(),
            Some(url::Host::Ipv6(number)) => number.is_loopback(),
            None => false,
        }
    }

    /// Scheme, host and port: what one `robots.txt` speaks for.
    pub(super) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Path and query, as they are asked for.
    pub(super) fn path_and_query(&self) -> &str {
        // The fragment is dropped already.
        &self.0[url::Position::BeforePath..]
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text.trim());
        url.map_err(|error| AddressError::Malformed(error.to_string()))
            .and_then(Self::new)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_told_from_paths() {
        for text in [
            "https://example.org/a",
            "HTTP://x",
            "ftp://x",
            "file:///etc/passwd",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in ["notes.txt", "a/b://c", "C://notes", "://", "https:/x", ""] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn an_address_has_one_spelling() {
        for (text, normal) in [
            ("HTTPS://Example.ORG", "https://example.org/"),
            ("https://example.org:443/a/../b#c", "https://example.org/b"),
            ("http://0x7f.1/", "http://127.0.0.1/"),
            ("https://example.org/a?b=c", "https://example.org/a?b=c"),
        ] {
            assert_eq!(address(text).as_str(), normal, "{text}");
        }
        assert_eq!(
            address("https://example.org/a?b=c#d").path_and_query(),
            "/a?b=c"
        );
        assert_eq!(address("https://example.org").path_and_query(), "/");
        assert_eq!(
            address("https://example.org/a/b.txt?c=d").file_name(),
            Some(Path::new("b.txt"))
        );
        assert_eq!(address("https://example.md").file_name(), None);
    }

    #[test]
    fn what_is_not_fetched_is_refused() {
        let error = |text: &str| text.parse::<Address>().unwrap_err();
        assert_eq!(
            error("ftp://example.org/"),
            AddressError::Scheme("ftp".into())
        );
        let long = format!("https://example.org/{}", "a".repeat(MOST_BYTES));
        assert_eq!(error(&long), AddressError::TooLong(MOST_BYTES + 20));
        assert_eq!(
            error("https://ada:secret@example.org/"),
            AddressError::Credentials
        );
        assert!(matches!(error("https://"), AddressError::Malformed(_)));
        assert!(matches!(
            address("https://example.org/").join("javascript:alert(1)"),
            Err(AddressError::Scheme(_))
        ));
    }

    #[test]
    fn this_machine_is_known_by_all_its_names() {
        for text in [
            "http://localhost/",
            "http://a.localhost/",
            "http://127.1/",
            "http://[::1]/",
        ] {
            assert!(address(text).is_loopback(), "{text}");
        }
        assert!(!address("http://localhost.example.org/").is_loopback());
    }
}
