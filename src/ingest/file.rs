//! Reading one file, within a limit, and why a file is not read.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Files larger than this are skipped unless somebody asks for more: no article comes near it, and a file
/// that does is a dump or a log that would fill the memory.
pub const DEFAULT_MAX_FILE_SIZE: u64 = 64 * 1024 * 1024;

/// Why a file or folder is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// Its name and its content promise no format that topoi reads.
    OtherFormat,
    /// It is larger than the limit.
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// It is a symbolic link to a folder.
    LinkToFolder,
    /// It is neither a file nor a folder.
    NotAFile,
    /// The system does not let it be read.
    Unreadable(String),
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherFormat => f.write_str("not a format that topoi reads"),
            Self::TooLarge { size, limit } => {
                write!(
                    f,
                    "is {}, over the limit of {}: split it or raise the limit",
                    Bytes(*size),
                    Bytes(*limit)
                )
            }
            Self::LinkToFolder => {
                f.write_str("is a link to a folder, which is not followed: name the folder itself")
            }
            Self::NotAFile => f.write_str("is neither a file nor a folder"),
            Self::Unreadable(reason) => write!(f, "cannot be read: {reason}"),
        }
    }
}

/// A number of bytes for people: `80.5 MiB`.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1024 {
            let unit = if self.0 == 1 { "byte" } else { "bytes" };
            return write!(f, "{} {unit}", self.0);
        }
        #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
        let mut value = self.0 as f64 / 1024.0;
        let mut unit = "KiB";
        for larger in ["MiB", "GiB", "TiB"] {
            if value < 1024.0 {
                break;
            }
            value /= 1024.0;
            unit = larger;
        }
        write!(f, "{value:.1} {unit}")
    }
}

/// What the system says, in words of our own where the system's come with a number.
pub(super) fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// Reads a file of at most `limit` bytes.
///
/// The limit is kept while reading, since a file may have grown since it was found and a device or a pipe has
/// no size.
///
/// # Errors
///
/// [`SkipReason::TooLarge`] and [`SkipReason::Unreadable`].
pub fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, SkipReason> {
    let unreadable = |error: io::Error| SkipReason::Unreadable(describe(&error));
    let file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    if size > limit {
        return Err(SkipReason::TooLarge { size, limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let size = bytes.len() as u64;
    if size > limit {
        return Err(SkipReason::TooLarge { size, limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_kept_to_the_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(read_file(&path, 3).unwrap(), b"abc");
        assert_eq!(
            read_file(&path, 2).unwrap_err(),
            SkipReason::TooLarge { size: 3, limit: 2 }
        );
        let missing = read_file(&folder.path().join("b.txt"), 2).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "cannot be read: no such file or folder"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_device_without_an_end_is_too_large() {
        let endless = read_file(Path::new("/dev/zero"), 1000).unwrap_err();
        assert!(matches!(endless, SkipReason::TooLarge { .. }));
    }

    #[test]
    fn sizes_are_written_for_people() {
        let text = |bytes| Bytes(bytes).to_string();
        assert_eq!(text(1), "1 byte");
        assert_eq!(text(1023), "1023 bytes");
        assert_eq!(text(64 * 1024 * 1024), "64.0 MiB");
        assert_eq!(text(u64::MAX), "16777216.0 TiB");
    }
}
