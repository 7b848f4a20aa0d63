//! Segments become fewer by themselves and by `topoi compact`, and nothing but their number changes.

use serde_json::Value;

use crate::harness::Place;

const TEXTS: [&str; 9] = [
    "The harbour was dug when ships were small, and it silts up a little more every winter.",
    "A tariff is a tax that a country lays on its own people when they buy from abroad.",
    "The museum sold its paintings to mend the roof that had kept them dry for a century.",
    "Orchards need bees, and bees need hedges, which is why the hedges are coming back.",
    "A pension is a promise that the young make to the old without being asked.",
    "The glacier has lost more ice this summer than in the ten years before.",
    "Tenants who complain of the damp are told to open the windows in January.",
    "Whoever wants fast trains must first build the tracks on which they can be fast.",
    "The ferry sails twice a day, unless the captain's daughter has a recital.",
];

fn status(place: &Place) -> Value {
    place.run(["status", "--json"]).json()
}

/// The texts that answer a question, in their order.
fn answers(place: &Place) -> Vec<String> {
    let question = "who pays for what is bought from abroad?";
    let found = place.run(["search", question, "--json"]).json();
    let results = found["results"].as_array().unwrap().iter();
    let texts = results.map(|result| result["text"].as_str().unwrap().to_owned());
    texts.collect()
}

#[test]
fn eight_small_segments_become_one_while_articles_are_taken_in() {
    let place = Place::new();
    for (number, text) in TEXTS.iter().enumerate() {
        let name = format!("{number}.txt");
        place.write(&name, text);
        place.run(["index", &name]).found();
        // With the eighth, eight become one.
        let segments = if number < 7 { number + 1 } else { number - 6 };
        assert_eq!(status(&place)["segments"], segments, "after {name}");
    }
    let folder = std::fs::read_dir(place.path(".topoi/segments")).unwrap();
    assert_eq!(folder.count(), 2);
    assert_eq!(answers(&place)[0], TEXTS[1]);
    place.run(["check"]).found();
}

#[test]
fn compacting_drops_what_was_removed_and_changes_no_answer() {
    let place = Place::new();
    for (number, text) in TEXTS.iter().take(4).enumerate() {
        let name = format!("{number}.txt");
        place.write(&name, text);
        place.run(["index", &name]).found();
    }
    place.run(["remove", "0.txt"]).found();
    let before = answers(&place);
    let report = place.run(["compact", "--json"]).json();
    assert_eq!(report["before"]["segments"], 4);
    assert_eq!(report["before"]["vectors"], 4);
    assert_eq!(report["after"]["segments"], 1);
    assert_eq!(report["after"]["vectors"], 3);
    assert_eq!(answers(&place), before);
    assert_eq!(status(&place)["removed_passages_not_merged_yet"], 0);
    let checked = place.run(["check"]).found();
    assert!(checked.stderr.contains("every search is exact"));
    let again = place.run(["compact"]).found();
    assert!(again.stderr.contains("there is nothing to merge"));
}

#[test]
fn a_library_of_which_all_is_removed_compacts_to_nothing() {
    let place = Place::new();
    place.write("0.txt", TEXTS[0]);
    place.run(["index", "0.txt"]).found();
    place.run(["remove", "0.txt"]).found();
    let report = place.run(["compact", "--json"]).json();
    assert_eq!(report["after"]["segments"], 0);
    place.run(["check"]).found();
    let none = Place::new().run(["compact"]);
    assert_eq!(none.code, Some(2));
}
