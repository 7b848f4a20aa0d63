//! Models that other programs have put into the Hugging Face cache: used where they are, once verified.
//!
//! They aren't copied: a second copy of some hundred megabytes would serve nobody, and the cache keeps its files
//! under the digest of their content, so they don't change.

use std::fs;
use std::path::{Path, PathBuf};

use super::cache::stamp_foreign;
use super::error::AcquireError;
use super::inspect::{Essentials, assemble};
use super::progress::Progress;
use crate::engine::{describes_a_model, describes_a_reranker};
use crate::folder::ModelFolder;
use crate::manifest::Manifest;

/// The model `name` in the Hugging Face cache `hf_cache`, verified, if all of it is there.
///
/// A known model must have the digests of its manifest; a copy that hasn't is passed over, since it may be of
/// another commit. Of an unknown one, `modules.json` must be there with all that it names: without it nobody can
/// tell a model that has none from one whose file wasn't fetched, and the pooling hangs on it. A re-ranker has no
/// pooling, and its `config.json` says that it is one.
pub(super) fn find(
    hf_cache: &Path,
    cache: &Path,
    name: &str,
    revisions: &[&str],
    manifest: Option<&'static Manifest>,
    progress: &dyn Progress,
) -> Result<Option<ModelFolder>, AcquireError> {
    for (commit, snapshot) in snapshots(hf_cache, name, revisions) {
        let found = match manifest {
            Some(manifest) => known(&snapshot, cache, manifest, progress)?,
            None => unknown(&snapshot, cache, name, progress)?,
        };
        if let Some(mut folder) = found {
            folder.revision = Some(commit);
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// Where `manifest`'s model is in `hf_cache`, going by the sizes of its files, and how large it is.
pub(super) fn present(hf_cache: &Path, manifest: &Manifest) -> Option<(PathBuf, u64)> {
    snapshots(hf_cache, &manifest.name, &[&manifest.revision, "main"])
        .into_iter()
        .find_map(|(_, snapshot)| Some((snapshot.clone(), complete_size(&snapshot, manifest)?)))
}

/// The size of all the manifest's files in `snapshot`; `None` where one is missing or of another size.
fn complete_size(snapshot: &Path, manifest: &Manifest) -> Option<u64> {
    let mut total = 0;
    for file in &manifest.files {
        let found = fs::metadata(snapshot.join(&file.path)).ok()?.len();
        if file.size.is_some_and(|size| size != found) {
            return None;
        }
        total += found;
    }
    Some(total)
}

/// The snapshots at `revisions`, each a commit or a name for one, with their commits.
fn snapshots(hf_cache: &Path, name: &str, revisions: &[&str]) -> Vec<(String, PathBuf)> {
    let folder = hf_cache.join(format!("models--{}", name.replace('/', "--")));
    let mut found = Vec::new();
    for revision in revisions {
        let named = fs::read_to_string(folder.join("refs").join(revision)).ok();
        let commit = named.as_deref().map_or(*revision, str::trim);
        if commit.is_empty() || !commit.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            continue;
        }
        let snapshot = folder.join("snapshots").join(commit);
        if snapshot.is_dir() {
            found.push((commit.to_owned(), snapshot));
        }
    }
    found
}

fn known(
    snapshot: &Path,
    cache: &Path,
    manifest: &'static Manifest,
    progress: &dyn Progress,
) -> Result<Option<ModelFolder>, AcquireError> {
    // Sizes first: they cost nothing.
    if complete_size(snapshot, manifest).is_none() {
        return Ok(None);
    }
    let paths = manifest.files.iter().map(|file| &file.path);
    let stamp = stamp_foreign(cache, snapshot, paths, progress)?;
    let genuine = manifest.files.iter().all(|file| {
        let found = stamp.files.get(&file.path).map(|found| &found.sha256);
        file.sha256.is_none() || file.sha256.as_ref() == found
    });
    if !genuine {
        return Ok(None);
    }
    Ok(Some(assemble(
        snapshot,
        Some(&manifest.name),
        Some(manifest),
        &stamp,
    )?))
}

fn unknown(
    snapshot: &Path,
    cache: &Path,
    name: &str,
    progress: &dyn Progress,
) -> Result<Option<ModelFolder>, AcquireError> {
    let is_sentence_model = snapshot.join("modules.json").is_file() && describes_a_model(snapshot);
    if !is_sentence_model && !describes_a_reranker(snapshot) {
        return Ok(None);
    }
    let Ok(essentials) = Essentials::find(snapshot) else {
        return Ok(None);
    };
    if !essentials.paths().all(|path| snapshot.join(path).is_file()) {
        return Ok(None);
    }
    let stamp = stamp_foreign(cache, snapshot, essentials.paths(), progress)?;
    Ok(Some(assemble(snapshot, Some(name), None, &stamp)?))
}
