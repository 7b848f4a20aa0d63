//! The last search in a library, so that `--more` goes on with it.
//!
//! It is kept where programs keep what they remember of a user, and not in the library, which may be shared, or not be
//! writable.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use topoi::Location;
use topoi::article::PassageId;
use topoi::search::Origin;

use super::cli::{FilterArgs, ModeArg};
use super::context::state_dir;
use super::failure::Failure;

/// What was asked, and what has been shown.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) query: String,
    pub(crate) mode: ModeArg,
    pub(crate) filter: FilterArgs,
    pub(crate) like: Vec<Origin>,
    pub(crate) unlike: Vec<Origin>,
    pub(crate) shown: Vec<PassageId>,
}

/// The last search in a library.
pub(crate) fn read(library: &Location) -> anyhow::Result<Last> {
    let known = fs::read(path(library)).ok();
    let last = known.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    last.ok_or_else(|| {
        Failure::with_hint(
            "there is no search in this library to go on with",
            "search for something first: `topoi search \"who pays for tariffs?\"`",
        )
        .into()
    })
}

/// Keeps a search, in place of the one before.
pub(crate) fn write(library: &Location, last: &Last) -> anyhow::Result<()> {
    let path = path(library);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("can't make `{}`", folder.display()))?;
    // Complete before it has its name, so that nobody reads half of it.
    let mut file = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("can't write in `{}`", folder.display()))?;
    file.write_all(&serde_json::to_vec(last)?)?;
    file.persist(&path)
        .with_context(|| format!("can't write `{}`", path.display()))?;
    Ok(())
}

fn path(library: &Location) -> PathBuf {
    let resolved = library.folder().and_then(|root| root.canonicalize().ok());
    let name = resolved
        .map_or_else(|| library.clone(), Location::from)
        .to_string();
    let digest = Sha256::digest(name);
    let name: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    state_dir().join("searches").join(format!("{name}.json"))
}
