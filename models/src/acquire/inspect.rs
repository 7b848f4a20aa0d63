//! Which of a folder's files decide its vectors, and what their digests say about whose they are.

use std::path::Path;

use super::stamp::Stamp;
use crate::engine::{Modules, weight_files};
use crate::error::LoadError;
use crate::folder::ModelFolder;
use crate::manifest::{Manifest, manifests};

/// The files of a model without which it has no identity, as paths within its folder.
pub(super) struct Essentials {
    pub(super) weights: Vec<String>,
    pub(super) tokenizer: String,
}

impl Essentials {
    /// Finds them in `folder`.
    pub(super) fn find(folder: &Path) -> Result<Self, LoadError> {
        let inside = body_path(Modules::read(folder)?.as_ref());
        let weights = weight_files(&folder.join(&inside))?
            .iter()
            .filter_map(|path| path.file_name()?.to_str())
            .map(|name| within(&inside, name))
            .collect();
        Ok(Self {
            weights,
            tokenizer: within(&inside, "tokenizer.json"),
        })
    }

    /// All of them.
    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        self.weights.iter().chain([&self.tokenizer])
    }
}

/// The folder with the model's weights and tokeniser among `modules`, as a path within the model's folder.
pub(super) fn body_path(modules: Option<&Modules>) -> String {
    modules
        .and_then(|modules| modules.body()?.to_str())
        .unwrap_or("")
        .to_owned()
}

/// The path of `name` in `folder`, with `/` between the parts.
pub(super) fn within(folder: &str, name: &str) -> String {
    match folder.trim_end_matches('/') {
        "" | "." => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// What a stamped folder amounts to. Where the name isn't known, the weights say whether it is a known model
/// under another name, which then brings its prompts with it.
pub(super) fn assemble(
    folder: &Path,
    name: Option<&str>,
    manifest: Option<&Manifest>,
    stamp: &Stamp,
) -> Result<ModelFolder, LoadError> {
    let essentials = Essentials::find(folder)?;
    let missing = |path: &str| LoadError::Missing {
        path: folder.join(path),
        purpose: "what decides a model's vectors",
    };
    let weights_sha256 = stamp
        .digest_of(&essentials.weights)
        .ok_or_else(|| missing(&essentials.weights.join(", ")))?;
    let tokenizer_sha256 = stamp
        .digest_of(std::slice::from_ref(&essentials.tokenizer))
        .ok_or_else(|| missing(&essentials.tokenizer))?;
    let manifest = manifest.or_else(|| {
        manifests().iter().find(|known| {
            known
                .file("model.safetensors")
                .and_then(|file| file.sha256.as_ref())
                == Some(&weights_sha256)
        })
    });
    let own_name = || folder.file_name().and_then(|name| name.to_str());
    let name = name
        .or(manifest.map(|known| known.name.as_str()))
        .or_else(own_name)
        .unwrap_or("model")
        .to_owned();
    Ok(ModelFolder {
        path: folder.to_owned(),
        name,
        revision: stamp
            .revision
            .clone()
            .or_else(|| manifest.map(|known| known.revision.clone())),
        weights_sha256,
        tokenizer_sha256,
        prompts: manifest.map(|known| known.prompts.clone()),
    })
}
