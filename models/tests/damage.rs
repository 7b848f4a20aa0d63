//! What loading says of a model whose files are missing, damaged or at odds with each other.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic as tests may"
)]

mod common;

use std::fs;
use std::path::Path;

use common::{Tiny, edit, load_from};
use serde_json::json;
use topoi_models::{EncodeError, Encoder, LoadError, Role, Settings};

/// Writes a model, spoils it, and returns what loading it says.
fn complaint(spoil: impl FnOnce(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    Tiny {
        dense: Some((5, "Tanh")),
        ..Tiny::default()
    }
    .write(folder.path());
    spoil(folder.path());
    load_from(folder.path(), &Settings::default()).unwrap_err()
}

fn assert_complains(of: &[&str], spoil: impl FnOnce(&Path)) {
    let complaint = complaint(spoil);
    for part in of {
        assert!(complaint.contains(part), "`{complaint}` lacks `{part}`");
    }
}

#[test]
fn a_missing_file_is_named() {
    for file in [
        "config.json",
        "tokenizer.json",
        "model.safetensors",
        "1_Pooling/config.json",
        "2_Dense/model.safetensors",
    ] {
        assert_complains(&[file, "missing"], |folder| {
            fs::remove_file(folder.join(file)).unwrap();
        });
    }
}

#[test]
fn a_damaged_file_is_named_wherever_it_is_cut() {
    for file in [
        "config.json",
        "tokenizer.json",
        "modules.json",
        "model.safetensors",
        "sentence_bert_config.json",
        "1_Pooling/config.json",
        "2_Dense/config.json",
    ] {
        for keep in [0, 1, 7, 50] {
            let name = Path::new(file).file_name().unwrap().to_str().unwrap();
            assert_complains(&[name], |folder| {
                let bytes = fs::read(folder.join(file)).unwrap();
                fs::write(folder.join(file), &bytes[..keep.min(bytes.len() - 1)]).unwrap();
            });
        }
    }
    assert_complains(&["model.safetensors", "damaged"], |folder| {
        let path = folder.join("model.safetensors");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
    });
}

#[test]
fn a_pickle_is_refused_with_a_reason() {
    assert_complains(&["pickle"], |folder| {
        fs::rename(
            folder.join("model.safetensors"),
            folder.join("pytorch_model.bin"),
        )
        .unwrap();
    });
}

#[test]
fn a_tensor_of_another_shape_is_named_with_both_shapes() {
    assert_complains(
        &[
            "encoder.layer.0.intermediate.dense.weight",
            "[12, 8]",
            "[16, 8]",
        ],
        |folder| {
            edit(&folder.join("config.json"), |config| {
                config["intermediate_size"] = json!(16)
            })
        },
    );
    assert_complains(&["encoder.layer.2.", "no tensor"], |folder| {
        edit(&folder.join("config.json"), |config| {
            config["num_hidden_layers"] = json!(3)
        });
    });
}

#[test]
fn what_cannot_be_computed_is_refused_with_what_can() {
    let config = |key: &'static str, value: serde_json::Value| {
        move |folder: &Path| edit(&folder.join("config.json"), |config| config[key] = value)
    };
    assert_complains(
        &["mpnet", "xlm-roberta"],
        config("model_type", json!("mpnet")),
    );
    assert_complains(
        &["relative_key", "absolute"],
        config("position_embedding_type", json!("relative_key")),
    );
    assert_complains(
        &["quick_gelu", "relu"],
        config("hidden_act", json!("quick_gelu")),
    );
    assert_complains(
        &["num_attention_heads"],
        config("num_attention_heads", json!(0)),
    );
    assert_complains(
        &["3 attention heads"],
        config("num_attention_heads", json!(3)),
    );
    assert_complains(&["cls and mean"], |folder| {
        edit(&folder.join("1_Pooling/config.json"), |pooling| {
            pooling["pooling_mode_cls_token"] = json!(true);
        });
    });
    assert_complains(&["lasttoken"], |folder| {
        fs::write(
            folder.join("1_Pooling/config.json"),
            r#"{"word_embedding_dimension": 8, "pooling_mode": "lasttoken"}"#,
        )
        .unwrap();
    });
    assert_complains(&["WeightedLayerPooling"], |folder| {
        edit(&folder.join("modules.json"), |modules| {
            modules[1]["type"] = json!("sentence_transformers.models.WeightedLayerPooling");
        });
    });
    assert_complains(&["leads out"], |folder| {
        edit(&folder.join("modules.json"), |modules| {
            modules[1]["path"] = json!("../x")
        });
    });
    assert_complains(&["takes 9 numbers"], |folder| {
        edit(&folder.join("2_Dense/config.json"), |dense| {
            dense["in_features"] = json!(9)
        });
    });
    assert_complains(&["no unknown", "prompt"], |folder| {
        let prompt = format!("{} no unknown", "trade ".repeat(20));
        fs::write(
            folder.join("config_sentence_transformers.json"),
            json!({"prompts": {"query": prompt}}).to_string(),
        )
        .unwrap();
    });
}

#[test]
fn a_token_outside_the_weights_vocabulary_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    Tiny::default().write(folder.path());
    edit(&folder.path().join("tokenizer.json"), |tokenizer| {
        tokenizer["model"]["vocab"]["zebra"] = json!(4711);
    });
    let encoder = load_from(folder.path(), &Settings::default()).unwrap();
    let error = encoder.encode_one("zebra", Role::Passage).unwrap_err();
    assert!(matches!(
        error,
        EncodeError::TokenOutsideVocabulary { id: 4711, .. }
    ));
    assert!(error.hint().is_some());
}

#[test]
fn a_tokeniser_without_a_token_for_the_unknown_is_refused_at_once() {
    assert_complains(&["tokenizer.json"], |folder| {
        edit(&folder.join("tokenizer.json"), |tokenizer| {
            tokenizer["model"]["unk_token"] = json!("[NONE]");
        });
    });
}

#[test]
fn errors_say_what_to_do() {
    let error = LoadError::PickleOnly {
        path: "model".into(),
    };
    assert!(error.hint().unwrap().contains("model.safetensors"));
}
