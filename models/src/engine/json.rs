//! Files of a model's folder that are read whole: the JSON ones.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::LoadError;

/// How large such a file may be. The largest tokenisers, of 260,000 tokens, have 35 MB; everything else is below 1 MB, but for
/// lists of the tensors in several files.
const MOST_BYTES: u64 = 256 << 20;

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
    let bytes = match read_whole(path) {
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

/// The bytes of a file that isn't too large.
pub(crate) fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    // A device or a pipe has no size, so it is seen while reading.
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        let reason = format!("it has more than {} MiB", MOST_BYTES >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_no_json() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let file = File::create(&path).unwrap();
        // It takes no room on the disk.
        file.set_len(MOST_BYTES + 1).unwrap();
        let error = read_json::<serde_json::Value>(&path, "configuration").unwrap_err();
        let LoadError::Read { source, .. } = error else {
            panic!("{error}");
        };
        assert!(source.to_string().contains("256 MiB"), "{source}");
    }
}
