//! What a model folder says about itself: the sentence-transformers layout, which model2vec writes too.
//!
//! | file | what |
//! |---|---|
//! | `mod` | all of it together, and the prompts |
//! | `modules` | the list of steps |
//! | `transformer`, `table` | the two bodies that a model can have: what turns tokens into vectors |
//! | `dense` | a layer behind the body |
//! | `classifier` | a transformer that gives scores instead of vectors |
//!
//! `modules.json` lists the steps, each with a folder of its own. A folder without it is a plain transformer, which
//! sentence-transformers reads as that transformer followed by mean pooling, and so is it here; or what model2vec's
//! first versions wrote, if its `config.json` says so.

mod classifier;
mod dense;
mod modules;
mod table;
mod transformer;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use self::classifier::classifier_in;
use self::table::is_table;
use self::transformer::{SentenceFile, max_tokens};
use super::json::read_optional_json;
use crate::error::LoadError;
use crate::folder::Prompts;
use crate::identity::Pooling;

pub(crate) use classifier::ClassifierLayout;
pub(crate) use dense::DenseLayout;
pub(crate) use modules::{ModuleKind, Modules};
pub(crate) use table::TableLayout;
pub(crate) use transformer::TransformerLayout;

/// Everything that a model folder says, read and checked, without the weights.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The folder with the body's configuration, tokeniser and weights.
    pub(crate) folder: PathBuf,
    pub(crate) body: Body,
    /// How many tokens are read, special tokens included.
    pub(crate) max_tokens: usize,
    /// Whether texts are put in lower case before the tokeniser's own steps.
    pub(crate) lower_case: bool,
    /// What follows the pooling, in order.
    pub(crate) steps: Vec<Step>,
    /// The prompts that the folder names, if it names any.
    pub(crate) prompts: Option<Prompts>,
}

/// What turns tokens into vectors.
#[derive(Debug)]
pub(crate) enum Body {
    Transformer(TransformerLayout),
    Table(TableLayout),
}

impl Body {
    /// How the tokens' vectors become one.
    pub(crate) fn pooling(&self) -> Pooling {
        match self {
            Self::Transformer(transformer) => transformer.pooling,
            Self::Table(_) => Pooling::Mean,
        }
    }
}

/// A step behind the pooling.
#[derive(Debug)]
pub(crate) enum Step {
    Dense(DenseLayout),
    Normalise,
}

impl Layout {
    /// Reads what the folder `root` says.
    pub(crate) fn read(root: &Path) -> Result<Self, LoadError> {
        let prompts = read_prompts(root)?;
        let Some(modules) = Modules::read(root)? else {
            return if is_table(root)? {
                let table = TableLayout::read(root)?;
                let steps = table.normalise.then_some(Step::Normalise);
                Ok(Self::table(root, table, Vec::from_iter(steps), prompts))
            } else {
                refuse_classifier(root)?;
                Self::transformer(root, None, Vec::new(), prompts)
            };
        };
        let folder = root.join(modules.body().unwrap_or(Path::new("")));
        if modules.is_lone_transformer() {
            refuse_classifier(&folder)?;
            return Err(modules.unsupported(root.join("modules.json")));
        }
        let mut pooling = None;
        let mut steps = Vec::new();
        for (kind, relative) in &modules.modules {
            match kind {
                ModuleKind::Pooling => pooling = Some(root.join(relative)),
                ModuleKind::Dense => {
                    steps.push(Step::Dense(DenseLayout::read(&root.join(relative))?));
                }
                ModuleKind::Normalise => steps.push(Step::Normalise),
                ModuleKind::Transformer | ModuleKind::Static | ModuleKind::Dropout => {}
            }
        }
        if modules.is_static() {
            let table = TableLayout::read(&folder)?;
            Ok(Self::table(&folder, table, steps, prompts))
        } else {
            Self::transformer(&folder, pooling.as_deref(), steps, prompts)
        }
    }

    /// The body alone: the plain mean of the tokens' vectors, without prompts.
    pub(crate) fn into_body(mut self) -> Self {
        if let Body::Transformer(transformer) = &mut self.body {
            transformer.pooling = Pooling::Mean;
        }
        Self {
            steps: Vec::new(),
            prompts: Some(Prompts::default()),
            ..self
        }
    }

    fn transformer(
        folder: &Path,
        pooling: Option<&Path>,
        steps: Vec<Step>,
        prompts: Option<Prompts>,
    ) -> Result<Self, LoadError> {
        let transformer = TransformerLayout::read(folder, pooling)?;
        let sentence = SentenceFile::read(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            max_tokens: max_tokens(&transformer.config, folder, &sentence)?,
            lower_case: sentence.do_lower_case,
            body: Body::Transformer(transformer),
            steps,
            prompts,
        })
    }

    fn table(
        folder: &Path,
        table: TableLayout,
        steps: Vec<Step>,
        prompts: Option<Prompts>,
    ) -> Self {
        Self {
            folder: folder.to_owned(),
            max_tokens: table.max_tokens(),
            lower_case: false,
            body: Body::Table(table),
            steps,
            prompts,
        }
    }
}

/// An error where the transformer in `folder`, behind which nothing is said to be, is a classifier.
fn refuse_classifier(folder: &Path) -> Result<(), LoadError> {
    match classifier_in(folder)? {
        None => Ok(()),
        Some(found) => Err(LoadError::NotASentenceModel {
            path: folder.join("config.json"),
            found,
        }),
    }
}

/// Whether `folder` says all that is needed of a model that can be computed here, weights and tokeniser apart.
pub(crate) fn describes_a_model(folder: &Path) -> bool {
    Layout::read(folder).is_ok()
}

/// The same of a re-ranker.
pub(crate) fn describes_a_reranker(folder: &Path) -> bool {
    ClassifierLayout::read(folder).is_ok()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PromptFile {
    prompts: std::collections::BTreeMap<String, Option<String>>,
    default_prompt_name: Option<String>,
}

/// What sentence-transformers says of the prompts of the model in `root`, with a default that is among them.
fn read_prompt_file(root: &Path) -> Result<Option<PromptFile>, LoadError> {
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
    Ok(Some(file))
}

fn read_prompts(root: &Path) -> Result<Option<Prompts>, LoadError> {
    let Some(file) = read_prompt_file(root)? else {
        return Ok(None);
    };
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
