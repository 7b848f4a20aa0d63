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

use common::{cosine, encode};
use serde::Deserialize;
use topoi_models::{Encoder, Locator, ModelFolder, ModelRef, Role, SentenceEncoder, Settings};

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

fn encoder(threads: usize) -> SentenceEncoder {
    let settings = Settings {
        threads: NonZeroUsize::new(threads),
        ..Settings::default()
    };
    SentenceEncoder::load(folder(), &settings).unwrap()
}

fn assert_parity(found: &[Vec<f32>], items: &[Item]) {
    assert_eq!(found.len(), items.len());
    for (found, item) in found.iter().zip(items) {
        let cosine = cosine(found, &item.embedding);
        assert!(cosine >= 0.99999, "cosine {cosine} for {:?}", item.text);
    }
}

#[test]
fn every_vector_is_that_of_sentence_transformers_on_any_number_of_threads() {
    let reference = reference();
    let texts: Vec<&str> = reference
        .items
        .iter()
        .map(|item| item.text.as_str())
        .collect();
    let mut first: Option<Vec<Vec<f32>>> = None;
    for threads in [1, 2, 3] {
        let encoder = encoder(threads);
        assert_eq!(encoder.identity().weights_sha256, reference.weights_sha256);
        let found = encode(&encoder, &texts, Role::Passage);
        assert_parity(&found, &reference.items);
        match &first {
            Some(first) => assert_eq!(&found, first, "{threads} threads give other bits"),
            None => first = Some(found),
        }
    }
}

#[test]
fn a_text_alone_has_the_vector_that_it_has_in_a_batch() {
    let reference = reference();
    let encoder = encoder(2);
    let found: Vec<Vec<f32>> = reference
        .items
        .iter()
        .map(|item| encoder.encode_one(&item.text, Role::Query).unwrap())
        .collect();
    assert_parity(&found, &reference.items);
}

#[test]
fn every_text_has_the_tokens_that_sentence_transformers_counts() {
    let encoder = encoder(1);
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
    assert!(copied.identity().is_compatible_with(encoder(1).identity()));
}

#[test]
fn the_models_card_agrees_with_what_was_loaded() {
    let encoder = encoder(1);
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
fn huge_texts_are_read_as_far_as_the_model_reads() {
    let encoder = encoder(2);
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
