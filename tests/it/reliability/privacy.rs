//! Nothing leaves the machine that nobody asked for.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::trace;
use super::write_notes;
use crate::harness::{Outcome, Place};

/// Runs a command from where nobody can be reached; with whom it tried to.
fn run(place: &Place, network: &Path, arguments: &[&str]) -> (Outcome, String) {
    let trace = place.path("network");
    let _ = fs::remove_file(&trace);
    let mut command = place.command(arguments);
    command
        .env("LD_PRELOAD", network)
        .env("NETWORK_TRACE", &trace);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let outcome = Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    (outcome, fs::read_to_string(&trace).unwrap_or_default())
}

#[test]
fn no_command_asks_anybody_anything() {
    let Some(network) = trace::network() else {
        return;
    };
    let place = Place::new();
    write_notes(&place, "notes.jsonl", 20);
    for arguments in [
        &["index", "notes.jsonl"][..],
        &["search", "the harbour and the tariff"],
        &["search", "harbour", "--mode", "lexical", "--json"],
        &["related", "7"],
        &["themes", "--map", "map.html"],
        &["duplicates"],
        &["list"],
        &["show", "a3"],
        &["status"],
        &["check"],
        &["compact"],
        &["copy", ".topoi", "copied"],
        &["backup", "backed-up"],
        &["export", "library.jsonl"],
        &["--library", "imported", "import", "library.jsonl"],
        &["model", "list"],
        &["remove", "notes.jsonl"],
    ] {
        let (outcome, asked) = run(&place, network, arguments);
        // 1: that nothing was found.
        let is_done = matches!(outcome.code, Some(0 | 1));
        assert!(is_done, "{arguments:?}: {}", outcome.stderr);
        assert_eq!(asked, "", "{arguments:?}");
    }
    // The page and the map load nothing from elsewhere.
    let map = fs::read_to_string(place.path("map.html")).unwrap();
    for part in ["src=\"http", "href=\"http", "url(http", "@import", "fetch("] {
        assert!(!map.contains(part), "{part}");
    }
}

#[test]
fn who_asks_somebody_is_noticed_and_a_model_is_not_fetched_where_that_is_forbidden() {
    let Some(network) = trace::network() else {
        return;
    };
    let place = Place::new();
    place.write("a.txt", "A text that is to be taken in.");
    let (outcome, asked) = run(&place, network, &["index", "http://example.org/article"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(asked.contains("example.org"), "{asked}");

    let model = [
        "--offline",
        "index",
        "a.txt",
        "--model",
        "sentence-transformers/nobody-has-it",
    ];
    let (outcome, asked) = run(&place, network, &model);
    assert_eq!((outcome.code, &*asked), (Some(2), ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("offline"), "{}", outcome.stderr);
    let (outcome, asked) = run(
        &place,
        network,
        &["--offline", "index", "http://example.org/article"],
    );
    assert_eq!((outcome.code, &*asked), (Some(2), ""), "{}", outcome.stderr);
}
