//! `kill -9` in the middle of indexing: the library opens, what was committed is there, and the next run completes it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::harness::{Place, shared_data};

/// What a library holds, whatever numbers it gave.
fn content(place: &Place) -> Vec<String> {
    let outcome = place.run(["list", "--passages", "--jsonl"]);
    let mut lines: Vec<String> = outcome
        .stdout
        .lines()
        .map(|line| {
            let mut passage: serde_json::Value = serde_json::from_str(line).unwrap();
            passage["passage"] = 0.into();
            passage["article"]["id"] = 0.into();
            passage.to_string()
        })
        .collect();
    lines.sort();
    lines
}

/// How many articles [`many_articles`] has: several commits' worth.
const ARTICLES: usize = 800;

/// Articles enough that indexing them commits several times.
fn many_articles(place: &Place) -> PathBuf {
    const WORDS: &str = "harbour tariff election drought museum railway vaccine orchard pension glacier \
        tenant broadband ferry wheat archive satellite";
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut random = Random(0x0005_7061_6765);
    let mut paragraph = || -> String {
        let chosen = (0..40).map(|_| words[random.below(words.len() as u64) as usize]);
        chosen.collect::<Vec<_>>().join(" ")
    };
    let articles: String = (0..ARTICLES)
        .map(|number| {
            let text = [paragraph(), paragraph()].join("\n\n");
            let title = format!("Report {number}");
            format!("{}\n", serde_json::json!({ "title": title, "text": text }))
        })
        .collect();
    place.write("articles.jsonl", articles);
    place.path("articles.jsonl")
}

/// Numbers that look random and are the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Indexes, and kills the process after a while. Says how many articles it had reported as committed.
fn index_and_kill(place: &Place, source: &Path, after: Duration) -> u64 {
    let mut command = place.command(["--verbose", "index"]);
    let mut child = command
        .arg(source)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        let committed = stderr.lines().map_while(Result::ok).filter_map(|line| {
            line.strip_prefix("committed ")?
                .split(' ')
                .next()?
                .parse::<u64>()
                .ok()
        });
        committed.last().unwrap_or(0)
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// Texts that are taken in one by one, so that there are as many segments as make the next commit merge them.
fn small_articles(place: &Place) -> Vec<PathBuf> {
    let names = (0..7).map(|number| format!("small/{number}.txt"));
    let write = |name: String| {
        place.write(
            &name,
            format!("A note on the harbour, the fence and the tax: {name}."),
        );
        place.path(&name)
    };
    names.map(write).collect()
}

fn kill_and_complete(source: &Path, kills: u32) {
    let undisturbed = Place::new();
    let small = small_articles(&undisturbed);
    let take_small = |place: &Place| {
        for path in &small {
            let arguments = [std::ffi::OsStr::new("index"), path.as_os_str()];
            place.run(arguments).found();
        }
    };
    take_small(&undisturbed);
    let began = Instant::now();
    undisturbed
        .run([std::ffi::OsStr::new("index"), source.as_os_str()])
        .found();
    let longest = began.elapsed();
    let expected = content(&undisturbed);

    let place = Place::new();
    take_small(&place);
    let segments = |place: &Place| {
        let status = place.run(["status", "--json"]).json();
        status["segments"].as_u64().unwrap()
    };
    assert_eq!(segments(&place), 7);
    let mut random = Random(0x7069_6f74_6f70);
    for _ in 0..kills {
        let articles = || match place.run(["list", "--jsonl"]) {
            outcome if outcome.code == Some(2) => 0,
            outcome => outcome.stdout.lines().count() as u64,
        };
        let before = articles();
        let wait = Duration::from_millis(random.below(1 + longest.as_millis() as u64));
        let committed = index_and_kill(&place, source, wait);
        if place.path(".topoi/library.db").exists() {
            assert!(
                articles() >= before + committed,
                "committed articles are missing after {wait:?}"
            );
            place.run(["check"]).found();
        }
        if content(&place) == expected {
            // It was done before it was killed: begin again with the next one.
            let arguments = [std::ffi::OsStr::new("remove"), source.as_os_str()];
            place.run(arguments).found();
        }
    }
    place
        .run([std::ffi::OsStr::new("index"), source.as_os_str()])
        .found();
    assert_eq!(content(&place), expected);
    place.run(["check"]).found();
    // Segments were merged on the way.
    assert!(segments(&place) < 8);
}

#[test]
fn killed_at_any_moment_the_library_opens_and_the_next_run_completes_it() {
    // `TOPOI_KILLS=50` does the long version, over the commentary texts where they are there.
    let kills = std::env::var("TOPOI_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok());
    match (kills, shared_data("commentary/syndicate_2020.jsonl")) {
        (Some(kills), Some(source)) => kill_and_complete(&source, kills),
        _ => {
            let sources = Place::new();
            kill_and_complete(&many_articles(&sources), 8);
        }
    }
}

#[test]
#[cfg(unix)]
fn interrupted_it_keeps_what_was_committed_and_goes_on_from_there() {
    let place = Place::new();
    let source = many_articles(&place);
    let mut child = place
        .command(["--verbose", "index"])
        .arg(&source)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("committed ")));
    let pid = child.id().to_string();
    std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .unwrap();
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(
        rest.iter().any(|line| line.contains("interrupted")),
        "{rest:?}"
    );
    let kept = place
        .run(["list", "--json"])
        .json()
        .as_array()
        .unwrap()
        .len();
    assert!((1..ARTICLES).contains(&kept), "{kept} articles");
    let mut command = place.command(["index", "--json"]);
    let output = command.arg(&source).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["articles_added"], ARTICLES - kept);
    place.run(["check"]).found();
}
