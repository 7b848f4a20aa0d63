//! The record of a verified folder: each file's digest, with the size and time it had when it was computed.
//!
//! Hashing 90 MB takes longer than answering a query, so a file is hashed again only when its size or its time
//! of modification has changed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::digest::{file_sha256, hex};

/// What is known of the files in a folder. Written as `pin.toml` beside a model in topoi's cache, and under
/// `stamps/` for folders that aren't topoi's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// The commit that the files were taken from.
    pub(crate) revision: Option<String>,
    /// Where they came from, in words, for people who look into the file.
    pub(crate) origin: String,
    /// By path within the folder, with `/` between the parts.
    pub(crate) files: BTreeMap<String, FileStamp>,
}

/// A file's digest, and what it looked like then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileStamp {
    pub(crate) sha256: String,
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i64,
}

impl FileStamp {
    /// Hashes the file at `path`.
    pub(crate) fn take(path: &Path) -> io::Result<Self> {
        // Looked at first: a file that changes while it is read is hashed again the next time.
        let (size, modified) = look(path)?;
        Ok(Self {
            sha256: file_sha256(path)?,
            size,
            modified,
        })
    }

    /// Notes how the file at `path`, which hasn't changed otherwise, looks now.
    pub(crate) fn refresh(&mut self, path: &Path) -> io::Result<()> {
        (self.size, self.modified) = look(path)?;
        Ok(())
    }

    /// Whether the file at `path` looks as it did then.
    pub(crate) fn still_fits(&self, path: &Path) -> io::Result<bool> {
        Ok(look(path)? == (self.size, self.modified))
    }
}

fn look(path: &Path) -> io::Result<(u64, i64)> {
    let metadata = fs::metadata(path)?;
    let modified = metadata
        .modified()?
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or(0);
    Ok((metadata.len(), modified))
}

impl Stamp {
    /// Reads the record at `path`; `None` where there is none.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text)
                .map(Some)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the record to `path`, whole or not at all.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let text = toml::to_string(self)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let file = tempfile::NamedTempFile::new_in(folder)?;
        fs::write(file.path(), text)?;
        file.persist(path)?;
        Ok(())
    }

    /// The digest of the files `paths` as one: a single file's own, or that of the list of theirs.
    pub(crate) fn digest_of(&self, paths: &[String]) -> Option<String> {
        let digests = paths
            .iter()
            .map(|path| Some((path, &self.files.get(path)?.sha256)))
            .collect::<Option<Vec<_>>>()?;
        match digests.as_slice() {
            [(_, single)] => Some((*single).clone()),
            several => {
                let mut hasher = Sha256::new();
                for (path, digest) in several {
                    hasher.update(format!("{digest}  {path}\n"));
                }
                Some(hex(&hasher.finalize()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_being_written_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weights");
        fs::write(&file, "abc").unwrap();
        let mut stamp = Stamp {
            revision: Some("main".to_owned()),
            origin: "a test".to_owned(),
            files: BTreeMap::new(),
        };
        stamp.files.insert(
            "1_Pooling/config.json".to_owned(),
            FileStamp::take(&file).unwrap(),
        );
        let path = folder.path().join("stamps/pin.toml");
        stamp.write(&path).unwrap();
        assert_eq!(Stamp::read(&path).unwrap(), Some(stamp));
        assert_eq!(Stamp::read(&folder.path().join("none")).unwrap(), None);
    }

    #[test]
    fn a_file_that_grew_no_longer_fits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weights");
        fs::write(&file, "abc").unwrap();
        let stamp = FileStamp::take(&file).unwrap();
        assert!(stamp.still_fits(&file).unwrap());
        fs::write(&file, "abcd").unwrap();
        assert!(!stamp.still_fits(&file).unwrap());
    }
}
