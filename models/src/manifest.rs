//! The models that are known by name, with the digest of each of their files.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::folder::Prompts;
use crate::identity::Pooling;

/// The manifests, in the order in which they are listed; the first is the default model.
const SOURCES: [&str; 4] = [
    include_str!("../manifests/all-minilm-l6-v2.toml"),
    include_str!("../manifests/all-minilm-l12-v2.toml"),
    include_str!("../manifests/bge-small-en-v1.5.toml"),
    include_str!("../manifests/multilingual-e5-small.toml"),
];

/// A model that is known by name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name, which is that of its repository on the hub.
    pub name: String,
    /// Shorter names, in lower case.
    pub aliases: Vec<String>,
    /// What it is good for, in a few words.
    pub description: String,
    /// Which languages it reads.
    pub languages: String,
    /// The licence of the weights, as an SPDX expression.
    pub licence: String,
    /// The commit that the files are taken from.
    pub revision: String,
    /// How many parameters it has, in millions.
    pub parameters_millions: f32,
    /// How many numbers a vector has.
    pub dim: usize,
    /// How the tokens' vectors become one.
    pub pooling: Pooling,
    /// How many tokens of a text are read.
    pub max_tokens: usize,
    /// What is put before queries and passages.
    #[serde(default)]
    pub prompts: Prompts,
    /// A Python package that carries the same files, for where the hub can't be reached.
    pub python_package: Option<PythonPackage>,
    /// The files that make up the model.
    pub files: Vec<ManifestFile>,
}

/// A Python package that carries a model's files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PythonPackage {
    /// The package's name.
    pub name: String,
    /// The version that carries these files.
    pub version: String,
    /// The folder in the wheel that is the model's.
    pub folder: String,
}

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Its path within the model's folder, with `/` between the parts.
    pub path: String,
    /// Its size in bytes, where known.
    pub size: Option<u64>,
    /// Its SHA-256 in hexadecimal. A file without one is pinned when it is first fetched.
    pub sha256: Option<String>,
}

impl Manifest {
    /// Whether it was made for English, and for nothing else.
    pub fn is_english(&self) -> bool {
        self.languages == "English"
    }

    /// The file at `path`, if the model has one there.
    pub(crate) fn file(&self, path: &str) -> Option<&ManifestFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Its name or one of its aliases, in whatever case.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self
                .aliases
                .iter()
                .any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

/// All models that are known by name; the first is the default.
pub fn manifests() -> &'static [Manifest] {
    static MANIFESTS: OnceLock<Vec<Manifest>> = OnceLock::new();
    MANIFESTS.get_or_init(|| {
        SOURCES
            .iter()
            .map(|source| {
                toml::from_str(source).expect("the manifests are part of the program and tested")
            })
            .collect()
    })
}

/// The model that is used where nobody names one.
pub fn default_manifest() -> &'static Manifest {
    &manifests()[0]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_default_is_minilm_l6() {
        assert_eq!(
            default_manifest().name,
            "sentence-transformers/all-MiniLM-L6-v2"
        );
    }

    #[test]
    fn every_manifest_is_complete_and_well_formed() {
        let is_hex = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        for manifest in manifests() {
            let name = &manifest.name;
            assert_eq!(name.split('/').count(), 2, "{name}");
            assert_eq!(manifest.revision.len(), 40, "{name}");
            assert!(is_hex(&manifest.revision), "{name}");
            for needed in [
                "modules.json",
                "1_Pooling/config.json",
                "config.json",
                "tokenizer.json",
                "model.safetensors",
            ] {
                assert!(manifest.file(needed).is_some(), "{name} lacks {needed}");
            }
            for file in &manifest.files {
                assert!(!file.path.starts_with('/') && !file.path.contains(".."));
                if let Some(digest) = &file.sha256 {
                    assert!(digest.len() == 64 && is_hex(digest), "{name} {}", file.path);
                }
            }
            for alias in &manifest.aliases {
                assert_eq!(alias, &alias.to_lowercase());
            }
        }
    }

    #[test]
    fn no_two_models_share_a_name() {
        let mut names = HashSet::new();
        for manifest in manifests() {
            for name in manifest.aliases.iter().chain([&manifest.name]) {
                assert!(names.insert(name.to_lowercase()), "{name}");
            }
        }
    }
}
