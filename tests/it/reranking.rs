//! Re-ranking with a tiny cross-encoder, made here so that its order is known: the more of a passage's words are
//! "harbour", the better it finds it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Place, sample};

const WIDTH: usize = 4;
const WORDS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "harbour"];

/// Writes tensors as the safetensors format has them: a header in JSON behind its length, then the numbers.
fn write_weights(path: &Path, tensors: &[(String, Vec<usize>, Vec<f32>)]) {
    let mut header = serde_json::Map::new();
    let mut bytes: Vec<u8> = Vec::new();
    for (name, shape, values) in tensors {
        let start = bytes.len();
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let tensor = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, bytes.len()]});
        header.insert(name.clone(), tensor);
    }
    let header = Value::Object(header).to_string();
    let length = (header.len() as u64).to_le_bytes();
    fs::write(path, [&length[..], header.as_bytes(), &bytes].concat()).unwrap();
}

/// A transformer of one layer in which every token attends to all others alike.
fn write_model(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let write = |name: &str, value: Value| fs::write(folder.join(name), value.to_string()).unwrap();
    write(
        "config.json",
        json!({
            "architectures": ["BertForSequenceClassification"], "model_type": "bert", "id2label": {"0": "LABEL_0"},
            "hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": WIDTH,
            "hidden_act": "gelu", "layer_norm_eps": 1e-12, "max_position_embeddings": 64, "type_vocab_size": 2,
            "vocab_size": WORDS.len(), "pad_token_id": 0,
        }),
    );
    let special = |name: &str, kind: usize| json!({"SpecialToken": {"id": name, "type_id": kind}});
    let text = |id: &str, kind: usize| json!({"Sequence": {"id": id, "type_id": kind}});
    let vocabulary: serde_json::Map<String, Value> = WORDS
        .iter()
        .zip(0..)
        .map(|(word, id)| ((*word).to_owned(), json!(id)))
        .collect();
    write(
        "tokenizer.json",
        json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
            "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [special("[CLS]", 0), text("A", 0), special("[SEP]", 0)],
                "pair": [special("[CLS]", 0), text("A", 0), special("[SEP]", 0), text("B", 1), special("[SEP]", 1)],
                "special_tokens": {
                    "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                    "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]},
                },
            },
            "decoder": null,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary},
        }),
    );
    let square = || vec![WIDTH, WIDTH];
    let row = || vec![WIDTH];
    let identity: Vec<f32> = (0..WIDTH * WIDTH)
        .map(|place| f32::from(place % (WIDTH + 1) == 0))
        .collect();
    let (zeros, ones, none) = (vec![0.0; WIDTH], vec![1.0; WIDTH], vec![0.0; WIDTH * WIDTH]);
    // One direction for the word that counts, another one for all others.
    let words: Vec<f32> = WORDS
        .iter()
        .flat_map(|word| {
            if *word == "harbour" {
                [4.0, 0.0, 0.0, 0.0]
            } else {
                [0.0, 4.0, 0.0, 0.0]
            }
        })
        .collect();
    let layer = "bert.encoder.layer.0";
    let mut tensors: Vec<(String, Vec<usize>, Vec<f32>)> = vec![
        (
            "bert.embeddings.word_embeddings.weight".into(),
            vec![WORDS.len(), WIDTH],
            words,
        ),
        (
            "bert.embeddings.position_embeddings.weight".into(),
            vec![64, WIDTH],
            vec![0.0; 64 * WIDTH],
        ),
        (
            "bert.embeddings.token_type_embeddings.weight".into(),
            vec![2, WIDTH],
            vec![0.0; 2 * WIDTH],
        ),
        (
            "bert.pooler.dense.weight".into(),
            square(),
            identity.clone(),
        ),
        ("bert.pooler.dense.bias".into(), row(), zeros.clone()),
        (
            "classifier.weight".into(),
            vec![1, WIDTH],
            vec![1.0, -1.0, 0.0, 0.0],
        ),
        ("classifier.bias".into(), vec![1], vec![0.0]),
    ];
    for norm in [
        "bert.embeddings.LayerNorm",
        &format!("{layer}.attention.output.LayerNorm"),
        &format!("{layer}.output.LayerNorm"),
    ] {
        tensors.push((format!("{norm}.weight"), row(), ones.clone()));
        tensors.push((format!("{norm}.bias"), row(), zeros.clone()));
    }
    for (part, weight) in [
        ("attention.self.query", &none),
        ("attention.self.key", &none),
        ("attention.self.value", &identity),
        ("attention.output.dense", &identity),
        ("intermediate.dense", &none),
        ("output.dense", &none),
    ] {
        tensors.push((format!("{layer}.{part}.weight"), square(), weight.clone()));
        tensors.push((format!("{layer}.{part}.bias"), row(), zeros.clone()));
    }
    write_weights(&folder.join("model.safetensors"), &tensors);
}

#[test]
fn the_best_are_put_in_the_order_of_the_re_ranker() {
    let place = Place::new();
    write_model(&place.path("model"));
    let texts = [
        "Bread got dearer again, say the bakers in the harbour, harbour, harbour, harbour, harbour.",
        "The price of bread has gone up, since flour has.",
        "Loaves cost more than last year, at the harbour too.",
    ];
    for (text, number) in texts.iter().zip(0..) {
        place.write(&format!("a/{number}.txt"), text);
    }
    place.run(["index", "a"]).found();
    let order = |arguments: &[&str]| -> Vec<(usize, Option<f64>)> {
        let answer = place
            .run([&["search", "the price of bread", "--json"], arguments].concat())
            .json();
        let results = answer["results"].as_array().unwrap().clone();
        let number = |result: &Value| {
            texts
                .iter()
                .position(|text| result["text"] == *text)
                .unwrap()
        };
        results
            .iter()
            .map(|result| (number(result), result["rerank"].as_f64()))
            .collect()
    };
    let model = ["--reranker", "model"];
    let numbers =
        |found: &[(usize, Option<f64>)]| found.iter().map(|found| found.0).collect::<Vec<_>>();
    assert_eq!(numbers(&order(&[]))[0], 1);
    let found = order(&[&model[..], &["--rerank", "3"]].concat());
    assert_eq!(numbers(&found), [0, 2, 1]);
    assert!(
        found.is_sorted_by(|a, b| a.1.unwrap() > b.1.unwrap()),
        "{found:?}"
    );
    // One is wanted of three that were put in order.
    assert_eq!(
        numbers(&order(
            &[&model[..], &["--rerank", "3", "-n", "1"]].concat()
        )),
        [0]
    );
    place.write(
        "q.jsonl",
        "{\"id\": 1, \"query\": \"the price of bread\"}\n",
    );
    let batch = place
        .run([
            "search",
            "--queries",
            "q.jsonl",
            "--rerank",
            "3",
            "--reranker",
            "model",
            "-n",
            "1",
        ])
        .json();
    assert_eq!(batch["results"][0]["text"], texts[0]);
}

#[test]
fn what_is_no_re_ranker_is_refused() {
    let place = sample();
    place
        .run(["search", "rents", "--rerank", "0"])
        .refused(&["--rerank"]);
    place
        .run([
            "search",
            "rents",
            "--rerank",
            "5",
            "--reranker",
            "./nowhere",
        ])
        .refused(&["nowhere"]);
    place
        .run([
            "search",
            "rents",
            "--rerank",
            "5",
            "--reranker",
            "all-MiniLM-L6-v2",
        ])
        .refused(&["re-ranker", "hint:"]);
}
