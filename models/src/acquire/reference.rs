//! How a person names a model: by a folder, a known name, or a repository on the hub.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::error::AcquireError;
use crate::manifest::{Manifest, default_manifest, manifests};

/// A model as somebody named it.
///
/// ```
/// # use topoi_models::ModelRef;
/// let known: ModelRef = "all-MiniLM-L6-v2".parse()?;
/// assert_eq!(known.to_string(), "sentence-transformers/all-MiniLM-L6-v2");
/// let folder: ModelRef = "./my-model".parse()?;
/// assert!(matches!(folder, ModelRef::Folder(_)));
/// let on_the_hub: ModelRef = "thenlper/gte-small@main".parse()?;
/// assert!(matches!(on_the_hub, ModelRef::Hub { .. }));
/// # Ok::<(), topoi_models::AcquireError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum ModelRef {
    /// A folder on this machine.
    Folder(PathBuf),
    /// A model that a manifest describes.
    Known(&'static Manifest),
    /// A repository on the hub.
    Hub {
        /// Its name, `organisation/name`.
        name: String,
        /// The branch, tag or commit; the main branch where there is none.
        revision: Option<String>,
    },
}

impl Default for ModelRef {
    /// The model that is used where nobody names one.
    fn default() -> Self {
        Self::Known(default_manifest())
    }
}

impl FromStr for ModelRef {
    type Err = AcquireError;

    /// What begins with `.`, `/` or a drive, and any folder with a `config.json` or `modules.json` in it, is a
    /// folder; then known names are tried, then the form `organisation/name`, either with `@revision` behind it.
    fn from_str(text: &str) -> Result<Self, AcquireError> {
        let path = Path::new(text);
        let looks_like_a_path = path.is_absolute()
            || [".", ".."].contains(&text)
            || ["./", "../", ".\\", "..\\"]
                .iter()
                .any(|start| text.starts_with(start));
        if looks_like_a_path
            || path.join("config.json").is_file()
            || path.join("modules.json").is_file()
        {
            return Ok(Self::Folder(path.to_owned()));
        }
        let (name, revision) = match text.split_once('@') {
            Some((name, revision)) => (name, Some(revision)),
            None => (text, None),
        };
        let known = manifests().iter().find(|known| known.is_called(name));
        if let Some(known) = known
            && revision.is_none_or(|revision| revision == known.revision)
        {
            return Ok(Self::Known(known));
        }
        let name = known.map_or(name, |known| &known.name);
        if is_repository(name) && revision.is_none_or(is_revision) {
            return Ok(Self::Hub {
                name: name.to_owned(),
                revision: revision.map(str::to_owned),
            });
        }
        Err(AcquireError::UnknownModel {
            name: text.to_owned(),
            known: manifests().iter().map(|known| known.name.clone()).collect(),
        })
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Known(manifest) => f.write_str(&manifest.name),
            Self::Hub {
                name,
                revision: None,
            } => f.write_str(name),
            Self::Hub {
                name,
                revision: Some(revision),
            } => write!(f, "{name}@{revision}"),
        }
    }
}

/// `organisation/name` in the letters that the hub allows, which are safe in a file's name too.
fn is_repository(name: &str) -> bool {
    let mut parts = name.split('/');
    matches!((parts.next(), parts.next(), parts.next()), (Some(a), Some(b), None) if is_word(a) && is_word(b))
}

fn is_revision(revision: &str) -> bool {
    revision.split('/').all(is_word)
}

fn is_word(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with('.')
        && !word.contains("..")
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ModelRef {
        text.parse().unwrap()
    }

    #[test]
    fn known_names_are_found_in_any_case_and_by_alias() {
        for name in [
            "sentence-transformers/all-MiniLM-L6-v2",
            "ALL-minilm-l6-V2",
            "minilm-l6",
            "minilm-l6@c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
        ] {
            assert_eq!(parse(name), ModelRef::default(), "{name}");
        }
    }

    #[test]
    fn another_revision_of_a_known_model_is_another_model() {
        assert_eq!(
            parse("bge-small@refs/pr/3"),
            ModelRef::Hub {
                name: "BAAI/bge-small-en-v1.5".to_owned(),
                revision: Some("refs/pr/3".to_owned()),
            }
        );
    }

    #[test]
    fn a_folder_with_a_configuration_is_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().to_str().unwrap();
        assert_eq!(parse(text), ModelRef::Folder(folder.path().to_owned()));
        assert_eq!(parse("../x"), ModelRef::Folder("../x".into()));
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_names_there_are() {
        for text in [
            "",
            "nothing",
            "a/b/c",
            "a b/c",
            "org/..",
            "org/name@..",
            "org/name@",
        ] {
            let error = text.parse::<ModelRef>().unwrap_err();
            let hint = error.hint().unwrap();
            assert!(hint.contains("all-MiniLM-L6-v2"), "{text}: {hint}");
        }
    }
}
