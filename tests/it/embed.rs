//! `topoi embed`: order, identity and form of the vectors that it writes.

use serde_json::{Value, json};

use crate::harness::Place;

fn vectors(stdout: &str) -> Vec<Value> {
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn vectors_come_in_the_order_of_the_texts_with_their_ids() {
    let texts = [
        "a long sentence about ports, cranes and the tide",
        "short",
        "",
        "Zölle zahlen am Ende die Verbraucher",
    ];
    let lines: String = texts
        .iter()
        .enumerate()
        .map(|(n, text)| json!({"id": format!("t{n}"), "text": text}).to_string() + "\n")
        .collect();
    let place = Place::new();
    let all = vectors(
        &place
            .run_with_input(["embed"], lines.as_bytes())
            .found()
            .stdout,
    );
    assert_eq!(
        all.iter()
            .map(|vector| vector["id"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["t0", "t1", "t2", "t3"]
    );
    for (vector, text) in all.iter().zip(texts) {
        let values: Vec<f64> = vector["embedding"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value.as_f64().unwrap())
            .collect();
        assert_eq!(values.len(), 384);
        let alone = vectors(
            &place
                .run_with_input(["embed", "--lines"], format!("{text}\n").as_bytes())
                .found()
                .stdout,
        );
        let cosine: f64 = values
            .iter()
            .zip(alone[0]["embedding"].as_array().unwrap())
            .map(|(a, b)| a * b.as_f64().unwrap())
            .sum();
        assert!(cosine > 0.99999, "{text}: {cosine}");
    }
}

#[test]
fn a_dash_is_standard_input_among_files() {
    let place = Place::new();
    place.write("a.txt", "one\n");
    let both = place.run_with_input(["embed", "--lines", "a.txt", "-"], b"two\n");
    assert_eq!(vectors(&both.found().stdout).len(), 2);
    place
        .run(["embed", "no-such.jsonl"])
        .refused(&["no-such.jsonl", "hint:"]);
}

#[test]
fn an_array_for_numpy_has_a_row_a_text() {
    let place = Place::new();
    place
        .run_with_input(
            ["embed", "--lines", "--output", "v.npy"],
            b"one\ntwo\nthree\n",
        )
        .found();
    let bytes = std::fs::read(place.path("v.npy")).unwrap();
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let header = String::from_utf8(bytes[10..128].to_vec()).unwrap();
    assert!(header.contains("'shape': (3, 384)"), "{header}");
    assert_eq!(bytes.len(), 128 + 3 * 384 * 4);
    let first = vectors(
        &place
            .run_with_input(["embed", "--lines"], b"one\n")
            .found()
            .stdout,
    );
    let value = f32::from_le_bytes(bytes[128..132].try_into().unwrap());
    assert!((f64::from(value) - first[0]["embedding"][0].as_f64().unwrap()).abs() < 1e-5);
}

#[test]
fn a_line_that_is_no_object_is_named() {
    let place = Place::new();
    let outcome = place.run_with_input(
        ["embed", "--output", "v.npy"],
        b"{\"text\": \"fine\"}\nnot json\n",
    );
    outcome.refused(&["line 2 of standard input", "hint:", "--lines"]);
    assert!(!place.path("v.npy").exists());
}
