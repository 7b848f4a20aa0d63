//! What is told of an answer: why it was found, how sure it is, what stands around it, and where an editor finds it.

use std::fs;
use std::time::Instant;

use serde_json::Value;
use topoi::article::ArticleId;
use topoi::library::Library;
use topoi::search::{Origin, SearchOptions};

use crate::harness::{Place, sample};

const QUESTION: &str = "who really ends up paying for an import tax?";

fn results(place: &Place, arguments: &[&str]) -> Vec<Value> {
    let command = [arguments, &["--json"]].concat();
    place.run(command).json()["results"]
        .as_array()
        .unwrap()
        .clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn sentence<'r>(result: &'r Value, sentence: &Value) -> &'r str {
    let place = |end: &str| usize::try_from(sentence[end].as_u64().unwrap()).unwrap();
    &result["text"].as_str().unwrap()[place("start")..place("end")]
}

#[test]
fn the_shares_of_the_sentences_add_up_to_the_score() {
    let first = results(sample(), &["search", "-n", "1", QUESTION])[0].clone();
    let passage = first["passage"].to_string();
    let article = format!("a{}", first["article"]["id"]);
    for command in [
        &["search", QUESTION][..],
        &["search", "--mode", "semantic", QUESTION],
        &["search", "--mode", "lexical", QUESTION],
        &["related", &passage],
        &["related", &article],
    ] {
        for result in results(sample(), command) {
            let sentences = result["why"]["sentences"].as_array().unwrap();
            let sum: f64 = sentences
                .iter()
                .map(|sentence| number(&sentence["share"]))
                .sum();
            assert!(
                (sum - number(&result["score"])).abs() < 1e-4,
                "{command:?}: {sum} in {result}"
            );
            let told: String = sentences
                .iter()
                .map(|part| sentence(&result, part))
                .collect();
            let without = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(without(&told), without(result["text"].as_str().unwrap()));
        }
    }
}

#[test]
fn the_sentence_that_matches_is_the_one_that_says_it() {
    let place = Place::new();
    let gulls = "Gulls nest on the roof of the fish market every spring.";
    let bread = "A loaf of bread costs twice what it did four years ago.";
    let trains = "The night train to the coast was cancelled again.";
    place.write("a.txt", format!("{gulls} {bread} {trains}"));
    place.run(["index", "a.txt"]).found();
    for (question, expected) in [
        ("birds that live on buildings", gulls),
        ("the price of bread has gone up", bread),
        ("railway passengers were let down", trains),
    ] {
        let result = &results(&place, &["search", question])[0];
        let best = usize::try_from(result["why"]["best"].as_u64().unwrap()).unwrap();
        assert_eq!(
            sentence(result, &result["why"]["sentences"][best]),
            expected
        );
        let plain = place.run(["search", question]).found().stdout;
        let unwrapped = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unwrapped.contains(&format!("**{expected}**")), "{plain}");
        let styled = place
            .run(["search", "--color", "always", question])
            .found()
            .stdout;
        assert!(
            styled.contains("\u{1b}[1m") && !styled.contains("**"),
            "{styled:?}"
        );
    }
    let without = place.run(["search", "--no-why", "gulls"]).found().stdout;
    assert!(!without.contains("**"));
    assert!(
        results(&place, &["search", "--no-why", "gulls"])[0]
            .get("why")
            .is_none()
    );
}

#[test]
fn an_explanation_says_where_a_passage_stands_and_what_its_sentences_add() {
    let told = sample()
        .run(["search", "-n", "2", "--explain", "who pays for tariffs?"])
        .found()
        .stdout;
    assert_eq!(told.matches("by meaning 0.").count(), 2, "{told}");
    assert!(
        told.contains(", rank 1") && told.contains("by words "),
        "{told}"
    );
    assert!(
        told.lines()
            .filter(|line| line.trim().starts_with('+'))
            .count()
            > 3,
        "{told}"
    );
    let found = results(sample(), &["search", "who pays for tariffs?", "-n", "50"]);
    let ranks = |which: &str| {
        let ranks = found
            .iter()
            .filter_map(|result| result["ranks"][which].as_u64());
        ranks.collect::<std::collections::HashSet<_>>()
    };
    for which in ["semantic", "lexical"] {
        assert!(ranks(which).contains(&1), "{which}");
    }
}

#[test]
fn an_answer_that_comes_too_late_is_given_up() {
    let library = Library::open(sample().path(".topoi")).unwrap();
    let late = SearchOptions {
        until: Some(Instant::now()),
        ..SearchOptions::default()
    };
    let found = library.related(&Origin::Article(ArticleId(3)), &late);
    assert!(matches!(found, Err(topoi::Error::Late)), "{found:?}");
}

#[test]
fn a_passage_is_shown_in_its_context() {
    let alone = results(sample(), &["search", "-n", "3", QUESTION]);
    assert!(alone.iter().all(|result| result.get("context").is_none()));
    for result in results(sample(), &["search", "-n", "3", QUESTION, "--context", "2"]) {
        let paragraph = result["place"]["paragraph"].as_i64().unwrap();
        let places = |side: &str| -> Vec<i64> {
            let around = result["context"][side].as_array().unwrap().iter();
            around
                .map(|passage| passage["place"]["paragraph"].as_i64().unwrap())
                .collect()
        };
        let last = result["article"]["paragraphs"].as_i64().unwrap();
        assert_eq!(
            places("before"),
            ((paragraph - 2).max(1)..paragraph).collect::<Vec<_>>()
        );
        assert_eq!(
            places("after"),
            (paragraph + 1..=(paragraph + 2).min(last)).collect::<Vec<_>>()
        );
    }
    let text = |arguments: &[&str]| {
        sample()
            .run([&["search", "-n", "1", QUESTION], arguments].concat())
            .found()
            .stdout
    };
    assert!(text(&["--context", "1"]).len() > text(&[]).len() + 200);
}

#[test]
fn json_holds_what_would_steer_a_terminal_in_other_letters() {
    let question = "an import\u{7f} tax\u{9b}31m";
    let found = sample().run(["search", "-n", "1", "--json", question]);
    let escaped = r"an import\u007f tax\u009b31m";
    assert!(found.stdout.contains(escaped), "{}", found.stdout);
    assert_eq!(found.json()["query"], question);
}

#[test]
fn an_editor_finds_the_line() {
    let place = Place::new();
    let path = place.write(
        "a.md",
        "---\ntitle: Ports\n---\n\nThe first paragraph is about bread and the bakers who sell it.\n\n\
         The second is about cranes\nthat unload containers at the quay.\n",
    );
    place.run(["index", "a.md"]).found();
    let result = &results(&place, &["search", "cargo at the docks", "-n", "1"])[0];
    assert_eq!(result["line"], 7);
    let text = place
        .run(["search", "cargo at the docks", "-n", "1"])
        .found()
        .stdout;
    assert!(text.contains("a.md:7"), "{text}");
    // Once the file has changed, nobody knows.
    fs::write(&path, "Something else.").unwrap();
    assert_eq!(
        results(&place, &["search", "cargo at the docks", "-n", "1"])[0]["line"],
        Value::Null
    );
}

#[test]
fn an_answer_is_surer_the_further_it_stands_above_the_rest() {
    let place = sample();
    let sure =
        |question: &str| number(&results(place, &["search", "-n", "1", question])[0]["sure"]);
    assert!(sure("tariffs on imports are a tax that households pay at the till") > 0.8);
    assert!(sure("the mating calls of tropical tree frogs at dusk") < 0.5);
    // Whoever asks for words gets them.
    assert_eq!(sure("Ormondroyd"), 1.0);
    // Three passages are no background to tell anything from.
    let few = Place::new();
    few.write(
        "a.txt",
        "One paragraph about the sea.\n\nAnother about the bread.\n\nA third about the trains.",
    );
    few.run(["index", "a.txt"]).found();
    assert_eq!(
        results(&few, &["search", "a boat trip"])[0]["sure"],
        Value::Null
    );
}

#[test]
fn the_nearest_miss_is_named() {
    let outcome = sample().run(["search", QUESTION, "--min-score", "0.95"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    assert!(
        outcome.stderr.contains("the nearest is passage")
            && outcome.stderr.contains("A tax with a flag on it"),
        "{}",
        outcome.stderr
    );
    let outcome = sample().run(["search", QUESTION, "--min-score", "0.95", "--json"]);
    let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(outcome.code, Some(1));
    assert_eq!(
        answer["nearest_miss"]["article"]["title"],
        "A tax with a flag on it"
    );
    let outcome = sample().run(["search", "tariffs", "--after", "2999"]);
    assert!(outcome.stderr.contains("filters"), "{}", outcome.stderr);
    let outcome = sample().run(["search", "tariffs", "\"no such phrase at all\""]);
    assert!(outcome.stderr.contains("demands"), "{}", outcome.stderr);
}

#[test]
fn what_is_related_to_an_article_covers_its_points() {
    let all = sample().run(["list", "--json"]).json();
    let mut points = 0;
    let mut single = 0;
    for article in all.as_array().unwrap() {
        let found = results(
            sample(),
            &["related", &format!("a{}", article["id"]), "-n", "8"],
        );
        assert!(
            found
                .iter()
                .all(|result| result["article"]["id"] != article["id"])
        );
        let mut places: Vec<u64> = found
            .iter()
            .map(|result| result["answers"]["paragraph"].as_u64().unwrap())
            .collect();
        places.sort_unstable();
        places.dedup();
        points += places.len();
        single += usize::from(places.len() < 2);
    }
    let articles = all.as_array().unwrap().len();
    assert!(
        points > 4 * articles,
        "{points} points of {articles} articles"
    );
    assert_eq!(single, 0);
}

#[test]
fn a_query_in_a_language_that_the_model_does_not_know_is_said() {
    for query in [
        "кто платит пошлины?",
        "wer bezahlt am Ende die Zölle, wenn nicht die Verbraucher im Land?",
    ] {
        let outcome = sample().run(["search", query]);
        assert!(
            outcome.stderr.contains("another language"),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains("hint:"));
    }
    for query in ["who pays for tariffs?", "Ottilie Brandram", "cui bono"] {
        let outcome = sample().run(["search", query]);
        assert!(
            !outcome.stderr.contains("language"),
            "{query}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_library_that_is_being_written_is_searched_as_it_was() {
    let place = Place::new();
    place.write(
        "a/one.txt",
        "The ferry across the bay was cancelled for the winter.",
    );
    place.run(["index", "a"]).found();
    let lock = fs::File::options()
        .write(true)
        .open(place.path(".topoi/lock"))
        .unwrap();
    lock.lock().unwrap();
    let outcome = place.run(["search", "boats"]).found();
    assert!(
        outcome.stdout.contains("ferry") && outcome.stderr.is_empty(),
        "{}",
        outcome.stderr
    );
    place.write("a/two.txt", "Another ferry.");
    place.run(["index", "a"]).refused(&["hint:"]);
}
