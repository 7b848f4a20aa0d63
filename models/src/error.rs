//! What can go wrong between a model folder and a vector, said with the file's name and a way out.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a model folder couldn't be loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file couldn't be read.
    #[error("can't read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A file that every model needs isn't there.
    #[error("`{}` is missing: it holds {purpose}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
        /// What the file is for.
        purpose: &'static str,
    },
    /// The folder holds weights only as a Python pickle.
    #[error("`{}` holds its weights as a Python pickle, which can run code when it is read", path.display())]
    PickleOnly {
        /// The folder, or the pickle in it.
        path: PathBuf,
    },
    /// A configuration file isn't JSON, or lacks what it should say.
    #[error("`{}` doesn't hold a valid {what}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What it should describe.
        what: &'static str,
        /// Where it goes wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The model asks for something that this crate doesn't compute.
    #[error("`{}` asks for {found}, and only {supported} can be computed here", path.display())]
    Unsupported {
        /// The file that asks for it.
        path: PathBuf,
        /// What it asks for.
        found: String,
        /// What there is.
        supported: String,
    },
    /// The folder holds a model that scores texts, where one that gives them vectors is wanted.
    #[error("`{}` describes a `{found}`, which scores texts and gives them no vectors", path.display())]
    NotASentenceModel {
        /// The file that says so.
        path: PathBuf,
        /// The model's architecture.
        found: String,
    },
    /// The folder holds a model of another kind, where a re-ranker is wanted.
    #[error("`{}` describes {found}, and a re-ranker is a sequence classifier with one label", path.display())]
    NotAReranker {
        /// The file that says so.
        path: PathBuf,
        /// What the model is.
        found: String,
    },
    /// Two parts of the folder contradict each other, or a number makes no sense.
    #[error("`{}` makes no sense: {reason}", path.display())]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// What doesn't fit.
        reason: String,
    },
    /// The weights file is cut short or damaged.
    #[error("`{}` is damaged or cut short: {reason}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What the reader stumbled on.
        reason: String,
    },
    /// A tensor that the configuration calls for isn't in the weights.
    #[error("`{}` has no tensor `{name}`", path.display())]
    MissingTensor {
        /// The weights.
        path: PathBuf,
        /// The tensor's name.
        name: String,
    },
    /// A tensor has another shape than the configuration says.
    #[error("tensor `{name}` in `{}` has shape {found:?}, and the configuration says {expected:?}", path.display())]
    TensorShape {
        /// The weights.
        path: PathBuf,
        /// The tensor's name.
        name: String,
        /// The shape that follows from the configuration.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor holds numbers of a kind that isn't read.
    #[error("tensor `{name}` in `{}` holds {found}, and only {read} are read", path.display())]
    TensorType {
        /// The weights.
        path: PathBuf,
        /// The tensor's name.
        name: String,
        /// The kind of number.
        found: String,
        /// The kinds that are read.
        read: &'static str,
    },
    /// The tokeniser's file can't be used.
    #[error("the tokeniser `{}` can't be used: {reason}", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The device that was asked for isn't there.
    #[error("can't compute on {device}: {reason}")]
    Device {
        /// The device, in words.
        device: String,
        /// Why not.
        reason: String,
    },
    /// The settings ask for what can't be done together.
    #[error("{reason}")]
    Settings {
        /// What doesn't go with what.
        reason: String,
    },
    /// The tensor library refused.
    #[error("can't set up the model in `{}`: {reason}", path.display())]
    Backend {
        /// The model's folder.
        path: PathBuf,
        /// What the library said.
        reason: String,
    },
}

impl LoadError {
    /// What the person can do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some(
                "a model folder holds `config.json`, `tokenizer.json` and `model.safetensors`, \
                 as the sentence-transformers library saves them"
                    .to_owned(),
            ),
            Self::PickleOnly { .. } => Some(
                "save the model once with a current sentence-transformers, which writes \
                 `model.safetensors`, or name a model that ships it"
                    .to_owned(),
            ),
            Self::Weights { .. } | Self::Json { .. } | Self::Tokenizer { .. } => {
                Some("copy the file again from where the model came from".to_owned())
            }
            Self::MissingTensor { .. } | Self::TensorShape { .. } => Some(
                "`config.json` and the weights come from different models: copy both from the \
                 same place"
                    .to_owned(),
            ),
            Self::Unsupported { .. } => Some("choose another model".to_owned()),
            Self::NotASentenceModel { .. } => Some(
                "name a sentence model, such as `all-MiniLM-L6-v2`; a re-ranker puts in order what \
                 a sentence model has found"
                    .to_owned(),
            ),
            Self::NotAReranker { .. } => Some(
                "name a cross-encoder with one label, such as `cross-encoder/ms-marco-MiniLM-L6-v2`"
                    .to_owned(),
            ),
            Self::Device { .. } => Some("compute on the processor instead".to_owned()),
            Self::Settings { .. } => Some(
                "f32 and int8 are computed on a processor, f32, f16 and bf16 on a graphics card"
                    .to_owned(),
            ),
            Self::Read { .. }
            | Self::Inconsistent { .. }
            | Self::TensorType { .. }
            | Self::Backend { .. } => None,
        }
    }
}

/// Why texts couldn't be turned into vectors.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The observer asked to stop.
    #[error("stopped after {done} texts")]
    Cancelled {
        /// How many texts had their vector by then.
        done: usize,
    },
    /// The tokeniser couldn't take a text apart.
    #[error("text {text} can't be split into tokens: {reason}")]
    Tokenizer {
        /// The text's index among those given.
        text: usize,
        /// What the tokeniser said.
        reason: String,
    },
    /// The tokeniser knows a token that the weights have no vector for.
    #[error("token {id} is outside the vocabulary of {rows} that the weights hold")]
    TokenOutsideVocabulary {
        /// The token's number.
        id: u32,
        /// How many the weights have.
        rows: usize,
    },
    /// A vector or a score came out with an infinite value or none.
    #[error("what the model makes of text {text} isn't finite")]
    NotFinite {
        /// The text's index among those given.
        text: usize,
    },
    /// The tensor library refused.
    #[error("can't compute the model: {reason}")]
    Compute {
        /// What the library said.
        reason: String,
    },
}

impl EncodeError {
    /// What the person can do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TokenOutsideVocabulary { .. } => Some(
                "`tokenizer.json` and the weights come from different models: copy both from the \
                 same place"
                    .to_owned(),
            ),
            Self::NotFinite { .. } => {
                Some("the weights are damaged: copy the model again".to_owned())
            }
            Self::Cancelled { .. } | Self::Tokenizer { .. } | Self::Compute { .. } => None,
        }
    }
}

impl From<candle_core::Error> for EncodeError {
    fn from(error: candle_core::Error) -> Self {
        Self::Compute {
            reason: error.to_string(),
        }
    }
}
