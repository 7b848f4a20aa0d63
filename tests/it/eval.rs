//! `topoi eval` on a small collection of its own, and the form of its report.

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
