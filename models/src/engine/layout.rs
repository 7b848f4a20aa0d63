//! What a model folder says about itself: the sentence-transformers layout.
//!
//! `modules.json` lists the steps, each with a folder of its own; a folder without it is a plain transformer,
//! which sentence-transformers reads as that transformer followed by mean pooling, and so is it here.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::config::{Activation, TransformerConfig};
use crate::error::LoadError;
use crate::folder::Prompts;
use crate::identity::Pooling;

/// Everything that a model folder says, read and checked, without the weights.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The folder with the transformer's configuration, tokeniser and weights.
    pub(crate) transformer: PathBuf,
    pub(crate) config: TransformerConfig,
    /// How many tokens are read, special tokens included.
    pub(crate) max_tokens: usize,
    /// Whether texts are put in lower case before the tokeniser's own steps.
    pub(crate) lower_case: bool,
    pub(crate) pooling: Pooling,
    /// What follows the pooling, in order.
    pub(crate) steps: Vec<Step>,
    /// The prompts that the folder names, if it names any.
    pub(crate) prompts: Option<Prompts>,
}

/// A step behind the pooling.
#[derive(Debug)]
pub(crate) enum Step {
    Dense(DenseLayout),
    Normalise,
}

/// What a dense layer's folder says.
#[derive(Debug)]
pub(crate) struct DenseLayout {
    pub(crate) folder: PathBuf,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) bias: bool,
    pub(crate) activation: Activation,
}

/// The kinds of modules that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModuleKind {
    Transformer,
    Pooling,
    Dense,
    Normalise,
    /// Does nothing outside training.
    Dropout,
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
                Some("Pooling") => ModuleKind::Pooling,
                Some("Dense") => ModuleKind::Dense,
                Some("Normalize") => ModuleKind::Normalise,
                Some("Dropout") => ModuleKind::Dropout,
                _ => {
                    return Err(LoadError::Unsupported {
                        path,
                        found: format!("a module of the type `{}`", entry.kind),
                        supported: "`Transformer`, `Pooling`, `Dense`, `Normalize` and `Dropout`"
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
        let in_order = matches!(
            modules.as_slice(),
            [(ModuleKind::Transformer, _), (ModuleKind::Pooling, _), rest @ ..]
                if rest.iter().all(|(kind, _)| {
                    !matches!(kind, ModuleKind::Transformer | ModuleKind::Pooling)
                })
        );
        if !in_order {
            return Err(LoadError::Unsupported {
                path,
                found: format!(
                    "the steps {:?}",
                    modules.iter().map(|(kind, _)| *kind).collect::<Vec<_>>()
                ),
                supported: "a transformer, then one pooling, then dense layers and normalising"
                    .to_owned(),
            });
        }
        Ok(Some(Self { modules }))
    }
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

#[derive(Deserialize)]
struct DenseFile {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    activation_function: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SentenceFile {
    max_seq_length: Option<usize>,
    do_lower_case: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PromptFile {
    prompts: std::collections::BTreeMap<String, Option<String>>,
    default_prompt_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenizerFile {
    /// Very large numbers stand for "no limit", some of them beyond any integer.
    model_max_length: Option<f64>,
}

impl Layout {
    /// Reads what the folder `root` says.
    pub(crate) fn read(root: &Path) -> Result<Self, LoadError> {
        let modules = match Modules::read(root)? {
            Some(found) => found.modules,
            None => vec![(ModuleKind::Transformer, PathBuf::new())],
        };
        let mut transformer = root.to_owned();
        let mut pooling = Pooling::Mean;
        let mut steps = Vec::new();
        let mut width = None;
        for (kind, relative) in &modules {
            let folder = root.join(relative);
            match kind {
                ModuleKind::Transformer => transformer = folder,
                ModuleKind::Pooling => (pooling, width) = read_pooling(&folder)?,
                ModuleKind::Dense => steps.push(Step::Dense(read_dense(&folder)?)),
                ModuleKind::Normalise => steps.push(Step::Normalise),
                ModuleKind::Dropout => {}
            }
        }
        let config = TransformerConfig::read(&transformer.join("config.json"))?;
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
        check_widths(config.hidden, &steps)?;
        let sentence = read_sentence(&transformer)?;
        let max_tokens = max_tokens(&transformer, &config, sentence.max_seq_length)?;
        Ok(Self {
            prompts: read_prompts(root)?,
            transformer,
            config,
            max_tokens,
            lower_case: sentence.do_lower_case,
            pooling,
            steps,
        })
    }
}

/// Whether `folder` says all that is needed of a model that can be computed here, weights and tokeniser apart.
pub(crate) fn describes_a_model(folder: &Path) -> bool {
    Layout::read(folder).is_ok()
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

fn read_dense(folder: &Path) -> Result<DenseLayout, LoadError> {
    let path = folder.join("config.json");
    let file: DenseFile = read_json(&path, "dense layer's configuration")?;
    // Written as a Python class path; sentence-transformers takes `Tanh` where there is none.
    let name = file.activation_function.as_deref().unwrap_or("Tanh");
    let activation = match name.rsplit('.').next() {
        Some("Tanh") => Activation::Tanh,
        Some("Identity") => Activation::Identity,
        Some("GELU") => Activation::Gelu,
        Some("ReLU") => Activation::Relu,
        Some("Sigmoid") => Activation::Sigmoid,
        _ => {
            return Err(LoadError::Unsupported {
                path,
                found: format!("the activation `{name}`"),
                supported: "`Tanh`, `Identity`, `GELU`, `ReLU` and `Sigmoid`".to_owned(),
            });
        }
    };
    if file.in_features == 0 || file.out_features == 0 {
        return Err(LoadError::Inconsistent {
            path,
            reason: "a dense layer needs inputs and outputs".to_owned(),
        });
    }
    Ok(DenseLayout {
        folder: folder.to_owned(),
        inputs: file.in_features,
        outputs: file.out_features,
        bias: file.bias,
        activation,
    })
}

/// Checks that each dense layer takes as many numbers as the step before it gives.
fn check_widths(hidden: usize, steps: &[Step]) -> Result<(), LoadError> {
    let mut width = hidden;
    for step in steps {
        if let Step::Dense(dense) = step {
            if dense.inputs != width {
                return Err(LoadError::Inconsistent {
                    path: dense.folder.join("config.json"),
                    reason: format!("the layer takes {} numbers, and gets {width}", dense.inputs),
                });
            }
            width = dense.outputs;
        }
    }
    Ok(())
}

fn read_sentence(transformer: &Path) -> Result<SentenceFile, LoadError> {
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
    Ok(SentenceFile::default())
}

/// How many tokens are read: what the sentence configuration says, else what the tokeniser's says; in any case
/// no more than there are positions for.
fn max_tokens(
    transformer: &Path,
    config: &TransformerConfig,
    sentence: Option<usize>,
) -> Result<usize, LoadError> {
    let available = config.positions_available();
    let wanted = match sentence {
        Some(length) => length,
        None => {
            let path = transformer.join("tokenizer_config.json");
            let file: Option<TokenizerFile> =
                read_optional_json(&path, "tokeniser's configuration")?;
            file.and_then(|file| file.model_max_length)
                .filter(|length| *length >= 1.0)
                .map_or(available, |length| length as usize)
        }
    };
    Ok(wanted.min(available))
}

fn read_prompts(root: &Path) -> Result<Option<Prompts>, LoadError> {
    let path = root.join("config_sentence_transformers.json");
    let Some(file) =
        read_optional_json::<PromptFile>(&path, "sentence-transformers configuration")?
    else {
        return Ok(None);
    };
    if let Some(name) = &file.default_prompt_name
        && !file.prompts.contains_key(name)
    {
        return Err(LoadError::Inconsistent {
            path,
            reason: format!("the default prompt `{name}` isn't among the prompts"),
        });
    }
    // The names that sentence-transformers tries for queries and for documents, in its order.
    let find = |names: &[&str]| {
        names
            .iter()
            .copied()
            .chain(file.default_prompt_name.as_deref())
            .find_map(|name| file.prompts.get(name))
            .and_then(Option::as_deref)
            .unwrap_or("")
            .to_owned()
    };
    let prompts = Prompts {
        query: find(&["query"]),
        passage: find(&["document", "passage", "corpus"]),
    };
    let says_something = !prompts.query.is_empty() || !prompts.passage.is_empty();
    Ok(says_something.then_some(prompts))
}

/// Reads the JSON file at `path`, which holds a `what`.
pub(crate) fn read_json<T: DeserializeOwned>(
    path: &Path,
    what: &'static str,
) -> Result<T, LoadError> {
    match read_optional_json(path, what)? {
        Some(value) => Ok(value),
        None => Err(LoadError::Missing {
            path: path.to_owned(),
            purpose: what,
        }),
    }
}

fn read_optional_json<T: DeserializeOwned>(
    path: &Path,
    what: &'static str,
) -> Result<Option<T>, LoadError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(LoadError::Read {
                path: path.to_owned(),
                source,
            });
        }
    };
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(Some(value)),
        Err(source) => Err(LoadError::Json {
            path: path.to_owned(),
            what,
            source,
        }),
    }
}
