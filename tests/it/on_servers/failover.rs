//! A shard dies, and its standby takes over.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{
    SHARDS, assert_same_content, count, database, on, password, servers, sharded, sql,
    write_articles,
};
use crate::harness::{Outcome, Place};

/// How long servers may take to come back, and topoi to find them.
const LONG: Duration = Duration::from_secs(60);

/// Asks the script that started the servers to do something with them.
fn script(command: &str, name: Option<&str>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/servers.py");
    let known = std::env::var_os("TOPOI_TEST_SERVERS").unwrap();
    let data = Path::new(&known).parent().unwrap();
    let mut python = Command::new("python3");
    python.arg(script).arg(command).arg(data).args(name);
    let done = python.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command} {name:?}: {said}");
}

/// Makes the pair whole again, whatever happened to it.
struct Renewed;

impl Drop for Renewed {
    fn drop(&mut self) {
        script("renew", None);
    }
}

/// Begins to take in articles.
fn indexing(place: &Place, url: &str) -> Child {
    place
        .command(["--library", url, "--quiet", "index", "articles"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What came of it.
fn ended(child: Child) -> Outcome {
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::new(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What somebody is told while a server is down: what was lost, and what to do.
fn assert_told(outcome: &Outcome) {
    let said = &outcome.stderr;
    assert_eq!(outcome.code, Some(2), "{said}");
    let lost = ["was lost", "can't be reached"];
    assert!(lost.iter().any(|part| said.contains(part)), "{said}");
    assert!(
        said.contains("hint:") && !said.contains("panicked"),
        "{said}"
    );
}

#[test]
fn a_standby_takes_over_and_nothing_is_lost_or_doubled() {
    let Some(servers) = servers() else { return };
    let _alone = SHARDS.write().unwrap_or_else(PoisonError::into_inner);
    let _renewed = Renewed;
    let place = Place::new();
    let url = sharded(&servers, &place, "pair");
    write_articles(&place, "first", 0..60);
    write_articles(&place, "articles", 100..500);
    on(&place, &url, &["index", "--quiet", "first"]).found();
    let before = count(&url, "articles");

    let is_over = AtomicBool::new(false);
    let search = || {
        on(
            &place,
            &url,
            &["search", "bread and rent", "--json", "--quiet"],
        )
    };
    let asked: Vec<Outcome> = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut asked = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                asked.push(search());
            }
            asked
        });
        let indexing = indexing(&place, &url);
        let began = Instant::now();
        while count(&url, "articles") == before && began.elapsed() < LONG {
            std::thread::sleep(Duration::from_millis(20));
        }
        script("kill", Some("shard0"));
        let indexed = ended(indexing);
        assert_told(&indexed);
        assert!(!indexed.stderr.contains(password(&url)));
        // While it is down nothing is taken for an empty library.
        assert_told(&search());
        assert_told(&on(&place, &url, &["index", "--quiet", "articles"]));
        script("promote", Some("standby0"));
        search().found();
        is_over.store(true, Ordering::Relaxed);
        asking.join().unwrap()
    });
    for outcome in &asked {
        if outcome.code != Some(0) {
            assert_told(outcome);
        }
    }
    let acknowledged = count(&url, "articles");
    assert!(
        acknowledged > before && acknowledged < 460,
        "{acknowledged}"
    );

    on(&place, &url, &["index", "--quiet", "articles"]).found();
    on(&place, &url, &["check"]).found();
    assert_eq!(count(&url, "pending"), 0);
    let undisturbed = database(&servers, "single");
    on(&place, &undisturbed, &["index", "--quiet", "first"]).found();
    on(&place, &undisturbed, &["index", "--quiet", "articles"]).found();
    assert_same_content(&url, &undisturbed);
}

/// A trigger that makes each commit of passages fail, with an error of this code.
fn failing_commits(table: &str, code: &str) -> String {
    format!(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{code}'; END $$;
         CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION fail()"
    )
}

const NO_MORE_FAILING: &str = "DROP FUNCTION fail CASCADE";

#[test]
fn what_a_commit_has_left_on_some_shards_is_cleared_by_the_next_writer() {
    let Some(servers) = servers() else { return };
    let place = Place::new();
    let _shards = SHARDS.read().unwrap_or_else(PoisonError::into_inner);
    let url = sharded(&servers, &place, "shard0");
    write_articles(&place, "articles", 0..40);
    // The shards commit one after another, so that of those that fail in turn one is not the first.
    let mut left = 0;
    let found = sql(
        &url,
        "SELECT split_part(option, '=', 2) FROM pg_foreign_server, unnest(srvoptions) AS option
         WHERE option LIKE 'dbname=%' ORDER BY srvname",
    );
    for (number, name) in found.iter().enumerate() {
        let name = name[0].as_ref().unwrap();
        let shard = super::url_of(&servers, &format!("shard{number}"))
            .replace("/postgres", &format!("/{name}"));
        sql(
            &shard,
            &failing_commits(&format!("topoi.passages_{number}"), "53100"),
        );
        on(&place, &url, &["index", "articles"]).refused(&["can't be written to", "no room"]);
        sql(&shard, NO_MORE_FAILING);
        left += count(&url, "passages");
        assert_eq!(count(&url, "articles"), 0);
        // What belongs to no article is not found.
        let found = on(&place, &url, &["search", "bread", "--quiet"]);
        assert_eq!(found.code, Some(1), "{}", found.stdout);
        // A writer that has nothing to write clears it.
        on(&place, &url, &["index", "--worker"]).found();
        assert_eq!(count(&url, "passages") + count(&url, "pending"), 0);
    }
    assert!(left > 0, "no shard had committed before another failed");
    on(&place, &url, &["index", "--quiet", "articles"]).found();
    on(&place, &url, &["check"]).found();
}

#[test]
fn a_connection_that_is_cut_leaves_nothing_half_done() {
    let Some(servers) = servers() else { return };
    let place = Place::new();
    let url = database(&servers, "single");
    write_articles(&place, "articles", 0..300);
    let indexing = indexing(&place, &url);
    let committed = "SELECT to_regclass('topoi.articles') IS NOT NULL";
    let began = Instant::now();
    while began.elapsed() < LONG
        && (sql(&url, committed)[0][0].as_deref() != Some("t") || count(&url, "articles") == 0)
    {
        std::thread::sleep(Duration::from_millis(20));
    }
    sql(
        &url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    assert_told(&ended(indexing));
    on(&place, &url, &["check"]).found();
    // A database that is full.
    sql(&url, &failing_commits("topoi.passages", "53100"));
    let articles = count(&url, "articles");
    on(&place, &url, &["index", "articles"]).refused(&["can't be written to", "make room"]);
    assert_eq!(count(&url, "articles"), articles);
    sql(&url, NO_MORE_FAILING);
    on(&place, &url, &["index", "--quiet", "articles"]).found();
    let undisturbed = database(&servers, "single");
    on(&place, &undisturbed, &["index", "--quiet", "articles"]).found();
    assert_same_content(&url, &undisturbed);
}
