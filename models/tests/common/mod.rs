//! A tiny model in the sentence-transformers layout, made up on the spot, and what its vectors must be; a tiny re-ranker.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod cross;
pub(crate) mod hub;
pub(crate) mod twin;
#[cfg(unix)]
pub(crate) mod world;

use std::collections::HashMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde_json::{Value, json};
use topoi_models::{
    Encoder, Engine, Instructions, Locator, ModelRef, Precision, Role, SentenceEncoder, Settings,
};

/// The words that the tiny models know, after their four special tokens.
const WORDS: [&str; 12] = [
    "trade", "tariff", "export", "control", "the", "of", "a", "model", "cheap", "##er", "##s",
    "fail",
];

/// What a tiny model is like.
#[derive(Clone)]
pub(crate) struct Tiny {
    pub(crate) model_type: &'static str,
    /// What stands before the names of the tensors.
    pub(crate) prefix: &'static str,
    pub(crate) activation: &'static str,
    pub(crate) pooling: &'static str,
    pub(crate) normalise: bool,
    /// The outputs and the activation of a dense layer, if there is one.
    pub(crate) dense: Option<(usize, &'static str)>,
    pub(crate) prompts: Option<Value>,
    pub(crate) max_tokens: Option<usize>,
    pub(crate) precision: DType,
    /// Tells one model's numbers from another's.
    pub(crate) seed: u64,
}

pub(crate) const HIDDEN: usize = 8;
pub(crate) const LAYERS: usize = 2;
pub(crate) const HEADS: usize = 2;
pub(crate) const WIDE: usize = 12;
pub(crate) const POSITIONS: usize = 24;

impl Default for Tiny {
    fn default() -> Self {
        Self {
            model_type: "bert",
            prefix: "",
            activation: "gelu",
            pooling: "mean",
            normalise: true,
            dense: None,
            prompts: None,
            max_tokens: Some(16),
            precision: DType::F32,
            seed: 1,
        }
    }
}

impl Tiny {
    pub(crate) fn is_roberta(&self) -> bool {
        self.model_type != "bert"
    }

    /// The special tokens, in the order of their numbers.
    fn specials(&self) -> [&'static str; 4] {
        if self.is_roberta() {
            ["<s>", "<pad>", "</s>", "<unk>"]
        } else {
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
        }
    }

    pub(crate) fn vocabulary(&self) -> usize {
        4 + WORDS.len()
    }

    pub(crate) fn padding(&self) -> u32 {
        u32::from(self.is_roberta())
    }

    /// The numbers of the first and the last token of every text.
    fn ends(&self) -> (u32, u32) {
        if self.is_roberta() { (0, 2) } else { (2, 3) }
    }

    /// The numbers of the tokens of `words`, each of which must be one of the model's.
    pub(crate) fn ids(&self, words: &[&str]) -> Vec<u32> {
        let (first, last) = self.ends();
        let number = |word: &&str| {
            let specials = self.specials();
            let place = specials
                .iter()
                .chain(&WORDS)
                .position(|known| known == word);
            place.unwrap() as u32
        };
        [vec![first], words.iter().map(number).collect(), vec![last]].concat()
    }

    /// The weights, by name without prefix.
    pub(crate) fn tensors(&self) -> HashMap<String, (Vec<usize>, Vec<f32>)> {
        let mut tensors = HashMap::new();
        let mut random = Random(self.seed);
        let mut add = |name: String, shape: &[usize]| {
            let scale = if name.ends_with("LayerNorm.weight") {
                0.2
            } else {
                0.7
            };
            let offset = if name.ends_with("LayerNorm.weight") {
                1.0
            } else {
                0.0
            };
            let count = shape.iter().product();
            let values = (0..count).map(|_| offset + scale * random.next()).collect();
            tensors.insert(name, (shape.to_vec(), values));
        };
        let vocabulary = self.vocabulary();
        for (name, shape) in [
            ("word_embeddings.weight", vec![vocabulary, HIDDEN]),
            ("position_embeddings.weight", vec![POSITIONS, HIDDEN]),
            ("token_type_embeddings.weight", vec![2, HIDDEN]),
            ("LayerNorm.weight", vec![HIDDEN]),
            ("LayerNorm.bias", vec![HIDDEN]),
        ] {
            add(format!("embeddings.{name}"), &shape);
        }
        for layer in 0..LAYERS {
            for (name, outputs, inputs) in [
                ("attention.self.query", HIDDEN, HIDDEN),
                ("attention.self.key", HIDDEN, HIDDEN),
                ("attention.self.value", HIDDEN, HIDDEN),
                ("attention.output.dense", HIDDEN, HIDDEN),
                ("intermediate.dense", WIDE, HIDDEN),
                ("output.dense", HIDDEN, WIDE),
            ] {
                add(
                    format!("encoder.layer.{layer}.{name}.weight"),
                    &[outputs, inputs],
                );
                add(format!("encoder.layer.{layer}.{name}.bias"), &[outputs]);
            }
            for name in ["attention.output.LayerNorm", "output.LayerNorm"] {
                add(format!("encoder.layer.{layer}.{name}.weight"), &[HIDDEN]);
                add(format!("encoder.layer.{layer}.{name}.bias"), &[HIDDEN]);
            }
        }
        tensors
    }

    /// The dense layer's weights, `outputs × HIDDEN`, and biases.
    pub(crate) fn dense_tensors(&self) -> Option<(Vec<f32>, Vec<f32>)> {
        let (outputs, _) = self.dense?;
        let mut random = Random(self.seed + 77);
        let mut values = |count: usize| (0..count).map(|_| random.next()).collect();
        Some((values(outputs * HIDDEN), values(outputs)))
    }

    /// Writes the model into `folder`.
    pub(crate) fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let json = |path: &str, value: Value| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, serde_json::to_vec_pretty(&value).unwrap()).unwrap();
        };
        json("config.json", self.config());
        json("tokenizer.json", self.tokenizer());
        let tensors = self.tensors();
        let named = tensors
            .iter()
            .map(|(name, (shape, values))| {
                let tensor = Tensor::from_slice(values, shape.as_slice(), &Device::Cpu).unwrap();
                let tensor = tensor.to_dtype(self.precision).unwrap();
                (format!("{}{name}", self.prefix), tensor)
            })
            .collect();
        save(&named, &folder.join("model.safetensors"));
        let mut modules = vec![("", "Transformer"), ("1_Pooling", "Pooling")];
        if self.dense.is_some() {
            modules.push(("2_Dense", "Dense"));
        }
        if self.normalise {
            modules.push(("3_Normalize", "Normalize"));
        }
        json(
            "modules.json",
            modules
                .iter()
                .enumerate()
                .map(|(idx, (path, kind))| {
                    json!({
                        "idx": idx,
                        "name": idx.to_string(),
                        "path": path,
                        "type": format!("sentence_transformers.models.{kind}"),
                    })
                })
                .collect(),
        );
        json(
            "1_Pooling/config.json",
            json!({
                "word_embedding_dimension": HIDDEN,
                "pooling_mode_cls_token": self.pooling == "cls",
                "pooling_mode_mean_tokens": self.pooling == "mean",
                "pooling_mode_max_tokens": self.pooling == "max",
                "pooling_mode_mean_sqrt_len_tokens": self.pooling == "mean_sqrt_len",
            }),
        );
        if let (Some((outputs, activation)), Some((weight, bias))) =
            (self.dense, self.dense_tensors())
        {
            json(
                "2_Dense/config.json",
                json!({
                    "in_features": HIDDEN,
                    "out_features": outputs,
                    "bias": true,
                    "activation_function": format!("torch.nn.modules.activation.{activation}"),
                }),
            );
            let weight = Tensor::from_vec(weight, (outputs, HIDDEN), &Device::Cpu).unwrap();
            let bias = Tensor::from_vec(bias, outputs, &Device::Cpu).unwrap();
            let named = [("linear.weight", weight), ("linear.bias", bias)]
                .map(|(name, tensor)| (name.to_owned(), tensor));
            save(&named.into(), &folder.join("2_Dense/model.safetensors"));
        }
        if let Some(prompts) = &self.prompts {
            json("config_sentence_transformers.json", prompts.clone());
        }
        if let Some(max_tokens) = self.max_tokens {
            json(
                "sentence_bert_config.json",
                json!({ "max_seq_length": max_tokens, "do_lower_case": false }),
            );
        }
    }

    pub(crate) fn config(&self) -> Value {
        json!({
            "model_type": self.model_type,
            "vocab_size": self.vocabulary(),
            "hidden_size": HIDDEN,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "intermediate_size": WIDE,
            "hidden_act": self.activation,
            "max_position_embeddings": POSITIONS,
            "type_vocab_size": 2,
            "layer_norm_eps": 1e-5,
            "pad_token_id": self.padding(),
            "position_embedding_type": "absolute",
        })
    }

    /// A tokeniser that pads to a fixed length and truncates, as some models ship it: both must be overridden.
    pub(crate) fn tokenizer(&self) -> Value {
        let specials = self.specials();
        let (first, last) = self.ends();
        let (first, last) = (specials[first as usize], specials[last as usize]);
        let vocabulary: serde_json::Map<String, Value> = specials
            .iter()
            .chain(&WORDS)
            .enumerate()
            .map(|(id, token)| ((*token).to_owned(), json!(id)))
            .collect();
        let unknown = specials[if self.is_roberta() { 3 } else { 1 }];
        json!({
            "version": "1.0",
            "truncation": {
                "max_length": 5, "strategy": "LongestFirst", "stride": 0, "direction": "Right",
            },
            "padding": {
                "strategy": {"Fixed": 20}, "direction": "Right", "pad_to_multiple_of": null,
                "pad_id": self.padding(), "pad_type_id": 0, "pad_token": specials[self.padding() as usize],
            },
            "added_tokens": specials.iter().enumerate().map(|(id, token)| json!({
                "id": id, "content": token, "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": true,
            })).collect::<Vec<_>>(),
            "normalizer": {
                "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                "strip_accents": null, "lowercase": true,
            },
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [
                    {"SpecialToken": {"id": first, "type_id": 0}},
                    {"Sequence": {"id": "A", "type_id": 0}},
                    {"SpecialToken": {"id": last, "type_id": 0}},
                ],
                "pair": [
                    {"Sequence": {"id": "A", "type_id": 0}},
                    {"Sequence": {"id": "B", "type_id": 1}},
                ],
                "special_tokens": {
                    first: {"id": first, "ids": [vocabulary[first]], "tokens": [first]},
                    last: {"id": last, "ids": [vocabulary[last]], "tokens": [last]},
                },
            },
            "decoder": null,
            "model": {
                "type": "WordPiece", "unk_token": unknown, "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": vocabulary,
            },
        })
    }
}

fn save(tensors: &HashMap<String, Tensor>, path: &Path) {
    candle_core::safetensors::save(tensors, path).unwrap();
}

/// Numbers between −1 and 1 that are the same every time (a 64-bit linear congruential generator).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// The packed engine in `precision` with each set of instructions that this processor has.
pub(crate) fn packed(precision: Precision) -> impl Iterator<Item = Settings> {
    Instructions::available()
        .into_iter()
        .map(move |set| Settings {
            engine: Engine::Packed,
            precision: Some(precision),
            instructions: Some(set),
            ..Settings::default()
        })
}

/// The candle engine, in f32.
pub(crate) fn candle() -> Settings {
    Settings {
        engine: Engine::Candle,
        ..Settings::default()
    }
}

/// Whatever engine comes first, in f32.
pub(crate) fn f32() -> Settings {
    Settings {
        precision: Some(Precision::F32),
        ..Settings::default()
    }
}

/// Loads the model in `folder`, or says why not.
pub(crate) fn load_from(folder: &Path, settings: &Settings) -> Result<SentenceEncoder, String> {
    let cache = tempfile::tempdir().unwrap();
    let folder = Locator::new(cache.path())
        .locate(&ModelRef::Folder(folder.to_owned()))
        .map_err(|error| error.to_string())?;
    SentenceEncoder::load(&folder, settings).map_err(|error| error.to_string())
}

/// Changes the JSON file at `path`.
pub(crate) fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, serde_json::to_vec(&value).unwrap()).unwrap();
}

/// Changes the tensors of the model in `folder`.
pub(crate) fn edit_weights(folder: &Path, change: impl FnOnce(&mut HashMap<String, Tensor>)) {
    let path = folder.join("model.safetensors");
    let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    change(&mut tensors);
    save(&tensors, &path);
}

/// The vectors of `texts`.
pub(crate) fn encode(encoder: &dyn Encoder, texts: &[&str], role: Role) -> Vec<Vec<f32>> {
    encoder
        .encode(texts, role, &mut |_| ControlFlow::Continue(()))
        .unwrap()
        .rows()
        .map(<[f32]>::to_vec)
        .collect()
}

/// The cosine of the angle between two vectors.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
