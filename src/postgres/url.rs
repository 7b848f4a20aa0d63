//! The address of a library on PostgreSQL.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::ServerError;

/// How long to wait for a server to answer a call for a connection, where the address doesn't say.
const CONNECT: Duration = Duration::from_secs(10);

/// How long data may stay unacknowledged before a connection is given up: a server that has vanished says nothing.
const VANISHED: Duration = Duration::from_secs(60);

/// The address of a library on PostgreSQL, `postgres://USER@HOST:PORT/DATABASE?…`. Its password is not shown.
///
/// It is what libpq takes, with several hosts and their parameters; of `sslmode`, `verify-full` and what is weaker.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl {
    /// As it was given, with its password.
    full: String,
    /// The same without.
    shown: String,
}

/// How a connection is to be encrypted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Encryption {
    /// Whether the server must show a certificate for its name.
    pub(super) verified: bool,
    /// The certificates that are trusted, where not those of the system.
    pub(super) roots: Option<PathBuf>,
}

impl ServerUrl {
    /// `None` where it is no address of a server.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let (scheme, rest) = typed.split_once("://")?;
        if !matches!(scheme, "postgres" | "postgresql") {
            return None;
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let authority = match authority.rsplit_once('@') {
            Some((user, hosts)) => {
                let name = user.split_once(':').map_or(user, |(name, _)| name);
                format!("{name}@{hosts}")
            }
            None => authority.to_owned(),
        };
        Some(Self {
            full: typed.to_owned(),
            shown: format!("{scheme}://{authority}{}", without_password(path)),
        })
    }

    /// The name of the database; that of the user where none is named.
    #[must_use]
    pub fn database(&self) -> &str {
        let (_, rest) = self.shown.split_once("://").unwrap_or_default();
        let (rest, _) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let user = authority.split_once('@').map_or("", |(user, _)| user);
        [path, user, "library"]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default()
    }

    /// The same with a password, where it has none.
    #[must_use]
    pub fn with_password(&self, password: &str) -> Self {
        let Some((scheme, rest)) = self.full.split_once("://") else {
            return self.clone();
        };
        let encoded: String =
            url::form_urlencoded::byte_serialize(password.as_bytes()).collect::<String>();
        let encoded = encoded.replace('+', "%20");
        let full = match rest.split_once('@') {
            Some((user, hosts)) if !user.contains([':', '/', '?']) => {
                format!("{scheme}://{user}:{encoded}@{hosts}")
            }
            _ => return self.clone(),
        };
        Self {
            full,
            shown: self.shown.clone(),
        }
    }

    /// What to connect with.
    pub(super) fn config(&self) -> Result<(Config, Encryption), ServerError> {
        let invalid = |detail: String| ServerError::Url {
            url: self.shown.clone(),
            detail,
        };
        let (base, query) = self.full.split_once('?').unwrap_or((&self.full, ""));
        let mut encryption = Encryption::default();
        let mut mode = None;
        let mut kept = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match (&*name, &*value) {
                ("sslmode", "verify-full" | "verify-ca") => {
                    encryption.verified = true;
                    mode = Some(SslMode::Require);
                }
                ("sslmode", "allow" | "prefer") => mode = Some(SslMode::Prefer),
                ("sslrootcert", path) => encryption.roots = Some(PathBuf::from(path)),
                _ => kept.push((name.into_owned(), value.into_owned())),
            }
        }
        let mut url = base.to_owned();
        for (name, value) in kept.iter() {
            let sign = if url.contains('?') { '&' } else { '?' };
            let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            url.push_str(&format!("{sign}{name}={}", value.replace('+', "%20")));
        }
        let mut config =
            Config::from_str(&url).map_err(|error| invalid(super::error::detail(&error)))?;
        if let Some(mode) = mode {
            config.ssl_mode(mode);
        }
        // A certificate to be compared with is a wish that it is.
        encryption.verified |= encryption.roots.is_some();
        if config.get_hosts().is_empty() {
            return Err(invalid("it names no host".into()));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("topoi");
        }
        config.tcp_user_timeout(VANISHED);
        Ok((config, encryption))
    }
}

/// The part behind the hosts, without a password among its parameters.
fn without_password(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let kept = query
        .split('&')
        .filter(|pair| !pair.to_ascii_lowercase().starts_with("password="));
    let kept: Vec<&str> = kept.collect();
    if kept.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", kept.join("&"))
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_kept_and_not_shown() {
        for (full, shown) in [
            ("postgres://a:s3cret@h:5/db", "postgres://a@h:5/db"),
            (
                "postgresql://a:s3%40cret@h,i/db?x=1",
                "postgresql://a@h,i/db?x=1",
            ),
            (
                "postgres://h/db?user=a&password=s3cret",
                "postgres://h/db?user=a",
            ),
            ("postgres://h/db?password=s3cret", "postgres://h/db"),
            ("postgres://a:s3@cret@h/db", "postgres://a@h/db"),
        ] {
            let url = ServerUrl::parse(full).unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("s3"), "{url:?}");
        }
        let config = |typed| ServerUrl::parse(typed).unwrap().config().unwrap().0;
        let config = config("postgres://a:s3%40cret@h:5,i:6/db?target_session_attrs=read-write");
        assert_eq!(config.get_password(), Some(&b"s3@cret"[..]));
        assert_eq!(config.get_ports(), [5, 6]);
    }

    #[test]
    fn what_is_no_server_is_a_folder() {
        for folder in [
            "library",
            "postgres",
            "./postgres:/x",
            "http://h/x",
            "mysql://h/x",
        ] {
            assert_eq!(ServerUrl::parse(folder), None, "{folder}");
        }
    }

    #[test]
    fn a_password_that_is_added_is_the_one_that_is_used() {
        let url = ServerUrl::parse("postgres://a@h/db?x=1").unwrap();
        let with = url.with_password("p w/+@:%");
        assert_eq!(with.to_string(), url.to_string());
        let (config, _) = ServerUrl::parse("postgres://a@h/db")
            .unwrap()
            .with_password("p w/+@:%")
            .config()
            .unwrap();
        assert_eq!(config.get_password(), Some("p w/+@:%".as_bytes()));
    }

    #[test]
    fn verification_is_understood() {
        let encryption = |typed| ServerUrl::parse(typed).unwrap().config().unwrap();
        assert!(encryption("postgres://h/d?sslmode=verify-full").1.verified);
        assert!(!encryption("postgres://h/d?sslmode=require").1.verified);
        let (config, with) = encryption("postgres://h/d?sslmode=require&sslrootcert=/c.pem");
        assert!(with.verified && config.get_ssl_mode() == SslMode::Require);
        assert!(ServerUrl::parse("postgres:///d").unwrap().config().is_err());
        assert!(
            ServerUrl::parse("postgres://h/d?sslmode=odd")
                .unwrap()
                .config()
                .is_err()
        );
    }
}
