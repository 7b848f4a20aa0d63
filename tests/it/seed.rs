//! A newspaper page as people paste it, with everything around the article on it.

use std::ffi::OsStr;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Place, shared_data};

/// The page and a library of it, where the data is there.
fn library() -> Option<(PathBuf, Place)> {
    let article = shared_data("seed/article.txt")?;
    let place = Place::new();
    place
        .run([OsStr::new("index"), article.as_os_str()])
        .found();
    Some((article, place))
}

#[test]
fn the_parts_of_a_pasted_newspaper_page_are_told_apart() {
    let Some((article, place)) = library() else {
        return;
    };
    let passages = place
        .run(["list", "--passages", "--json", "--all-kinds"])
        .json();
    let passages = passages.as_array().unwrap();
    let source = std::fs::read_to_string(&article).unwrap();
    let kinds: Vec<&str> = passages
        .iter()
        .map(|passage| passage["kind"].as_str().unwrap())
        .collect();
    let lines: Vec<&str> = source.lines().collect();
    assert_eq!(passages.len(), lines.len());
    for (line, kind) in lines.iter().zip(&kinds) {
        let expected = match *line {
            line if line.starts_with("Illustration:") => "credit",
            line if line.starts_with("Copyright:") => "copyright",
            line if line.contains("institute professor of economics at MIT, is a co-author") => {
                "biography"
            }
            line if !line.ends_with(['.', '?', '!', '”']) => "teaser",
            _ => "body",
        };
        assert_eq!(*kind, expected, "{line}");
    }
    assert_eq!(kinds.iter().filter(|kind| **kind == "teaser").count(), 4);
    for (passage, line) in passages.iter().zip(&lines) {
        let span = &passage["span"];
        let bytes = |end: &str| usize::try_from(span[end].as_u64().unwrap()).unwrap();
        assert_eq!(&source[bytes("start")..bytes("end")], line.trim());
    }
}
#[test]
fn the_paragraph_on_export_controls_answers_a_question_about_sanctions_on_chips() {
    let Some((_, place)) = library() else {
        return;
    };
    let answer = place
        .run([
            "search",
            "did sanctions on chips fail to slow a rival down?",
            "--json",
        ])
        .json();
    let first: &Value = &answer["results"][0];
    assert!(
        first["text"]
            .as_str()
            .unwrap()
            .contains("US export controls"),
        "{first}"
    );
}
