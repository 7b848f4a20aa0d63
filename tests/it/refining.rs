//! Going on from an answer: more like this, less like that, sums of terms, the next page, and many questions at once.

use std::collections::HashSet;

use serde_json::Value;

use crate::harness::{Place, sample, sample_articles};

fn results(place: &Place, arguments: &[&str]) -> Vec<Value> {
    let command = [&["search", "--json"], arguments].concat();
    place.run(command).json()["results"]
        .as_array()
        .unwrap()
        .clone()
}

fn passages(results: &[Value]) -> Vec<u64> {
    results
        .iter()
        .map(|result| result["passage"].as_u64().unwrap())
        .collect()
}

/// A library of the sample articles that nobody else searches.
fn own() -> Place {
    let place = Place::new();
    place
        .run([std::ffi::OsStr::new("index"), sample_articles().as_os_str()])
        .found();
    place
}

/// Where an article of this title comes first among the results.
fn rank(results: &[Value], title: &str) -> usize {
    let place = results
        .iter()
        .position(|result| result["article"]["title"] == title);
    place.unwrap_or(results.len())
}

#[test]
fn an_answer_moves_towards_what_was_liked_and_away_from_what_was_not() {
    let place = sample();
    let question = ["--mode", "semantic", "-n", "200", "what a policy costs"];
    let plain = results(place, &question);
    let liked = results(
        place,
        &["-n", "1", "--path", "a-tax-with-a-flag-on-it", "tariffs"],
    )[0]["passage"]
        .to_string();
    let towards = results(place, &[&question[..], &["--like", &liked]].concat());
    let away = results(place, &[&question[..], &["--unlike", &liked]].concat());
    // Its neighbours move with it; it is itself not found again.
    let mean = |results: &[Value]| {
        let ranks: Vec<usize> = (0..results.len())
            .filter(|place| results[*place]["article"]["title"] == "A tax with a flag on it")
            .collect();
        ranks.iter().sum::<usize>() as f64 / ranks.len() as f64
    };
    assert!(mean(&towards) < mean(&plain) && mean(&plain) < mean(&away));
    let liked: u64 = liked.parse().unwrap();
    assert!(passages(&plain).contains(&liked));
    assert!(!passages(&towards).contains(&liked) && !passages(&away).contains(&liked));
    // All of an article.
    let article = plain[0]["article"]["id"].as_u64().unwrap();
    let without = results(
        place,
        &[&question[..], &["--unlike", &format!("a{article}")]].concat(),
    );
    assert!(
        without
            .iter()
            .all(|result| result["article"]["id"] != article)
    );
}

#[test]
fn what_is_liked_must_be_there() {
    let place = sample();
    place
        .run(["search", "rents", "--like", "999999"])
        .refused(&["no passage 999999", "hint:"]);
    place
        .run(["search", "rents", "--unlike", "a999999"])
        .refused(&["no article a999999", "hint:"]);
    place
        .run(["search", "rents", "--like", "b7"])
        .refused(&["12 for a passage"]);
}

#[test]
fn a_sum_of_terms_goes_by_the_meaning_of_each() {
    let place = sample();
    let semantic = |query: &str| results(place, &["--mode", "semantic", "-n", "300", query]);
    let tax = "A tax with a flag on it";
    let plain = semantic("\"prices\" + 0.1 \"prices\"");
    let towards = semantic("\"prices\" + \"tariffs on imported goods\"");
    let away = semantic("\"prices\" - \"tariffs on imported goods\"");
    assert!(
        rank(&towards, tax) < rank(&plain, tax),
        "{}",
        rank(&plain, tax)
    );
    assert!(rank(&plain, tax) < rank(&away, tax), "{}", rank(&away, tax));
    place
        .run(["search", "\"tariffs\" - \"tariffs\""])
        .refused(&["cancel each other out", "hint:"]);
    place
        .run(["search", "\"a\" + 1e9 \"b\""])
        .refused(&["no weight", "hint:"]);
}

#[test]
fn the_next_page_repeats_nothing_until_there_is_no_more() {
    let place = own();
    place
        .run(["search", "--more"])
        .refused(&["no search", "hint:"]);
    let mut seen = HashSet::new();
    let mut page = results(&place, &["rents", "--author", "brandram", "-n", "4"]);
    let mut pages = 0;
    loop {
        for passage in passages(&page) {
            assert!(seen.insert(passage), "{passage} was shown twice");
        }
        assert!(page.iter().all(|result| {
            result["article"]["author"]
                .as_str()
                .unwrap()
                .contains("Brandram")
        }));
        pages += 1;
        let outcome = place.run(["search", "--more", "--json", "-n", "4"]);
        if outcome.code == Some(1) {
            assert!(
                outcome.stderr.contains("there is no more"),
                "{}",
                outcome.stderr
            );
            break;
        }
        page = outcome.json()["results"].as_array().unwrap().clone();
    }
    assert!(pages > 2);
    let all = results(&place, &["rents", "--author", "brandram", "-n", "1000"]);
    assert_eq!(passages(&all).len(), seen.len());
}

#[test]
fn a_file_of_queries_is_answered_as_each_by_itself() {
    let place = own();
    let queries = [
        "who pays for tariffs?",
        "do small models think?",
        "\"care home\" rents",
    ];
    let mut lines = String::new();
    for (query, number) in queries.iter().zip(1..) {
        lines += &serde_json::json!({"id": number, "query": query}).to_string();
        lines += "\n\n";
    }
    place.write("q.jsonl", &lines);
    let outcome = place
        .run(["search", "--queries", "q.jsonl", "-n", "3"])
        .found();
    let answers: Vec<Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 3);
    for ((answer, query), number) in answers.iter().zip(queries).zip(1..) {
        assert_eq!(
            (&answer["id"], &answer["query"]),
            (&number.into(), &query.into())
        );
        let batch = answer["results"].as_array().unwrap();
        let alone = results(&place, &["-n", "3", query]);
        assert_eq!(passages(batch), passages(&alone));
        for (one, other) in batch.iter().zip(&alone) {
            assert_eq!(
                (&one["score"], &one["sure"]),
                (&other["score"], &other["sure"])
            );
        }
    }
    let piped = place
        .run_with_input(["search", "--queries", "-", "-n", "3"], lines.as_bytes())
        .found();
    assert_eq!(piped.stdout, outcome.stdout);
    let one = place
        .run([
            "search",
            "--queries",
            "q.jsonl",
            "-n",
            "3",
            "--threads",
            "1",
        ])
        .found();
    assert_eq!(one.stdout, outcome.stdout);
}

#[test]
fn a_line_that_is_no_query_is_named_and_the_others_are_answered() {
    let place = own();
    place.write(
        "q.jsonl",
        "{\"id\": \"a\", \"text\": \"rents\"}\nno json\n{\"id\": \"b\", \"query\": \"a \\\"b\"}\n{\"id\": \"c\", \"query\": \"ports\"}\n",
    );
    let outcome = place.run(["search", "--queries", "q.jsonl", "-n", "1"]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("2 of the lines"),
        "{}",
        outcome.stderr
    );
    let answers: Vec<Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 4);
    assert!(
        answers[1]["error"]
            .as_str()
            .unwrap()
            .contains("line 2 is no query")
    );
    assert!(
        answers[2]["error"]
            .as_str()
            .unwrap()
            .contains("quotation mark")
    );
    assert_eq!(answers[3]["results"].as_array().unwrap().len(), 1);
    place
        .run(["search", "--queries", "missing.jsonl"])
        .refused(&["missing.jsonl", "hint:"]);
    place.write("long.jsonl", "x".repeat(2_000_000));
    place
        .run(["search", "--queries", "long.jsonl"])
        .refused(&["line 1", "longer than"]);
}
