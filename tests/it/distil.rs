//! `topoi model distil`: a static model of the real model, and a library that is made with it.

use crate::harness::{Place, sample_articles};

#[test]
fn a_static_model_is_made_once_and_finds_what_was_meant() {
    let place = Place::new();
    let made = place
        .run(["model", "distil", "--to", "fast", "--dimensions", "128"])
        .found();
    assert!(made.stderr.contains("128 dimensions"), "{}", made.stderr);
    let shown = place.run(["model", "show", "./fast", "--json"]).json();
    assert_eq!(shown["identity"]["dim"], 128);
    assert_eq!(shown["identity"]["normalise"], true);

    let articles = sample_articles();
    let articles = articles.to_str().unwrap();
    place.run(["index", "--model", "./fast", articles]).found();
    let hits = place
        .run(["search", "--json", "who pays for tariffs?"])
        .json();
    assert!(hits.to_string().to_lowercase().contains("tariff"), "{hits}");

    // What a library is made with is compared before the kind of numbers that either is computed in.
    place.write("ice.txt", "The price of ice.");
    place
        .run(["--library", "other", "index", "ice.txt"])
        .found();
    place
        .run([
            "--library",
            "other",
            "index",
            "ice.txt",
            "--model",
            "./fast",
        ])
        .refused(&["all-MiniLM-L6-v2", "fast (", "can't be compared", "hint:"]);
    if cfg!(not(feature = "cuda")) {
        place
            .run(["--device", "cuda", "search", "tariffs"])
            .refused(&["no support for CUDA"]);
    }

    place
        .run(["model", "distil", "--to", "fast"])
        .refused(&["`fast` isn't empty", "hint:"]);
    place
        .run(["model", "distil", "./fast", "--to", "again"])
        .refused(&["static model already", "hint:"]);
    place
        .run(["model", "distil", "--to", "again", "--dimensions", "1000"])
        .refused(&["384", "hint:"]);
    assert!(!place.path("again").exists());
}
