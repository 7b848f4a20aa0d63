//! A library that is kept up to date.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::Place;
use crate::server::{Page, Server};

const HARBOUR: &str = "A port is not a monument, and a city that treats it as one will soon have neither ships nor visitors.\n";
const BREAD: &str =
    "A loaf costs what a loaf costs because somebody got up at three in the morning.\n";

/// How long something may take to be seen on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// A `topoi watch` that runs until the test ends.
struct Watching {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Watching {
    fn begin(place: &Place, arguments: &[&str]) -> Self {
        let mut child = place
            .command([&["watch"], arguments].concat())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (lines, heard) = (
            BufReader::new(child.stderr.take().unwrap()).lines(),
            Arc::clone(&said),
        );
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                heard.lock().unwrap().push(line);
            }
        });
        Self { child, said }
    }

    /// Waits for something to have come about.
    #[track_caller]
    fn until(&self, what: &str, mut has_come: impl FnMut(&[String]) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !has_come(&self.said.lock().unwrap().clone()) {
            assert!(
                Instant::now() < deadline,
                "{what}: {:?}",
                self.said.lock().unwrap()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    #[track_caller]
    fn until_it_watches(&self) {
        self.until("it watches", |said| {
            said.iter().any(|line| line.starts_with("watching"))
        });
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The beginnings of the library's files' names and texts.
fn texts(place: &Place) -> Vec<String> {
    let outcome = place.run(["list", "--passages", "--jsonl"]);
    let mut texts: Vec<String> = outcome
        .stdout
        .lines()
        .map(|line| {
            let passage: Value = serde_json::from_str(line).unwrap();
            passage["text"].as_str().unwrap().trim().to_owned()
        })
        .collect();
    texts.sort();
    texts
}

fn sees_files(more: &[&str]) {
    let place = Place::new();
    place.write("a/harbour.txt", HARBOUR);
    place.write("a/.ignore", "drafts/\n");
    let mut watching = Watching::begin(&place, &[more, &["a"]].concat());
    watching.until_it_watches();
    assert_eq!(texts(&place), [HARBOUR.trim()]);

    place.write("a/b/bread.txt", BREAD);
    place.write(
        "a/drafts/no.txt",
        "An ignored draft of something that nobody is to find.",
    );
    watching.until("a new file is found", |_| {
        texts(&place) == [BREAD.trim(), HARBOUR.trim()]
    });
    let changed = HARBOUR.replace("monument", "museum");
    place.write("a/harbour.txt", &changed);
    watching.until("a changed file is read", |_| {
        texts(&place) == [BREAD.trim(), changed.trim()]
    });
    std::fs::rename(place.path("a/b/bread.txt"), place.path("a/loaf.txt")).unwrap();
    std::fs::remove_file(place.path("a/harbour.txt")).unwrap();
    watching.until("a file that is gone is removed", |_| {
        texts(&place) == [BREAD.trim()]
    });
    // Between two changes others may write.
    let bread = place.path("a/loaf.txt");
    watching.until("the library is free", |_| {
        place.run(["index", bread.to_str().unwrap()]).code == Some(0)
    });
    assert!(
        watching.child.try_wait().unwrap().is_none(),
        "it still watches"
    );
    place.run(["check"]).found();
}

#[test]
fn files_that_come_change_and_go_are_seen() {
    sees_files(&[]);
}

#[test]
fn files_are_seen_where_the_system_reports_nothing() {
    sees_files(&["--poll", "1"]);
}

#[test]
fn a_folder_that_vanishes_as_a_whole_is_kept_and_seen_when_it_comes_back() {
    let place = Place::new();
    place.write("drive/harbour.txt", HARBOUR);
    let watching = Watching::begin(&place, &["drive"]);
    watching.until_it_watches();
    std::fs::rename(place.path("drive"), place.path("away")).unwrap();
    watching.until("it says so", |said| {
        said.iter().any(|line| line.contains("is no longer there"))
    });
    assert_eq!(texts(&place), [HARBOUR.trim()]);
    place.write("away/bread.txt", BREAD);
    std::fs::rename(place.path("away"), place.path("drive")).unwrap();
    watching.until("what is new is found", |_| {
        texts(&place) == [BREAD.trim(), HARBOUR.trim()]
    });
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_it_and_another_writer_is_waited_for() {
    let place = Place::new();
    place.write("a/harbour.txt", HARBOUR);
    place.run(["index", "a"]).found();
    let lock = std::fs::File::options()
        .write(true)
        .open(place.path(".topoi/lock"))
        .unwrap();
    lock.lock().unwrap();
    let mut watching = Watching::begin(&place, &["a"]);
    watching.until("it waits", |said| {
        said.iter().any(|line| line.contains("waiting for it"))
    });
    drop(lock);
    watching.until_it_watches();
    let pid = watching.child.id().to_string();
    std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .unwrap();
    assert_eq!(watching.child.wait().unwrap().code(), Some(0));
}

#[test]
fn once_it_brings_the_library_up_to_date_and_ends() {
    let (place, server) = (Place::new(), Server::new());
    server.put("/bread.txt", Page::text(BREAD).with("ETag", "\"1\""));
    place.write("a/harbour.txt", HARBOUR);
    place.write(
        "a/gone.txt",
        "Something that will be gone by the next time anybody looks.",
    );
    let address = server.address("/bread.txt");
    let once = || {
        place
            .run([
                "watch",
                "--once",
                "--allow-private",
                "--json",
                "a",
                &address,
            ])
            .json()
    };
    assert_eq!(once()["articles_added"], 3);
    std::fs::remove_file(place.path("a/gone.txt")).unwrap();
    let second = once();
    assert_eq!(
        (&second["files_removed"], &second["files_unchanged"]),
        (&1.into(), &2.into())
    );
    assert_eq!(texts(&place), [BREAD.trim(), HARBOUR.trim()]);
    place
        .run(["watch", "nowhere"])
        .refused(&["`nowhere`", "no such file or folder"]);
}
