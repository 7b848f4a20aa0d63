//! The transformer's `config.json`: what it may say, and whether its numbers make sense.

use std::path::Path;

use serde::Deserialize;

use super::json::read_json;
use crate::error::LoadError;

/// The families of models that the engines compute, by `model_type`.
const SUPPORTED: &str = "`bert`, `roberta` and `xlm-roberta`";

/// A model's configuration, by its `model_type`.
///
/// All three share one encoder: they differ in how positions are numbered and in what is taken for granted
/// where the file is silent.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "model_type")]
pub(crate) enum ModelConfig {
    #[serde(rename = "bert")]
    Bert(RawConfig),
    #[serde(rename = "roberta")]
    Roberta(RawConfig),
    #[serde(rename = "xlm-roberta")]
    XlmRoberta(RawConfig),
}

/// The fields of `config.json` that decide what is computed.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RawConfig {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: String,
    max_position_embeddings: usize,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f64>,
    pad_token_id: Option<u32>,
    position_embedding_type: Option<String>,
    is_decoder: Option<bool>,
}

/// How the tokens of a text are numbered for the position embeddings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Positions {
    /// From 0, padding included.
    FromZero,
    /// From `padding + 1`, counting only tokens that aren't `padding`, which itself has position `padding`: the
    /// numbering that RoBERTa took over from fairseq.
    AfterPadding {
        /// The padding token's number.
        padding: u32,
    },
}

impl Positions {
    /// How many of the position embeddings can't be used by tokens.
    fn reserved(self) -> usize {
        match self {
            Self::FromZero => 0,
            Self::AfterPadding { padding } => padding as usize + 1,
        }
    }
}

/// An activation function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    Identity,
    Relu,
    /// With the error function, as in the paper.
    Gelu,
    /// With the hyperbolic tangent in place of the error function.
    GeluTanh,
    /// Also called swish.
    Silu,
    Tanh,
    Sigmoid,
}

/// A transformer's configuration, checked.
#[derive(Debug, Clone)]
pub(crate) struct TransformerConfig {
    pub(crate) vocabulary: usize,
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) intermediate: usize,
    pub(crate) activation: Activation,
    pub(crate) position_rows: usize,
    pub(crate) type_rows: usize,
    pub(crate) epsilon: f32,
    pub(crate) positions: Positions,
}

impl TransformerConfig {
    /// Reads and checks `config.json` at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self, LoadError> {
        let value: serde_json::Value = read_json(path, "transformer configuration")?;
        let found = value.get("model_type").and_then(|kind| kind.as_str());
        if !matches!(found, Some("bert" | "roberta" | "xlm-roberta")) {
            return Err(LoadError::Unsupported {
                path: path.to_owned(),
                found: match found {
                    Some(kind) => format!("a model of the type `{kind}`"),
                    None => "a model without a `model_type`".to_owned(),
                },
                supported: SUPPORTED.to_owned(),
            });
        }
        let config: ModelConfig =
            serde_json::from_value(value).map_err(|source| LoadError::Json {
                path: path.to_owned(),
                what: "transformer configuration",
                source,
            })?;
        Self::check(config, path)
    }

    fn check(config: ModelConfig, path: &Path) -> Result<Self, LoadError> {
        let (raw, is_roberta) = match config {
            ModelConfig::Bert(raw) => (raw, false),
            ModelConfig::Roberta(raw) | ModelConfig::XlmRoberta(raw) => (raw, true),
        };
        let unsupported = |found: String, supported: &str| LoadError::Unsupported {
            path: path.to_owned(),
            found,
            supported: supported.to_owned(),
        };
        let inconsistent = |reason: String| LoadError::Inconsistent {
            path: path.to_owned(),
            reason,
        };
        let activation = match raw.hidden_act.as_str() {
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" => Activation::GeluTanh,
            "relu" => Activation::Relu,
            "silu" | "swish" => Activation::Silu,
            other => {
                return Err(unsupported(
                    format!("the activation `{other}`"),
                    "`gelu`, `gelu_new`, `gelu_pytorch_tanh`, `relu` and `silu`",
                ));
            }
        };
        if let Some(kind) = &raw.position_embedding_type
            && kind != "absolute"
        {
            return Err(unsupported(
                format!("position embeddings of the type `{kind}`"),
                "`absolute`",
            ));
        }
        if raw.is_decoder == Some(true) {
            return Err(unsupported("a decoder".to_owned(), "an encoder"));
        }
        for (name, number) in [
            ("vocab_size", raw.vocab_size),
            ("hidden_size", raw.hidden_size),
            ("num_hidden_layers", raw.num_hidden_layers),
            ("num_attention_heads", raw.num_attention_heads),
            ("intermediate_size", raw.intermediate_size),
            ("max_position_embeddings", raw.max_position_embeddings),
        ] {
            if number == 0 || number > u32::MAX as usize {
                return Err(inconsistent(format!("`{name}` is {number}")));
            }
        }
        if raw.hidden_size % raw.num_attention_heads != 0 {
            return Err(inconsistent(format!(
                "`hidden_size` {} can't be shared out among {} attention heads",
                raw.hidden_size, raw.num_attention_heads
            )));
        }
        let epsilon = raw.layer_norm_eps.unwrap_or(1e-12);
        if !(0.0..1.0).contains(&epsilon) {
            return Err(inconsistent(format!("`layer_norm_eps` is {epsilon}")));
        }
        let padding_token = raw.pad_token_id.unwrap_or(u32::from(is_roberta));
        let positions = if is_roberta {
            Positions::AfterPadding {
                padding: padding_token,
            }
        } else {
            Positions::FromZero
        };
        if positions.reserved() >= raw.max_position_embeddings {
            return Err(inconsistent(format!(
                "`max_position_embeddings` {} leaves no position after the padding token {padding_token}",
                raw.max_position_embeddings
            )));
        }
        Ok(Self {
            vocabulary: raw.vocab_size,
            hidden: raw.hidden_size,
            layers: raw.num_hidden_layers,
            heads: raw.num_attention_heads,
            intermediate: raw.intermediate_size,
            activation,
            position_rows: raw.max_position_embeddings,
            type_rows: raw.type_vocab_size.unwrap_or(2).max(1),
            epsilon: epsilon as f32,
            positions,
        })
    }

    /// How many tokens there are positions for.
    pub(crate) fn positions_available(&self) -> usize {
        self.position_rows - self.positions.reserved()
    }
}
