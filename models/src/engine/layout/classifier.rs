//! What a model folder says of a classifier: of a transformer that gives texts scores instead of vectors.
//!
//! Such a folder is in the layout of the transformers library, without `modules.json`, or with one that lists nothing
//! but the transformer, as sentence-transformers 6 writes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::modules::Modules;
use super::read_prompt_file;
use super::transformer::{SentenceFile, max_tokens};
use crate::engine::config::TransformerConfig;
use crate::engine::json::{read_json, read_optional_json};
use crate::error::LoadError;

/// How the names of the architectures of all classifiers end.
const CLASSIFIER: &str = "ForSequenceClassification";

/// The architectures that are computed here.
const SUPPORTED: &str = "`BertForSequenceClassification`, `RobertaForSequenceClassification` and \
                         `XLMRobertaForSequenceClassification`";

/// How many labels the transformers library assumes where a configuration names none.
const LABELS: usize = 2;

/// A transformer that scores pairs of texts.
#[derive(Debug)]
pub(crate) struct ClassifierLayout {
    /// The folder with configuration, tokeniser and weights.
    pub(crate) folder: PathBuf,
    pub(crate) config: TransformerConfig,
    /// The names of the two dense layers behind the transformer.
    pub(crate) layers: [&'static str; 2],
    /// Whether the second text of a pair has a token type of its own, should the tokeniser say so.
    pub(crate) two_types: bool,
    /// How many tokens of a pair are read, special tokens included.
    pub(crate) max_tokens: usize,
    /// Whether texts are put in lower case before the tokeniser's own steps.
    pub(crate) lower_case: bool,
    /// What is put before a question.
    pub(crate) prompt: String,
}

#[derive(Deserialize)]
struct ClassifierFile {
    #[serde(default)]
    architectures: Option<Vec<String>>,
    id2label: Option<BTreeMap<String, IgnoredAny>>,
    num_labels: Option<usize>,
}

impl ClassifierFile {
    fn labels(&self) -> usize {
        let named = self.id2label.as_ref().map(BTreeMap::len);
        named.or(self.num_labels).unwrap_or(LABELS)
    }
}

impl ClassifierLayout {
    /// Reads what the folder `root` says of a classifier with one label.
    pub(crate) fn read(root: &Path) -> Result<Self, LoadError> {
        let modules = Modules::read(root)?;
        let folder = root.join(
            modules
                .as_ref()
                .and_then(Modules::body)
                .unwrap_or(Path::new("")),
        );
        let refuse = |path: PathBuf, found: String| Err(LoadError::NotAReranker { path, found });
        if modules.is_some_and(|modules| !modules.is_lone_transformer()) {
            return refuse(root.join("modules.json"), "a sentence model".to_owned());
        }
        let path = folder.join("config.json");
        let file: ClassifierFile = read_json(&path, "transformer configuration")?;
        let Some(name) = file.architectures.iter().flatten().next() else {
            return refuse(path, "a model without an architecture".to_owned());
        };
        let layers = match name.strip_suffix(CLASSIFIER) {
            Some("Bert") => ["pooler.dense", "classifier"],
            Some("Roberta" | "XLMRoberta") => ["classifier.dense", "classifier.out_proj"],
            Some(_) => {
                return Err(LoadError::Unsupported {
                    path,
                    found: format!("the architecture `{name}`"),
                    supported: SUPPORTED.to_owned(),
                });
            }
            None => return refuse(path, format!("a `{name}`")),
        };
        let labels = file.labels();
        if labels != 1 {
            return refuse(path, format!("a `{name}` with {labels} labels"));
        }
        let config = TransformerConfig::read(&path)?;
        let sentence = SentenceFile::read(&folder)?;
        Ok(Self {
            max_tokens: max_tokens(&config, &folder, &sentence)?,
            lower_case: sentence.do_lower_case,
            two_types: name.starts_with("Bert"),
            prompt: default_prompt(root)?,
            folder,
            config,
            layers,
        })
    }
}

/// The architecture of the classifier that the transformer in `folder` is, if it is one.
pub(super) fn classifier_in(folder: &Path) -> Result<Option<String>, LoadError> {
    let path = folder.join("config.json");
    let config: Option<Value> = read_optional_json(&path, "transformer configuration")?;
    let name = config.and_then(|config| Some(config["architectures"][0].as_str()?.to_owned()));
    Ok(name.filter(|name| name.ends_with(CLASSIFIER)))
}

/// What sentence-transformers puts before the first text of a pair where nobody says what to put there.
fn default_prompt(root: &Path) -> Result<String, LoadError> {
    let prompt = read_prompt_file(root)?.and_then(|mut file| {
        let name = file.default_prompt_name?;
        file.prompts.remove(&name)?
    });
    Ok(prompt.unwrap_or_default())
}
