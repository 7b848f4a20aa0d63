//! Exports of libraries on servers.

use std::ffi::OsString;
use std::fs;

use super::{libraries, on, servers};
use crate::harness::{Place, sample_articles};

#[test]
fn an_export_is_the_same_from_a_folder_and_from_servers() {
    let Some(servers) = servers() else { return };
    let place = Place::new();
    let (urls, _shards) = libraries(&servers, &place);
    let articles = sample_articles();
    place
        .run([OsString::from("index"), articles.into()])
        .found();
    place.run(["themes", "--json"]).found();
    place.run(["export", "folder.jsonl"]).found();
    let expected = fs::read_to_string(place.path("folder.jsonl")).unwrap();
    for url in urls {
        on(&place, &url, &["import", "folder.jsonl"]).found();
        assert_eq!(on(&place, &url, &["export"]).found().stdout, expected);
        on(&place, &url, &["check"]).found();
        on(&place, &url, &["import", "folder.jsonl"]).found();
        assert_eq!(on(&place, &url, &["export"]).found().stdout, expected);
        on(&place, &url, &["backup", "to"]).refused(&["is on servers", "topoi copy"]);
    }
}
