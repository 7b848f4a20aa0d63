//! topoi's own cache: a folder a model, put there whole by one rename, and only ever by one process at a time.
//!
//! ```text
//! models/sentence-transformers--all-MiniLM-L6-v2@c9745ed1/   the files, and pin.toml
//! models/….lock                                              held by whoever fetches the model
//! models/.fetch-…                                            a fetch under way, or one that died
//! downloads/…                                                what a broken-off fetch can go on from
//! stamps/….toml                                              digests of folders that aren't topoi's
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::error::AcquireError;
use super::inspect::assemble;
use super::progress::Progress;
use super::stamp::{FileStamp, Stamp};
use crate::digest::hex;
use crate::folder::ModelFolder;
use crate::manifest::Manifest;

/// The record beside a model's files.
pub(super) const PIN: &str = "pin.toml";

/// A model's place in the cache, whether it is taken or not.
pub(super) struct Slot {
    cache: PathBuf,
    slug: String,
}

/// Held while a model is fetched; let go when dropped.
pub(super) struct FetchLock {
    _file: File,
}

impl Slot {
    /// The place in `cache` of the model `name` at `revision`.
    pub(super) fn new(cache: &Path, name: &str, revision: Option<&str>) -> Self {
        let mut slug = name.replace('/', "--");
        if let Some(revision) = revision {
            let is_commit = revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
            let short = if is_commit { &revision[..8] } else { revision };
            slug = format!("{slug}@{}", short.replace('/', "--"));
        }
        Self {
            cache: cache.to_owned(),
            slug,
        }
    }

    fn models(&self) -> PathBuf {
        self.cache.join("models")
    }

    /// Where the model's files are, or would be.
    pub(super) fn folder(&self) -> PathBuf {
        self.models().join(&self.slug)
    }

    /// Where parts of files are kept between attempts.
    pub(super) fn downloads(&self) -> PathBuf {
        self.cache.join("downloads").join(&self.slug)
    }

    /// The model, verified, if it is in the cache.
    pub(super) fn open(
        &self,
        name: &str,
        manifest: Option<&Manifest>,
    ) -> Result<Option<ModelFolder>, AcquireError> {
        let folder = self.folder();
        if !folder.is_dir() {
            return Ok(None);
        }
        let pin = folder.join(PIN);
        let damaged = |reason: String| AcquireError::Pin {
            path: pin.clone(),
            reason,
        };
        let mut stamp = Stamp::read(&pin)
            .map_err(|error| damaged(error.to_string()))?
            .ok_or_else(|| damaged("it is missing".to_owned()))?;
        if let Some(manifest) = manifest {
            for file in &manifest.files {
                let pinned = stamp
                    .files
                    .get(&file.path)
                    .ok_or_else(|| damaged(format!("it doesn't list `{}`", file.path)))?;
                if let Some(expected) = &file.sha256
                    && *expected != pinned.sha256
                {
                    return Err(AcquireError::Digest {
                        path: folder.join(&file.path),
                        expected: expected.clone(),
                        found: pinned.sha256.clone(),
                        cached: true,
                    });
                }
            }
        }
        if verify(&folder, &mut stamp)? {
            // Only spares the next start some work: no matter if the cache can't be written.
            let _ = stamp.write(&pin);
        }
        Ok(Some(assemble(&folder, Some(name), manifest, &stamp)?))
    }

    /// How many bytes the model takes, if it is in the cache.
    pub(super) fn size(&self) -> Option<u64> {
        let folder = self.folder();
        let stamp = Stamp::read(&folder.join(PIN)).ok()??;
        let mut total = 0;
        for (path, file) in &stamp.files {
            if fs::metadata(folder.join(path)).ok()?.len() != file.size {
                return None;
            }
            total += file.size;
        }
        Some(total)
    }

    /// Waits until no other process fetches this model, and keeps others from it.
    pub(super) fn lock(
        &self,
        name: &str,
        progress: &dyn Progress,
    ) -> Result<FetchLock, AcquireError> {
        let models = self.models();
        fs::create_dir_all(&models).map_err(|source| AcquireError::Write {
            path: models.clone(),
            source,
        })?;
        let path = models.join(format!("{}.lock", self.slug));
        let unwritable = |source: io::Error| AcquireError::Write {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress.start(
                    &format!("waiting for another process that fetches {name}"),
                    None,
                );
                let locked = file.lock();
                progress.finish();
                locked.map_err(unwritable)?;
            }
            Err(TryLockError::Error(source)) => return Err(unwritable(source)),
        }
        Ok(FetchLock { _file: file })
    }

    /// An empty folder to fetch into. What dead processes left of the same model is swept away: while the lock
    /// is held, nobody else can be at work on it.
    pub(super) fn stage(&self, _held: &FetchLock) -> Result<TempDir, AcquireError> {
        let models = self.models();
        let prefix = format!(".fetch-{}-", self.slug);
        if let Ok(entries) = fs::read_dir(&models) {
            for entry in entries.flatten() {
                if entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| name.starts_with(&prefix))
                {
                    // What can't be removed now is only in the way of the disk's space.
                    let _ = fs::remove_dir_all(entry.path());
                }
            }
        }
        tempfile::Builder::new()
            .prefix(&prefix)
            .tempdir_in(&models)
            .map_err(|source| AcquireError::Write {
                path: models,
                source,
            })
    }

    /// Puts what was fetched into its place: all of it, in one step.
    pub(super) fn place(
        &self,
        staged: TempDir,
        mut stamp: Stamp,
        _held: &FetchLock,
    ) -> Result<(), AcquireError> {
        let unwritable = |path: &Path, source: io::Error| AcquireError::Write {
            path: path.to_owned(),
            source,
        };
        for (path, file) in &mut stamp.files {
            let path = staged.path().join(path);
            // On the disk before its name is: a crash then leaves no model or a whole one.
            File::open(&path)
                .and_then(|opened| opened.sync_all())
                .and_then(|()| FileStamp::refresh(file, &path))
                .map_err(|source| unwritable(&path, source))?;
        }
        let pin = staged.path().join(PIN);
        stamp
            .write(&pin)
            .map_err(|source| unwritable(&pin, source))?;
        let folder = self.folder();
        fs::rename(staged.path(), &folder).map_err(|source| unwritable(&folder, source))?;
        // The folder has moved away under it; there is nothing left to clean up.
        let _ = staged.keep();
        let _ = fs::remove_dir_all(self.downloads());
        Ok(())
    }

    /// Removes the model from the cache, and says whether it was there.
    pub(super) fn remove(&self, held: &FetchLock) -> Result<bool, AcquireError> {
        let folder = self.folder();
        if !folder.exists() {
            return Ok(false);
        }
        // Out of sight in one step, so that nobody sees half a model; swept away when `away` is dropped.
        let away = self.stage(held)?;
        fs::rename(&folder, away.path().join("removed")).map_err(|source| AcquireError::Write {
            path: folder,
            source,
        })?;
        Ok(true)
    }
}

/// Checks that the files in `folder` are those that `stamp` tells of; says whether the stamp has changed.
fn verify(folder: &Path, stamp: &mut Stamp) -> Result<bool, AcquireError> {
    let mut changed = false;
    for (name, file) in &mut stamp.files {
        let path = folder.join(name);
        let unreadable = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => AcquireError::CacheIncomplete { path: path.clone() },
            _ => AcquireError::Read {
                path: path.clone(),
                source,
            },
        };
        if file.still_fits(&path).map_err(unreadable)? {
            continue;
        }
        let found = FileStamp::take(&path).map_err(unreadable)?;
        if found.sha256 != file.sha256 {
            return Err(AcquireError::Digest {
                path,
                expected: file.sha256.clone(),
                found: found.sha256,
                cached: true,
            });
        }
        *file = found;
        changed = true;
    }
    Ok(changed)
}

/// Brings the stamp of `folder`, which isn't topoi's, up to date for the files `paths`: files that look as
/// before keep their digest, others are hashed. The stamp is kept in `cache` for the next time, if that can be
/// written to.
pub(super) fn stamp_foreign<'p>(
    cache: &Path,
    folder: &Path,
    paths: impl Iterator<Item = &'p String>,
    progress: &dyn Progress,
) -> Result<Stamp, AcquireError> {
    let absolute = fs::canonicalize(folder).map_err(|source| AcquireError::Read {
        path: folder.to_owned(),
        source,
    })?;
    let key = hex(&Sha256::digest(absolute.as_os_str().as_encoded_bytes()));
    let path = cache.join("stamps").join(format!("{}.toml", &key[..32]));
    // A stamp that can't be read is one that isn't there: it only spares work.
    let known = Stamp::read(&path).ok().flatten().unwrap_or_default();
    let mut stamp = Stamp {
        revision: None,
        origin: absolute.display().to_string(),
        files: Default::default(),
    };
    for name in paths {
        let file = folder.join(name);
        let unreadable = |source: io::Error| AcquireError::Read {
            path: file.clone(),
            source,
        };
        let fresh = match known.files.get(name) {
            Some(before) if before.still_fits(&file).map_err(unreadable)? => before.clone(),
            _ => {
                progress.start(&format!("verifying {name}"), None);
                let taken = FileStamp::take(&file);
                progress.finish();
                taken.map_err(unreadable)?
            }
        };
        stamp.files.insert(name.clone(), fresh);
    }
    if stamp != known {
        let _ = stamp.write(&path);
    }
    Ok(stamp)
}
