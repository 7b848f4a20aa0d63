//! Static models: tables of token embeddings against means computed by hand, in every layout and kind of number.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic as tests may"
)]

mod common;

use std::fs;
use std::path::Path;

use common::{Tiny, candle, encode, load_from, packed};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};
use tempfile::TempDir;
use topoi_models::{Encoder, Pooling, Precision, Role, SentenceEncoder, Settings};

/// The tokens of the tiny models: four special ones and twelve words.
const TOKENS: usize = 16;

const WIDTH: usize = 3;

const UNKNOWN: usize = 1;
const TRADE: usize = 4;
const TARIFF: usize = 5;
const CHEAP: usize = 12;
const ER: usize = 13;

/// A tensor of a file to be written.
struct Stored {
    name: &'static str,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    fn f32(name: &'static str, shape: &[usize], values: &[f32]) -> Self {
        Self {
            name,
            dtype: Dtype::F32,
            shape: shape.to_vec(),
            bytes: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        }
    }

    fn i64(name: &'static str, values: &[i64]) -> Self {
        Self {
            name,
            dtype: Dtype::I64,
            shape: vec![values.len()],
            bytes: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        }
    }
}

/// A number of the table: small, exact in every kind of number and never the same in two rows.
fn number(row: usize, column: usize) -> f32 {
    ((row * 7 + column * 5) % 23) as f32 - 11.0
}

/// A table with `rows` rows.
fn table(name: &'static str, rows: usize) -> Stored {
    let numbers: Vec<f32> = (0..rows * WIDTH)
        .map(|place| number(place / WIDTH, place % WIDTH))
        .collect();
    Stored::f32(name, &[rows, WIDTH], &numbers)
}

/// Writes the weights into `folder`.
fn write_weights(folder: &Path, tensors: &[Stored]) {
    let views = tensors.iter().map(|tensor| {
        let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes).unwrap();
        (tensor.name, view)
    });
    let bytes = safetensors::serialize(views, None).unwrap();
    fs::write(folder.join("model.safetensors"), bytes).unwrap();
}

fn write_json(path: &Path, value: &Value) {
    fs::write(path, value.to_string()).unwrap();
}

/// A model of these tensors as the first versions of model2vec wrote it: without `modules.json`.
fn model(tensors: &[Stored]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_weights(folder.path(), tensors);
    write_json(
        &folder.path().join("config.json"),
        &json!({"model_type": "model2vec", "hidden_dim": WIDTH, "normalize": false, "seq_length": 1_000_000}),
    );
    write_json(
        &folder.path().join("tokenizer.json"),
        &Tiny::default().tokenizer(),
    );
    folder
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut value);
    write_json(path, &value);
}

fn load(folder: &TempDir) -> SentenceEncoder {
    load_from(folder.path(), &Settings::default()).unwrap()
}

fn vector(encoder: &SentenceEncoder, text: &str) -> Vec<f32> {
    encode(encoder, &[text], Role::Passage).remove(0)
}

/// The mean of rows, each times its factor.
fn mean(rows: &[(usize, f32)]) -> Vec<f32> {
    let sum = |column| {
        rows.iter()
            .map(move |(row, factor)| factor * number(*row, column))
    };
    (0..WIDTH)
        .map(|column| sum(column).sum::<f32>() / rows.len() as f32)
        .collect()
}

#[track_caller]
fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}

#[test]
fn a_text_has_the_mean_of_its_tokens_rows() {
    let encoder = load(&model(&[table("embeddings", TOKENS)]));
    assert_close(&vector(&encoder, "Tariff"), &mean(&[(TARIFF, 1.0)]));
    assert_close(
        &vector(&encoder, "trade tariff cheaper trade"),
        &mean(&[
            (TRADE, 1.0),
            (TARIFF, 1.0),
            (CHEAP, 1.0),
            (ER, 1.0),
            (TRADE, 1.0),
        ]),
    );
    assert_eq!(encoder.dim(), WIDTH);
    let identity = encoder.identity();
    assert_eq!(identity.pooling, Pooling::Mean);
    assert_eq!(identity.precision, Precision::F32);
    assert!(!identity.normalise);
}

#[test]
fn unknown_tokens_do_not_count_and_neither_do_special_ones() {
    let encoder = load(&model(&[table("embeddings", TOKENS)]));
    assert_close(
        &vector(&encoder, "zebra trade zebra"),
        &mean(&[(TRADE, 1.0)]),
    );
    for nothing in ["", "zebra", " \n"] {
        assert_eq!(vector(&encoder, nothing), [0.0; WIDTH], "{nothing:?}");
    }
    assert_eq!(encoder.count_tokens("trade tariff"), 2);
    assert_eq!(encoder.room(Role::Passage), encoder.max_tokens());
}

#[test]
fn what_each_token_adds_sums_up_to_the_likeness() {
    let folder = model(&[table("embeddings", TOKENS)]);
    let encoder = load(&folder);
    let text = "trade zzz tariff";
    let to = [0.3, -0.7, 0.2];
    let found = encoder.attribute(&[(text, &to)], Role::Passage).unwrap();
    let [found] = found.unwrap().try_into().unwrap();
    let spans: Vec<_> = found.tokens.iter().map(|(span, _)| span.clone()).collect();
    // The unknown word has no row, so it adds nothing.
    assert_eq!(spans, [0..5, 10..16]);
    let whole: f32 = vector(&encoder, text)
        .iter()
        .zip(to)
        .map(|(a, b)| a * b)
        .sum();
    let sum: f32 = found.tokens.iter().map(|(_, share)| share).sum();
    assert!((sum + found.rest - whole).abs() < 1e-6);
}

#[test]
fn a_mapping_says_which_row_and_weights_say_how_much() {
    // Token 15 − n has row n ÷ 4.
    let mapping: Vec<i64> = (0..TOKENS).rev().map(|token| token as i64 / 4).collect();
    let weights: Vec<f32> = (0..TOKENS).map(|token| token as f32 / 2.0).collect();
    let encoder = load(&model(&[
        table("embeddings", 4),
        Stored::i64("mapping", &mapping),
        Stored::f32("weights", &[TOKENS], &weights),
    ]));
    let row = |token: usize| mapping[token] as usize;
    assert_eq!((row(TRADE), row(TARIFF), row(CHEAP)), (2, 2, 0));
    assert_close(
        &vector(&encoder, "trade tariff cheap"),
        &mean(&[(2, 2.0), (2, 2.5), (0, 6.0)]),
    );
}

#[test]
fn weights_alone_belong_to_the_tokens() {
    let weights: Vec<f32> = (0..TOKENS).map(|token| token as f32 / 2.0).collect();
    let encoder = load(&model(&[
        table("embeddings", TOKENS),
        Stored::f32("weights", &[TOKENS], &weights),
    ]));
    assert_close(
        &vector(&encoder, "trade cheap"),
        &mean(&[(TRADE, 2.0), (CHEAP, 6.0)]),
    );
}

#[test]
fn every_kind_of_number_is_read() {
    let numbers = || (0..TOKENS * WIDTH).map(|place| number(place / WIDTH, place % WIDTH));
    let bf16 = |value: f32| ((value.to_bits() >> 16) as u16).to_le_bytes();
    // Whole numbers from −11 to 11 in half precision: the exponent's bias is 15 instead of 127.
    let f16 = |value: f32| match value {
        0.0 => 0u16,
        value => {
            let bits = value.to_bits();
            let exponent = ((bits >> 23) & 0xff) + 15 - 127;
            ((bits >> 31) << 15 | exponent << 10 | (bits >> 13) & 0x3ff) as u16
        }
    };
    let kinds: [(Dtype, Vec<u8>); 4] = [
        (
            Dtype::F64,
            numbers().flat_map(|x| f64::from(x).to_le_bytes()).collect(),
        ),
        (
            Dtype::F16,
            numbers().flat_map(|x| f16(x).to_le_bytes()).collect(),
        ),
        (Dtype::BF16, numbers().flat_map(bf16).collect()),
        (
            Dtype::I8,
            numbers().flat_map(|x| (x as i8).to_le_bytes()).collect(),
        ),
    ];
    for (dtype, bytes) in kinds {
        let encoder = load(&model(&[Stored {
            name: "embeddings",
            dtype,
            shape: vec![TOKENS, WIDTH],
            bytes,
        }]));
        let found = vector(&encoder, "trade tariff");
        assert_close(&found, &mean(&[(TRADE, 1.0), (TARIFF, 1.0)]));
    }
}

#[test]
fn normalising_is_said_by_the_configuration_or_the_modules() {
    let folder = model(&[table("embeddings", TOKENS)]);
    let plain = mean(&[(TRADE, 1.0)]);
    let length = plain.iter().map(|x| x * x).sum::<f32>().sqrt();
    let unit: Vec<f32> = plain.iter().map(|x| x / length).collect();

    edit(&folder.path().join("config.json"), |config| {
        config["normalize"] = json!(true);
    });
    let encoder = load(&folder);
    assert!(encoder.identity().normalise);
    assert_close(&vector(&encoder, "trade"), &unit);

    // As sentence-transformers reads the folder: the modules decide.
    let body = json!({"path": ".", "type": "sentence_transformers.models.StaticEmbedding"});
    let normalise =
        json!({"path": "1_Normalize", "type": "sentence_transformers.models.Normalize"});
    let modules = folder.path().join("modules.json");
    write_json(&modules, &json!([body, normalise]));
    assert_close(&vector(&load(&folder), "trade"), &unit);
    write_json(&modules, &json!([body]));
    assert_close(&vector(&load(&folder), "trade"), &plain);
}

#[test]
fn a_trained_table_lies_in_a_folder_of_its_own_and_counts_the_unknown() {
    let root = model(&[table("embedding.weight", TOKENS)]);
    let inside = root.path().join("0_StaticEmbedding");
    fs::create_dir(&inside).unwrap();
    for file in ["model.safetensors", "tokenizer.json"] {
        fs::rename(root.path().join(file), inside.join(file)).unwrap();
    }
    fs::remove_file(root.path().join("config.json")).unwrap();
    write_json(
        &root.path().join("modules.json"),
        &json!([{"path": "0_StaticEmbedding", "type": "sentence_transformers.models.StaticEmbedding"}]),
    );
    let encoder = load(&root);
    assert_close(
        &vector(&encoder, "zebra trade"),
        &mean(&[(UNKNOWN, 1.0), (TRADE, 1.0)]),
    );
    assert_eq!(vector(&encoder, ""), [0.0; WIDTH]);
}

#[test]
fn prompts_and_the_most_tokens_are_heeded() {
    let folder = model(&[table("embeddings", TOKENS)]);
    assert_eq!(load(&folder).max_tokens(), 512);
    edit(&folder.path().join("config.json"), |config| {
        config["max_length"] = json!(3);
    });
    write_json(
        &folder.path().join("config_sentence_transformers.json"),
        &json!({"prompts": {"query": "cheap "}}),
    );
    let encoder = load(&folder);
    assert_eq!(encoder.max_tokens(), 3);
    assert_eq!(
        (encoder.room(Role::Query), encoder.room(Role::Passage)),
        (2, 3)
    );
    let of = |role| encode(&encoder, &["trade tariff trade trade"], role).remove(0);
    assert_close(
        &of(Role::Query),
        &mean(&[(CHEAP, 1.0), (TRADE, 1.0), (TARIFF, 1.0)]),
    );
    assert_close(
        &of(Role::Passage),
        &mean(&[(TRADE, 1.0), (TARIFF, 1.0), (TRADE, 1.0)]),
    );
}

#[test]
fn the_tokenizers_crate_runs_what_is_not_berts() {
    let folder = model(&[table("embeddings", 4)]);
    let unigram = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "post_processor": null, "decoder": null,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
        "model": {
            "type": "Unigram", "unk_id": 2, "byte_fallback": false,
            "vocab": [["▁trade", -1.0], ["▁tariff", -2.0], ["<unk>", 0.0], ["s", -3.0]],
        },
    });
    write_json(&folder.path().join("tokenizer.json"), &unigram);
    let encoder = load(&folder);
    assert_close(
        &vector(&encoder, "trade tariffs"),
        &mean(&[(0, 1.0), (1, 1.0), (3, 1.0)]),
    );
    assert_close(&vector(&encoder, "trade zebra"), &mean(&[(0, 1.0)]));
}

#[test]
fn many_texts_on_any_number_of_threads_have_the_vectors_of_each_alone() {
    let folder = model(&[table("embeddings", TOKENS)]);
    let words = ["trade", "tariff", "cheaper", "zebra", "the model fails"];
    let texts: Vec<String> = (0..500)
        .map(|index| {
            let chosen = (0..index % 40).map(|place| words[(index + place * place) % 5]);
            chosen.collect::<Vec<_>>().join(" ")
        })
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let on = |threads| {
        let settings = Settings {
            threads: std::num::NonZeroUsize::new(threads),
            ..Settings::default()
        };
        encode(
            &load_from(folder.path(), &settings).unwrap(),
            &texts,
            Role::Passage,
        )
    };
    let all = on(1);
    assert_eq!(all, on(3));
    let encoder = load(&folder);
    for index in [0, 1, 7, 39, 499] {
        assert_eq!(all[index], vector(&encoder, texts[index]));
    }
}

#[test]
fn two_tables_have_two_identities() {
    let folder = model(&[table("embeddings", TOKENS)]);
    let other = model(&[
        table("embeddings", TOKENS),
        Stored::f32("weights", &[TOKENS], &[2.0; TOKENS]),
    ]);
    let (one, other) = (load(&folder), load(&other));
    assert!(!one.identity().is_compatible_with(other.identity()));
    assert!(one.identity().is_compatible_with(load(&folder).identity()));
}

#[test]
fn what_a_table_is_not_computed_with_is_refused() {
    let folder = model(&[table("embeddings", TOKENS)]);
    let int8 = Settings {
        precision: Some(Precision::Int8),
        ..Settings::default()
    };
    for settings in packed(Precision::F32).chain([candle(), int8]) {
        let complaint = load_from(folder.path(), &settings).unwrap_err();
        assert!(complaint.contains("static model"), "{complaint}");
    }
}

/// Loads a model of these tensors, and returns what is said against it.
#[track_caller]
fn assert_refused(tensors: &[Stored], parts: &[&str]) {
    let complaint = load_from(model(tensors).path(), &Settings::default()).unwrap_err();
    for part in parts.iter().chain(&["model.safetensors"]) {
        assert!(complaint.contains(part), "`{complaint}` lacks `{part}`");
    }
}

#[test]
fn tensors_that_make_no_table_are_named_with_their_file() {
    let table = || table("embeddings", TOKENS);
    assert_refused(&[Stored::f32("vectors", &[1], &[1.0])], &["`embeddings`"]);
    assert_refused(
        &[Stored::f32("embeddings", &[4], &[1.0; 4])],
        &["`embeddings`", "[4]"],
    );
    assert_refused(
        &[Stored::f32("embeddings", &[4, 2], &[1.0; 8])],
        &["`embeddings`", "[4, 2]", "[4, 3]"],
    );
    assert_refused(
        &[Stored::f32("embeddings", &[0, 3], &[])],
        &["`embeddings`", "0 rows"],
    );
    assert_refused(
        &[Stored {
            dtype: Dtype::I64,
            ..Stored::f32("embeddings", &[2, 3], &[0.0; 12])
        }],
        &["`embeddings`", "I64"],
    );
    assert_refused(
        &[table(), Stored::i64("mapping", &[0, 15, 16])],
        &["`mapping`", "row 16"],
    );
    assert_refused(&[table(), Stored::i64("mapping", &[0, -1])], &["`mapping`"]);
    assert_refused(
        &[table(), Stored::f32("mapping", &[2], &[0.0, 1.0])],
        &["`mapping`", "F32"],
    );
    assert_refused(
        &[
            table(),
            Stored {
                shape: vec![1, 2],
                ..Stored::i64("mapping", &[0, 1])
            },
        ],
        &["`mapping`", "[1, 2]"],
    );
    assert_refused(
        &[table(), Stored::f32("weights", &[3], &[1.0; 3])],
        &["`weights`", "[3]", "[16]"],
    );
    // As many weights as tokens, not as rows.
    assert_refused(
        &[
            table(),
            Stored::i64("mapping", &[0, 1, 2]),
            Stored::f32("weights", &[TOKENS], &[1.0; TOKENS]),
        ],
        &["`weights`", "[16]", "[3]"],
    );
}

#[test]
fn a_file_that_breaks_off_is_named() {
    for file in ["model.safetensors", "tokenizer.json", "config.json"] {
        let folder = model(&[table("embeddings", TOKENS)]);
        let path = folder.path().join(file);
        let whole = fs::read(&path).unwrap();
        for keep in [0, 7, 40, whole.len() - 1] {
            fs::write(&path, &whole[..keep]).unwrap();
            let complaint = load_from(folder.path(), &Settings::default()).unwrap_err();
            assert!(complaint.contains(file), "{file} {keep}: {complaint}");
        }
        fs::remove_file(&path).unwrap();
        assert!(load_from(folder.path(), &Settings::default()).is_err());
    }
}

#[test]
fn a_token_without_a_row_is_an_error_and_no_panic() {
    let complaint = |tensors: &[Stored]| {
        let encoder = load(&model(tensors));
        let error = encoder
            .encode_one("trade cheap", Role::Passage)
            .unwrap_err();
        error.to_string()
    };
    let short = complaint(&[table("embeddings", CHEAP)]);
    assert!(short.contains("12"), "{short}");
    let mapped = complaint(&[
        table("embeddings", TOKENS),
        Stored::i64("mapping", &[0; CHEAP]),
    ]);
    assert!(mapped.contains("12"), "{mapped}");
}
