//! Lists of paths, as `find`, `fd` and `git ls-files` print them.

use std::path::PathBuf;

/// The paths in a list: one a line, or each ended by a NUL byte as `find -print0` writes them.
///
/// A list that holds a NUL is taken to be of the second kind, since no path holds one. Empty lines are passed
/// over, and a carriage return at the end of a line is not part of the path. A path need not be UTF-8 where
/// the system allows others.
///
/// ```
/// use std::path::PathBuf;
/// use topoi::ingest::parse_file_list;
///
/// assert_eq!(parse_file_list(b"a.txt\r\n\nb c.md\n"), [PathBuf::from("a.txt"), PathBuf::from("b c.md")]);
/// assert_eq!(parse_file_list(b"a\nb.txt\0c.md\0"), [PathBuf::from("a\nb.txt"), PathBuf::from("c.md")]);
/// ```
#[must_use]
pub fn parse_file_list(list: &[u8]) -> Vec<PathBuf> {
    let nul_separated = list.contains(&0);
    let separator = if nul_separated { 0 } else { b'\n' };
    list.split(|&byte| byte == separator)
        .map(|path| {
            if nul_separated {
                path
            } else {
                path.strip_suffix(b"\r").unwrap_or(path)
            }
        })
        .filter(|path| !path.is_empty())
        .map(path_from_bytes)
        .collect()
}

#[cfg(unix)]
fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    PathBuf::from(OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_path_that_is_no_utf_8_comes_through() {
        use std::os::unix::ffi::OsStrExt;

        let paths = parse_file_list(b"caf\xe9.txt\n");
        assert_eq!(paths[0].as_os_str().as_bytes(), b"caf\xe9.txt");
    }

    #[test]
    fn an_empty_list_names_nothing() {
        assert_eq!(parse_file_list(b"\n\n"), Vec::<PathBuf>::new());
    }
}
