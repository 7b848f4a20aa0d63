//! `topoi eval` on a small collection of its own, and the form of its report.

use std::fs;

use serde_json::{Value, json};

use crate::harness::Place;

fn collection() -> Place {
    let place = Place::new();
    place.write("c/corpus.jsonl", concat!(
        "{\"_id\": \"d1\", \"title\": \"Ports\", \"text\": \"Cranes unload containers from ships at the quay.\"}\n",
        "{\"_id\": \"d2\", \"title\": \"Bread\", \"text\": \"Bakers knead dough before dawn and sell loaves by noon.\"}\n",
        "{\"_id\": \"d3\", \"title\": \"Schools\", \"text\": \"Pupils hand in their telephones at the school gate.\"}\n",
        "{\"_id\": \"q2\", \"title\": \"Bread\", \"text\": \"Who makes bread in the morning?\"}\n",
    ));
    place.write(
        "c/queries.jsonl",
        concat!(
            "{\"_id\": \"q1\", \"text\": \"how is cargo taken off a vessel?\"}\n",
            "{\"_id\": \"q2\", \"text\": \"Who makes bread in the morning?\"}\n",
            "{\"_id\": \"q3\", \"text\": \"this one is not judged\"}\n",
        ),
    );
    place.write(
        "c/qrels/test.tsv",
        "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n",
    );
    place
}

#[test]
fn a_collection_is_measured_and_a_hit_with_the_querys_own_id_is_dropped() {
    let place = collection();
    for (arguments, mode) in [
        (&["eval", "c", "--json"][..], "auto"),
        (&["eval", "c", "--json", "--whole"], "semantic"),
        (&["eval", "c", "--json", "--mode", "hybrid"], "hybrid"),
    ] {
        let report = place.run(arguments).json();
        for key in ["ndcg@10", "recall@10", "recall@100", "mrr@10", "map"] {
            assert_eq!(report[key], 1.0, "{key}: {report}");
        }
        assert_eq!(report["queries"], 2);
        assert_eq!(report["mode"], mode);
    }
}

#[test]
fn a_folder_that_is_no_collection_is_refused() {
    let place = Place::new();
    place
        .run(["eval", "."])
        .refused(&["qrels/test.tsv", "hint:"]);
}

/// The lines of a file that `--per-query` wrote.
fn lines(place: &Place, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(place.path(name)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn each_query_has_a_line_of_its_own_and_each_mean_an_interval() {
    let place = collection();
    // What stood there is replaced.
    place.write("all.jsonl", "x".repeat(100_000));
    let report = place
        .run(["eval", "c", "--json", "--per-query", "all.jsonl"])
        .json();
    assert_eq!(report["intervals"]["ndcg@10"], json!([1.0, 1.0]));
    assert!(report.get("against").is_none());
    let lines = lines(&place, "all.jsonl");
    let ids: Vec<&Value> = lines.iter().map(|line| &line["id"]).collect();
    assert_eq!(ids, ["q1", "q2"]);
    for (line, first) in lines.iter().zip(["d1", "d2"]) {
        for key in ["ndcg@10", "recall@10", "recall@100", "mrr@10", "map"] {
            assert_eq!(line[key], 1.0, "{key}: {line}");
        }
        assert_eq!(line["ranking"][0], first);
    }
}

#[test]
fn a_run_is_compared_with_an_earlier_one() {
    let place = collection();
    place.write(
        "worse.jsonl",
        concat!(
            // In another order, with what this version doesn't know.
            "{\"id\": \"q2\", \"ndcg@10\": 1, \"recall@10\": 1, \"recall@100\": 1, \"mrr@10\": 1, \"map\": 1, \"x\": 1}\n",
            "{\"id\": \"q1\", \"ndcg@10\": 0.5, \"recall@10\": 1, \"recall@100\": 1, \"mrr@10\": 0.25, \"map\": 0.25}\n",
        ),
    );
    let report = place
        .run(["eval", "c", "--json", "--against", "worse.jsonl"])
        .json();
    let against = &report["against"];
    assert_eq!(against["file"], "worse.jsonl");
    assert_eq!(
        against["ndcg@10"],
        // Of two queries one differs, which might as well have differed in the other direction. One resample of four
        // has that query twice, and one doesn't have it.
        json!({
            "value": 0.75, "difference": 0.25, "interval": [0.0, 0.5], "p": 1.0,
            "better": 1, "worse": 0, "same": 1,
        })
    );
    assert_eq!(against["recall@10"]["same"], 2);
    let text = place.run(["eval", "c", "--against", "worse.jsonl"]).found();
    let expected = "\
nDCG@10     1.0000  [1.0000, 1.0000]
recall@10   1.0000  [1.0000, 1.0000]
recall@100  1.0000  [1.0000, 1.0000]
MRR@10      1.0000  [1.0000, 1.0000]
MAP         1.0000  [1.0000, 1.0000]

against worse.jsonl
              then     now  difference                         p  better   worse    same
nDCG@10     0.7500  1.0000  +0.2500 [+0.0000, +0.5000]    1.0000       1       0       1
recall@10   1.0000  1.0000  +0.0000 [+0.0000, +0.0000]    1.0000       0       0       2
recall@100  1.0000  1.0000  +0.0000 [+0.0000, +0.0000]    1.0000       0       0       2
MRR@10      0.6250  1.0000  +0.3750 [+0.0000, +0.7500]    1.0000       1       0       1
MAP         0.6250  1.0000  +0.3750 [+0.0000, +0.7500]    1.0000       1       0       1
";
    assert_eq!(text.stdout, expected);
    assert!(text.stderr.contains("2 queries, 4 documents"));
}

#[test]
fn a_run_may_be_compared_with_the_file_that_it_is_to_write() {
    let place = collection();
    let arguments = ["eval", "c", "--json", "--per-query", "all.jsonl"];
    place.run(arguments).found();
    let before = fs::read_to_string(place.path("all.jsonl")).unwrap();
    let report = place
        .run(arguments.into_iter().chain(["--against", "all.jsonl"]))
        .json();
    assert_eq!(report["against"]["map"]["same"], 2);
    assert_eq!(report["against"]["map"]["p"], 1.0);
    assert_eq!(fs::read_to_string(place.path("all.jsonl")).unwrap(), before);
}

#[test]
fn a_file_that_an_earlier_run_over_these_queries_has_not_written_is_refused() {
    let place = collection();
    let line = |id: &str, map: &str| {
        format!(
            "{{\"id\": \"{id}\", \"ndcg@10\": 1, \"recall@10\": 1, \"recall@100\": 1, \"mrr@10\": 1, \"map\": {map}}}\n"
        )
    };
    let (q1, q2) = (line("q1", "1"), line("q2", "1"));
    let q3 = line("q3", "1");
    let whole = format!("{q1}{q2}");
    for (content, reason) in [
        (String::new(), "`q1` is not in it"),
        (q1.clone(), "`q2` is not in it"),
        (format!("{whole}{q3}"), "`q3` is not judged"),
        (format!("{whole}{q1}"), "query `q1` twice"),
        (whole[..whole.len() - 9].to_owned(), "line 2"),
        (format!("{q1}{}", line("q2", "1.5")), "MAP 1.5"),
        (format!("{q1}{}", line("q2", "null")), "line 2"),
        (format!("{q1}{{\"line\": 2, \"cosine\": 0.5}}\n"), "line 2"),
        ("no JSON\n".to_owned(), "line 1"),
    ] {
        place.write("earlier.jsonl", &content);
        place
            .run(["eval", "c", "--against", "earlier.jsonl"])
            .refused(&["`earlier.jsonl`", reason, "hint:", "--per-query"]);
    }
    place
        .run(["eval", "c", "--against", "absent.jsonl"])
        .refused(&["`absent.jsonl`", "hint:"]);
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_is_indexed() {
    let place = collection();
    for file in ["c", "no/such/folder.jsonl"] {
        place
            .run(["eval", "c", "--keep", "kept", "--per-query", file])
            .refused(&["cannot write", file]);
        assert!(!place.path("kept").exists());
    }
}

/// Pairs of sentences, the likest first.
const PAIRS: &str = "\
g\tf\t1\t1\t5.0\tBakers sell bread.\tBread is sold by bakers.
g\tf\t1\t2\t3.0\tBakers sell bread.\tA baker kneads dough.

g\tf\t1\t3\t0.2\tBakers sell bread.\tThe ship left the port at night.
";

#[test]
fn pairs_have_lines_an_interval_and_a_comparison_too() {
    let place = Place::new();
    place.write("pairs.tsv", PAIRS);
    let arguments = ["eval", "pairs.tsv", "--json", "--per-query", "all.jsonl"];
    let report = place.run(arguments).json();
    assert_eq!(report["spearman"], 1.0);
    // A resample of one pair has no order.
    assert_eq!(report["intervals"]["spearman"], json!([0.0, 1.0]));
    let lines = lines(&place, "all.jsonl");
    let places: Vec<&Value> = lines.iter().map(|line| &line["line"]).collect();
    assert_eq!(places, [&json!(1), &json!(2), &json!(4)]);
    assert_eq!(lines[1]["score"], 3.0);
    assert!(lines[0]["cosine"].as_f64() > lines[2]["cosine"].as_f64());

    place.write(
        "reversed.jsonl",
        concat!(
            "{\"line\": 1, \"score\": 5, \"cosine\": 0.1}\n",
            "{\"line\": 2, \"score\": 3, \"cosine\": 0.2}\n",
            "{\"line\": 4, \"score\": 0.2, \"cosine\": 0.3}\n",
        ),
    );
    let against = ["eval", "pairs.tsv", "--against", "reversed.jsonl"];
    let report = place.run(against.into_iter().chain(["--json"])).json();
    let found = &report["against"]["spearman"];
    assert_eq!(found["value"], -1.0);
    assert_eq!(found["difference"], 2.0);
    let text = place.run(against).found();
    assert!(text.stdout.contains("\nagainst reversed.jsonl\n"));
    assert!(text.stdout.contains("\nSpearman    -1.0000"));
}

#[test]
fn a_comparison_of_other_pairs_is_refused() {
    let place = Place::new();
    place.write("pairs.tsv", PAIRS);
    let line = |line: u32, score: f64| {
        format!("{{\"line\": {line}, \"score\": {score}, \"cosine\": 0.5}}\n")
    };
    let start = line(1, 5.0) + &line(2, 3.0);
    for (content, reason) in [
        (start.clone(), "2 pairs instead of 3"),
        (start.clone() + &line(3, 0.2), "line 4"),
        (start.clone() + &line(4, 0.3), "line 4"),
        (start + "{\"id\": \"q1\"}\n", "line 3"),
    ] {
        place.write("earlier.jsonl", content);
        place
            .run(["eval", "pairs.tsv", "--against", "earlier.jsonl"])
            .refused(&["`earlier.jsonl`", reason, "hint:"]);
    }
    place
        .run(["eval", "pairs.tsv", "--per-query", "no/folder.jsonl"])
        .refused(&["cannot write `no/folder.jsonl`"]);
}
