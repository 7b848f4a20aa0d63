//! Paths that a user names.

use std::path::{Path, PathBuf};

/// The path as a library has it: absolute, links resolved as far as the path exists.
pub(crate) fn stored_path(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    // It may be gone: then its folder may still be there.
    match (
        path.parent().and_then(|parent| {
            if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            }
            .canonicalize()
            .ok()
        }),
        path.file_name(),
    ) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}
