//! Distilling: what comes out of a tiny transformer, and what is refused.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic as tests may"
)]

mod common;

use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use common::{HIDDEN, Tiny, cosine, load_from, twin};
use serde_json::{Value, json};
use tempfile::TempDir;
use topoi_models::{
    DistilError, Distilled, Encoder, Locator, ModelFolder, ModelRef, Role, Settings, distil,
};

/// A transformer, and room for what is made of it.
struct Bench {
    root: TempDir,
    model: Tiny,
}

impl Bench {
    fn new(model: Tiny) -> Self {
        let root = tempfile::tempdir().unwrap();
        model.write(&root.path().join("model"));
        Self { root, model }
    }

    fn source(&self) -> ModelFolder {
        self.folder("model")
    }

    fn folder(&self, name: &str) -> ModelFolder {
        let path = self.root.path().join(name);
        Locator::new(self.root.path().join("cache"))
            .locate(&ModelRef::Folder(path))
            .unwrap()
    }

    fn distil_to(
        &self,
        name: &str,
        dimensions: Option<usize>,
        threads: usize,
    ) -> Result<Distilled, DistilError> {
        let settings = Settings {
            threads: NonZeroUsize::new(threads),
            ..Settings::default()
        };
        let target = self.root.path().join(name);
        let dimensions = dimensions.and_then(NonZeroUsize::new);
        distil(
            &self.source(),
            &target,
            dimensions,
            &settings,
            &mut |_, _| ControlFlow::Continue(()),
        )
    }

    /// The rows of the table in the folder `name`.
    fn rows(&self, name: &str) -> Vec<Vec<f32>> {
        let path = self.root.path().join(name).join("model.safetensors");
        let tensors = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
        let table: &Tensor = &tensors["embeddings"];
        assert_eq!(table.dtype(), DType::F16);
        table.to_dtype(DType::F32).unwrap().to_vec2().unwrap()
    }

    /// What lies in the bench's folder, but for the cache.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.root.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "cache")
            .collect();
        names.sort();
        names
    }
}

/// What Arora's weight is of the token that is number `rank` of so many, by Zipf.
fn weight(rank: usize, tokens: usize) -> f64 {
    let sum: f64 = (0..tokens).map(|rank| 1.0 / (rank as f64 + 2.0)).sum();
    1e-4 / (1e-4 + 1.0 / (rank as f64 + 2.0) / sum)
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

/// With as many dimensions as there are, the principal components only turn the vectors about: they are as far from
/// each other as what the transformer itself says of each token, here by its twin.
fn assert_distils(model: Tiny) {
    let bench = Bench::new(model.clone());
    let distilled = bench.distil_to("static", None, 2).unwrap();
    let words = model.vocabulary() - 4;
    assert_eq!((distilled.tokens, distilled.dimensions), (words, HIDDEN));
    assert!((distilled.variance - 1.0).abs() < 1e-12);
    let plain = Tiny {
        pooling: "mean",
        normalise: false,
        dense: None,
        ..model.clone()
    };
    let first = model.ids(&[])[0];
    let rows = bench.rows("static");
    assert_eq!(rows.len(), model.vocabulary());
    for special in &rows[..4] {
        assert_eq!(special, &[0.0; HIDDEN]);
    }
    let expected: Vec<Vec<f64>> = (4..model.vocabulary())
        .map(|id| twin::vector(&plain, &[first, id as u32]))
        .collect();
    let found: Vec<Vec<f64>> = rows[4..]
        .iter()
        .enumerate()
        .map(|(rank, row)| {
            let weight = weight(rank, words);
            row.iter().map(|value| f64::from(*value) / weight).collect()
        })
        .collect();
    for one in 0..words {
        for other in 0..one {
            let (found, expected) = (
                distance(&found[one], &found[other]),
                distance(&expected[one], &expected[other]),
            );
            assert!(
                (found - expected).abs() < 0.01,
                "{one} {other}: {found} {expected}"
            );
        }
    }
    // The first dimension is the one in which they differ most, and so on; and the mean is nought.
    let spread = |column: usize| found.iter().map(|row| row[column].powi(2)).sum::<f64>();
    assert!((1..HIDDEN).all(|column| spread(column - 1) > spread(column)));
    for column in 0..HIDDEN {
        let sum: f64 = found.iter().map(|row| row[column]).sum();
        assert!(sum.abs() < 0.05, "{sum}");
    }
}

#[test]
fn the_table_says_what_the_transformer_says_of_each_token() {
    assert_distils(Tiny::default());
}

#[test]
fn what_follows_the_transformer_has_no_part_in_it() {
    assert_distils(Tiny {
        model_type: "xlm-roberta",
        prefix: "roberta.",
        pooling: "cls",
        dense: Some((5, "Tanh")),
        prompts: Some(json!({"prompts": {"query": "trade "}})),
        ..Tiny::default()
    });
}

#[test]
fn what_was_distilled_is_a_model() {
    let bench = Bench::new(Tiny::default());
    bench.distil_to("static", Some(5), 1).unwrap();
    let encoder = load_from(&bench.root.path().join("static"), &Settings::default()).unwrap();
    assert_eq!(encoder.dim(), 5);
    assert!(encoder.identity().normalise);
    assert_eq!(encoder.identity().query_prompt, "");
    // The tokeniser that was shipped truncates to five tokens and pads to twenty.
    assert_eq!(
        encoder.count_tokens("the tariff of a cheaper trade model fails"),
        10
    );
    let rows = bench.rows("static");
    let found = encoder
        .encode_one("trade tariff the", Role::Passage)
        .unwrap();
    let sum: Vec<f32> = (0..5)
        .map(|column| rows[4][column] + rows[5][column] + rows[8][column])
        .collect();
    assert!(cosine(&found, &sum) > 1.0 - 1e-6);
    let length: f32 = found.iter().map(|x| x * x).sum();
    assert!((length - 1.0).abs() < 1e-5);
}

#[test]
fn the_folder_is_what_model2vec_writes() {
    let bench = Bench::new(Tiny::default());
    bench.distil_to("static", Some(3), 1).unwrap();
    let read = |name: &str| -> Value {
        let path = bench.root.path().join("static").join(name);
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let config = read("config.json");
    assert_eq!(config["model_type"], "model2vec");
    assert_eq!(config["hidden_dim"], 3);
    assert_eq!(config["normalize"], true);
    let modules = read("modules.json");
    let kind = |index: usize| modules[index]["type"].as_str().unwrap().to_owned();
    assert!(kind(0).ends_with(".StaticEmbedding") && kind(1).ends_with(".Normalize"));
    let tokenizer = read("tokenizer.json");
    assert!(tokenizer["truncation"].is_null() && tokenizer["padding"].is_null());
    assert_eq!(tokenizer["model"]["vocab"]["tariff"], 5);
}

#[test]
fn free_places_of_the_vocabulary_get_no_vector_and_no_rank() {
    let bench = Bench::new(Tiny::default());
    let path = bench.root.path().join("model/tokenizer.json");
    let mut tokenizer: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let vocabulary = tokenizer["model"]["vocab"].as_object_mut().unwrap();
    let id = vocabulary.remove("export").unwrap();
    vocabulary.insert("[unused7]".to_owned(), id.clone());
    fs::write(&path, tokenizer.to_string()).unwrap();
    let distilled = bench.distil_to("static", None, 1).unwrap();
    assert_eq!(distilled.tokens, bench.model.vocabulary() - 5);
    let rows = bench.rows("static");
    assert_eq!(rows[id.as_u64().unwrap() as usize], [0.0; HIDDEN]);
    assert_ne!(rows[5], [0.0; HIDDEN]);
}

#[test]
fn any_tokeniser_that_loads_will_do() {
    let bench = Bench::new(Tiny {
        model_type: "roberta",
        ..Tiny::default()
    });
    let vocabulary: Vec<Value> = ["<s>", "<pad>", "</s>", "<unk>", "▁trade", "▁tariff", "s"]
        .iter()
        .enumerate()
        .map(|(id, token)| json!([token, -(id as f64)]))
        .collect();
    let specials = [("<s>", 0), ("<pad>", 1), ("</s>", 2), ("<unk>", 3)].map(|(token, id)| {
        json!({
            "id": id, "content": token, "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true,
        })
    });
    let unigram = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": specials,
        "normalizer": null, "decoder": null,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
        "post_processor": {
            "type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
            "trim_offsets": true, "add_prefix_space": true,
        },
        "model": {"type": "Unigram", "unk_id": 3, "byte_fallback": false, "vocab": vocabulary},
    });
    fs::write(
        bench.root.path().join("model/tokenizer.json"),
        unigram.to_string(),
    )
    .unwrap();
    assert_eq!(bench.distil_to("static", Some(2), 1).unwrap().tokens, 3);
    let rows = bench.rows("static");
    assert_eq!(rows.len(), 7);
    let encoder = load_from(&bench.root.path().join("static"), &Settings::default()).unwrap();
    let found = encoder.encode_one("zebra tariff", Role::Passage).unwrap();
    assert!(cosine(&found, &rows[5]) > 1.0 - 1e-6);
}

#[test]
fn the_same_model_gives_the_same_folder_on_any_number_of_threads() {
    let bench = Bench::new(Tiny::default());
    bench.distil_to("one", Some(4), 1).unwrap();
    bench.distil_to("three", Some(4), 3).unwrap();
    for file in ["model.safetensors", "config.json", "modules.json"] {
        let read = |name: &str| fs::read(bench.root.path().join(name).join(file)).unwrap();
        assert_eq!(read("one"), read("three"), "{file}");
    }
}

#[test]
fn whoever_stops_it_finds_nothing_left() {
    let bench = Bench::new(Tiny::default());
    let target = bench.root.path().join("static");
    let mut told = Vec::new();
    let stopped = distil(
        &bench.source(),
        &target,
        None,
        &Settings::default(),
        &mut |done, of| {
            told.push((done, of));
            ControlFlow::Break(())
        },
    );
    assert!(matches!(stopped, Err(DistilError::Encode(_))));
    assert!(matches!(told[..], [(done, 12)] if done > 0));
    assert_eq!(bench.names(), ["model"]);
}

#[test]
fn what_is_there_already_is_left_alone() {
    let bench = Bench::new(Tiny::default());
    bench.distil_to("static", None, 1).unwrap();
    let before = bench.rows("static");
    let error = bench.distil_to("static", Some(2), 1).unwrap_err();
    assert!(matches!(error, DistilError::Occupied { .. }));
    assert!(error.hint().is_some());
    assert_eq!(bench.rows("static"), before);
    assert_eq!(bench.names(), ["model", "static"]);
}

#[test]
fn what_cannot_be_distilled_is_refused() {
    let bench = Bench::new(Tiny::default());
    let error = bench.distil_to("static", Some(HIDDEN + 1), 1).unwrap_err();
    assert!(matches!(
        error,
        DistilError::Dimensions { wanted: 9, most: 8 }
    ));
    bench.distil_to("static", None, 1).unwrap();
    let again = distil(
        &bench.folder("static"),
        &bench.root.path().join("again"),
        None,
        &Settings::default(),
        &mut |_, _| ControlFlow::Continue(()),
    );
    assert!(matches!(again, Err(DistilError::StaticAlready { .. })));
    assert_eq!(bench.names(), ["model", "static"]);
}

#[test]
fn a_damaged_tokeniser_is_named() {
    fn complaint(change: impl FnOnce(&mut Value)) -> String {
        let bench = Bench::new(Tiny::default());
        let path: &Path = &bench.root.path().join("model/tokenizer.json");
        let mut tokenizer = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        change(&mut tokenizer);
        fs::write(path, tokenizer.to_string()).unwrap();
        let error = bench.distil_to("static", None, 1).unwrap_err().to_string();
        assert_eq!(bench.names(), ["model"]);
        error
    }
    let outside = complaint(|tokenizer| tokenizer["model"]["vocab"]["zebra"] = json!(u32::MAX));
    assert!(outside.contains("tokenizer.json") && outside.contains("4294967295"));
    let empty = complaint(|tokenizer| {
        let vocabulary = tokenizer["model"]["vocab"].as_object_mut().unwrap();
        vocabulary.retain(|token, _| token.starts_with('['));
    });
    assert!(empty.contains("tokenizer.json"), "{empty}");
}
