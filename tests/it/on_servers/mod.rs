//! Libraries on PostgreSQL: the same commands, with the same answers as in a folder.
//!
//! They need servers, which `tests/servers/servers.py` starts; `TOPOI_TEST_SERVERS` names the file that says where they are.
//! Each test has a database of its own.

mod failover;
mod keeping;
mod workers;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use serde_json::Value;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::harness::{Outcome, Place, sample, sample_articles};

/// Where the servers are; `None`, with a word on it, where there are none.
fn servers() -> Option<Value> {
    let Some(path) = std::env::var_os("TOPOI_TEST_SERVERS") else {
        eprintln!("skipped: TOPOI_TEST_SERVERS names no servers");
        return None;
    };
    let json = std::fs::read(path).unwrap();
    Some(serde_json::from_slice(&json).unwrap())
}

fn url_of(servers: &Value, name: &str) -> String {
    servers[name]["url"].as_str().unwrap().to_owned()
}

/// Held for reading while the shards are needed, and for writing while one of them is killed.
static SHARDS: RwLock<()> = RwLock::new(());

/// Runs statements on a server; the rows that they give, each with its columns one after another.
fn sql(url: &str, statements: &str) -> Vec<Vec<Option<String>>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let messages = client.simple_query(statements).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        rows.map(|row| {
            let columns = (0..row.len()).map(|column| row.get(column).map(str::to_owned));
            columns.collect()
        })
        .collect()
    })
}

/// How many rows one of a library's tables has.
fn count(url: &str, table: &str) -> u64 {
    let rows = sql(url, &format!("SELECT count(*) FROM topoi.{table}"));
    rows[0][0].as_ref().unwrap().parse().unwrap()
}

/// All that a library holds, without the numbers that it gave.
fn content(url: &str) -> Vec<Vec<Option<String>>> {
    let mut content = sql(
        url,
        "SET search_path = topoi, public;
         SELECT articles.path, entry, title, paragraph, part, parts, start, stop, kind, text, embedding::text
         FROM passages JOIN articles ON articles.id = article ORDER BY 1, 2, 4, 5, 10",
    );
    content.extend(sql(
        url,
        "SET search_path = topoi, public;
         SELECT copy.path, original.path, likeness FROM copies JOIN articles AS copy ON copy.id = article
         JOIN articles AS original ON original.id = original ORDER BY 1, 2",
    ));
    content.extend(sql(
        url,
        "SELECT path, size, encode(digest, 'hex') FROM topoi.files ORDER BY 1",
    ));
    content.extend(sql(
        url,
        "SELECT sum(passages), sum(body), sum(words) FROM topoi.totals",
    ));
    content
}

#[track_caller]
fn assert_same_content(url: &str, other: &str) {
    let (content, other) = (content(url), content(other));
    let differs = content.iter().zip(&other).find(|(a, b)| a != b);
    assert_eq!(differs, None);
    assert_eq!(content.len(), other.len());
}

/// Writes articles whose words are drawn by lot, some of them copies of others; the same for the same numbers.
fn write_articles(place: &Place, folder: &str, numbers: std::ops::Range<u64>) {
    const WORDS: &str = "bread rent railway tariff minister harbour winter school water price worker debt court river \
         vote strike law bridge market island doctor teacher field engine letter promise border city tax union";
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    for number in numbers {
        // Every tenth is a copy of the one before.
        let mut seed = number - u64::from(number % 10 == 9);
        let mut text = format!(
            "---\ntitle: Article {seed}\ndate: {}-01-01\nsource: Paper {}\n---\n",
            1900 + number % 100,
            number % 3
        );
        for _ in 0..12 {
            text.push('\n');
            for place in 0..25 {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let word = words[(seed >> 33) as usize % words.len()];
                let end = if place % 8 == 7 { ", and" } else { "" };
                write!(text, "{word}{end} ").unwrap();
            }
            text.push_str("is what they say.\n");
        }
        place.write(&format!("{folder}/{number}.md"), text);
    }
}

/// A new database on a server; its address.
fn database(servers: &Value, name: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let url = url_of(servers, name);
    let database = format!("t{}_{number}", std::process::id());
    sql(&url, &format!("CREATE DATABASE {database}"));
    url.replace("/postgres", &format!("/{database}"))
}

/// New libraries: on one server, and on a coordinator with three shards.
fn libraries(servers: &Value, place: &Place) -> ([String; 2], RwLockReadGuard<'static, ()>) {
    let shards = SHARDS.read().unwrap_or_else(PoisonError::into_inner);
    let sharded = sharded(servers, place, "shard0");
    ([database(servers, "single"), sharded], shards)
}

/// A new library on a coordinator with three shards, of which the first is on the server named.
fn sharded(servers: &Value, place: &Place, first: &str) -> String {
    let coordinator = database(servers, "coordinator");
    let shards = [first, "shard1", "shard2"].map(|name| database(servers, name));
    let mut arguments = vec!["library", "init", "--layout", "fdw", "--partitions", "4"];
    for shard in &shards {
        arguments.extend(["--shard", shard]);
    }
    on(place, &coordinator, &arguments).found();
    coordinator
}

fn password(url: &str) -> &str {
    url.split_once("://topoi:")
        .unwrap()
        .1
        .split_once('@')
        .unwrap()
        .0
}

fn on(place: &Place, url: &str, arguments: &[&str]) -> Outcome {
    let arguments = arguments.iter().map(OsString::from);
    let outcome = place.run(
        [OsString::from("--library"), url.into()]
            .into_iter()
            .chain(arguments),
    );
    for said in [&outcome.stdout, &outcome.stderr] {
        assert!(!said.contains(password(url)), "{said}");
    }
    outcome
}

/// What a command says in JSON, without what differs from run to run and from place to place, and with numbers to three
/// places: the mean of all vectors is that of the vectors before they were rounded in a folder, and after it on servers.
fn answer(outcome: Outcome) -> Value {
    fn even_out(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for name in ["library", "timings", "bytes", "segments"] {
                    fields.remove(name);
                }
                fields.values_mut().for_each(even_out);
            }
            Value::Array(values) => values.iter_mut().for_each(even_out),
            Value::Number(number) if number.is_f64() => {
                let rounded = (number.as_f64().unwrap() * 1e3).round() / 1e3;
                *value = Value::from(rounded + 0.0);
            }
            _ => {}
        }
    }
    let mut value = outcome.json();
    even_out(&mut value);
    value
}

/// Where two values differ first.
fn difference(a: &Value, b: &Value, at: &str) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => a
            .iter()
            .find_map(|(name, a)| difference(a, b.get(name)?, &format!("{at}.{name}"))),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(place, (a, b))| difference(a, b, &format!("{at}[{place}]")))
        }
        // What is rounded may be rounded to either side.
        (Value::Number(x), Value::Number(y)) if x.is_f64() && y.is_f64() => {
            let apart = (x.as_f64().unwrap() - y.as_f64().unwrap()).abs();
            (apart > 0.0015).then(|| format!("{at}: {x} and {y}"))
        }
        _ => (a != b).then(|| format!("{at}: {a} and {b}")),
    }
}

#[track_caller]
fn assert_alike(a: &Value, b: &Value, what: &str) {
    assert_eq!(difference(a, b, ""), None, "{what}");
}

#[test]
fn the_commands_answer_as_they_do_in_a_folder() {
    let Some(servers) = servers() else { return };
    let place = Place::new();
    let (urls, _shards) = libraries(&servers, &place);
    for url in urls {
        answers_as_in_a_folder(&place, &url);
    }
}

fn answers_as_in_a_folder(place: &Place, url: &str) {
    let folder = sample();
    let articles = sample_articles();
    on(place, url, &["index", articles.to_str().unwrap()]).found();
    for arguments in [
        &["search", "who pays for tariffs", "--json"][..],
        &[
            "search",
            "who pays for tariffs",
            "--json",
            "--exact",
            "--limit",
            "30",
        ],
        &["search", "rent", "--json", "--mode", "lexical"],
        &[
            "search",
            "rent",
            "--json",
            "--mode",
            "semantic",
            "--context",
            "1",
        ],
        &["search", "tariffs \"on the poor\" -steel", "--json"],
        &["search", "\"trade\" - \"tariffs\"", "--json"],
        &[
            "search", "housing", "--json", "--author", "BRAN", "--after", "2024",
        ],
        &[
            "search",
            "housing",
            "--json",
            "--path",
            "*harbour*",
            "--before",
            "2024-06",
        ],
        &[
            "search",
            "housing",
            "--json",
            "--source",
            "standard",
            "--language",
            "en",
        ],
        &["search", "housing", "--json", "--all", "--copies"],
        &["related", "23", "--json"],
        &["related", "a7", "--json", "--limit", "5"],
        &["show", "a7", "--json"],
        &["list", "--json"],
        &["list", "--json", "--author", "Ottilie"],
        &["status", "--json"],
        &["themes", "--json"],
        &["themes", "--sample", "100", "--json"],
        &["duplicates", "--json"],
    ] {
        let (here, there) = (folder.run(arguments), on(place, url, arguments));
        assert_eq!(here.code, there.code, "{arguments:?}: {}", there.stderr);
        if here.code == Some(0) {
            assert_alike(&answer(here), &answer(there), &format!("{arguments:?}"));
        } else {
            assert_eq!(here.stderr, there.stderr, "{arguments:?}");
        }
    }
    on(place, url, &["check"]).found();
}

#[test]
fn a_copy_is_the_same_library_in_both_directions() {
    let Some(servers) = servers() else { return };
    let place = Place::new();
    let (urls, _shards) = libraries(&servers, &place);
    for url in urls {
        copies_in_both_directions(&place, &url);
    }
}

fn copies_in_both_directions(place: &Place, url: &str) {
    let folder = sample();
    let from = folder.path(".topoi");
    let copy = |from: &str, to: &str| {
        let copied = on(place, url, &["copy", from, to, "--json"]).json();
        (
            copied["passages"].as_u64().unwrap(),
            copied["compared"].as_u64().unwrap(),
        )
    };
    let from = from.to_str().unwrap();
    let (passages, compared) = copy(from, url);
    assert!(passages > 300 && passages == compared);
    // What is there is left as it is.
    assert_eq!(copy(from, url), (0, passages));
    let back = Place::new();
    let back = back.path("back");
    assert_eq!(copy(url, back.to_str().unwrap()), (passages, passages));
    let search = ["search", "who pays for tariffs", "--json", "--exact"];
    let back = OsString::from(back);
    let arguments = [OsString::from("--library"), back];
    let arguments = arguments.into_iter().chain(search.map(OsString::from));
    let there = answer(place.run(arguments));
    assert_alike(&answer(folder.run(search)), &there, "back");
    assert_alike(&answer(on(place, url, &search)), &there, "there");
}

#[test]
fn what_is_taken_in_twice_is_there_once_and_what_is_removed_is_gone() {
    let Some(servers) = servers() else { return };
    let url = database(&servers, "single");
    let place = Place::new();
    place.write(
        "a/one.md",
        "# Bread\n\nThe price of bread has doubled since the war began, and nobody says why.\n",
    );
    place.write(
        "a/two.md",
        "# Trains\n\nA railway that runs late every day is a promise that was broken every day.\n",
    );
    let counts = || {
        let status = on(&place, &url, &["status", "--json"]).json();
        (
            status["articles"].as_u64().unwrap(),
            status["passages"].as_u64().unwrap(),
        )
    };
    on(&place, &url, &["index", "a"]).found();
    let first = counts();
    on(&place, &url, &["index", "a"]).found();
    assert_eq!(counts(), first);
    place.write("a/two.md", "# Trains\n\nNow the railway is on time, and the bakers are late, if one may believe them.\n");
    on(&place, &url, &["index", "a"]).found();
    assert_eq!(counts(), first);
    let found = on(&place, &url, &["search", "trains are punctual", "--json"]).json();
    assert!(
        found["results"][0]["text"]
            .as_str()
            .unwrap()
            .contains("on time")
    );
    on(&place, &url, &["remove", "a/one.md"]).found();
    assert_eq!(counts().0, first.0 - 1);
    on(&place, &url, &["check"]).found();
    // The same as a library that never had it.
    std::fs::remove_file(place.path("a/one.md")).unwrap();
    place.run(["index", "a"]).found();
    let search = ["search", "late", "--json", "--exact"];
    let texts = |outcome: Outcome| {
        let found = answer(outcome);
        let hits = found["results"].as_array().unwrap().iter();
        Value::from_iter(
            hits.map(|hit| Value::from(vec![hit["text"].clone(), hit["score"].clone()])),
        )
    };
    let (here, there) = (texts(place.run(search)), texts(on(&place, &url, &search)));
    assert_alike(&here, &there, "removed");
}

#[test]
fn what_is_wrong_is_said_without_the_password() {
    let Some(servers) = servers() else { return };
    let place = Place::new();
    place.write(
        "a.md",
        "# Bread\n\nThe price of bread has doubled since the war began, and nobody says why.\n",
    );
    let url = database(&servers, "single");
    on(&place, &url, &["search", "bread"]).refused(&["no library at", "topoi index"]);
    on(&place, &url, &["index", "a.md", "--quiet"]).found();

    let secret = password(&url).to_owned();
    let wrong = url.replace(&secret, "an0therSecret");
    on(&place, &wrong, &["search", "bread"]).refused(&["refuses the user", "PGPASSWORD"]);
    let port = servers["single"]["port"].as_u64().unwrap();
    let nobody = url.replace(&format!(":{port}/"), ":1/");
    on(&place, &nobody, &["search", "bread"])
        .refused(&["can't be reached", "see that the server runs"]);
    let missing = format!("{}x", url);
    on(&place, &missing, &["index", "a.md"]).refused(&["no such database", "createdb"]);
    let odd = format!("{url}?sslmode=odd");
    on(&place, &odd, &["search", "bread"]).refused(&["is no address of a database"]);
    let old = database(&servers, "old");
    on(&place, &old, &["index", "a.md"]).refused(&["vector"]);

    let slow = format!("{url}?options=-c%20statement_timeout%3D1ms");
    let outcome = on(
        &place,
        &slow,
        &[
            "index",
            place
                .write(
                    "b.md",
                    "# B\n\nAnother text that has to be written slowly, word by word.\n",
                )
                .to_str()
                .unwrap(),
        ],
    );
    if outcome.code != Some(0) {
        outcome.refused(&["took too long"]);
    }
    let read_only = format!("{url}?options=-c%20default_transaction_read_only%3Don");
    place.write(
        "c.md",
        "# C\n\nA third text, which nobody can keep where nothing can be written.\n",
    );
    on(&place, &read_only, &["index", "c.md"])
        .refused(&["can't be written to", "nothing was changed"]);
    on(&place, &read_only, &["search", "bread", "--quiet"]).found();

    sql(
        &url,
        "UPDATE topoi.meta SET value = '99' WHERE key = 'version'",
    );
    on(&place, &url, &["search", "bread"]).refused(&["format version 99", "newer topoi"]);
}

#[test]
fn a_password_is_not_in_the_list_of_processes() {
    let Some(servers) = servers() else { return };
    let url = database(&servers, "single");
    let place = Place::new();
    place.write(
        "a.md",
        "# Bread\n\nThe price of bread has doubled since the war began, and nobody says why.\n",
    );
    on(&place, &url, &["index", "a.md", "--quiet"]).found();
    if !std::path::Path::new("/proc/self/cmdline").exists() {
        eprintln!("skipped: there is no /proc");
        return;
    }
    let mut child = place
        .command(["--library", &url, "mcp"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let path = format!("/proc/{}/cmdline", child.id());
    let is_hidden = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let line = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        line.contains("mcp") && !line.contains(password(&url))
    });
    drop(child.stdin.take());
    child.wait().unwrap();
    assert!(is_hidden);
}

#[test]
fn a_server_with_a_certificate_is_known_by_it() {
    let Some(servers) = servers() else { return };
    let Some(certificate) = servers["single"]["certificate"].as_str() else {
        eprintln!("skipped: the server has no certificate");
        return;
    };
    let place = Place::new();
    place.write(
        "a.md",
        "# Bread\n\nThe price of bread has doubled since the war began, and nobody says why.\n",
    );
    let url = database(&servers, "single");
    let verified = format!("{url}?sslmode=verify-full&sslrootcert={certificate}");
    on(&place, &verified, &["index", "a.md", "--quiet"]).found();
    on(
        &place,
        &format!("{url}?sslmode=require"),
        &["search", "bread", "--quiet"],
    )
    .found();
    let other = place.write("other.pem", "no certificate");
    let unknown = format!("{url}?sslmode=verify-full&sslrootcert={}", other.display());
    on(&place, &unknown, &["search", "bread"]).refused(&["can't be encrypted"]);
    let unverified = format!("{url}?sslmode=verify-full");
    on(&place, &unverified, &["search", "bread"]).refused(&["postgres://topoi@"]);
}
