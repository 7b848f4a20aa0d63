//! What a model folder says of its transformer, and of the pooling behind it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::engine::config::TransformerConfig;
use crate::engine::json::{read_json, read_optional_json};
use crate::error::LoadError;
use crate::identity::Pooling;

/// A transformer, and how its tokens' vectors become one.
#[derive(Debug)]
pub(crate) struct TransformerLayout {
    pub(crate) config: TransformerConfig,
    pub(crate) pooling: Pooling,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PoolingFile {
    word_embedding_dimension: Option<usize>,
    embedding_dimension: Option<usize>,
    pooling_mode: Option<PoolingModes>,
    pooling_mode_cls_token: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
    include_prompt: Option<bool>,
}

/// Newer files name the mode; older ones have a switch for each.
#[derive(Deserialize)]
#[serde(untagged)]
enum PoolingModes {
    One(String),
    Several(Vec<String>),
}

/// What sentence-transformers says of how a transformer is used.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SentenceFile {
    max_seq_length: Option<usize>,
    pub(super) do_lower_case: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenizerFile {
    /// Very large numbers stand for "no limit", some of them beyond any integer.
    model_max_length: Option<f64>,
}

impl TransformerLayout {
    /// Reads the transformer in `folder` with the pooling in `pooling`; with mean pooling where there is none.
    pub(super) fn read(folder: &Path, pooling: Option<&Path>) -> Result<Self, LoadError> {
        let (pooling, width) = pooling.map_or(Ok((Pooling::Mean, None)), read_pooling)?;
        let config = TransformerConfig::read(&folder.join("config.json"))?;
        if let Some((path, width)) = width
            && width != config.hidden
        {
            return Err(LoadError::Inconsistent {
                path,
                reason: format!(
                    "it pools vectors of {width} numbers, and the transformer gives {}",
                    config.hidden
                ),
            });
        }
        Ok(Self { config, pooling })
    }
}

/// How many tokens the transformer of `config` in `folder` reads: what the sentence configuration says, else what the
/// tokeniser's says; in any case no more than there are positions for.
pub(super) fn max_tokens(
    config: &TransformerConfig,
    folder: &Path,
    sentence: &SentenceFile,
) -> Result<usize, LoadError> {
    let available = config.positions_available();
    let wanted = match sentence.max_seq_length {
        Some(length) => length,
        None => {
            let path = folder.join("tokenizer_config.json");
            let file: Option<TokenizerFile> =
                read_optional_json(&path, "tokeniser's configuration")?;
            file.and_then(|file| file.model_max_length)
                .filter(|length| *length >= 1.0)
                .map_or(available, |length| length as usize)
        }
    };
    Ok(wanted.min(available))
}

impl SentenceFile {
    pub(super) fn read(transformer: &Path) -> Result<Self, LoadError> {
        // The names that sentence-transformers looks for, of the families that can be computed here.
        for name in [
            "sentence_bert_config.json",
            "sentence_roberta_config.json",
            "sentence_xlm-roberta_config.json",
        ] {
            let path = transformer.join(name);
            if let Some(file) = read_optional_json(&path, "sentence configuration")? {
                return Ok(file);
            }
        }
        Ok(Self::default())
    }
}

fn read_pooling(folder: &Path) -> Result<(Pooling, Option<(PathBuf, usize)>), LoadError> {
    let path = folder.join("config.json");
    let file: PoolingFile = read_json(&path, "pooling configuration")?;
    let mut modes: Vec<String> = match file.pooling_mode {
        Some(PoolingModes::One(mode)) => vec![mode],
        Some(PoolingModes::Several(modes)) => modes,
        None => Vec::new(),
    };
    if modes.is_empty() {
        modes = [
            (file.pooling_mode_cls_token, "cls"),
            (file.pooling_mode_max_tokens, "max"),
            (file.pooling_mode_mean_tokens, "mean"),
            (
                file.pooling_mode_mean_sqrt_len_tokens,
                "mean_sqrt_len_tokens",
            ),
            (file.pooling_mode_weightedmean_tokens, "weightedmean"),
            (file.pooling_mode_lasttoken, "lasttoken"),
        ]
        .into_iter()
        .filter(|(on, _)| *on)
        .map(|(_, mode)| mode.to_owned())
        .collect();
    }
    let unsupported = |found: String, supported: &str| LoadError::Unsupported {
        path: path.clone(),
        found,
        supported: supported.to_owned(),
    };
    if file.include_prompt == Some(false) {
        return Err(unsupported(
            "pooling that leaves out the prompt's tokens".to_owned(),
            "pooling over all tokens",
        ));
    }
    let pooling = match modes.as_slice() {
        [mode] => match mode.as_str() {
            "cls" => Pooling::Cls,
            "mean" => Pooling::Mean,
            "max" => Pooling::Max,
            "mean_sqrt_len_tokens" => Pooling::MeanSqrtLen,
            other => {
                return Err(unsupported(
                    format!("the pooling `{other}`"),
                    "`cls`, `mean`, `max` and `mean_sqrt_len_tokens`",
                ));
            }
        },
        [] => return Err(unsupported("no pooling at all".to_owned(), "one pooling")),
        several => {
            return Err(unsupported(
                format!("the poolings {} side by side", several.join(" and ")),
                "one pooling",
            ));
        }
    };
    let width = file.word_embedding_dimension.or(file.embedding_dimension);
    Ok((pooling, width.map(|width| (path.clone(), width))))
}
