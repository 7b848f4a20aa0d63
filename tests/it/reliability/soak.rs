//! Everything again and again: a server that answers, and commands that change its library. What it takes stays the same.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{is_long, write_notes};
use crate::harness::Place;
use crate::served::Server;

/// How long it goes on, in the short form and in the long one; `TOPOI_SOAK` says another number of minutes.
const LASTS: [Duration; 2] = [Duration::from_secs(15), Duration::from_secs(30 * 60)];

/// By how much memory, the most memory at any moment, what is open, and disk may grow between the end of the warm-up and the end:
/// the long form tells whether they are flat. At single moments a library is there twice, while another state of it is opened.
/// In the short form, a worker may open the library for the first time after the warm-up.
const GROWTH: [[f64; 4]; 2] = [[1.5, 2.0, 2.0, 3.0], [1.02, 1.1, 1.0, 1.2]];

/// What a running program takes.
#[derive(Debug, Clone, Copy)]
struct Taken {
    /// Memory of its own, and pages of the library's files. Pages of the program and of the model are the system's, which takes
    /// them back when it needs room: of the model's table, of which more are read with each new word, they come to as much as
    /// the file has.
    kib: u64,
    /// Of files; those of libraries that were opened before must be given back.
    mappings: usize,
    files: usize,
    disk: u64,
}

impl Taken {
    fn by(process: u32, folder: &Path) -> Self {
        let proc = Path::new("/proc").join(process.to_string());
        let read = |name| fs::read_to_string(proc.join(name)).unwrap();
        Self {
            kib: kib(&read("status"), "RssAnon:") + resident(&read("smaps"), folder),
            mappings: read("maps")
                .lines()
                .filter(|line| line.contains('/'))
                .count(),
            files: fs::read_dir(proc.join("fd")).unwrap().count(),
            disk: size(folder),
        }
    }

    /// The memory at half of several moments is at most so many KiB.
    fn median_kib(moments: &[Self]) -> u64 {
        let mut kib: Vec<u64> = moments.iter().map(|taken| taken.kib).collect();
        kib.sort_unstable();
        kib[kib.len() / 2]
    }

    /// The most of each over several moments.
    fn most(moments: &[Self]) -> Self {
        Self {
            kib: moments.iter().map(|taken| taken.kib).max().unwrap_or(0),
            mappings: moments
                .iter()
                .map(|taken| taken.mappings)
                .max()
                .unwrap_or(0),
            files: moments.iter().map(|taken| taken.files).max().unwrap_or(0),
            disk: moments.iter().map(|taken| taken.disk).max().unwrap_or(0),
        }
    }
}

/// The number of KiB that a line of `/proc` beginning with this says.
fn kib(lines: &str, begins: &str) -> u64 {
    let line = lines.lines().find_map(|line| line.strip_prefix(begins));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse().unwrap()
}

/// KiB of the pages in memory that belong to mapped files below a folder.
fn resident(smaps: &str, folder: &Path) -> u64 {
    let folder = folder.to_str().unwrap();
    let (mut within, mut sum) = (false, 0);
    for line in smaps.lines() {
        // A mapping begins with its addresses, in small letters, and ends with its file; each of its numbers with a name.
        if line.starts_with(|first: char| first.is_ascii_digit() || first.is_ascii_lowercase()) {
            within = line.contains(folder);
        } else if within && line.starts_with("Rss:") {
            sum += kib(line, "Rss:");
        }
    }
    sum
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

#[test]
fn a_long_time_of_everything_takes_no_more_than_a_short_one() {
    let place = Place::new();
    write_notes(&place, "notes.jsonl", 200);
    place.run(["index", "--quiet", "notes.jsonl"]).found();
    let server = Server::start(&place, &[]);
    let process = server.child.id();
    let library = place.path(".topoi");
    let minutes: Option<u64> = std::env::var("TOPOI_SOAK")
        .ok()
        .and_then(|minutes| minutes.parse().ok());
    let lasts = match minutes {
        Some(minutes) => Duration::from_secs(60 * minutes),
        None => LASTS[usize::from(is_long())],
    };
    let began = Instant::now();
    let (mut round, mut moments) = (0, Vec::new());
    while began.elapsed() < lasts || moments.len() < 8 {
        // The same size each time, and another text.
        let name = "changing.jsonl";
        write_notes(&place, &format!("{}.jsonl", round % 10), 40);
        fs::rename(
            place.path(&format!("{}.jsonl", round % 10)),
            place.path(name),
        )
        .unwrap();
        place.run(["index", "--quiet", name]).found();
        for number in 0..20 {
            let question = format!("harbour {} tariff {round}", number % 7);
            assert_eq!(
                server.post("/v1/search", &json!({ "q": question })).status,
                200
            );
            assert_eq!(
                server.post("/v1/related", &json!({ "to": "7" })).status,
                200
            );
        }
        assert_eq!(server.get("/v1/articles").status, 200);
        match round % 5 {
            3 => drop(place.run(["remove", "--quiet", name]).found()),
            4 => drop(place.run(["compact", "--quiet"]).found()),
            _ => {}
        }
        round += 1;
        // After the library was made compact.
        if round % 5 == 0 {
            moments.push(Taken::by(process, &library));
        }
    }
    // The first half is for warming up: caches fill, and each worker opens the library.
    let (before, after) = moments.split_at(moments.len() / 2);
    let (usually_before, usually) = (Taken::median_kib(before), Taken::median_kib(after));
    let (before, after) = (Taken::most(before), Taken::most(after));
    eprintln!(
        "{round} rounds in {:?}: {before:?}, then {after:?}; usually {usually_before} KiB, then {usually}",
        began.elapsed()
    );
    let eighths = moments.chunks(moments.len().div_ceil(8));
    let course: Vec<u64> = eighths.map(Taken::median_kib).collect();
    eprintln!("in the course of it {course:?} KiB");
    let [of_memory, of_peak, of_open, of_disk] = GROWTH[usize::from(is_long())];
    assert!(
        usually as f64 <= usually_before as f64 * of_memory,
        "usually {usually_before} KiB, then {usually}"
    );
    assert!(
        after.kib as f64 <= before.kib as f64 * of_peak,
        "{before:?}, then {after:?}"
    );
    // A library that is opened while another one is still in use has some twice.
    assert!(
        after.mappings as f64 <= before.mappings as f64 * of_open + 20.0,
        "{before:?}, then {after:?}"
    );
    assert!(
        after.files as f64 <= before.files as f64 * of_open + 2.0,
        "{before:?}, then {after:?}"
    );
    assert!(
        after.disk as f64 <= before.disk as f64 * of_disk,
        "{before:?}, then {after:?}"
    );
    place.run(["check"]).found();
}

#[test]
fn answers_that_are_kept_take_no_more_than_themselves() {
    let place = Place::new();
    write_notes(&place, "notes.jsonl", 200);
    place.run(["index", "--quiet", "notes.jsonl"]).found();
    let server = Server::start(&place, &[]);
    // Each another question, and packed.
    let ask = |numbers: std::ops::Range<u32>| {
        let answers = numbers.map(|number| {
            let path = format!("/v1/search?q=harbour%20{number}&limit=20");
            let answer = server.ask("GET", &path, &[("Accept-Encoding", "gzip")], b"");
            assert!(answer.head.contains("content-encoding: gzip"));
            answer.body.len()
        });
        let packed: usize = answers.sum();
        let taken = Taken::by(server.child.id(), &place.path(".topoi"));
        (packed as u64 / 1024, taken.kib)
    };
    let (_, before) = ask(0..100);
    let (packed, after) = ask(100..500);
    // What they are unpacked, ten times what they are packed, and as much again for what is around them.
    let room = 20 * packed;
    assert!(
        after <= before + room,
        "{packed} KiB of answers: {before} KiB, then {after}"
    );
}
