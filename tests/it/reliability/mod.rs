//! Breaking things on purpose: what a library promises, tried out.
//!
//! Each test has a short form, and a long one with `TOPOI_LONG=1`, of which `docs/RELIABILITY.md` has the figures.

mod crashes;
mod damage;
mod disk;
mod failures;
mod found;
mod golden;
mod letters;
mod privacy;
mod readers;
mod soak;
mod trace;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::Place;

/// Whether everything is to be tried that can be.
fn is_long() -> bool {
    std::env::var_os("TOPOI_LONG").is_some()
}

/// Writes so many short articles of five paragraphs each, one a line; the same for the same name and number.
fn write_notes(place: &Place, name: &str, count: u64) -> PathBuf {
    const WORDS: &str = "harbour tariff election drought museum railway vaccine orchard pension glacier tenant \
        broadband ferry wheat archive satellite";
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut seed = name
        .bytes()
        .fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
    let mut word = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        words[(seed >> 33) as usize % words.len()]
    };
    let mut lines = String::new();
    for number in 0..count {
        let paragraphs: Vec<String> = (0..5)
            .map(|_| {
                let words: Vec<&str> = (0..14).map(|_| word()).collect();
                format!("The {} is what they mean.", words.join(" "))
            })
            .collect();
        let article = serde_json::json!({
            "title": format!("Note {number} of {name}"), "author": "A. Writer", "date": "2024-05-01",
            "text": paragraphs.join("\n\n"),
        });
        lines.push_str(&format!("{article}\n"));
    }
    place.write(name, lines)
}

/// A library at `root` that has taken in some files one after another.
fn library_of(place: &Place, root: &Path, sources: &[&Path]) {
    for source in sources {
        let arguments = [
            "--library",
            root.to_str().unwrap(),
            "--quiet",
            "index",
            source.to_str().unwrap(),
        ];
        place.run(arguments).found();
    }
}

/// Makes a folder like another.
fn copy_folder(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-r").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}
