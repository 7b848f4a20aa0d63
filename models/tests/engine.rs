//! Tiny models made up on the spot: what each architecture, pooling and file must come to.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic as tests may"
)]

mod common;

use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use candle_core::DType;
use common::{Tiny, candle, cosine, encode, f32, load_from, packed, twin};
use serde_json::json;
use tempfile::TempDir;
use topoi_models::{
    Device, EncodeError, Encoder, Engine, Instructions, Pooling, Precision, Role, SentenceEncoder,
    Settings,
};

fn load(model: &Tiny) -> (TempDir, SentenceEncoder) {
    let folder = tempfile::tempdir().unwrap();
    model.write(folder.path());
    let encoder = load_from(folder.path(), &f32()).unwrap();
    (folder, encoder)
}

/// Checks every engine against the twin, on texts of different lengths in one batch.
fn assert_agrees(model: &Tiny) {
    let folder = tempfile::tempdir().unwrap();
    model.write(folder.path());
    for settings in packed(Precision::F32).chain([candle()]) {
        let encoder = load_from(folder.path(), &settings).unwrap();
        assert_near(model, &encoder, 2e-5);
    }
    for settings in packed(Precision::Int8) {
        let encoder = load_from(folder.path(), &settings).unwrap();
        assert_near(model, &encoder, 0.1);
    }
}

/// Checks that no number of a vector is further from the twin's than `most`.
fn assert_near(model: &Tiny, encoder: &SentenceEncoder, most: f64) {
    let texts = [
        "trade",
        "the export of cheaper models",
        "",
        "a tariff of the trade model",
    ];
    let words: [&[&str]; 4] = [
        &["trade"],
        &["the", "export", "of", "cheap", "##er", "model", "##s"],
        &[],
        &["a", "tariff", "of", "the", "trade", "model"],
    ];
    let found = encode(encoder, &texts, Role::Passage);
    for (found, words) in found.iter().zip(words) {
        let expected = twin::vector(model, &model.ids(words));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (f64::from(*found) - expected).abs() < most,
                "{encoder:?}: {found} is not {expected}, for {words:?}"
            );
        }
    }
}

#[test]
fn bert_agrees_with_the_papers_with_every_pooling() {
    for pooling in ["mean", "cls", "max", "mean_sqrt_len"] {
        for normalise in [true, false] {
            assert_agrees(&Tiny {
                pooling,
                normalise,
                ..Tiny::default()
            });
        }
    }
}

#[test]
fn roberta_and_xlm_roberta_number_positions_after_the_padding_token() {
    for (model_type, prefix) in [("roberta", "roberta."), ("xlm-roberta", "")] {
        assert_agrees(&Tiny {
            model_type,
            prefix,
            ..Tiny::default()
        });
    }
}

#[test]
fn a_padding_token_that_a_text_spells_out_has_the_padding_position() {
    let model = Tiny {
        model_type: "xlm-roberta",
        ..Tiny::default()
    };
    let (_folder, encoder) = load(&model);
    let found = encoder
        .encode_one("trade <pad> tariff", Role::Passage)
        .unwrap();
    let expected = twin::vector(&model, &model.ids(&["trade", "<pad>", "tariff"]));
    for (found, expected) in found.iter().zip(&expected) {
        assert!((f64::from(*found) - expected).abs() < 2e-5);
    }
}

#[test]
fn every_activation_agrees_with_its_definition() {
    for activation in ["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"] {
        assert_agrees(&Tiny {
            activation,
            ..Tiny::default()
        });
    }
}

#[test]
fn what_the_packed_engine_does_not_know_is_left_to_candle() {
    let model = Tiny {
        activation: "silu",
        ..Tiny::default()
    };
    let folder = tempfile::tempdir().unwrap();
    model.write(folder.path());
    let encoder = load_from(folder.path(), &Settings::default()).unwrap();
    assert!(encoder.fallback().unwrap().contains("Silu"));
    assert_eq!(encoder.identity().precision, Precision::F32);
    assert_near(&model, &encoder, 2e-5);
    for settings in packed(Precision::F32) {
        let refused = load_from(folder.path(), &settings).unwrap_err();
        assert!(refused.contains("packed engine"), "{refused}");
    }
    let (_folder, known) = load(&Tiny::default());
    assert_eq!(known.fallback(), None);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    Tiny::default().write(folder.path());
    let refuse = |settings: Settings, what: &str| {
        let refused = load_from(folder.path(), &settings).unwrap_err();
        assert!(refused.contains(what), "{refused}");
    };
    let precision = |precision| Settings {
        precision: Some(precision),
        ..Settings::default()
    };
    refuse(precision(Precision::F16), "f16");
    refuse(precision(Precision::Bf16), "bf16");
    refuse(
        Settings {
            engine: Engine::Candle,
            ..precision(Precision::Int8)
        },
        "int8",
    );
    refuse(
        Settings {
            engine: Engine::Packed,
            device: Device::Metal,
            ..Settings::default()
        },
        "graphics card",
    );
    let absent = Instructions::ALL
        .into_iter()
        .find(|set| !set.is_available());
    refuse(
        Settings {
            instructions: absent,
            ..Settings::default()
        },
        &absent.unwrap().to_string(),
    );
}

#[test]
fn a_precision_is_part_of_the_identity() {
    let folder = tempfile::tempdir().unwrap();
    Tiny::default().write(folder.path());
    let load = |settings: &Settings| load_from(folder.path(), settings).unwrap();
    let default = load(&Settings::default());
    let (full, candle) = (load(&f32()), load(&candle()));
    assert_eq!(default.identity().precision, Precision::Int8);
    assert!(!default.identity().is_compatible_with(full.identity()));
    assert!(candle.identity().is_compatible_with(full.identity()));
}

#[test]
fn a_hundred_thousand_empty_texts_have_the_vector_of_one() {
    let (_folder, encoder) = load(&Tiny::default());
    let texts = vec![""; 100_000];
    let one = encoder.encode_one("", Role::Passage).unwrap();
    let embeddings = encoder
        .encode(&texts, Role::Passage, &mut |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(embeddings.len(), texts.len());
    assert!(embeddings.rows().all(|row| row == one));
}

#[test]
fn a_dense_layer_follows_the_pooling() {
    for activation in ["Tanh", "Identity", "GELU", "ReLU", "Sigmoid"] {
        let model = Tiny {
            dense: Some((5, activation)),
            ..Tiny::default()
        };
        assert_agrees(&model);
        let (_folder, encoder) = load(&model);
        assert_eq!(encoder.dim(), 5);
        assert!(encoder.identity().dense_sha256.is_some());
    }
}

#[test]
fn weights_are_found_behind_any_prefix() {
    for prefix in ["bert.", "model.encoder."] {
        assert_agrees(&Tiny {
            prefix,
            ..Tiny::default()
        });
    }
}

#[test]
fn half_precision_weights_are_widened() {
    let exact = Tiny::default();
    let (_folder, full) = load(&exact);
    for precision in [DType::F16, DType::BF16] {
        let (_folder, half) = load(&Tiny {
            precision,
            ..Tiny::default()
        });
        let text = "the export of cheaper models";
        let a = full.encode_one(text, Role::Passage).unwrap();
        let b = half.encode_one(text, Role::Passage).unwrap();
        let cosine = cosine(&a, &b);
        assert!(cosine > 0.999 && a != b, "{precision:?}: {cosine}");
    }
}

#[test]
fn a_folder_without_modules_is_a_transformer_with_mean_pooling() {
    let model = Tiny {
        normalise: false,
        ..Tiny::default()
    };
    let folder = tempfile::tempdir().unwrap();
    model.write(folder.path());
    fs::remove_file(folder.path().join("modules.json")).unwrap();
    let encoder = load_from(folder.path(), &f32()).unwrap();
    assert_eq!(encoder.identity().pooling, Pooling::Mean);
    assert!(!encoder.identity().normalise);
    let found = encoder.encode_one("trade", Role::Passage).unwrap();
    let expected = twin::vector(&model, &model.ids(&["trade"]));
    assert!((f64::from(found[0]) - expected[0]).abs() < 2e-5);
}

#[test]
fn prompts_go_before_the_text_by_its_role() {
    let (_folder, encoder) = load(&Tiny {
        prompts: Some(json!({"prompts": {"query": "the ", "passage": "of "}})),
        ..Tiny::default()
    });
    let (_plain_folder, plain) = load(&Tiny::default());
    let expect = |text: &str| plain.encode_one(text, Role::Query).unwrap();
    assert_eq!(
        encoder.encode_one("trade", Role::Query).unwrap(),
        expect("the trade")
    );
    assert_eq!(
        encoder.encode_one("trade", Role::Passage).unwrap(),
        expect("of trade")
    );
    assert_eq!(encoder.room(Role::Query), plain.room(Role::Query) - 1);
    assert_ne!(encoder.identity().digest(), plain.identity().digest());
}

#[test]
fn tokens_give_the_vector_of_their_text() {
    let model = Tiny {
        prompts: Some(json!({"prompts": {"query": "the ", "passage": "of "}})),
        ..Tiny::default()
    };
    let (_folder, encoder) = load(&model);
    let framed = model.ids(&["trade", "tariff"]);
    let ids: Vec<u32> = framed[1..framed.len() - 1].to_vec();
    for role in [Role::Query, Role::Passage] {
        let of_text = encoder.encode_one("trade tariff", role).unwrap();
        let of_ids = encoder
            .encode_ids(std::slice::from_ref(&ids), role)
            .unwrap();
        assert_eq!(of_ids.values(), of_text);
        // What the model doesn't read changes nothing.
        let long = ids.repeat(1000);
        let read = long[..encoder.room(role)].to_vec();
        let both = encoder.encode_ids(&[long, read], role).unwrap();
        assert_eq!(both.row(0), both.row(1));
    }
    let outside = encoder.encode_ids(&[vec![999]], Role::Query);
    assert!(matches!(
        outside,
        Err(EncodeError::TokenOutsideVocabulary { id: 999, .. })
    ));
}

#[test]
fn the_default_prompt_stands_in_for_the_role_that_has_none() {
    let (_folder, encoder) = load(&Tiny {
        prompts: Some(json!({
            "prompts": {"query": "the ", "other": "of "},
            "default_prompt_name": "other",
        })),
        ..Tiny::default()
    });
    assert_eq!(encoder.identity().query_prompt, "the ");
    assert_eq!(encoder.identity().passage_prompt, "of ");
}

#[test]
fn a_batch_equals_its_single_texts_and_any_number_of_threads_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    Tiny::default().write(folder.path());
    let words = ["trade", "tariff", "of", "the", "models", "cheaper"];
    let texts: Vec<String> = (0..3000)
        .map(|i| {
            (0..i % 14)
                .map(|j| words[(i + j) % 6])
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let int8 = Settings {
        precision: Some(Precision::Int8),
        ..Settings::default()
    };
    for settings in [f32(), int8, candle()] {
        let encoder = |threads| {
            let settings = Settings {
                threads: NonZeroUsize::new(threads),
                ..settings.clone()
            };
            load_from(folder.path(), &settings).unwrap()
        };
        let with = |threads| encode(&encoder(threads), &texts, Role::Passage);
        let one = with(1);
        assert_eq!(one, with(2));
        assert_eq!(one, with(5));
        let encoder = encoder(1);
        for (text, batched) in texts.iter().zip(&one).take(50) {
            let alone = encoder.encode_one(text, Role::Passage).unwrap();
            if settings.engine == Engine::Candle {
                assert!(cosine(&alone, batched) > 0.999_999, "{text:?}");
            } else {
                assert_eq!(&alone, batched, "{text:?}");
            }
        }
    }
}

#[test]
fn texts_are_cut_where_the_model_stops_reading() {
    let (_folder, encoder) = load(&Tiny::default());
    assert_eq!(encoder.max_tokens(), 16);
    assert_eq!(encoder.room(Role::Passage), 14);
    let long = "trade ".repeat(40);
    assert_eq!(encoder.count_tokens(&long), 42);
    assert_eq!(encoder.tokens(&long), 16);
    let found = encode(&encoder, &[&long, &"trade ".repeat(14)], Role::Passage);
    assert_eq!(found[0], found[1]);
}

#[test]
fn without_a_stated_length_the_positions_decide() {
    for (model_type, tokens) in [("bert", 24), ("roberta", 22)] {
        let (_folder, encoder) = load(&Tiny {
            model_type,
            max_tokens: None,
            ..Tiny::default()
        });
        assert_eq!(encoder.max_tokens(), tokens);
        encoder
            .encode_one(&"trade ".repeat(40), Role::Passage)
            .unwrap();
    }
}

#[test]
fn spans_say_where_tokens_lie() {
    let (_folder, encoder) = load(&Tiny::default());
    let text = "  Trade, of models";
    let words: Vec<&str> = encoder
        .token_spans(text)
        .into_iter()
        .map(|span| &text[span])
        .collect();
    assert_eq!(words, ["Trade", ",", "of", "model", "s"]);
}

#[test]
fn an_observer_is_told_of_progress_and_can_stop() {
    let (_folder, encoder) = load(&Tiny::default());
    let texts = vec!["the trade of cheaper models"; 2000];
    let mut seen = Vec::new();
    let embeddings = encoder
        .encode(&texts, Role::Passage, &mut |done| {
            seen.push(done);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(embeddings.len(), 2000);
    assert_eq!(seen.last(), Some(&2000));
    assert!(seen.is_sorted() && seen.len() > 1);
    let stopped = encoder.encode(&texts, Role::Passage, &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(EncodeError::Cancelled { done }) if done < 2000));
}

#[test]
fn no_texts_give_no_vectors() {
    let (_folder, encoder) = load(&Tiny::default());
    assert_eq!(encode(&encoder, &[], Role::Query).len(), 0);
}

#[test]
fn a_device_that_the_build_does_not_know_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    Tiny::default().write(folder.path());
    for (device, feature, built) in [
        (Device::Cuda(0), "cuda", cfg!(feature = "cuda")),
        (Device::Metal, "metal", cfg!(feature = "metal")),
    ] {
        if !built {
            let settings = Settings {
                device,
                ..Settings::default()
            };
            let error = load_from(folder.path(), &settings).unwrap_err();
            assert!(error.contains(feature), "{error}");
        }
    }
}
