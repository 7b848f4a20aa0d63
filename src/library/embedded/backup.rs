//! A consistent copy of a library in a folder, made of its files while a writer goes on.
//!
//! The database is copied as a reader sees it, and with it the segments that its manifest names: they never change. Their
//! files are opened before anything is copied, so that a merge which takes their names away meanwhile takes nothing of what
//! is in them. The index of words is left out, since it is made again where it is gone.
//!
//! The copy is written beside its place and checked there as a whole. Only then it gets its name.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::check;
use crate::error::{Error, Result};
use crate::library::backup::BackedUp;
use crate::library::check::Finding;
use crate::store::sqlite::{self, DATABASE, Reader, SEGMENTS, SegmentRow};
use crate::store::{Records, StoreError};

/// How many bytes are copied between two looks at whether to go on.
const STEP: u64 = 16 << 20;

/// Copies the library at `root` into the folder `to`, which is empty or not there yet. `report` is told how many bytes are
/// copied, and of how many.
pub(crate) fn backup(
    root: &Path,
    to: &Path,
    report: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<BackedUp> {
    let source = Source::open(root)?;
    source.is_whole(root)?;
    let place = free_place(to)?;
    let part = part_beside(&place)?;
    let database = source.reader.bytes()?;
    let mut copied = source.copy_database(part.path(), database, report)?;
    copied = source.copy_segments(part.path(), copied, report)?;
    source.compare(root, part.path())?;
    sqlite::mark_commits(part.path(), source.reader.commits()?)?;
    settle(part, &place)?;
    let counts = source.reader.counts()?;
    Ok(BackedUp {
        files: counts.files,
        articles: counts.articles,
        passages: counts.passages,
        segments: source.segments.len(),
        bytes: copied,
    })
}

/// A library as it is at one moment, with its segments open.
struct Source {
    reader: Reader,
    segments: Vec<(SegmentRow, File)>,
}

impl Source {
    fn open(root: &Path) -> Result<Self> {
        let open = |reader, rows: &[SegmentRow]| {
            let open = |row: &SegmentRow| {
                let path = row.id.path(root);
                let file =
                    File::open(&path).map_err(|error| StoreError::io("open", &path, error))?;
                Ok((row.clone(), file))
            };
            let segments = rows.iter().map(open).collect::<Result<_>>()?;
            Ok(Self { reader, segments })
        };
        super::at_one_moment(root, open, |_| true)
    }

    /// Refuses a library that has lost its last commits, which nothing in the copy would tell.
    fn is_whole(&self, root: &Path) -> Result<()> {
        match self.reader.lost_commits()? {
            0 => Ok(()),
            lost => Err(Error::BackupDamaged {
                at: root.to_owned(),
                file: DATABASE.to_owned(),
                problem: format!("the last {lost} commits to it are lost"),
            }),
        }
    }

    /// The length of all that is copied, where the database has so many bytes.
    fn bytes(&self, database: u64) -> u64 {
        database + self.segments.iter().map(|(row, _)| row.bytes).sum::<u64>()
    }

    /// Gives how many bytes it came to.
    fn copy_database(
        &self,
        folder: &Path,
        database: u64,
        report: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<u64> {
        let path = folder.join(DATABASE);
        let all = self.bytes(database);
        let is_whole = self.reader.copy_to(&path, &mut |share| {
            report((share * database as f64) as u64, all)
        })?;
        if !is_whole {
            return Err(Error::Stopped);
        }
        let file = File::open(&path).and_then(|file| {
            file.sync_all()?;
            file.metadata()
        });
        let metadata = file.map_err(|error| StoreError::io("write", &path, error))?;
        Ok(metadata.len())
    }

    /// Gives how many bytes there are with those that were copied before.
    fn copy_segments(
        &self,
        folder: &Path,
        before: u64,
        report: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<u64> {
        let all = self.bytes(before);
        let segments = folder.join(SEGMENTS);
        fs::create_dir(&segments).map_err(|error| StoreError::io("create", &segments, error))?;
        let mut copied = before;
        for (row, from) in &self.segments {
            let path = row.id.path(folder);
            let failed = |error| StoreError::io("write", &path, error);
            let mut to = File::create_new(&path).map_err(failed)?;
            loop {
                let step = io::copy(&mut from.take(STEP), &mut to).map_err(failed)?;
                copied += step;
                if !report(copied, all) {
                    return Err(Error::Stopped);
                }
                if step == 0 {
                    break;
                }
            }
            to.sync_all().map_err(failed)?;
        }
        sync_folder(&segments)?;
        Ok(copied)
    }

    /// Refuses a copy that isn't sound, or doesn't hold what the library holds.
    fn compare(&self, root: &Path, copy: &Path) -> Result<()> {
        let damaged = |finding: &Finding| Error::BackupDamaged {
            at: root.to_owned(),
            file: Path::new(&finding.file)
                .strip_prefix(copy)
                .map_or_else(|_| finding.file.clone(), |file| file.display().to_string()),
            problem: finding.problem.clone(),
        };
        if let Some(finding) = check(copy)?.findings.first() {
            return Err(damaged(finding));
        }
        let there = sqlite::open_reader(copy)?.counts()?;
        if there != self.reader.counts()? {
            return Err(damaged(&Finding {
                file: DATABASE.to_owned(),
                problem: "its copy holds something else".to_owned(),
                segment: None,
                words: false,
            }));
        }
        Ok(())
    }
}

/// The place of the backup, if nothing is there.
fn free_place(to: &Path) -> Result<PathBuf> {
    let is_empty = fs::read_dir(to).map(|mut entries| entries.next().is_none());
    let place = match is_empty {
        Ok(true) => to.canonicalize(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::path::absolute(to),
        Ok(false) | Err(_) => return Err(Error::Occupied(to.to_owned())),
    };
    Ok(place.map_err(|error| StoreError::io("create", to, error))?)
}

/// A folder for a copy that isn't finished, beside its place, so that it can be renamed. It is removed when it is dropped.
fn part_beside(place: &Path) -> Result<TempDir> {
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return Err(Error::Occupied(place.to_owned()));
    };
    let mut prefix = OsString::from(name);
    prefix.push(".part-");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    // The backup is to be as readable as any other folder.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let part = builder.tempdir_in(folder);
    Ok(part.map_err(|error| StoreError::io("create", place, error))?)
}

/// Gives a finished copy its name.
fn settle(part: TempDir, place: &Path) -> Result<()> {
    for ending in ["-wal", "-shm"] {
        // Whoever looked whether it is sound has left these empty, and nobody has the database open now.
        let _ = fs::remove_file(part.path().join(format!("{DATABASE}{ending}")));
    }
    sync_folder(part.path())?;
    // An empty folder may be in the way; what isn't empty stays.
    let _ = fs::remove_dir(place);
    fs::rename(part.path(), place).map_err(|error| StoreError::io("create", place, error))?;
    // It has another name now, so that there is nothing to remove.
    let _ = part.keep();
    place.parent().map_or(Ok(()), sync_folder)
}

/// A new file survives a power cut only once its folder is on disk too.
fn sync_folder(folder: &Path) -> Result<()> {
    let synced = topoi_index::sync_folder(folder);
    Ok(synced.map_err(|error| StoreError::io("write", folder, error))?)
}
