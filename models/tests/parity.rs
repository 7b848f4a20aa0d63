//! The default model gives the vectors that sentence-transformers gives, to texts that are hard to get right.
//!
//! The model is taken from topoi's cache, and fetched into it as a user would, if it isn't there. A machine
//! where it can't be had fails these tests: a skipped parity test would pass for years.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic as tests may"
)]

mod common;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, fs};

use common::{candle, cosine, encode, packed};
use serde::Deserialize;
use topoi_models::{
    Encoder, Locator, ModelFolder, ModelRef, Precision, Role, SentenceEncoder, Settings,
};

#[derive(Deserialize)]
struct Reference {
    weights_sha256: String,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    text: String,
    tokens: usize,
    embedding: Vec<f32>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("fixtures/all-minilm-l6-v2.json")).unwrap()
}

fn cache_dir() -> PathBuf {
    match env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache).join("topoi"),
        None => PathBuf::from(env::var_os("HOME").unwrap()).join(".cache/topoi"),
    }
}

fn locator() -> Locator<'static> {
    let hf_cache = match env::var_os("HF_HOME") {
        Some(home) => PathBuf::from(home).join("hub"),
        None => PathBuf::from(env::var_os("HOME").unwrap()).join(".cache/huggingface/hub"),
    };
    Locator {
        hf_cache: Some(hf_cache),
        ..Locator::new(cache_dir())
    }
}

fn folder() -> &'static ModelFolder {
    static FOLDER: OnceLock<ModelFolder> = OnceLock::new();
    FOLDER.get_or_init(|| match locator().locate(&ModelRef::default()) {
        Ok(folder) => folder,
        Err(error) => panic!("these tests need the default model: {error}"),
    })
}

fn encoder(threads: usize, settings: Settings) -> SentenceEncoder {
    let settings = Settings {
        threads: NonZeroUsize::new(threads),
        ..settings
    };
    SentenceEncoder::load(folder(), &settings).unwrap()
}

fn texts(reference: &Reference) -> Vec<&str> {
    let texts = reference.items.iter().map(|item| item.text.as_str());
    texts.collect()
}

fn assert_parity(found: &[Vec<f32>], items: &[Item]) {
    assert_eq!(found.len(), items.len());
    for (found, item) in found.iter().zip(items) {
        let cosine = cosine(found, &item.embedding);
        assert!(cosine >= 0.99999, "cosine {cosine} for {:?}", item.text);
    }
}

#[test]
fn every_vector_is_that_of_sentence_transformers_in_every_engine() {
    let reference = reference();
    for settings in packed(Precision::F32).chain([candle()]) {
        let encoder = encoder(2, settings);
        assert_eq!(encoder.identity().weights_sha256, reference.weights_sha256);
        let found = encode(&encoder, &texts(&reference), Role::Passage);
        assert_parity(&found, &reference.items);
    }
}

#[test]
fn eight_bits_stay_near_with_every_set_of_instructions() {
    let reference = reference();
    for settings in packed(Precision::Int8) {
        let encoder = encoder(2, settings);
        let found = encode(&encoder, &texts(&reference), Role::Passage);
        let cosines: Vec<f64> = found
            .iter()
            .zip(&reference.items)
            .map(|(found, item)| cosine(found, &item.embedding))
            .collect();
        let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
        let least = cosines.iter().copied().fold(1.0, f64::min);
        assert!(mean >= 0.998, "{encoder:?}: mean {mean}");
        assert!(least >= 0.99, "{encoder:?}: least {least}");
    }
}

#[test]
fn neither_threads_nor_the_rest_of_a_batch_change_a_bit() {
    let reference = reference();
    let texts = texts(&reference);
    for precision in [Precision::F32, Precision::Int8] {
        let encoder = |threads| {
            let settings = Settings {
                precision: Some(precision),
                ..Settings::default()
            };
            encoder(threads, settings)
        };
        let one = encoder(1);
        let alone: Vec<Vec<f32>> = texts
            .iter()
            .map(|text| one.encode_one(text, Role::Passage).unwrap())
            .collect();
        for threads in [1, 2, 3] {
            let found = encode(&encoder(threads), &texts, Role::Passage);
            assert_eq!(found, alone, "{precision}, {threads} threads");
        }
    }
}

#[test]
fn every_text_has_the_tokens_that_sentence_transformers_counts() {
    let encoder = encoder(1, Settings::default());
    for item in reference().items {
        assert_eq!(encoder.tokens(&item.text), item.tokens, "{:?}", item.text);
        let spans = encoder.token_spans(&item.text);
        assert_eq!(spans.len() + 2, encoder.count_tokens(&item.text));
        assert!(
            spans
                .iter()
                .all(|span| item.text.get(span.clone()).is_some())
        );
    }
}

#[test]
fn the_model_is_known_again_in_a_folder_of_any_name() {
    let copy = tempfile::tempdir().unwrap();
    let model = copy.path().join("a copy");
    fs::create_dir_all(model.join("1_Pooling")).unwrap();
    for entry in [
        "modules.json",
        "1_Pooling/config.json",
        "config.json",
        "sentence_bert_config.json",
        "tokenizer.json",
        "model.safetensors",
    ] {
        fs::copy(folder().path().join(entry), model.join(entry)).unwrap();
    }
    let locator = Locator::new(copy.path().join("cache"));
    let found = locator.locate(&ModelRef::Folder(model)).unwrap();
    assert_eq!(found.name(), "sentence-transformers/all-MiniLM-L6-v2");
    let copied = SentenceEncoder::load(&found, &Settings::default()).unwrap();
    let encoder = encoder(1, Settings::default());
    assert!(copied.identity().is_compatible_with(encoder.identity()));
}

#[test]
fn the_models_card_agrees_with_what_was_loaded() {
    let encoder = encoder(1, Settings::default());
    let manifest = topoi_models::default_manifest();
    let identity = encoder.identity();
    assert_eq!(identity.name, manifest.name);
    assert_eq!(identity.revision.as_ref(), Some(&manifest.revision));
    assert_eq!(identity.dim, manifest.dim);
    assert_eq!(identity.pooling, manifest.pooling);
    assert_eq!(identity.max_tokens, manifest.max_tokens);
    assert!(identity.normalise);
    assert!(locator().cached(manifest).is_some());
}

#[test]
fn every_length_around_what_the_model_reads_behaves() {
    for precision in [Precision::F32, Precision::Int8] {
        let settings = Settings {
            precision: Some(precision),
            ..Settings::default()
        };
        let encoder = encoder(2, settings);
        // Two of the tokens that the model reads are special.
        let texts: Vec<String> = [0, 1, 253, 254, 255, 256, 257, 100_000]
            .map(|words| "trade ".repeat(words))
            .to_vec();
        for (text, words) in texts.iter().zip([0, 1, 253, 254, 255, 256, 257, 100_000]) {
            assert_eq!(encoder.count_tokens(text), words + 2);
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let found = encode(&encoder, &texts, Role::Passage);
        assert!(found.iter().flatten().all(|value| value.is_finite()));
        assert_ne!(found[2], found[3]);
        for longer in &found[4..] {
            assert_eq!(longer, &found[3], "{precision}");
        }
    }
}

#[test]
fn huge_texts_are_read_as_far_as_the_model_reads() {
    let encoder = encoder(2, Settings::default());
    let sentence = "Export controls have not stopped cheaper models from catching up. ";
    let long = sentence.repeat(60);
    let huge = sentence.repeat(16 << 10);
    assert!(huge.len() > 1 << 20);
    let found = encode(&encoder, &[&long, &huge], Role::Passage);
    assert!(cosine(&found[0], &found[1]) > 0.999_999);
    let each = encoder.token_spans(sentence).len();
    assert_eq!(encoder.count_tokens(&huge), each * (16 << 10) + 2);
    // One word of a megabyte, and nothing but white space.
    let word = "a".repeat(1 << 20);
    let space = " ".repeat(1 << 20);
    for vector in encode(&encoder, &[&word, &space], Role::Passage) {
        assert!(vector.iter().all(|value| value.is_finite()));
    }
}
