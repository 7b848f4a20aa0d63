//! JSON files of a model's folder, read whole.

use std::fs;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::LoadError;

/// Reads the JSON file at `path`, which holds a `what`.
pub(crate) fn read_json<T: DeserializeOwned>(
    path: &Path,
    what: &'static str,
) -> Result<T, LoadError> {
    match read_optional_json(path, what)? {
        Some(value) => Ok(value),
        None => Err(LoadError::Missing {
            path: path.to_owned(),
            purpose: what,
        }),
    }
}

/// Reads the JSON file at `path`, which holds a `what`; `None` where there is no such file.
pub(crate) fn read_optional_json<T: DeserializeOwned>(
    path: &Path,
    what: &'static str,
) -> Result<Option<T>, LoadError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(LoadError::Read {
                path: path.to_owned(),
                source,
            });
        }
    };
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(Some(value)),
        Err(source) => Err(LoadError::Json {
            path: path.to_owned(),
            what,
            source,
        }),
    }
}
