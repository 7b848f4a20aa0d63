//! A library on servers: PostgreSQL with pgvector.
//!
//! | file | what |
//! |---|---|
//! | `url`, `tls`, `database` | addresses, encryption, connections |
//! | `schema`, `layout` | the tables, and on which servers they are |
//! | `records`, `sql` | files, articles and passages, and filters |
//! | `values` | vectors and words as PostgreSQL has them |
//! | `finder`, `words` | candidates: by meaning, and by words |
//! | `served` | all of it as a library |
//! | `writer`, `loading`, `totals` | changes, what is written of articles, and the sums that they keep true |
//! | `rights`, `queue`, `pending` | who may write, what waits for workers, and what one that died leaves behind |
//! | `watch`, `check` | whether something has changed, or is damaged |
//!
//! The servers keep what a folder keeps, as exactly: vectors as the same whole numbers, words as the same stems. Where all
//! vectors are compared, they are the same answers. A question is answered by statements that each see the library as it is
//! then; what is removed in between is left out.

mod check;
mod database;
mod error;
mod finder;
mod layout;
mod loading;
mod pending;
mod queue;
mod records;
mod rights;
mod schema;
mod served;
mod sql;
mod tls;
mod totals;
mod url;
mod values;
mod watch;
mod words;
mod writer;

pub(crate) use check::{check, compact, drop_damaged};
pub(crate) use database::Database;
pub use error::ServerError;
pub use layout::{Layout, init};
pub(crate) use served::Served;
pub use url::ServerUrl;
pub(crate) use watch::{Revision, Watch};
pub(crate) use writer::Writer;

use crate::store::StoreError;

/// Whether there is a library at `url`.
pub(crate) fn exists(url: &ServerUrl) -> Result<bool, StoreError> {
    match Database::open(url) {
        Ok(_) => Ok(true),
        Err(StoreError::Missing { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes an empty library at `url`, or leaves the one there as it is.
pub(crate) fn create(url: &ServerUrl) -> Result<(), StoreError> {
    Database::create(url).map(drop)
}
