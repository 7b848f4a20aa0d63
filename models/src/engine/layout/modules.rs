//! `modules.json`: the steps of a model, and the folder of each.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::engine::json::read_optional_json;
use crate::error::LoadError;

/// The kinds of modules that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModuleKind {
    Transformer,
    /// A table of token embeddings, which are averaged.
    Static,
    Pooling,
    Dense,
    Normalise,
    /// Does nothing outside training.
    Dropout,
}

impl ModuleKind {
    /// Whether it turns tokens into vectors, and so has the weights and the tokeniser in its folder.
    fn is_body(self) -> bool {
        matches!(self, Self::Transformer | Self::Static)
    }
}

/// `modules.json`: the steps of a model and their folders, relative to the model's.
#[derive(Debug)]
pub(crate) struct Modules {
    pub(crate) modules: Vec<(ModuleKind, PathBuf)>,
}

#[derive(Deserialize)]
struct ModuleEntry {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Modules {
    /// Reads `modules.json` in `folder`; `None` where there is none.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, LoadError> {
        let path = folder.join("modules.json");
        let Some(entries) = read_optional_json::<Vec<ModuleEntry>>(&path, "list of modules")?
        else {
            return Ok(None);
        };
        let mut modules = Vec::with_capacity(entries.len());
        for entry in entries {
            // The names have moved between packages from version to version; the last part has stayed.
            let kind = match entry.kind.rsplit('.').next() {
                Some("Transformer") => ModuleKind::Transformer,
                Some("StaticEmbedding") => ModuleKind::Static,
                Some("Pooling") => ModuleKind::Pooling,
                Some("Dense") => ModuleKind::Dense,
                Some("Normalize") => ModuleKind::Normalise,
                Some("Dropout") => ModuleKind::Dropout,
                _ => {
                    return Err(LoadError::Unsupported {
                        path,
                        found: format!("a module of the type `{}`", entry.kind),
                        supported: "`Transformer`, `StaticEmbedding`, `Pooling`, `Dense`, \
                                    `Normalize` and `Dropout`"
                            .to_owned(),
                    });
                }
            };
            let relative = PathBuf::from(entry.path);
            if !relative
                .components()
                .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
            {
                return Err(LoadError::Inconsistent {
                    path,
                    reason: format!("`{}` leads out of the model's folder", relative.display()),
                });
            }
            modules.push((kind, relative));
        }
        let modules = Self { modules };
        if !modules.is_lone_transformer() && !in_order(&modules.modules) {
            return Err(modules.unsupported(path));
        }
        Ok(Some(modules))
    }

    /// The folder of the module that turns tokens into vectors, relative to the model's.
    pub(crate) fn body(&self) -> Option<&Path> {
        let (_, path) = self.modules.iter().find(|(kind, _)| kind.is_body())?;
        Some(path)
    }

    /// What is said of steps that aren't computed here, listed by the file at `path`.
    pub(super) fn unsupported(&self, path: PathBuf) -> LoadError {
        let kinds = self.modules.iter().map(|(kind, _)| *kind);
        LoadError::Unsupported {
            path,
            found: format!("the steps {:?}", kinds.collect::<Vec<_>>()),
            supported: "a transformer and one pooling, or a static embedding, then dense layers \
                        and normalising"
                .to_owned(),
        }
    }

    /// Whether nothing follows the transformer, as in a cross-encoder, whose head lies with the transformer's weights.
    pub(super) fn is_lone_transformer(&self) -> bool {
        matches!(self.modules.as_slice(), [(ModuleKind::Transformer, _)])
    }

    /// Whether the model is a table of token embeddings.
    pub(crate) fn is_static(&self) -> bool {
        matches!(self.modules.as_slice(), [(ModuleKind::Static, _), ..])
    }
}

fn in_order(modules: &[(ModuleKind, PathBuf)]) -> bool {
    let rest = match modules {
        [
            (ModuleKind::Transformer, _),
            (ModuleKind::Pooling, _),
            rest @ ..,
        ]
        | [(ModuleKind::Static, _), rest @ ..] => rest,
        _ => return false,
    };
    rest.iter()
        .all(|(kind, _)| !kind.is_body() && *kind != ModuleKind::Pooling)
}
