//! Libraries that earlier versions of topoi have made, in `tests/golden`: they open, and are brought up to date.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use topoi::library::{Library, check};
use topoi::store::Filter;

use super::copy_folder;
use crate::harness::Place;

/// The library of a version.
pub(super) fn golden(version: i64) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(format!("version-{version}"))
}

/// The version of a database.
fn version_of(database: &Path) -> i64 {
    let connection = Connection::open(database).unwrap();
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

#[test]
fn a_library_of_an_earlier_version_opens_and_is_kept_as_it_was_beside_it() {
    let place = Place::new();
    let root = place.path("library");
    copy_folder(&golden(3), &root);
    let library = Library::open(root.as_path()).unwrap();
    let articles = library.store().articles(&Filter::default()).unwrap();
    assert_eq!(articles.len(), 7);
    let counts = library.store().counts().unwrap();
    assert_eq!(
        (counts.passages, counts.body, counts.tombstones),
        (81, 62, 16)
    );
    let themes = library.store().themes().unwrap();
    let given = themes.iter().find_map(|theme| theme.given.as_deref());
    assert_eq!(given, Some("What is dear to us"));
    assert!(themes.iter().any(|theme| theme.pinned));
    drop(library);
    assert!(check(root.as_path()).unwrap().findings.is_empty());

    // Another topoi, of that time, can go on with the copy.
    let copy = root.join("library.version-3.db");
    assert_eq!(version_of(&copy), 3);
    assert!(version_of(&root.join("library.db")) > 3);
    let outcome = place.run([
        "--library",
        "library",
        "search",
        "--mode",
        "lexical",
        "rent",
        "--json",
    ]);
    let found = outcome.json();
    assert!(
        found["results"][0]["text"]
            .as_str()
            .unwrap()
            .contains("rent"),
        "{found}"
    );
}

#[test]
fn there_is_a_library_of_the_version_before_the_current_one() {
    let place = Place::new();
    place.write("a.txt", "A text that is taken in.");
    place.run(["index", "a.txt"]).found();
    let current = version_of(&place.path(".topoi/library.db"));
    assert!(
        golden(current - 1).is_dir(),
        "keep one that topoi made before the tables were changed in tests/golden/version-{}",
        current - 1
    );
}
