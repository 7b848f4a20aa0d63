//! Searching by words, by meaning, and by both.

use std::fs;

use crate::harness::{Place, sample};

/// The titles of what is found, best first.
fn titles(place: &Place, arguments: &[&str]) -> Vec<String> {
    let command = [&["search", "--json"], arguments].concat();
    let outcome = place.run(command);
    if outcome.code == Some(1) {
        return Vec::new();
    }
    let results = outcome.json()["results"].clone();
    let title =
        |result: &serde_json::Value| result["article"]["title"].as_str().unwrap().to_owned();
    results.as_array().unwrap().iter().map(title).collect()
}

fn texts(place: &Place, arguments: &[&str]) -> Vec<String> {
    let command = [&["search", "--json", "--limit", "50"], arguments].concat();
    let results = place.run(command).json()["results"].clone();
    let text = |result: &serde_json::Value| result["text"].as_str().unwrap().to_lowercase();
    results.as_array().unwrap().iter().map(text).collect()
}

/// Three short articles, of which one has a name that no model has heard of.
fn three() -> Place {
    let place = Place::new();
    place.write(
        "a/harbour.txt",
        "The harbour\n\nMs Zzyxwell runs the ferry across the bay, and has done so for years.",
    );
    place.write(
        "a/bread.txt",
        "Bread\n\nThe price of flour rose again, and bakers complain about the cost of wheat.",
    );
    place.write(
        "a/rail.txt",
        "Rails\n\nThe night train to the coast was cancelled; passengers took the bus instead.",
    );
    place.run(["index", "a"]).found();
    place
}

#[test]
fn a_name_that_no_model_knows_is_found_first() {
    let place = three();
    for mode in ["auto", "hybrid", "lexical"] {
        assert_eq!(
            titles(&place, &["--mode", mode, "zzyxwell"])[0],
            "The harbour",
            "{mode}"
        );
    }
    // By words alone, nothing else has any of them.
    assert_eq!(titles(&place, &["--mode", "lexical", "Zzyxwell"]).len(), 1);
    assert!(titles(&place, &["--mode", "lexical", "quixotic"]).is_empty());
}

#[test]
fn what_is_meant_is_found_without_its_words() {
    let place = three();
    for mode in ["auto", "hybrid", "semantic"] {
        let found = titles(&place, &["--mode", mode, "loaves are getting dearer"]);
        assert_eq!(found[0], "Bread", "{mode}");
        assert_eq!(found.len(), 3, "{mode}");
    }
}

#[test]
fn one_kind_of_score_alone_decides_the_order() {
    for (mode, score) in [("semantic", "score"), ("lexical", "bm25")] {
        let answer = sample().run(["search", "--json", "--mode", mode, "who pays for tariffs?"]);
        let results = answer.json()["results"].clone();
        let scores: Vec<f64> = results
            .as_array()
            .unwrap()
            .iter()
            .map(|result| result[score].as_f64().unwrap())
            .collect();
        assert!(
            scores.len() > 1 && scores.is_sorted_by(|a, b| a >= b),
            "{mode}: {scores:?}"
        );
    }
}

#[test]
fn phrases_and_signs_demand_and_exclude() {
    let place = sample();
    let with = texts(place, &["tariff \"care home\""]);
    assert!(!with.is_empty());
    assert!(
        with.iter().all(|text| text.contains("care home")),
        "{with:?}"
    );
    let without = texts(place, &["tariffs -tariff"]);
    assert!(!without.is_empty());
    let is_tariff = |word: &str| word == "tariff";
    assert!(
        without
            .iter()
            .all(|text| !text.split(|c: char| !c.is_alphanumeric()).any(is_tariff))
    );
    let other = texts(place, &["tariff -\"care home\""]);
    assert!(!other.is_empty());
    assert!(other.iter().all(|text| !text.contains("care home")));
    // Both words stand in a passage, though nowhere in this order.
    assert_eq!(
        texts(place, &["tariff -\"home care\""]),
        texts(place, &["tariff"])
    );
    let must = texts(place, &["--mode", "semantic", "work +night"]);
    assert!(must.iter().all(|text| text.contains("night")), "{must:?}");
}

#[test]
fn filters_hold_for_words_too() {
    let place = sample();
    let all = titles(place, &["--mode", "lexical", "--limit", "100", "tariff"]);
    let some = place
        .run([
            "search", "--json", "--mode", "lexical", "--limit", "100", "--author", "brandram",
            "tariff",
        ])
        .json();
    let some = some["results"].as_array().unwrap();
    assert!(!some.is_empty() && some.len() < all.len());
    for result in some {
        assert!(
            result["article"]["author"]
                .as_str()
                .unwrap()
                .contains("Brandram")
        );
        assert!(result["bm25"].as_f64().unwrap() > 0.0);
    }
}

#[test]
fn what_is_no_question_is_refused() {
    let place = sample();
    place
        .run(["search", "a \"b c"])
        .refused(&["quotation mark", "hint:"]);
    place
        .run(["search", "--", "-steel"])
        .refused(&["left out", "hint:"]);
    place
        .run(["search", "--", "+ - \"\""])
        .refused(&["empty", "hint:"]);
    place.run(["search", "\u{7}\u{202e}"]).refused(&["empty"]);
    place.run(["search", "heat - \"nuit\""]).refused(&[
        "`- \"nuit\"`",
        "\"trade\" - \"tariffs\"",
        "between single quotes",
    ]);
}

#[test]
fn what_is_removed_is_not_found_and_what_is_added_is() {
    let place = three();
    place.run(["remove", "a/harbour.txt"]).found();
    assert!(titles(&place, &["--mode", "lexical", "zzyxwell"]).is_empty());
    place.write(
        "a/port.txt",
        "The port\n\nMs Zzyxwell has retired from the ferry.",
    );
    place.run(["index", "a/port.txt"]).found();
    assert_eq!(
        titles(&place, &["--mode", "lexical", "zzyxwell"]),
        ["The port"]
    );
    place.run(["check"]).found();
}

#[test]
fn an_index_of_words_that_is_lost_is_made_again() {
    let place = three();
    fs::remove_dir_all(place.path(".topoi/lexical")).unwrap();
    place.run(["check"]).found();
    assert_eq!(
        titles(&place, &["--mode", "lexical", "zzyxwell"]),
        ["The harbour"]
    );
}

#[test]
fn a_damaged_index_of_words_is_noticed_and_mended() {
    for shorten in [true, false] {
        let place = three();
        let folder = place.path(".topoi/lexical");
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let is_data = path
                .extension()
                .is_some_and(|kind| kind == "idx" || kind == "term");
            if is_data {
                let mut bytes = fs::read(&path).unwrap();
                if shorten {
                    bytes.truncate(bytes.len() / 2);
                } else {
                    bytes[3] ^= 0x55;
                }
                fs::write(&path, bytes).unwrap();
            }
        }
        assert_eq!(place.run(["check"]).code, Some(2));
        // It may answer or refuse, but it doesn't break down.
        let answer = place.run(["search", "--mode", "lexical", "zzyxwell"]);
        assert!(matches!(answer.code, Some(0..=2)), "{:?}", answer.stderr);
        place.run(["check", "--repair"]).found();
        assert_eq!(
            titles(&place, &["--mode", "lexical", "zzyxwell"]),
            ["The harbour"]
        );
    }
}
