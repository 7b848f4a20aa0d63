//! What has come of files so far, under names of our own.
//!
//! ```text
//! downloads/<file>-<tag>.part    can be gone on from while the hub gives the file the same tag
//! downloads/<file>-.once         the hub gave it none that tells one content from another
//! ```
//!
//! `<file>` and `<tag>` are digests, so that nothing that a hub says can be a path.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::digest::hex;

/// What an earlier attempt left of a file.
pub(super) struct Part {
    pub(super) path: PathBuf,
    /// How many bytes it has, one at least.
    pub(super) length: u64,
}

impl Part {
    /// What was left of `file`, if that can be gone on from.
    pub(super) fn left(downloads: &Path, file: &str) -> Option<Self> {
        all(downloads, file)
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "part")
            })
            .find_map(|path| {
                let length = fs::symlink_metadata(&path).ok()?.len();
                (length > 0).then_some(Self { path, length })
            })
    }
}

/// Where `file` goes while it comes.
pub(super) fn place(downloads: &Path, file: &str, tag: Option<&str>) -> PathBuf {
    let name = match tag {
        Some(tag) => format!("{}{}.part", prefix(file), short(tag)),
        None => format!("{}.once", prefix(file)),
    };
    downloads.join(name)
}

/// Removes all that was left of `file`.
pub(super) fn clear(downloads: &Path, file: &str) {
    for path in all(downloads, file) {
        // One that stays is complained of when it is gone on from or written to.
        let _ = fs::remove_file(path);
    }
}

/// All that was left of `file`.
fn all(downloads: &Path, file: &str) -> impl Iterator<Item = PathBuf> {
    let prefix = prefix(file);
    fs::read_dir(downloads)
        .into_iter()
        .flatten()
        .flatten()
        .filter(move |entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with(&prefix))
        })
        .map(|entry| entry.path())
}

fn prefix(file: &str) -> String {
    format!("{}-", short(file))
}

/// Enough of a digest to tell the files of a model apart.
fn short(text: &str) -> String {
    hex(&Sha256::digest(text)[..16])
}
