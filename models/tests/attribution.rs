//! What each token adds to a likeness: the parts must sum up to the whole, and belong to the right words.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic as tests may"
)]

mod common;

use std::num::NonZeroUsize;

use common::{HIDDEN, Tiny, candle, encode, f32, load_from, packed};
use serde_json::json;
use topoi_models::{Attribution, Encoder, Precision, Role, SentenceEncoder, Settings};

const TEXTS: [&str; 5] = [
    "trade",
    "the export of cheaper models",
    "",
    "  a tariff of the zzz trade model ",
    // More than the model reads.
    "trade tariff export control the of a model cheaper trade tariff export control the of a model",
];

fn directions(dim: usize) -> Vec<Vec<f32>> {
    let number = |text: usize, place: usize| ((text * 7 + place * 3) % 11) as f32 / 5.0 - 1.0;
    (0..TEXTS.len())
        .map(|text| (0..dim).map(|place| number(text, place)).collect())
        .collect()
}

fn attribute(encoder: &SentenceEncoder) -> Option<Vec<Attribution>> {
    let directions = directions(encoder.dim());
    let pairs: Vec<(&str, &[f32])> = TEXTS
        .into_iter()
        .zip(directions.iter().map(Vec::as_slice))
        .collect();
    encoder.attribute(&pairs, Role::Passage).unwrap()
}

/// The parts sum up to the dot product, and each stands where a token of the text does.
fn assert_sums_up(encoder: &SentenceEncoder) {
    let vectors = encode(encoder, &TEXTS, Role::Passage);
    let found = attribute(encoder).unwrap();
    assert_eq!(found.len(), TEXTS.len());
    let directions = directions(encoder.dim());
    for (index, attribution) in found.iter().enumerate() {
        let whole: f32 = vectors[index]
            .iter()
            .zip(&directions[index])
            .map(|(a, b)| a * b)
            .sum();
        let tokens = attribution.tokens.iter().map(|(_, share)| share);
        let sum = tokens.sum::<f32>() + attribution.rest;
        assert!(
            (sum - whole).abs() < 1e-5,
            "{encoder:?}: {sum} is not {whole}"
        );
        let spans = encoder.token_spans(TEXTS[index]);
        let told = attribution.tokens.iter().map(|(span, _)| span);
        assert!(
            told.eq(spans.iter().take(attribution.tokens.len())),
            "{attribution:?}"
        );
    }
    assert!(found[2].tokens.is_empty());
    assert!(found[1].tokens.len() > 4);
}

#[test]
fn the_parts_of_a_mean_sum_up_to_the_whole() {
    for pooling in ["mean", "mean_sqrt_len"] {
        for (normalise, dense) in [(true, None), (false, None), (true, Some((5, "Identity")))] {
            let model = Tiny {
                pooling,
                normalise,
                dense,
                prompts: Some(json!({"query": "the ", "document": "a model of the "})),
                ..Tiny::default()
            };
            let folder = tempfile::tempdir().unwrap();
            model.write(folder.path());
            let int8 = packed(Precision::Int8);
            for settings in packed(Precision::F32).chain(int8).chain([candle()]) {
                assert_sums_up(&load_from(folder.path(), &settings).unwrap());
            }
        }
    }
}

#[test]
fn the_parts_belong_to_their_words() {
    let folder = tempfile::tempdir().unwrap();
    Tiny::default().write(folder.path());
    let encoder = load_from(folder.path(), &f32()).unwrap();
    let found = attribute(&encoder).unwrap();
    let words: Vec<&str> = found[3]
        .tokens
        .iter()
        .map(|(span, _)| &TEXTS[3][span.clone()])
        .collect();
    assert_eq!(words, ["a", "tariff", "of", "the", "zzz", "trade", "model"]);
    // The model reads sixteen tokens, two of them special.
    assert_eq!(found[4].tokens.len(), 14);
}

#[test]
fn what_is_no_sum_over_tokens_is_not_told_apart() {
    for (pooling, dense) in [
        ("cls", None),
        ("max", None),
        ("mean", Some((HIDDEN, "Tanh"))),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let model = Tiny {
            pooling,
            dense,
            ..Tiny::default()
        };
        model.write(folder.path());
        assert_eq!(attribute(&load_from(folder.path(), &f32()).unwrap()), None);
    }
}

#[test]
fn the_parts_are_the_same_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    Tiny::default().write(folder.path());
    let on = |threads| {
        let settings = Settings {
            threads: NonZeroUsize::new(threads),
            ..Settings::default()
        };
        attribute(&load_from(folder.path(), &settings).unwrap())
    };
    assert_eq!(on(1), on(3));
}
