//! Errors of the command line itself, and the hints of all errors.

use topoi::search::QueryError;
use topoi_models::{AcquireError, DistilError, EncodeError, LoadError};

/// Something that can't be done as it was asked, and what to do instead.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

/// What the user can do about a query: a shell takes quotation marks away, and a sign for the beginning of an option.
fn query_hint(error: &QueryError) -> String {
    match error {
        QueryError::Empty => error.hint().to_owned(),
        _ => format!(
            "{}; type the whole query between single quotes: `topoi search 'tariffs -steel'`",
            error.hint()
        ),
    }
}

/// What the user can do about an error: the first hint that it or one of its causes has.
pub(crate) fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            failure.hint.clone()
        } else if let Some(topoi::Error::Query(error)) = cause.downcast_ref() {
            Some(query_hint(error))
        } else if let Some(error) = cause.downcast_ref::<topoi::Error>() {
            error.hint()
        } else if let Some(error) = cause.downcast_ref::<topoi::store::StoreError>() {
            error.hint()
        } else if let Some(error) = cause.downcast_ref::<AcquireError>() {
            error.hint()
        } else if let Some(error) = cause.downcast_ref::<LoadError>() {
            error.hint()
        } else if let Some(error) = cause.downcast_ref::<EncodeError>() {
            error.hint()
        } else if let Some(error) = cause.downcast_ref::<DistilError>() {
            error.hint()
        } else {
            None
        }
    })
}
