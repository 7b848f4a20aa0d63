//! The folders of re-rankers: how they are found and fetched, and what is said of those that can't be used.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic as tests may"
)]

mod common;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use candle_core::{Device, Tensor};
use common::cross::{TinyCross, load_cross};
#[cfg(unix)]
use common::hub::{COMMIT, Hub, Mood};
#[cfg(unix)]
use common::world::{NAME, World, by_name};
use common::{Tiny, edit, edit_weights, load_from};
use serde_json::json;
#[cfg(unix)]
use topoi_models::{AcquireError, CrossEncoder, Locator, ModelFolder};
use topoi_models::{EncodeError, LoadError, Settings};

/// Writes a model, spoils it, and checks what loading it says, and that there is a hint.
fn assert_complains(model: &TinyCross, of: &[&str], spoil: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    model.write(folder.path());
    spoil(folder.path());
    let error = load_cross(folder.path(), &Settings::default()).unwrap_err();
    let complaint = error.to_string();
    for part in of {
        assert!(complaint.contains(part), "`{complaint}` lacks `{part}`");
    }
    assert!(
        error.hint().is_some() || matches!(error, LoadError::Inconsistent { .. }),
        "`{complaint}` has no hint"
    );
}

/// The same for a change of the configuration.
fn assert_refuses(of: &[&str], change: impl FnOnce(&mut serde_json::Value)) {
    assert_complains(&TinyCross::default(), of, |folder| {
        edit(&folder.join("config.json"), change);
    });
}

#[test]
fn a_head_that_is_missing_or_of_another_shape_is_named() {
    let named = |name: &'static str| TinyCross {
        pooler_prefix: name,
        ..TinyCross::default()
    };
    assert_complains(&named("no"), &["no tensor", "pooler.dense.weight"], |_| {});
    for lost in [
        "bert.pooler.dense.weight",
        "classifier.weight",
        "classifier.bias",
    ] {
        assert_complains(
            &TinyCross::default(),
            &["no tensor", lost.trim_start_matches("bert.")],
            |folder| {
                edit_weights(folder, |tensors| drop(tensors.remove(lost)));
            },
        );
    }
    let roberta = TinyCross::roberta();
    assert_complains(&roberta, &["no tensor", "pooler.dense.weight"], |folder| {
        edit(&folder.join("config.json"), |config| {
            config["architectures"] = json!(["BertForSequenceClassification"]);
        });
    });
    let three = TinyCross {
        labels: 3,
        ..TinyCross::default()
    };
    assert_complains(
        &three,
        &["classifier.weight", "[3, 8]", "[1, 8]"],
        |folder| {
            edit(&folder.join("config.json"), |config| {
                config["id2label"] = json!({"0": "LABEL_0"});
            });
        },
    );
}

#[test]
fn several_labels_are_refused() {
    for labels in [2, 3] {
        let model = TinyCross {
            labels,
            ..TinyCross::default()
        };
        assert_complains(&model, &[&format!("{labels} labels"), "one label"], |_| {});
    }
    assert_refuses(&["5 labels"], |config| {
        config.as_object_mut().unwrap().remove("id2label");
        config["num_labels"] = json!(5);
    });
    // The transformers library takes two for granted.
    assert_refuses(&["2 labels"], |config| {
        config.as_object_mut().unwrap().remove("id2label");
    });
}

#[test]
fn models_of_other_kinds_are_refused_with_what_they_are() {
    assert_refuses(&["BertModel", "re-ranker"], |config| {
        config["architectures"] = json!(["BertModel"]);
    });
    assert_refuses(&["without an architecture"], |config| {
        config["architectures"] = json!([]);
    });
    assert_refuses(
        &["DebertaV2ForSequenceClassification", "`BertForSequence"],
        |config| config["architectures"] = json!(["DebertaV2ForSequenceClassification"]),
    );
    assert_complains(&TinyCross::default(), &["a sentence model"], |folder| {
        Tiny::default().write(folder);
    });
}

#[test]
fn a_sentence_encoder_says_that_a_reranker_is_one() {
    let folder = tempfile::tempdir().unwrap();
    TinyCross::default().write(folder.path());
    let refused = || load_from(folder.path(), &Settings::default()).unwrap_err();
    assert!(refused().contains("BertForSequenceClassification"));
    assert!(refused().contains("scores texts"));
    let modules = folder.path().join("modules.json");
    let transformer = json!([{"path": "", "type": "sentence_transformers.models.Transformer"}]);
    fs::write(modules, transformer.to_string()).unwrap();
    assert!(refused().contains("scores texts"));
    edit(&folder.path().join("config.json"), |config| {
        config["architectures"] = json!(["BertModel"]);
    });
    assert!(
        refused().contains("the steps [Transformer]"),
        "{}",
        refused()
    );
}

#[test]
fn a_tokeniser_that_frames_no_pairs_is_refused() {
    let spoilt = |post_processor: serde_json::Value| {
        move |folder: &Path| {
            edit(&folder.join("tokenizer.json"), |tokenizer| {
                tokenizer["post_processor"] = post_processor;
            });
        }
    };
    let model = TinyCross::default();
    assert_complains(
        &model,
        &["tokenizer.json", "put together"],
        spoilt(json!(null)),
    );
    // The plain tiny model's puts nothing between two texts.
    let plain = model.body.tokenizer()["post_processor"].clone();
    assert_complains(&model, &["tokenizer.json", "put together"], spoilt(plain));
    let short = TinyCross {
        max_tokens: Some(4.0),
        ..model
    };
    assert_complains(&short, &["3 tokens to every pair", "reads 4"], |_| {});
}

#[test]
fn a_damaged_file_is_named_wherever_it_is_cut() {
    for file in [
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "model.safetensors",
    ] {
        for keep in [0, 1, 7, 20, 500, 2000] {
            let folder = tempfile::tempdir().unwrap();
            TinyCross::default().write(folder.path());
            let path = folder.path().join(file);
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..keep.min(bytes.len() - 2)]).unwrap();
            let error = load_cross(folder.path(), &Settings::default()).unwrap_err();
            assert!(error.to_string().contains(file), "{error}");
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        assert_complains(&TinyCross::default(), &[file, "missing"], |folder| {
            fs::remove_file(folder.join(file)).unwrap();
        });
    }
}

#[test]
fn a_passage_needs_a_type_of_its_own_if_the_tokeniser_gives_it_one() {
    let one_type = |folder: &Path| {
        edit(&folder.join("config.json"), |config| {
            config["type_vocab_size"] = json!(1);
        });
        edit_weights(folder, |tensors| {
            let types = tensors
                .get_mut("bert.embeddings.token_type_embeddings.weight")
                .unwrap();
            *types = types.narrow(0, 0, 1).unwrap();
        });
    };
    let of = ["type_vocab_size", "type of its own"];
    assert_complains(&TinyCross::default(), &of, one_type);
}

#[test]
fn a_token_outside_the_vocabulary_and_a_score_that_is_no_number_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    TinyCross::default().write(folder.path());
    edit(&folder.path().join("tokenizer.json"), |tokenizer| {
        tokenizer["model"]["vocab"]["zebra"] = json!(4711);
    });
    let complaint = |passage: &str| {
        let reranker = load_cross(folder.path(), &Settings::default()).unwrap();
        let go_on = &mut |_| ControlFlow::Continue(());
        reranker.score("trade", &["of", passage], go_on)
    };
    assert!(matches!(
        complaint("a zebra"),
        Err(EncodeError::TokenOutsideVocabulary { id: 4711, .. })
    ));
    edit_weights(folder.path(), |tensors| {
        let bias = Tensor::new(&[f32::NAN], &Device::Cpu).unwrap();
        tensors.insert("classifier.bias".to_owned(), bias);
    });
    assert!(matches!(
        complaint("a tariff"),
        Err(EncodeError::NotFinite { .. })
    ));
}

/// Checks that the re-ranker in `folder` scores.
#[cfg(unix)]
fn assert_scores(folder: &ModelFolder) {
    let reranker = CrossEncoder::load(folder, &Settings::default()).unwrap();
    assert_eq!(reranker.name(), NAME);
    let go_on = &mut |_| ControlFlow::Continue(());
    assert_eq!(reranker.score("trade", &["of"], go_on).unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_reranker_comes_from_the_hub_once_and_is_pinned() {
    let world = World::new();
    let source = world.root.path().join("reranker");
    TinyCross::default().write(&source);
    let hub = Hub::serve(NAME, &source, Mood::Well);
    let locator = world.locator(Some(&hub));
    let folder = locator.locate(&by_name()).unwrap();
    assert_eq!(folder.revision(), Some(COMMIT));
    assert_scores(&folder);
    // With what says how many tokens are read.
    let pin = fs::read_to_string(folder.path().join("pin.toml")).unwrap();
    assert!(pin.contains("model.safetensors") && pin.contains("tokenizer_config.json"));

    let requests = hub.requests();
    assert_eq!(locator.locate(&by_name()).unwrap(), folder);
    assert_eq!(hub.requests(), requests);
    let weights = folder.path().join("model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, bytes).unwrap();
    let error = locator.locate(&by_name()).unwrap_err();
    assert!(matches!(error, AcquireError::Digest { cached: true, .. }));
}

#[cfg(unix)]
#[test]
fn a_reranker_in_the_hugging_face_cache_is_used_in_place() {
    let world = World::new();
    let repo = world.hf_cache().join("models--org--tiny");
    let snapshot = repo.join("snapshots").join(COMMIT);
    TinyCross::default().write(&snapshot);
    fs::create_dir_all(repo.join("refs")).unwrap();
    fs::write(repo.join("refs/main"), COMMIT).unwrap();
    let locator = Locator {
        hf_cache: Some(world.hf_cache()),
        offline: true,
        ..world.locator(None)
    };
    let folder = locator.locate(&by_name()).unwrap();
    assert_eq!(folder.path(), snapshot);
    assert_scores(&folder);
    // Half a copy is none.
    fs::remove_file(snapshot.join("tokenizer.json")).unwrap();
    let error = locator.locate(&by_name()).unwrap_err();
    assert!(matches!(error, AcquireError::Offline { .. }), "{error}");
}
