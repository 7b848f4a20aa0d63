//! Several workers on one library, which are killed while they work.

use std::process::{Child, Stdio};
use std::time::Duration;

use super::{
    assert_same_content, content, count, database, libraries, on, servers, sql, write_articles,
};
use crate::harness::Place;

/// How many workers are killed.
const KILLED: u64 = 20;

/// How many articles wait, at least, whenever a worker begins: more than two of them can do before one is killed.
const WAITING: u64 = 256;

fn worker(place: &Place, url: &str, more: &[&str]) -> Child {
    let arguments = ["--library", url, "--quiet", "index", "--worker", "articles"];
    place
        .command(arguments.iter().chain(more))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Writes more articles, beyond those that are written, until enough are not yet in a library; gives how many there are then.
fn keep_busy(place: &Place, url: &str, written: u64) -> u64 {
    let wanted = written.max(count(url, "files") + WAITING);
    write_articles(place, "articles", written..wanted);
    wanted
}

#[test]
fn workers_that_are_killed_leave_the_library_that_one_would_have_made() {
    let Some(servers) = servers() else { return };
    let place = Place::new();
    let (urls, _shards) = libraries(&servers, &place);
    let undisturbed = database(&servers, "single");
    on(&place, &urls[0], &["library", "init", "--layout", "single"]).found();
    let mut written = 0;
    for url in &urls {
        written = keep_busy(&place, url, written);
        let mut workers = [worker(&place, url, &[]), worker(&place, url, &[])];
        let mut at_work = 0;
        for number in 0..KILLED {
            // From right after the start to well into the work.
            std::thread::sleep(Duration::from_millis(200 + number * 7919 % 900));
            let killed = &mut workers[(number * 31 % 7 % 2) as usize];
            at_work += u64::from(killed.try_wait().unwrap().is_none());
            killed.kill().unwrap();
            killed.wait().unwrap();
            written = keep_busy(&place, url, written);
            *killed = worker(&place, url, &[]);
        }
        for mut worker in workers {
            assert!(worker.wait().unwrap().success());
        }
        assert!(at_work >= KILLED / 2, "only {at_work} were at work");
    }
    on(&place, &undisturbed, &["index", "--quiet", "articles"]).found();
    assert!(content(&undisturbed).len() as u64 > 12 * written);
    for url in &urls {
        // The last of them may have been killed before the others' work was done, and articles came with the other library.
        on(&place, url, &["index", "--worker", "articles"]).found();
        let left = ["queue", "pending"].map(|table| count(url, table));
        assert_eq!(left, [0; 2]);
        on(&place, url, &["check"]).found();
        assert_same_content(url, &undisturbed);
    }
}

#[test]
fn shares_together_are_the_whole_and_one_writer_waits_for_nobody() {
    let Some(servers) = servers() else { return };
    let place = Place::new();
    write_articles(&place, "articles", 0..60);
    let (url, whole) = (database(&servers, "single"), database(&servers, "single"));
    let files = |share: &str| {
        let index = ["index", "--shard", share, "articles", "--json"];
        on(&place, &url, &index).json()["files_read"]
            .as_u64()
            .unwrap()
    };
    let read = ["1/3", "2/3", "3/3"].map(files);
    assert!(read.iter().all(|&files| files > 5), "{read:?}");
    assert_eq!(read.iter().sum::<u64>(), 60);
    assert_eq!(files("2/3"), 0);
    on(&place, &whole, &["index", "--quiet", "articles"]).found();
    assert_same_content(&url, &whole);

    // Workers and a writer that wants to be alone shut each other out.
    write_articles(&place, "articles", 60..400);
    let mut at_work = worker(&place, &url, &[]);
    let taken = "SELECT FROM topoi.queue WHERE worker IS NOT NULL";
    while sql(&url, taken).is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    on(&place, &url, &["index", "articles"]).refused(&["another topoi is writing"]);
    at_work.kill().unwrap();
    at_work.wait().unwrap();
    // What it had taken is taken over by one that is given nothing.
    on(&place, &url, &["index", "--worker"]).found();
    on(&place, &whole, &["index", "--quiet", "articles"]).found();
    assert_same_content(&url, &whole);

    place
        .run(["index", "--worker", "articles"])
        .refused(&["one writer at a time", "postgres://"]);
    on(&place, &url, &["index", "--shard", "4/3", "articles"]).refused(&["1/4"]);
}
