//! A model on disk, found and verified: what an engine loads.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What is put before a text, by what the text is for. Empty where the model wants nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prompts {
    /// Before a query.
    pub query: String,
    /// Before a passage.
    pub passage: String,
}

/// A model's folder, with what is known about the files in it.
///
/// [`Locator::locate`](crate::Locator::locate) makes it; the digests are those of the files as they were when
/// they were last verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFolder {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) revision: Option<String>,
    pub(crate) weights_sha256: String,
    pub(crate) tokenizer_sha256: String,
    /// The prompts that the model's manifest gives: they count where the folder itself names none.
    pub(crate) prompts: Option<Prompts>,
}

impl ModelFolder {
    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The model's name: that of its repository on the hub, or of its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The commit it was taken from, where that is known.
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    /// SHA-256 of the weights, in hexadecimal; of the list of digests where there are several files.
    pub fn weights_sha256(&self) -> &str {
        &self.weights_sha256
    }
}
