//! A tiny re-ranker in the layout of the transformers library, made up on the spot.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Value, json};
use topoi_models::{CrossEncoder, LoadError, Locator, ModelRef, Settings};

use super::{HIDDEN, Random, Tiny, save};

/// What a tiny re-ranker is like.
#[derive(Clone)]
pub(crate) struct TinyCross {
    /// Its transformer, with the prefix of its tensors.
    pub(crate) body: Tiny,
    pub(crate) architecture: &'static str,
    /// What stands before the names of the first dense layer's tensors, for BERT.
    pub(crate) pooler_prefix: &'static str,
    pub(crate) labels: usize,
    /// What the tokeniser's configuration says that the model reads.
    pub(crate) max_tokens: Option<f64>,
}

impl Default for TinyCross {
    fn default() -> Self {
        Self {
            body: Tiny {
                prefix: "bert.",
                ..Tiny::default()
            },
            architecture: "BertForSequenceClassification",
            pooler_prefix: "bert.",
            labels: 1,
            max_tokens: Some(20.0),
        }
    }
}

impl TinyCross {
    /// A re-ranker of RoBERTa's family.
    pub(crate) fn roberta() -> Self {
        Self {
            body: Tiny {
                model_type: "xlm-roberta",
                prefix: "roberta.",
                ..Tiny::default()
            },
            architecture: "XLMRobertaForSequenceClassification",
            ..Self::default()
        }
    }

    /// The numbers of the tokens of a pair, and how many of them have type 0.
    pub(crate) fn pair(&self, question: &[&str], passage: &[&str]) -> (Vec<u32>, usize) {
        let (question, passage) = (self.body.ids(question), self.body.ids(passage));
        let last = question[question.len() - 1];
        if self.body.is_roberta() {
            let ids = [&question[..], &[last], &passage[1..]].concat();
            (ids.clone(), ids.len())
        } else {
            ([&question[..], &passage[1..]].concat(), question.len())
        }
    }

    /// The two dense layers behind the transformer: names of weight and bias with their shapes and numbers.
    pub(crate) fn head(&self) -> [(String, Vec<usize>, Vec<f32>); 4] {
        let (first, second) = if self.body.is_roberta() {
            (
                "classifier.dense".to_owned(),
                "classifier.out_proj".to_owned(),
            )
        } else {
            (
                format!("{}pooler.dense", self.pooler_prefix),
                "classifier".to_owned(),
            )
        };
        let mut random = Random(self.body.seed + 99);
        [
            (format!("{first}.weight"), vec![HIDDEN, HIDDEN]),
            (format!("{first}.bias"), vec![HIDDEN]),
            (format!("{second}.weight"), vec![self.labels, HIDDEN]),
            (format!("{second}.bias"), vec![self.labels]),
        ]
        .map(|(name, shape)| {
            let values = (0..shape.iter().product()).map(|_| random.next()).collect();
            (name, shape, values)
        })
    }

    pub(crate) fn config(&self) -> Value {
        let mut config = self.body.config();
        let labels: serde_json::Map<String, Value> = (0..self.labels)
            .map(|label| (label.to_string(), json!(format!("LABEL_{label}"))))
            .collect();
        config["architectures"] = json!([self.architecture]);
        config["id2label"] = labels.into();
        if self.body.is_roberta() {
            config["type_vocab_size"] = json!(1);
        }
        config
    }

    pub(crate) fn tokenizer(&self) -> Value {
        let mut tokenizer = self.body.tokenizer();
        let single = &tokenizer["post_processor"]["single"];
        let special = |place: usize, kind: usize| json!({"SpecialToken": {"id": single[place]["SpecialToken"]["id"], "type_id": kind}});
        let text = |id: &str, kind: usize| json!({"Sequence": {"id": id, "type_id": kind}});
        let pair = if self.body.is_roberta() {
            // What the file says of types is nothing to a model that knows one.
            json!([
                special(0, 0),
                text("A", 0),
                special(2, 0),
                special(2, 0),
                text("B", 1),
                special(2, 1)
            ])
        } else {
            json!([
                special(0, 0),
                text("A", 0),
                special(2, 0),
                text("B", 1),
                special(2, 1)
            ])
        };
        tokenizer["post_processor"]["pair"] = pair;
        tokenizer
    }

    /// All tensors as they are named in the file.
    fn tensors(&self) -> HashMap<String, Tensor> {
        let body = self.body.tensors().into_iter();
        let body = body.map(|(name, (mut shape, mut values))| {
            if self.body.is_roberta() && name.contains("token_type") {
                shape = vec![1, HIDDEN];
                values.truncate(HIDDEN);
            }
            (format!("{}{name}", self.body.prefix), shape, values)
        });
        body.chain(self.head())
            .map(|(name, shape, values)| {
                let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
                (name, tensor)
            })
            .collect()
    }

    /// Writes the model into `folder`.
    pub(crate) fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let json = |name: &str, value: Value| {
            fs::write(
                folder.join(name),
                serde_json::to_vec_pretty(&value).unwrap(),
            )
            .unwrap();
        };
        json("config.json", self.config());
        json("tokenizer.json", self.tokenizer());
        if let Some(max_tokens) = self.max_tokens {
            json(
                "tokenizer_config.json",
                json!({ "model_max_length": max_tokens }),
            );
        }
        save(&self.tensors(), &folder.join("model.safetensors"));
    }
}

/// Loads the re-ranker in `folder`.
pub(crate) fn load_cross(folder: &Path, settings: &Settings) -> Result<CrossEncoder, LoadError> {
    let cache = tempfile::tempdir().unwrap();
    match Locator::new(cache.path()).locate(&ModelRef::Folder(folder.to_owned())) {
        Ok(folder) => CrossEncoder::load(&folder, settings),
        Err(topoi_models::AcquireError::Folder(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}
