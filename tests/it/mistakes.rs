//! What a person is likely to get wrong on the command line, and what is said to it.

use std::fs;

use crate::harness::{Place, sample};

/// A folder of articles with a library in its `.topoi`.
fn project() -> Place {
    let place = Place::new();
    place.write(
        "proj/ice.txt",
        "The ice factory closed, and the price of ice went up.",
    );
    place
        .run(["--library", "proj/.topoi", "index", "proj/ice.txt"])
        .found();
    place
}

#[test]
fn a_word_with_a_minus_outside_of_quotes_is_not_taken_for_options() {
    for word in ["-steel", "-Vietnam", "-norway", "-housing", "-quick"] {
        let hint = format!("'tariffs {word}'");
        sample()
            .run(["search", "tariffs", word])
            .refused(&["hint:", &hint]);
    }
    sample().run(["search", "tariffs -steel"]).found();
    sample().run(["search", "--", "tariffs", "-steel"]).found();
    sample().run(["search", "tariffs", "-qn1"]).found();
    for help in ["-h", "--help"] {
        let shown = sample().run(["search", "tariffs", help]).found();
        assert!(
            shown.stdout.contains("'tariffs -steel'"),
            "{}",
            shown.stdout
        );
    }
    let version = sample().run(["-V"]).found().stdout;
    assert!(version.starts_with("topoi "), "{version}");
}

#[test]
fn a_filter_that_names_nobody_is_said() {
    for (arguments, what, hint) in [
        (
            ["--author", "nobody"],
            "no article has author `nobody`",
            "--by author",
        ),
        (
            ["--source", "nowhere"],
            "no article has source `nowhere`",
            "--by source",
        ),
        (
            ["--lang", "english"],
            "no article has language `english`",
            "`en`",
        ),
    ] {
        for command in [&["search", "tariffs"][..], &["related", "a3"], &["list"]] {
            let outcome = sample().run([command, &arguments].concat());
            assert_eq!((outcome.code, &*outcome.stdout), (Some(1), ""));
            assert!(outcome.stderr.contains(what), "{}", outcome.stderr);
            assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
        }
    }
}

#[test]
fn a_library_of_which_all_is_removed_says_so() {
    let place = project();
    let on = |arguments: &[&str]| place.run([&["--library", "proj/.topoi"], arguments].concat());
    on(&["remove", "proj/ice.txt"]).found();
    for (command, what) in [
        ("list", "the library holds no articles"),
        ("themes", "there is no passage to find themes in"),
    ] {
        let outcome = on(&[command]);
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.stderr.contains(what), "{}", outcome.stderr);
    }
}

#[test]
fn the_folder_around_a_library_stands_for_it_where_there_is_no_other() {
    let place = project();
    place.run(["--library", "proj", "search", "ice"]).found();
    let ping = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    place.run_with_input(["mcp", "proj"], ping).found();
    let copied = place.run(["copy", "proj", "copy"]).found();
    assert!(copied.stderr.contains("1 articles"), "{}", copied.stderr);
    // A library is made in the very folder that is named, and from then on it is the one that is meant.
    place.write("bread.txt", "A loaf costs what a loaf costs.");
    let made = place
        .run(["--library", "proj", "index", "bread.txt"])
        .found();
    assert!(
        made.stderr.contains("`proj` becomes a library of its own")
            && made.stderr.contains("proj/.topoi"),
        "{}",
        made.stderr
    );
    assert!(place.path("proj/library.db").exists());
    let listed = place.run(["--library", "proj", "list"]).found().stdout;
    assert!(!listed.contains("ice"), "{listed}");
    fs::remove_dir_all(place.path("proj")).unwrap();
    place
        .run(["--library", "proj", "search", "ice"])
        .refused(&["there is no library at `proj`"]);
}

#[test]
fn the_demo_takes_no_other_library() {
    let place = Place::new();
    place
        .run(["demo", "--library", "elsewhere"])
        .refused(&["library of its own", "hint:"]);
    assert!(!place.path("elsewhere").exists());
}

#[test]
#[cfg(not(feature = "cuda"))]
fn a_card_that_the_build_knows_nothing_of_is_named() {
    sample()
        .run(["--device", "cuda", "search", "tariffs"])
        .refused(&["no support for CUDA"]);
}
