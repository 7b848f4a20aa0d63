//! `topoi eval-themes`: what it measures on small collections of its own, and what it refuses.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Place, sample_articles, shared_data};

/// Two subjects, and what the sample articles on them are called.
const SUBJECTS: [(&str, [&str; 2]); 2] = [
    (
        "housing",
        [
            "a-rent-cap-protects-whoever-got-there-first",
            "the-town-that-said-no",
        ],
    ),
    (
        "chips",
        [
            "a-fence-around-the-chips",
            "what-the-poor-laboratory-learns",
        ],
    ),
];

/// The paragraphs of an article of the samples, without what stands before them.
fn paragraphs(name: &str) -> Vec<String> {
    let mut paths = fs::read_dir(sample_articles())
        .unwrap()
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path());
    let path = paths.find(|path| path.file_stem().unwrap() == name);
    let text = fs::read_to_string(path.unwrap()).unwrap();
    text.split("\n\n")
        .filter(|paragraph| paragraph.len() > 200)
        .map(str::to_owned)
        .collect()
}

/// A folder with a file of labelled documents, each a paragraph of an article.
fn collection() -> (Place, usize) {
    let place = Place::new();
    let mut lines = Vec::new();
    for (label, articles) in SUBJECTS {
        for article in articles {
            for text in paragraphs(article) {
                let id = format!("d{}", lines.len());
                lines.push(json!({"id": id, "label": label, "text": text}).to_string());
            }
        }
    }
    place.write("themes.jsonl", lines.join("\n"));
    (place, lines.len())
}

#[test]
fn clearly_different_subjects_are_told_apart() {
    let (place, documents) = collection();
    let report = place
        .run(["eval-themes", "themes.jsonl", "--count", "2", "--json"])
        .json();
    assert_eq!(report["schema"], "topoi.eval.themes.v1");
    assert_eq!(report["documents"], documents);
    assert_eq!(report["labels"], 2);
    assert_eq!(report["themes"], 2);
    assert_eq!(report["coverage"], 1.0);
    assert!(
        report["model"]
            .as_str()
            .unwrap()
            .contains("all-MiniLM-L6-v2")
    );
    assert!(report.get("vectors").is_none());
    for key in [
        "v_measure",
        "homogeneity",
        "completeness",
        "nmi",
        "ari",
        "v_measure_strongest_80",
        "stability_seeds",
        "stability_grown",
    ] {
        let value = report[key].as_f64().unwrap();
        assert!((0.6..=1.0).contains(&value), "{key}: {report}");
    }
    let again = place.run(["eval-themes", "themes.jsonl", "--count", "2", "--json"]);
    assert_eq!(again.json(), report);
}

#[test]
fn nothing_needs_to_be_told_of_how_many_themes_there_are_and_people_can_read_the_report() {
    let (place, documents) = collection();
    let outcome = place
        .run(["eval-themes", "themes.jsonl", "--no-stability"])
        .found();
    assert!(
        outcome.stdout.starts_with("V-measure "),
        "{}",
        outcome.stdout
    );
    assert!(!outcome.stdout.contains("stable"), "{}", outcome.stdout);
    let end = format!(" themes in {documents} documents with 2 labels\n");
    assert!(outcome.stdout.ends_with(&end), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("all-MiniLM-L6-v2"));
}

#[test]
fn vectors_that_were_kept_give_the_same_themes_without_the_model() {
    let (place, documents) = collection();
    let common = ["eval-themes", "themes.jsonl", "--json", "--no-stability"];
    let with = |more: &[&str]| place.run(common.iter().chain(more)).json();
    let mut made = with(&["--keep-vectors", "v.npy", "--assignments", "made.jsonl"]);
    let mut taken = with(&[
        "--vectors",
        "v.npy",
        "--assignments",
        "taken.jsonl",
        "--model",
        "no such model",
    ]);
    assert_eq!(taken["vectors"], "v.npy");
    for report in [&mut made, &mut taken] {
        report.as_object_mut().unwrap().remove("model");
        report.as_object_mut().unwrap().remove("vectors");
    }
    assert_eq!(made, taken);
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(read("made.jsonl"), read("taken.jsonl"));
    let lines: Vec<Value> = read("made.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), documents);
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(line["id"], format!("d{number}"));
        assert!(["housing", "chips"].contains(&line["label"].as_str().unwrap()));
        let theme = line["theme"].as_u64().unwrap();
        assert!((1..=made["themes"].as_u64().unwrap()).contains(&theme));
        assert!((0.0..=1.0).contains(&line["strength"].as_f64().unwrap()));
    }
}

#[test]
fn all_of_a_long_document_counts_however_it_is_written() {
    let place = Place::new();
    let long = paragraphs("bigger-is-a-habit");
    let other = paragraphs("the-town-that-said-no");
    let longer = [&long[..], &other].concat();
    let lines = [
        json!({"id": 1, "label": "a", "title": "Habits", "paragraphs": long}),
        json!({"id": 2, "label": "a", "title": "Habits", "text": long.join("\n\n")}),
        // The same for as long as a model reads.
        json!({"id": 3, "label": "b", "title": "Habits", "paragraphs": longer}),
    ];
    place.write("long.jsonl", lines.map(|line| line.to_string()).join("\n"));
    place
        .run(["eval-themes", "long.jsonl", "--keep-vectors", "v.npy"])
        .found();
    let bytes = fs::read(place.path("v.npy")).unwrap();
    let numbers = bytes[128..].chunks_exact(4);
    let numbers: Vec<f32> = numbers
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    let cosine = |a: usize, b: usize| -> f32 {
        let row = |n: usize| &numbers[n * 384..(n + 1) * 384];
        row(a).iter().zip(row(b)).map(|(a, b)| a * b).sum()
    };
    assert!(cosine(0, 1) > 0.9999, "{}", cosine(0, 1));
    assert!(cosine(0, 2) < 0.95, "{}", cosine(0, 2));
}

#[test]
fn a_line_that_is_wrong_is_named() {
    let place = Place::new();
    let good = "{\"label\": \"a\", \"text\": \"Ships.\"}\n";
    for (line, reason) in [
        ("no JSON", "is not JSON"),
        ("{\"id\": 1, \"text\": \"Bread.\"}", "has no label"),
        ("{\"label\": \"b\", \"title\": \"Bread\"}", "has no text"),
        ("{\"label\": \"b\", \"paragraphs\": [1]}", "not a string"),
    ] {
        let lines = format!("{good}\n{line}\n");
        place.write("themes.jsonl", &lines);
        place.run(["eval-themes", "themes.jsonl"]).refused(&[
            "line 3 of themes.jsonl",
            reason,
            "hint:",
        ]);
        place
            .run_with_input(["eval-themes", "-"], lines.as_bytes())
            .refused(&["line 3 of standard input", reason]);
    }
    place
        .run(["eval-themes", "absent.jsonl"])
        .refused(&["cannot open `absent.jsonl`", "hint:"]);
}

#[test]
fn too_little_to_measure_is_refused() {
    let place = Place::new();
    let ships = "{\"label\": \"a\", \"text\": \"Ships.\"}\n";
    for (lines, reason) in [
        (String::new(), "holds 0 documents"),
        (ships.to_owned(), "holds 1 document,"),
        (ships.repeat(3), "have the label `a`"),
    ] {
        place.write("themes.jsonl", lines);
        place
            .run(["eval-themes", "themes.jsonl"])
            .refused(&["themes.jsonl", reason]);
    }
}

/// An array of float32 as NumPy writes it.
fn array(rows: &[[f32; 2]]) -> Vec<u8> {
    let description = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 2), }}\n",
        rows.len()
    );
    let length = u16::try_from(description.len()).unwrap();
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(length.to_le_bytes());
    bytes.extend(description.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|x| x.to_le_bytes()));
    bytes
}

#[test]
fn two_documents_are_enough_and_vectors_of_other_documents_are_refused() {
    let place = Place::new();
    place.write(
        "two.jsonl",
        "{\"id\": \"x\", \"label\": \"a\", \"text\": \"Ships.\"}\n{\"id\": \"y\", \"label\": \"b\", \"text\": \"Bread.\"}\n",
    );
    let arguments = ["eval-themes", "two.jsonl", "--vectors", "v.npy"];
    place.write("v.npy", array(&[[1.0, 0.0], [0.0, 2.0]]));
    place.run(arguments).found();
    for (content, reason) in [
        (b"no array".to_vec(), "is no NumPy array"),
        (array(&[[1.0, 0.0]]), "holds 1 vectors"),
        (array(&[[1.0, 0.0]; 3]), "but two.jsonl holds 2 documents"),
        (array(&[[1.0, 0.0], [0.0, 0.0]]), "document \"y\""),
        (array(&[[f32::NAN, 0.0], [0.0, 1.0]]), "document \"x\""),
    ] {
        place.write("v.npy", content);
        place.run(arguments).refused(&[reason]);
    }
    place.write("v.npy", array(&[[1.0, 0.0], [0.0, 2.0]]));
    place
        .run(arguments.into_iter().chain(["--count", "3"]))
        .refused(&["3 themes were asked for"]);
    place
        .run(
            arguments
                .into_iter()
                .chain(["--assignments", "no/folder.jsonl"]),
        )
        .refused(&["cannot write `no/folder.jsonl`"]);
}

#[test]
fn news_is_divided_as_its_desks_divide_it() {
    let Some(path) = shared_data("themes/bbc.jsonl") else {
        return;
    };
    // Every twentieth article, so that it doesn't take long.
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().step_by(20).collect();
    let place = Place::new();
    place.write("news.jsonl", lines.join("\n"));
    let report = place
        .run([
            "eval-themes",
            "news.jsonl",
            "--count",
            "5",
            "--json",
            "--no-stability",
        ])
        .json();
    assert_eq!(report["labels"], 5);
    assert_eq!(report["documents"], lines.len());
    assert!(report["v_measure"].as_f64().unwrap() > 0.6, "{report}");
}
