//! Tiny re-rankers made up on the spot: what a pair's score must come to, and what is cut.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic as tests may"
)]

mod common;

use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use common::cross::{TinyCross, load_cross};
use common::{Tiny, candle, edit, f32, packed, twin};
use serde_json::json;
use tempfile::TempDir;
use topoi_models::{CrossEncoder, EncodeError, Engine, Precision, Settings};

fn load(model: &TinyCross) -> (TempDir, CrossEncoder) {
    let folder = tempfile::tempdir().unwrap();
    model.write(folder.path());
    let reranker = load_cross(folder.path(), &f32()).unwrap();
    (folder, reranker)
}

fn score(reranker: &CrossEncoder, question: &str, passages: &[&str]) -> Vec<f32> {
    reranker
        .score(question, passages, &mut |_| ControlFlow::Continue(()))
        .unwrap()
}

/// A question and passages, as they are written and as tokens.
const QUESTION: (&str, &[&str]) = ("cheaper models", &["cheap", "##er", "model", "##s"]);
const PASSAGES: [(&str, &[&str]); 4] = [
    ("the tariff", &["the", "tariff"]),
    (
        "Export of a trade control, the model",
        &[
            "export", "of", "a", "trade", "control", "[UNK]", "the", "model",
        ],
    ),
    ("", &[]),
    ("fail", &["fail"]),
];

/// Checks that no score is further from the twin's than `most`.
fn assert_near(model: &TinyCross, reranker: &CrossEncoder, most: f64) {
    let texts = PASSAGES.map(|(text, _)| text);
    let found = score(reranker, QUESTION.0, &texts);
    assert_eq!(found.len(), PASSAGES.len());
    for (found, (text, words)) in found.iter().zip(PASSAGES) {
        let unknown = if model.body.is_roberta() {
            "<unk>"
        } else {
            "[UNK]"
        };
        let words: Vec<&str> = words
            .iter()
            .map(|word| if *word == "[UNK]" { unknown } else { word })
            .collect();
        let expected = twin::score(model, &model.pair(QUESTION.1, &words));
        assert!(
            (f64::from(*found) - expected).abs() < most,
            "{reranker:?}: {found} is not {expected}, for {text:?}"
        );
    }
}

/// Checks every engine against the twin.
fn assert_agrees(model: &TinyCross) {
    let folder = tempfile::tempdir().unwrap();
    model.write(folder.path());
    for settings in packed(Precision::F32).chain([candle()]) {
        assert_near(model, &load_cross(folder.path(), &settings).unwrap(), 2e-5);
    }
    for settings in packed(Precision::Int8) {
        assert_near(model, &load_cross(folder.path(), &settings).unwrap(), 0.1);
    }
}

#[test]
fn bert_scores_pairs_with_two_token_types() {
    assert_agrees(&TinyCross::default());
}

#[test]
fn a_pooler_without_the_prefix_is_found() {
    assert_agrees(&TinyCross {
        pooler_prefix: "",
        ..TinyCross::default()
    });
}

#[test]
fn roberta_scores_pairs_with_two_separators_and_one_token_type() {
    assert_agrees(&TinyCross::roberta());
}

#[test]
fn a_layer_that_the_packed_engine_does_not_know_is_left_to_candle() {
    let model = TinyCross {
        body: Tiny {
            activation: "silu",
            ..TinyCross::default().body
        },
        ..TinyCross::default()
    };
    let (_folder, reranker) = load(&model);
    assert!(reranker.fallback().unwrap().contains("Silu"));
    assert_near(&model, &reranker, 2e-5);
}

#[test]
fn a_tokeniser_that_the_crate_runs_frames_pairs_in_the_same_way() {
    for model in [TinyCross::default(), TinyCross::roberta()] {
        let folder = tempfile::tempdir().unwrap();
        model.write(folder.path());
        let path = folder.path().join("tokenizer.json");
        // A sequence of one normaliser: the same, and nothing that is run here.
        edit(&path, |tokenizer| {
            tokenizer["normalizer"] =
                json!({"type": "Sequence", "normalizers": [tokenizer["normalizer"]]});
        });
        assert_near(&model, &load_cross(folder.path(), &f32()).unwrap(), 2e-5);
    }
    let model = TinyCross::default();
    let folder = tempfile::tempdir().unwrap();
    model.write(folder.path());
    edit(&folder.path().join("tokenizer.json"), |tokenizer| {
        tokenizer["post_processor"] =
            json!({"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]});
        tokenizer["normalizer"] =
            json!({"type": "Sequence", "normalizers": [tokenizer["normalizer"]]});
    });
    assert_near(&model, &load_cross(folder.path(), &f32()).unwrap(), 2e-5);
}

#[test]
fn what_sentence_transformers_writes_beside_the_model_is_read() {
    let model = TinyCross::default();
    let folder = tempfile::tempdir().unwrap();
    model.write(folder.path());
    fs::remove_file(folder.path().join("tokenizer_config.json")).unwrap();
    for (name, content) in [
        (
            "modules.json",
            json!([{"idx": 0, "name": "0", "path": "",
                    "type": "sentence_transformers.base.modules.transformer.Transformer"}]),
        ),
        (
            "sentence_bert_config.json",
            json!({"max_seq_length": 18, "transformer_task": "sequence-classification"}),
        ),
        (
            "config_sentence_transformers.json",
            json!({"model_type": "CrossEncoder", "prompts": {"ask": "trade "},
                   "default_prompt_name": "ask"}),
        ),
    ] {
        fs::write(folder.path().join(name), content.to_string()).unwrap();
    }
    let reranker = load_cross(folder.path(), &f32()).unwrap();
    assert_eq!(reranker.max_tokens(), 18);
    let found = score(&reranker, "tariff", &["the model"]);
    let pair = model.pair(&["trade", "tariff"], &["the", "model"]);
    assert!((f64::from(found[0]) - twin::score(&model, &pair)).abs() < 2e-5);
}

#[test]
fn the_order_of_the_texts_matters_and_so_does_each_of_them() {
    let (_folder, reranker) = load(&TinyCross::default());
    let of = |question: &str, passage: &str| score(&reranker, question, &[passage])[0];
    let pair = of("trade", "tariff");
    for other in [
        of("tariff", "trade"),
        of("trade", "model"),
        of("model", "tariff"),
    ] {
        assert!((pair - other).abs() > 1e-3, "{pair} and {other}");
    }
}

#[test]
fn batches_agree_with_single_passages_and_any_number_of_threads_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    TinyCross::default().write(folder.path());
    let words = ["trade", "tariff", "of", "the", "models", "cheaper"];
    let passages: Vec<String> = (0..2000)
        .map(|i| {
            let words = (0..i % 14).map(|j| words[(i + j) % 6]);
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    let passages: Vec<&str> = passages.iter().map(String::as_str).collect();
    let int8 = Settings {
        precision: Some(Precision::Int8),
        ..Settings::default()
    };
    for settings in [f32(), int8, candle()] {
        let reranker = |threads| {
            let settings = Settings {
                threads: NonZeroUsize::new(threads),
                ..settings.clone()
            };
            load_cross(folder.path(), &settings).unwrap()
        };
        let one = score(&reranker(1), "cheaper trade", &passages);
        for threads in [2, 5] {
            assert_eq!(one, score(&reranker(threads), "cheaper trade", &passages));
        }
        let reranker = reranker(1);
        for (passage, batched) in passages.iter().zip(&one).take(50) {
            let alone = score(&reranker, "cheaper trade", &[passage])[0];
            if settings.engine == Engine::Candle {
                assert!((alone - batched).abs() < 1e-5, "{passage:?}");
            } else {
                assert_eq!(alone, *batched, "{passage:?}");
            }
        }
    }
}

#[test]
fn a_question_gets_half_of_the_room_and_a_passage_what_is_left() {
    let model = TinyCross::default();
    let (_folder, reranker) = load(&model);
    // 20 tokens, of which three are special.
    assert_eq!(reranker.max_tokens(), 20);
    let expected = |question: usize, passage: usize| {
        let pair = model.pair(&vec!["trade"; question], &vec!["tariff"; passage]);
        twin::score(&model, &pair)
    };
    for (question, passage, read) in [
        (3, 3, (3, 3)),
        (3, 14, (3, 14)),
        (3, 15, (3, 14)),
        (8, 40, (8, 9)),
        (40, 40, (8, 9)),
        (40, 2, (8, 2)),
        (0, 40, (0, 17)),
    ] {
        let question = "trade ".repeat(question);
        let passage = "tariff ".repeat(passage);
        let found = score(&reranker, &question, &[&passage])[0];
        assert!(
            (f64::from(found) - expected(read.0, read.1)).abs() < 2e-5,
            "{question:?}, {passage:?}"
        );
    }
}

#[test]
fn megabytes_are_cut_and_not_read() {
    let (_folder, reranker) = load(&TinyCross::default());
    let long = "trade ".repeat(4 << 20);
    let word = "x".repeat(4 << 20);
    let white = format!("{}trade", " ".repeat(4 << 20));
    let start = std::time::Instant::now();
    for question in ["trade", &long, &word, &white] {
        let passages = [long.as_str(), &word, &white, "trade"];
        let scores = score(&reranker, question, &passages);
        assert_eq!(scores[2], scores[3]);
        assert!(scores.iter().all(|score| score.is_finite()));
    }
    // Splitting all of it would take minutes.
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn without_a_stated_length_or_with_a_huge_one_the_positions_decide() {
    for max_tokens in [None, Some(1e30), Some(512.0)] {
        let (_folder, reranker) = load(&TinyCross {
            max_tokens,
            ..TinyCross::default()
        });
        assert_eq!(reranker.max_tokens(), 24);
        score(&reranker, &"trade ".repeat(40), &[&"tariff ".repeat(40)]);
    }
}

#[test]
fn no_passages_give_no_scores_and_an_observer_can_stop() {
    let (_folder, reranker) = load(&TinyCross::default());
    assert!(score(&reranker, "trade", &[]).is_empty());
    let passages = vec!["the trade of cheaper models"; 2000];
    let mut seen = Vec::new();
    let scores = reranker.score("trade", &passages, &mut |done| {
        seen.push(done);
        ControlFlow::Continue(())
    });
    assert_eq!(scores.unwrap().len(), 2000);
    assert!(seen.is_sorted() && seen.len() > 1 && seen.last() == Some(&2000));
    let stopped = reranker.score("trade", &passages, &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(EncodeError::Cancelled { done }) if done < 2000));
}

#[test]
fn a_reranker_says_what_it_is() {
    let (folder, reranker) = load(&TinyCross::default());
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    assert_eq!(reranker.name(), name);
    assert_eq!(reranker.precision(), Precision::F32);
    let shown = reranker.to_string();
    assert!(shown.starts_with(&format!("{name} (")), "{shown}");
    assert!(shown.ends_with(", 20 tokens, f32)"), "{shown}");
    let default = load_cross(folder.path(), &Settings::default()).unwrap();
    assert_eq!(default.precision(), Precision::F32);
}
