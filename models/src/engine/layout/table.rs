//! What a model folder says of a table of token embeddings.

use std::path::Path;

use serde::Deserialize;

use crate::engine::json::read_optional_json;
use crate::error::LoadError;

/// How many tokens are read where the folder names no limit.
///
/// An average has no limit in itself, but the longer the text, the less its vector says of any part of it, and it is
/// by this length that long paragraphs are cut into passages. 512 is what most transformers read, and what model2vec
/// takes since its version 0.10.
const MOST_TOKENS: usize = 512;

/// A table of token embeddings.
#[derive(Debug, Default)]
pub(crate) struct TableLayout {
    /// How many numbers a row has, where the folder says so.
    pub(crate) width: Option<usize>,
    /// Whether model2vec is told to normalise a text's vector.
    pub(super) normalise: bool,
    most_tokens: Option<usize>,
}

/// model2vec's `config.json`. sentence-transformers writes none for a table.
#[derive(Deserialize)]
struct TableFile {
    hidden_dim: Option<usize>,
    normalize: Option<bool>,
    max_length: Option<usize>,
}

impl TableLayout {
    /// Reads what there is to know of the table in `folder`.
    pub(super) fn read(folder: &Path) -> Result<Self, LoadError> {
        let file: Option<TableFile> =
            read_optional_json(&folder.join("config.json"), "model2vec configuration")?;
        Ok(file.map_or_else(Self::default, |file| Self {
            width: file.hidden_dim,
            normalise: file.normalize.unwrap_or_default(),
            most_tokens: file.max_length,
        }))
    }

    /// How many tokens of a text are read.
    pub(super) fn max_tokens(&self) -> usize {
        self.most_tokens.unwrap_or(MOST_TOKENS)
    }
}

/// Whether `folder`, which has no `modules.json`, says that it holds a table, as model2vec's first versions left it.
pub(super) fn is_table(folder: &Path) -> Result<bool, LoadError> {
    let config: Option<serde_json::Value> =
        read_optional_json(&folder.join("config.json"), "model's configuration")?;
    Ok(config.is_some_and(|config| config["model_type"] == "model2vec"))
}
