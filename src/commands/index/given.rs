//! What a person gives to be read: files and folders, addresses, and how to read them.

use std::fs;
use std::path::{Path, PathBuf};

use topoi::fetch::{Address, is_address};
use topoi::ingest::{
    self, FoundFile, FoundFiles, Hints, SkipReason, Skipped, WalkError, WalkOptions,
};

use super::super::cli::ReadArgs;
use super::super::failure::Failure;
use super::Refused;

/// What is to be read.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// Files and folders.
    pub(crate) paths: Vec<PathBuf>,
    /// Pages and feeds, each once.
    pub(crate) addresses: Vec<Address>,
}

impl Given {
    /// Tells addresses from paths.
    pub(crate) fn sort(given: &[PathBuf]) -> anyhow::Result<Self> {
        let mut sorted = Self::default();
        for path in given {
            let Some(text) = path.to_str().filter(|text| is_address(text)) else {
                sorted.paths.push(path.clone());
                continue;
            };
            let address = address(text)?;
            if !sorted.addresses.contains(&address) {
                sorted.addresses.push(address);
            }
        }
        Ok(sorted)
    }
}

/// The address that a person gives.
pub(crate) fn address(text: &str) -> Result<Address, Failure> {
    // A password in it is not repeated.
    text.parse().map_err(|error| match error {
        topoi::fetch::AddressError::Credentials => Failure::new(format!("an address {error}")),
        error => Failure::new(format!("`{text}` {error}")),
    })
}

/// What the person says of all files.
pub(crate) fn hints(arguments: &ReadArgs) -> anyhow::Result<Hints> {
    let mut hints = Hints {
        format: arguments.format,
        ..Hints::default()
    };
    for rule in &arguments.map {
        hints
            .fields
            .add(rule)
            .map_err(|error| Failure::new(format!("--map: {error}")))?;
    }
    Ok(hints)
}

/// Whether a file or folder that a list names can be looked at; if not, it is skipped, and the others go on. An address is
/// asked later, and what is not there may be what is to be removed.
pub(super) fn listed(path: &Path, prune: bool) -> Result<(), SkipReason> {
    if path.to_str().is_some_and(is_address) || prune && !path.exists() {
        return Ok(());
    }
    let looked_at = fs::metadata(path).and_then(|metadata| match metadata.is_dir() {
        true => fs::read_dir(path).map(drop),
        false => Ok(()),
    });
    looked_at.map_err(|error| {
        let path = path.to_owned();
        WalkError { path, error }.into()
    })
}

/// The files below some paths, each under the path that the library keeps.
pub(crate) fn find(
    paths: &[PathBuf],
    prune: bool,
    max_bytes: u64,
) -> anyhow::Result<(Vec<FoundFile>, Refused)> {
    // A path that is not there is an error that names it as it was given, unless what is not there is to be removed.
    let present = paths.iter().filter(|path| !prune || path.exists());
    let resolved: Vec<PathBuf> = present
        .map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()))
        .collect();
    let options = WalkOptions {
        max_file_size: max_bytes,
        ..WalkOptions::default()
    };
    let FoundFiles { files, skipped } = ingest::find_files(&resolved, &options)?;
    Ok((
        files,
        skipped
            .into_iter()
            .map(|Skipped { path, reason }| (path, reason.into()))
            .collect(),
    ))
}
