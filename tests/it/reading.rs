//! Search, related, themes, show, list and status, over the sample library.

use serde_json::Value;

use crate::harness::{Place, sample};

fn results(answer: &Value) -> &Vec<Value> {
    answer["results"].as_array().unwrap()
}

#[test]
fn a_question_in_other_words_finds_the_passages_that_answer_it() {
    let answer = sample()
        .run([
            "search",
            "who really ends up paying for an import tax?",
            "--json",
            "-n",
            "5",
        ])
        .json();
    assert_eq!(answer["schema"], "topoi.search.v1");
    assert_eq!(
        answer["query"],
        "who really ends up paying for an import tax?"
    );
    let results = results(&answer);
    assert_eq!(results.len(), 5);
    // None of the question's words but "who" and "an" stands in the first two.
    for result in &results[..3] {
        assert_eq!(result["article"]["title"], "A tax with a flag on it");
    }
    for (result, rank) in results.iter().zip(1..) {
        assert_eq!(result["rank"], rank);
        assert_eq!(result["kind"], "body");
        assert!(
            result["passage"].is_u64()
                && result["span"]["start"].is_u64()
                && result["span"]["end"].is_u64()
        );
        for field in [
            "id", "title", "author", "date", "source", "language", "path",
        ] {
            assert!(result["article"].get(field).is_some(), "{field}");
        }
    }
    for part in ["model_load_ms", "embedding_ms", "search_ms"] {
        assert!(answer["timings"][part].as_f64().unwrap() > 0.0, "{part}");
    }
}

#[test]
fn the_span_of_a_passage_is_where_it_stands_in_its_file() {
    let answer = sample()
        .run([
            "search",
            "rent control and the people who never get a flat",
            "--json",
        ])
        .json();
    for result in results(&answer) {
        let source = std::fs::read(result["article"]["path"].as_str().unwrap()).unwrap();
        let bytes = |end: &str| usize::try_from(result["span"][end].as_u64().unwrap()).unwrap();
        let stands = std::str::from_utf8(&source[bytes("start")..bytes("end")]).unwrap();
        let letters = |text: &str| {
            text.chars()
                .filter(|c| c.is_alphabetic())
                .collect::<String>()
        };
        let text = result["text"].as_str().unwrap();
        assert!(
            letters(stands).starts_with(&letters(text)[..20]),
            "{text}\n{stands}"
        );
    }
}

#[test]
fn a_filter_is_applied_before_the_best_are_taken() {
    let all = sample().run(["list", "--json"]).json();
    let author = all[0]["author"].as_str().unwrap().to_owned();
    let count = |arguments: &[&str]| {
        let answer = sample()
            .run(
                [
                    &["search", "the price of steel", "--json", "-n", "5"],
                    arguments,
                ]
                .concat(),
            )
            .json();
        results(&answer).to_owned()
    };
    let by_author = count(&["--author", &author.to_uppercase()]);
    assert_eq!(by_author.len(), 5);
    assert!(
        by_author
            .iter()
            .all(|result| result["article"]["author"] == author.as_str())
    );
    let german = count(&["--lang", "de"]);
    assert_eq!(german.len(), 5);
    assert!(
        german
            .iter()
            .all(|result| result["article"]["language"] == "de")
    );
    let in_2024 = count(&["--after", "2024", "--before", "2025"]);
    assert_eq!(in_2024.len(), 5);
    assert!(in_2024.iter().all(|result| {
        result["article"]["date"]
            .as_str()
            .unwrap()
            .starts_with("2024-")
    }));
    let below = count(&["--path", "*/northmoor-standard/*"]);
    assert_eq!(below.len(), 5);
    assert!(below.iter().all(|result| {
        result["article"]["path"]
            .as_str()
            .unwrap()
            .contains("/northmoor-standard/")
    }));
}

#[test]
fn nothing_found_is_exit_code_1_and_says_what_was_nearest() {
    let place = sample();
    let outcome = place.run(["search", "tariffs", "--author", "nobody of this name"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    let outcome = place.run(["search", "tariffs", "--min-score", "0.99"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    assert!(
        outcome.stderr.contains("the nearest is passage")
            && outcome.stderr.contains("with a score of 0."),
        "{}",
        outcome.stderr
    );
}

#[test]
fn what_is_related_to_a_passage_stands_in_other_articles() {
    let found = sample()
        .run([
            "search",
            "tariffs are a tax on households",
            "--json",
            "-n",
            "1",
        ])
        .json();
    let (passage, article) = (
        &found["results"][0]["passage"],
        &found["results"][0]["article"]["id"],
    );
    let related = sample()
        .run(["related", &passage.to_string(), "--json"])
        .json();
    assert_eq!(results(&related).len(), 10);
    assert!(
        results(&related)
            .iter()
            .all(|result| result["article"]["id"] != *article)
    );
}

#[test]
fn what_is_related_to_an_article_says_which_place_it_answers() {
    let all = sample().run(["list", "--json"]).json();
    let (id, path) = (
        all[3]["id"].as_u64().unwrap(),
        all[3]["path"].as_str().unwrap(),
    );
    let by_number = sample()
        .run(["related", &format!("a{id}"), "--json"])
        .json();
    let by_path = sample().run(["related", path, "--json"]).json();
    assert_eq!(by_number["results"], by_path["results"]);
    for result in results(&by_number) {
        assert_ne!(result["article"]["id"], id);
        assert!(result["answers"]["paragraph"].as_u64().unwrap() >= 1);
    }
}

#[test]
fn a_text_that_is_not_in_the_library_has_related_passages_too() {
    let text = "Every import duty is announced as a blow against foreigners. It is collected at home, from shoppers.\n";
    let answer = sample()
        .run_with_input(["related", "-", "--json", "-n", "3"], text.as_bytes())
        .json();
    assert_eq!(results(&answer).len(), 3);
    assert!(results(&answer)[0]["score"].as_f64().unwrap() > 0.4);
}

#[test]
fn every_passage_has_a_theme_and_the_same_one_on_every_run() {
    let first = sample().run(["themes", "--json"]).json();
    let themes = first["themes"].as_array().unwrap();
    assert!((3..=15).contains(&themes.len()), "{} themes", themes.len());
    let members: usize = themes
        .iter()
        .map(|theme| theme["passages"].as_array().unwrap().len())
        .sum();
    let status = sample().run(["status", "--json"]).json();
    assert_eq!(members as u64, status["kinds"]["body"].as_u64().unwrap());
    assert!(
        themes
            .iter()
            .all(|theme| !theme["label"].as_array().unwrap().is_empty())
    );
    assert_eq!(
        first["themes"],
        sample().run(["--threads", "1", "themes", "--json"]).json()["themes"]
    );
    let five = sample().run(["themes", "--count", "5", "--json"]).json();
    assert_eq!(five["themes"].as_array().unwrap().len(), 5);
}

#[test]
fn a_passage_is_shown_in_its_context() {
    let found = sample()
        .run(["search", "antibiotics", "--json", "-n", "1"])
        .json();
    let (passage, text) = (
        &found["results"][0]["passage"],
        found["results"][0]["text"].as_str().unwrap(),
    );
    let shown = sample()
        .run(["show", &passage.to_string(), "--context", "1", "--json"])
        .json();
    let texts: Vec<&str> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|passage| passage["text"].as_str().unwrap())
        .collect();
    assert!((2..=3).contains(&texts.len()) && texts.contains(&text));
    let whole = sample()
        .run([
            "show",
            &format!("a{}", found["results"][0]["article"]["id"]),
        ])
        .found();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words(&whole.stdout).contains(&words(text)),
        "{}",
        whole.stdout
    );
}

#[test]
fn the_same_library_answers_the_same_on_any_number_of_threads() {
    let ask = |threads: &str| {
        sample()
            .run([
                "--threads",
                threads,
                "search",
                "heat in old flats",
                "--json",
            ])
            .json()["results"]
            .clone()
    };
    assert_eq!(ask("1"), ask("2"));
    assert_eq!(ask("1"), ask("3"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let topoi = env!("CARGO_BIN_EXE_topoi");
    let script =
        format!("'{topoi}' list --passages --jsonl | head -n 1; echo \"code ${{PIPESTATUS[0]}}\"");
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(sample().path(""))
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.ends_with("code 0\n"), "{stdout}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn output_for_people_is_plain_where_nobody_asks_for_colour() {
    let plain = sample().run(["search", "tariffs"]).found();
    assert!(!plain.stdout.contains('\u{1b}'));
    let coloured = sample()
        .run(["--color", "always", "search", "tariffs"])
        .found();
    assert!(coloured.stdout.contains('\u{1b}'));
    assert!(plain.stderr.is_empty(), "{}", plain.stderr);
}

#[test]
fn the_library_is_found_from_a_folder_below_it() {
    let place = Place::new();
    place.write("notes.txt", "A first paragraph about the harbour and its cranes.\n\nA second one about the price of bread.\n");
    place.run(["index", "notes.txt"]).found();
    std::fs::create_dir_all(place.path("deep/er")).unwrap();
    let outcome = place
        .command(["status", "--json"])
        .current_dir(place.path("deep/er"))
        .output()
        .unwrap();
    assert!(
        outcome.status.success(),
        "{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
}

#[test]
fn completions_and_manual_pages_are_written() {
    let place = Place::new();
    assert!(
        place
            .run(["completions", "bash"])
            .found()
            .stdout
            .contains("topoi")
    );
    assert!(place.run(["man"]).found().stdout.contains(".TH topoi"));
    place.run(["man", "--dir", "pages"]).found();
    assert!(place.path("pages/topoi-search.1").is_file());
}
