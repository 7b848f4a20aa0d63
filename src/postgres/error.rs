//! What can go wrong with a library on PostgreSQL, and what a person can do about it.

use tokio_postgres::error::SqlState;

use super::ServerUrl;

/// Why a library on PostgreSQL could not be read or written. No message holds a password.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address can't be understood.
    #[error("`{url}` is no address of a database: {detail}")]
    Url {
        /// The address.
        url: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The certificates that a person names.
    #[error("the connection to `{url}` can't be encrypted: {detail}")]
    Certificate {
        /// The address.
        url: String,
        /// Why.
        detail: String,
    },
    /// Nobody answers.
    #[error("`{url}` can't be reached: {detail}")]
    Unreachable {
        /// The address.
        url: String,
        /// Why.
        detail: String,
    },
    /// The server doesn't let this user in.
    #[error("`{url}` refuses the user: {detail}")]
    Refused {
        /// The address.
        url: String,
        /// What the server says.
        detail: String,
    },
    /// There is no such database.
    #[error("the server of `{url}` has no such database: {detail}")]
    NoDatabase {
        /// The address.
        url: String,
        /// What the server says.
        detail: String,
    },
    /// The extension is missing, or too old.
    #[error("the server of `{url}` has no pgvector of version 0.8 or later: {detail}")]
    NoVectors {
        /// The address.
        url: String,
        /// What was found.
        detail: String,
    },
    /// The server is too old.
    #[error("the server of `{url}` is PostgreSQL {found}, and 15 or later is needed")]
    OldServer {
        /// The address.
        url: String,
        /// Its version.
        found: String,
    },
    /// There is a library already.
    #[error("there is a library at `{url}` already")]
    Exists {
        /// The address.
        url: String,
    },
    /// A newer topoi made the tables.
    #[error(
        "the library at `{url}` is of format version {found}, and this topoi reads versions up to {known}"
    )]
    Newer {
        /// The address.
        url: String,
        /// Its version.
        found: i64,
        /// The highest that is known.
        known: i64,
    },
    /// The connection broke, or the server went away, while something was being done.
    #[error("the connection to `{url}` was lost: {detail}")]
    Lost {
        /// The address.
        url: String,
        /// What happened.
        detail: String,
    },
    /// It took too long.
    #[error("`{url}` took too long to answer: {detail}")]
    TooSlow {
        /// The address.
        url: String,
        /// What the server says.
        detail: String,
    },
    /// Nothing can be written.
    #[error("`{url}` can't be written to: {detail}")]
    Unwritable {
        /// The address.
        url: String,
        /// What the server says.
        detail: String,
    },
    /// This user may not do that.
    #[error("the user may not do that at `{url}`: {detail}")]
    Forbidden {
        /// The address.
        url: String,
        /// What the server says.
        detail: String,
    },
    /// What is stored is not what topoi stores.
    #[error("the library at `{url}` is damaged: {detail}")]
    Damaged {
        /// The address.
        url: String,
        /// What was found.
        detail: String,
    },
    /// Two programs changed the same at once, and this one gave way.
    #[error("another program was changing the same at `{url}`: {detail}")]
    Conflict {
        /// The address.
        url: String,
        /// What the server says.
        detail: String,
    },
    /// The server reports something else.
    #[error("`{url}` reports an error: {detail}")]
    Other {
        /// The address.
        url: String,
        /// What the server says.
        detail: String,
    },
}

impl ServerError {
    /// What a failed statement or connection means.
    pub(super) fn of(url: &ServerUrl, error: &tokio_postgres::Error) -> Self {
        let (url, detail) = (url.to_string(), detail(error));
        let Some(code) = error.code() else {
            return if error.is_closed() || is_broken(error) {
                Self::Lost { url, detail }
            } else {
                Self::Other { url, detail }
            };
        };
        match code.code() {
            "0A000" | "58P01" if detail.contains("vector") => Self::NoVectors { url, detail },
            "28P01" | "28000" => Self::Refused { url, detail },
            "3D000" => Self::NoDatabase { url, detail },
            "42501" => Self::Forbidden { url, detail },
            "57014" | "55P03" => Self::TooSlow { url, detail },
            "25006" | "53100" | "58030" => Self::Unwritable { url, detail },
            "40001" | "40P01" => Self::Conflict { url, detail },
            "53300" | "57P03" => Self::Unreachable { url, detail },
            code if code.starts_with("08") || code.starts_with("57P") => Self::Lost { url, detail },
            _ => Self::Other { url, detail },
        }
    }

    /// What a call for a connection that failed means.
    pub(super) fn of_connecting(url: &ServerUrl, error: &tokio_postgres::Error) -> Self {
        match Self::of(url, error) {
            Self::Lost { url, detail } | Self::Other { url, detail } => {
                Self::Unreachable { url, detail }
            }
            error => error,
        }
    }

    /// Whether the same may succeed if it is done again.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Lost { .. } | Self::Unreachable { .. } | Self::Conflict { .. }
        )
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Url { .. } => "write `postgres://USER@HOST:PORT/DATABASE`".into(),
            Self::Certificate { .. } => "name the certificates that are trusted with `?sslmode=verify-full&sslrootcert=FILE`".into(),
            Self::Unreachable { .. } => "see that the server runs, that the host and the port are right, and that it takes connections from here".into(),
            Self::Refused { .. } => "see that the user and the password are right; the variable PGPASSWORD holds the password where the address has none".into(),
            Self::NoDatabase { .. } => "make it with `createdb`, or name another".into(),
            Self::NoVectors { .. } => "install pgvector 0.8 or later on the server, and let `CREATE EXTENSION vector` be run in the database by somebody who may".into(),
            Self::OldServer { .. } => "upgrade the server".into(),
            Self::Exists { .. } => "go on with it as it is, or name another database".into(),
            Self::Newer { .. } => "use the newer topoi that made it".into(),
            Self::Lost { .. } => "nothing was left half done; run the command again, and it goes on from there".into(),
            Self::TooSlow { .. } => "run the command again when the server has less to do, or allow more with `?options=-c%20statement_timeout%3D10min`".into(),
            Self::Unwritable { .. } => "nothing was changed; make room, or name a server that can be written to (`?target_session_attrs=read-write`)".into(),
            Self::Forbidden { .. } => "let somebody who may grant it, or connect as another user".into(),
            Self::Damaged { .. } => "`topoi check` says what is damaged".into(),
            Self::Conflict { .. } => "run the command again".into(),
            Self::Other { .. } => return None,
        })
    }
}

/// What an error says, with its causes, on one line.
pub(super) fn detail(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        let mut text = error.message().to_owned();
        if let Some(more) = error
            .detail()
            .filter(|_| *error.code() != SqlState::UNIQUE_VIOLATION)
        {
            text.push_str(&format!(" ({more})"));
        }
        return text.replace('\n', " ");
    }
    let mut causes = vec![error.to_string()];
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        cause = error.source();
    }
    causes.join(": ")
}

fn is_broken(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>())
}
