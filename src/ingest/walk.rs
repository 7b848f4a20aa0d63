//! Finding the files that hold articles.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use ignore::WalkBuilder;

use super::file::{DEFAULT_MAX_FILE_SIZE, SkipReason, describe};
use super::format::Format;

/// How files are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkOptions {
    /// The largest file that is read, in bytes.
    pub max_file_size: u64,
    /// Whether symbolic links to folders are followed below the folders that were named. A link that leads
    /// back to a folder above itself is skipped either way.
    pub follow_links: bool,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self {
            max_file_size: DEFAULT_MAX_FILE_SIZE,
            follow_links: false,
        }
    }
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its path, as it was named or below the folder as that was named.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970, negative before; 0 where the system does not say.
    pub mtime_ns: i64,
}

/// A file or folder that is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its path.
    pub path: PathBuf,
    /// Why.
    pub reason: SkipReason,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundFiles {
    /// The files to read, in the order of their paths, none twice.
    pub files: Vec<FoundFile>,
    /// What is not read, in the order of the paths.
    pub skipped: Vec<Skipped>,
}

/// A path that was named and can't be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`: {}", path.display(), describe(error))]
pub struct WalkError {
    /// The path.
    pub path: PathBuf,
    /// What the system says; the message has it already, in our words.
    pub error: io::Error,
}

impl From<WalkError> for SkipReason {
    fn from(error: WalkError) -> Self {
        Self::Unreadable(describe(&error.error))
    }
}

/// Finds the files below some paths.
///
/// A file that is named is always taken, whatever its name. Below a folder, hidden files and what a
/// `.gitignore` or an `.ignore` excludes are passed over silently; a file is taken if its extension is that of
/// a format, or if it has none and begins with text; everything else is skipped with its reason. The order is
/// that of the paths, whatever the system's, and a file that two of the paths lead to is found once if it has
/// the same path both times.
///
/// # Errors
///
/// A [`WalkError`] for the first path that does not exist or can't be looked at.
pub fn find_files(paths: &[PathBuf], options: &WalkOptions) -> Result<FoundFiles, WalkError> {
    let mut finder = Finder {
        options,
        found: BTreeMap::new(),
    };
    for path in paths {
        let failed = |error| WalkError {
            path: path.clone(),
            error,
        };
        let metadata = fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            fs::read_dir(path).map_err(failed)?;
            finder.walk(path);
        } else {
            finder.add_named(path, &metadata);
        }
    }
    let mut files = FoundFiles::default();
    for (path, outcome) in finder.found {
        match outcome {
            Ok((size, mtime_ns)) => files.files.push(FoundFile {
                path,
                size,
                mtime_ns,
            }),
            Err(reason) => files.skipped.push(Skipped { path, reason }),
        }
    }
    Ok(files)
}

struct Finder<'a> {
    options: &'a WalkOptions,
    found: BTreeMap<PathBuf, Result<(u64, i64), SkipReason>>,
}

impl Finder<'_> {
    fn walk(&mut self, folder: &Path) {
        // A repository's `.gitignore` counts also where its `.git` was left behind; what a person has
        // configured for all repositories does not, since it would make the answer differ between machines.
        let walk = WalkBuilder::new(folder)
            .follow_links(self.options.follow_links)
            .require_git(false)
            .git_global(false)
            .git_exclude(false)
            .build();
        for entry in walk {
            match entry {
                Ok(entry) if entry.depth() == 0 => {}
                Ok(entry) => self.add_below(&entry),
                Err(error) => self.add_failed(folder, error),
            }
        }
    }

    /// A path that was named and is no folder.
    fn add_named(&mut self, path: &Path, metadata: &Metadata) {
        let outcome = match self.too_large(metadata) {
            Some(reason) => Err(reason),
            None => Ok((metadata.len(), mtime_ns(metadata))),
        };
        // That a file is named overrides what a folder's walk has said of it.
        self.found.insert(plain(path), outcome);
    }

    /// An entry below a folder.
    fn add_below(&mut self, entry: &ignore::DirEntry) {
        let path = entry.path();
        let outcome = match fs::metadata(path) {
            Err(error) => Err(SkipReason::Unreadable(describe(&error))),
            Ok(metadata) if metadata.is_dir() => {
                if !entry.path_is_symlink() || self.options.follow_links {
                    return;
                }
                Err(SkipReason::LinkToFolder)
            }
            Ok(metadata) if !metadata.is_file() => Err(SkipReason::NotAFile),
            Ok(metadata) => self.judge(path, &metadata),
        };
        self.found.entry(plain(path)).or_insert(outcome);
    }

    fn judge(&self, path: &Path, metadata: &Metadata) -> Result<(u64, i64), SkipReason> {
        let promised = match path.extension() {
            Some(_) => Format::from_path(path).is_some(),
            None => {
                begins_with_text(path).map_err(|error| SkipReason::Unreadable(describe(&error)))?
            }
        };
        if !promised {
            return Err(SkipReason::OtherFormat);
        }
        self.too_large(metadata)
            .map_or_else(|| Ok((metadata.len(), mtime_ns(metadata))), Err)
    }

    fn too_large(&self, metadata: &Metadata) -> Option<SkipReason> {
        let (size, limit) = (metadata.len(), self.options.max_file_size);
        (size > limit).then_some(SkipReason::TooLarge { size, limit })
    }

    /// Something that the walk could not go into. Troubles with a line of an ignore file name no path of
    /// their own and are no reason to skip anything.
    fn add_failed(&mut self, folder: &Path, error: ignore::Error) {
        let (path, reason) = match path_and_cause(error) {
            (Some(path), Cause::Io(error)) => (path, SkipReason::Unreadable(describe(&error))),
            (_, Cause::Loop(path)) => (path, SkipReason::LinkToFolder),
            (None, Cause::Io(error)) => {
                (folder.to_owned(), SkipReason::Unreadable(describe(&error)))
            }
            (_, Cause::Other) => return,
        };
        self.found.entry(plain(&path)).or_insert(Err(reason));
    }
}

enum Cause {
    Io(io::Error),
    Loop(PathBuf),
    Other,
}

fn path_and_cause(error: ignore::Error) -> (Option<PathBuf>, Cause) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path), path_and_cause(*err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_and_cause(*err)
        }
        ignore::Error::Loop { child, .. } => (None, Cause::Loop(child)),
        ignore::Error::Io(error) => (None, Cause::Io(error)),
        _ => (None, Cause::Other),
    }
}

/// A path without the `.` that `./notes` and `.` put into it, so that one file has one path.
fn plain(path: &Path) -> PathBuf {
    let plain: PathBuf = path
        .components()
        .filter(|part| !matches!(part, Component::CurDir))
        .collect();
    if plain.as_os_str().is_empty() {
        path.to_owned()
    } else {
        plain
    }
}

fn mtime_ns(metadata: &Metadata) -> i64 {
    let Ok(modified) = metadata.modified() else {
        return 0;
    };
    match modified.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => {
            i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanoseconds| -nanoseconds)
        }
    }
}

/// Whether a file without an extension begins with text that can be read.
fn begins_with_text(path: &Path) -> io::Result<bool> {
    const SNIFFED: u64 = 4096;
    let mut head = Vec::new();
    File::open(path)?.take(SNIFFED).read_to_end(&mut head)?;
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Ok(true);
    }
    let valid = match std::str::from_utf8(&head) {
        Ok(_) => head.len(),
        // The last character may be cut in two.
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => 0,
    };
    Ok(valid > 0 && !head.contains(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    fn names(folder: &tempfile::TempDir, found: &FoundFiles) -> (Vec<String>, Vec<String>) {
        let short = |path: &Path| {
            path.strip_prefix(folder.path())
                .unwrap()
                .to_string_lossy()
                .into_owned()
        };
        (
            found.files.iter().map(|file| short(&file.path)).collect(),
            found
                .skipped
                .iter()
                .map(|skip| format!("{}: {}", short(&skip.path), skip.reason))
                .collect(),
        )
    }

    #[test]
    fn a_folder_gives_the_files_that_hold_articles_in_order() {
        let folder = library(&[
            ("b.txt", "b"),
            ("a/z.MD", "z"),
            ("a/b.jsonl", "{}"),
            ("README", "text without an extension"),
            ("program", "\0\0"),
            ("picture.png", "png"),
            (".hidden.txt", "hidden"),
            (".git/config.txt", "hidden"),
            ("drafts/one.txt", "ignored"),
            ("a/notes.txt", "ignored"),
            (".gitignore", "drafts/\n"),
            ("a/.ignore", "notes.txt\n"),
        ]);
        let found = find_files(&[folder.path().to_owned()], &WalkOptions::default()).unwrap();
        let (files, skipped) = names(&folder, &found);
        assert_eq!(files, ["README", "a/b.jsonl", "a/z.MD", "b.txt"]);
        assert_eq!(
            skipped,
            [
                "picture.png: not a format that topoi reads",
                "program: not a format that topoi reads"
            ]
        );
        assert_eq!(found.files[3].size, 1);
        assert!(found.files[3].mtime_ns > 0);
    }

    #[test]
    fn a_named_file_is_taken_whatever_its_name_and_never_twice() {
        let folder = library(&[("a.txt", "a"), (".hidden.log", "text")]);
        let root = folder.path();
        let paths = [
            root.join(".hidden.log"),
            root.join("./a.txt"),
            root.to_owned(),
            root.join("a.txt"),
        ];
        let found = find_files(&paths, &WalkOptions::default()).unwrap();
        assert_eq!(names(&folder, &found).0, [".hidden.log", "a.txt"]);
    }

    #[test]
    fn a_missing_path_is_named() {
        let error = find_files(
            &[PathBuf::from("no/such/notes.txt")],
            &WalkOptions::default(),
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot read `no/such/notes.txt`: no such file or folder"
        );
    }

    #[test]
    fn a_file_over_the_limit_is_skipped_with_its_size() {
        let folder = library(&[("a.txt", &"a".repeat(3000)), ("b.txt", "b")]);
        let options = WalkOptions {
            max_file_size: 2048,
            ..WalkOptions::default()
        };
        let found = find_files(
            &[folder.path().to_owned(), folder.path().join("a.txt")],
            &options,
        )
        .unwrap();
        let (files, skipped) = names(&folder, &found);
        assert_eq!(files, ["b.txt"]);
        assert_eq!(
            skipped,
            ["a.txt: is 2.9 KiB, over the limit of 2.0 KiB: split it or raise the limit"]
        );
    }

    #[test]
    #[cfg(unix)]
    fn links_are_never_followed_in_circles() {
        use std::os::unix::fs::symlink;

        let folder = library(&[("a/one.txt", "one"), ("elsewhere/two.txt", "two")]);
        let root = folder.path();
        symlink(root, root.join("a/up")).unwrap();
        symlink(root.join("a/one.txt"), root.join("linked.txt")).unwrap();
        symlink(root.join("nowhere"), root.join("broken.txt")).unwrap();
        for follow_links in [false, true] {
            let options = WalkOptions {
                follow_links,
                ..WalkOptions::default()
            };
            let (files, skipped) =
                names(&folder, &find_files(&[root.to_owned()], &options).unwrap());
            assert_eq!(files, ["a/one.txt", "elsewhere/two.txt", "linked.txt"]);
            assert_eq!(skipped.len(), 2, "{skipped:?}");
            assert!(
                skipped[0].starts_with("a/up: is a link to a folder"),
                "{skipped:?}"
            );
            assert_eq!(
                skipped[1],
                "broken.txt: cannot be read: no such file or folder"
            );
        }
    }
}
