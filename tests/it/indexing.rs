//! Taking articles in, again and again: what is done anew, what is not, and what goes.

use serde_json::Value;

use crate::harness::Place;

const HARBOUR: &str = "The Harbour Can Wait\n\nA port is not a monument, and a city that treats it as one will soon have neither ships nor visitors.\n\nThe cranes are older than the people who drive them.\n";
const BREAD: &str = "---\ntitle: The Price of Bread\nauthor: Nell Varga\ndate: 2024-03-02\nsource: The Quayside Post\n---\n\nA loaf costs what a loaf costs because somebody got up at three in the morning.\n\nFlour is the smallest part of it.\n";

fn index(place: &Place, arguments: &[&str]) -> Value {
    place.run([&["index", "--json"], arguments].concat()).json()
}

fn texts(place: &Place) -> Vec<String> {
    let passages = place.run(["list", "--passages", "--json"]).json();
    passages
        .as_array()
        .unwrap()
        .iter()
        .map(|passage| passage["text"].as_str().unwrap().to_owned())
        .collect()
}

/// Makes files look as if they had been written long ago, so that their times are trusted.
fn age(place: &Place, names: &[&str]) {
    for name in names {
        let file = std::fs::File::options()
            .write(true)
            .open(place.path(name))
            .unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(3600))
            .unwrap();
    }
}

#[test]
fn a_second_run_finds_everything_as_before() {
    let place = Place::new();
    place.write("a/harbour.txt", HARBOUR);
    place.write("a/bread.md", BREAD);
    age(&place, &["a/harbour.txt", "a/bread.md"]);
    let first = index(&place, &["a"]);
    assert_eq!(
        (&first["articles_added"], &first["files_read"]),
        (&2.into(), &2.into())
    );
    assert!(first["embedded"].as_u64().unwrap() >= 4);
    let second = index(&place, &["a"]);
    assert_eq!(
        (
            &second["files_unchanged"],
            &second["files_read"],
            &second["embedded"]
        ),
        (&2.into(), &0.into(), &0.into())
    );
    // With another time and the same content a file costs a digest, and no more.
    place.write("a/harbour.txt", HARBOUR);
    let third = index(&place, &["a"]);
    assert_eq!(
        (
            &third["files_unchanged"],
            &third["articles_added"],
            &third["embedded"]
        ),
        (&2.into(), &0.into(), &0.into())
    );
}

#[test]
fn a_changed_file_is_replaced_and_only_its_new_text_is_embedded() {
    let place = Place::new();
    place.write("harbour.txt", HARBOUR);
    index(&place, &["harbour.txt"]);
    place.write("harbour.txt", HARBOUR.replace("older than", "younger than"));
    let report = index(&place, &["harbour.txt"]);
    assert_eq!(
        (
            &report["articles_added"],
            &report["articles_removed"],
            &report["embedded"]
        ),
        (&1.into(), &1.into(), &1.into())
    );
    let texts = texts(&place);
    assert!(
        texts.iter().any(|text| text.contains("younger than"))
            && !texts.iter().any(|text| text.contains("older than"))
    );
    let answer = place
        .run(["search", "old machines on the quay", "--json"])
        .json();
    assert!(
        answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .all(|result| !result["text"].as_str().unwrap().contains("older than"))
    );
    place.run(["check"]).found();
}

#[test]
fn a_renamed_file_and_a_copy_cost_no_embedding() {
    let place = Place::new();
    place.write("a/harbour.txt", HARBOUR);
    index(&place, &["a"]);
    std::fs::rename(place.path("a/harbour.txt"), place.path("a/port.txt")).unwrap();
    place.write("a/copy.txt", HARBOUR);
    let report = index(&place, &["a", "--prune"]);
    assert_eq!(
        (
            &report["embedded"],
            &report["files_removed"],
            &report["articles_added"]
        ),
        (&0.into(), &1.into(), &2.into())
    );
    place.run(["check"]).found();
}

#[test]
fn files_that_are_gone_stay_until_they_are_pruned() {
    let place = Place::new();
    place.write("a/harbour.txt", HARBOUR);
    place.write("a/bread.md", BREAD);
    place.write("b/bread.md", BREAD);
    index(&place, &["a", "b"]);
    std::fs::remove_file(place.path("a/bread.md")).unwrap();
    std::fs::remove_file(place.path("b/bread.md")).unwrap();
    assert_eq!(index(&place, &["a"])["files_removed"], 0);
    assert_eq!(
        place
            .run(["list", "--json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let pruned = index(&place, &["a", "--prune"]);
    assert_eq!(
        (&pruned["files_removed"], &pruned["articles_removed"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        place
            .run(["list", "--json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let pruned = place.run(["index", "b", "--prune"]).found().stderr;
    assert!(pruned.contains("removed 1 article and 1 file;"), "{pruned}");
}

#[test]
fn what_a_list_names_and_is_not_there_is_skipped_and_named() {
    let place = Place::new();
    place.write("harbour.txt", HARBOUR);
    let list = b"gone.txt\nharbour.txt\n";
    let indexed = place
        .run_with_input(["index", "--files-from", "-"], list)
        .found()
        .stderr;
    assert!(indexed.contains("skipped `gone.txt`"), "{indexed}");
    let report = place
        .run_with_input(["index", "--files-from", "-", "--json", "--prune"], list)
        .json();
    assert_eq!(report["skipped"], serde_json::json!([]));
    place
        .run_with_input(["index", "--files-from", "-"], b"gone.txt\n")
        .refused(&["`gone.txt` cannot be read: no such file or folder"]);
    place
        .run_with_input(["index", "--files-from", "-"], b"gone.txt\nlost.txt\n")
        .refused(&["there is no article to read: ", "`lost.txt` cannot be read"]);
    // What is typed must be there; the reason is said once.
    let typed = place
        .run(["index", "gone.txt", "harbour.txt"])
        .refused(&["cannot read `gone.txt`: no such file or folder\n"]);
    assert!(!typed.stderr.contains("os error"), "{}", typed.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn a_path_that_is_not_utf_8_is_promised_no_more_than_it_is_taken_in() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    place.write("a/harbour.txt", HARBOUR);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    std::fs::write(place.path("a").join(name), BREAD).unwrap();
    for arguments in [&["a", "--dry-run"][..], &["a"]] {
        let report = index(&place, arguments);
        assert_eq!(report["files_read"], 1, "{report}");
        let reason = report["skipped"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("not UTF-8"), "{report}");
    }
}

#[test]
fn articles_are_removed_by_number_file_and_folder() {
    let place = Place::new();
    place.write("a/harbour.txt", HARBOUR);
    place.write("a/bread.md", BREAD);
    place.write("b/bread.md", BREAD);
    index(&place, &["a", "b"]);
    let id = place.run(["list", "--json", "--path", "b/bread.md"]).json()[0]["id"]
        .as_u64()
        .unwrap();
    place.run(["remove", &format!("a{id}")]).found();
    place.run(["remove", "a"]).found();
    assert_eq!(place.run(["list"]).code, Some(1));
    place
        .run(["remove", "a"])
        .refused(&["holds no article from `a`"]);
    place.run(["check"]).found();
    assert_eq!(place.run(["search", "bread"]).code, Some(1));
    // A number is never given twice.
    index(&place, &["b"]);
    assert!(
        place.run(["list", "--json"]).json()[0]["id"]
            .as_u64()
            .unwrap()
            > 3
    );
}

#[test]
fn a_text_comes_in_through_standard_input_and_paths_through_a_list() {
    let place = Place::new();
    place.write("a/harbour.txt", HARBOUR);
    place.write("a/bread.md", BREAD);
    place
        .run_with_input(["index", "-", "--name", "pasted"], HARBOUR.as_bytes())
        .found();
    let report = place
        .run_with_input(["index", "--files-from", "-", "--json"], b"a/bread.md\n")
        .json();
    assert_eq!(
        (&report["articles_added"], &report["files_read"]),
        (&1.into(), &1.into())
    );
    let all = place.run(["list", "--json"]).json();
    let paths: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|article| article["path"].as_str().unwrap())
        .collect();
    assert!(
        paths.contains(&"pasted") && paths.iter().any(|path| path.ends_with("a/bread.md")),
        "{paths:?}"
    );
}

#[test]
fn front_matter_becomes_what_is_known_of_an_article() {
    let place = Place::new();
    place.write("bread.md", BREAD);
    index(&place, &["bread.md"]);
    let article = &place.run(["list", "--json"]).json()[0];
    assert_eq!(article["title"], "The Price of Bread");
    assert_eq!(article["author"], "Nell Varga");
    assert_eq!(article["date"], "2024-03-02");
    assert_eq!(article["source"], "The Quayside Post");
    assert_eq!(article["language"], "en");
}

#[test]
fn a_paragraph_longer_than_the_model_reads_becomes_parts_that_lose_nothing() {
    let place = Place::new();
    let sentences: String = (0..120)
        .map(|n| {
            format!("Sentence number {n} says that the ferry was {n} minutes late on that day. ")
        })
        .collect();
    place.write("long.txt", &sentences);
    index(&place, &["long.txt"]);
    let passages = place.run(["list", "--passages", "--json"]).json();
    let passages = passages.as_array().unwrap();
    assert!(passages.len() > 4);
    let joined: Vec<&str> = passages
        .iter()
        .map(|passage| passage["text"].as_str().unwrap())
        .collect();
    assert_eq!(joined.join(" "), sentences.trim());
    for (passage, part) in passages.iter().zip(1..) {
        assert_eq!(passage["place"]["part"], part);
        assert_eq!(passage["place"]["parts"], passages.len() as u64);
        assert!(passage["text"].as_str().unwrap().ends_with('.'));
    }
    let answer = place
        .run([
            "search",
            "the ferry was 117 minutes late",
            "--json",
            "-n",
            "1",
        ])
        .json();
    assert_eq!(answer["results"].as_array().unwrap().len(), 1);
}

#[test]
fn a_file_of_json_lines_holds_many_articles() {
    let place = Place::new();
    let line = |n: u32, text: &str| {
        serde_json::json!({"id": format!("n{n}"), "title": format!("T{n}"), "paragraphs": [text, "A second paragraph."]}).to_string() + "\n"
    };
    place.write(
        "many.jsonl",
        line(1, "The first is about ships.") + &line(2, "The second is about bread."),
    );
    assert_eq!(index(&place, &["many.jsonl"])["articles_added"], 2);
    place.write(
        "many.jsonl",
        line(1, "The first is about ships.") + &line(3, "The third is about schools."),
    );
    let report = index(&place, &["many.jsonl"]);
    assert_eq!(
        (
            &report["articles_added"],
            &report["articles_removed"],
            &report["embedded"]
        ),
        (&1.into(), &1.into(), &1.into())
    );
}

#[test]
fn many_small_runs_are_merged_into_few_segments() {
    let place = Place::new();
    for n in 0..20 {
        let name = format!("{n}.txt");
        place.write(&name, format!("Article number {n}\n\nIt tells what happened on day {n} of the long strike at the yard.\n"));
        index(&place, &[&name]);
    }
    let status = place.run(["status", "--json"]).json();
    assert!(status["segments"].as_u64().unwrap() < 8, "{status}");
    assert_eq!(status["articles"], 20);
    place.run(["check"]).found();
}

#[test]
fn a_reader_sees_the_library_while_a_writer_holds_it() {
    let place = Place::new();
    place.write("harbour.txt", HARBOUR);
    index(&place, &["harbour.txt"]);
    let lock = std::fs::File::options()
        .write(true)
        .open(place.path(".topoi/lock"))
        .unwrap();
    lock.lock().unwrap();
    place.run(["search", "cranes"]).found();
    place.write("bread.md", BREAD);
    place
        .run(["index", "bread.md"])
        .refused(&["another topoi", "is writing", "hint:"]);
    drop(lock);
    index(&place, &["bread.md"]);
}

#[test]
fn a_dash_is_standard_input_even_where_a_file_is_called_so() {
    let place = Place::new();
    place.write("-", HARBOUR);
    place.write("bread.md", BREAD);
    index(&place, &["./-", "bread.md"]);
    let answer = place.run_with_input(
        ["related", "-", "--json"],
        b"A port is there for its ships and cranes, and a city must not make a monument of it.\n",
    );
    // What is related to the file itself would be found everywhere but in it.
    let first = &answer.json()["results"][0];
    assert_eq!(first["article"]["title"], "The Harbour Can Wait");
}
