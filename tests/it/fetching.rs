//! Pages and feeds from the web, as far as a server on this machine can stand for it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::Place;
use crate::server::{Page, Server};

const HARBOUR: &str = "The Harbour Can Wait\n\nA port is not a monument, and a city that treats it as one will soon have neither ships nor visitors.\n\nThe cranes are older than the people who drive them.\n";

/// Takes addresses of this machine in.
fn index(place: &Place, arguments: &[&str]) -> Value {
    place
        .run([&["index", "--json", "--allow-private"], arguments].concat())
        .json()
}

fn articles(place: &Place) -> Vec<Value> {
    let articles = place.run(["list", "--json"]).json();
    articles.as_array().unwrap().clone()
}

fn feed(entries: &[Value]) -> Page {
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The Quayside Post",
        "items": entries,
    });
    Page::new("application/feed+json", feed.to_string())
}

fn long_text() -> String {
    "Flour is the smallest part of the price of bread, and somebody got up at three in the morning. ".repeat(20)
}

#[test]
fn a_page_is_kept_under_its_address_and_removed_by_it() {
    let (place, server) = (Place::new(), Server::new());
    server.put("/essays/harbour.txt", Page::text(HARBOUR));
    let address = server.address("/essays/harbour.txt");
    let report = index(&place, &[&format!("{address}#cranes")]);
    assert_eq!(
        (&report["articles_added"], &report["skipped"]),
        (&1.into(), &json!([]))
    );
    let [article] = &*articles(&place) else {
        panic!("not one article")
    };
    assert_eq!(article["path"], address);
    assert_eq!(article["address"], address);
    assert_eq!(article["title"], "The Harbour Can Wait");
    let (_, headers) = &server.requests("/essays/harbour.txt")[0];
    assert!(headers["user-agent"].starts_with("topoi/"));
    let found = place
        .run(["search", "old machines", "--path", &address, "--json"])
        .json();
    assert_eq!(found["results"][0]["article"]["path"], address);

    // What is on the web is not missing from the disk.
    place.write("a/bread.txt", long_text());
    let report = index(&place, &["a", "--prune"]);
    assert_eq!(report["files_removed"], 0);
    place.run(["remove", &address]).found();
    assert_eq!(articles(&place).len(), 1);
    // It is taken in again, whatever the server said of it then.
    assert_eq!(index(&place, &[&address])["articles_added"], 1);
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let (place, server) = (Place::new(), Server::new());
    server.put(
        "/a.txt",
        Page::text(HARBOUR)
            .with("ETag", "\"1\"")
            .with("Last-Modified", "Thu, 14 May 2020 10:00:00 GMT"),
    );
    let address = server.address("/a.txt");
    index(&place, &[&address]);
    let second = index(&place, &[&address]);
    assert_eq!(
        (&second["files_unchanged"], &second["files_read"]),
        (&1.into(), &0.into())
    );
    let (_, headers) = &server.requests("/a.txt")[1];
    assert_eq!(headers["if-none-match"], "\"1\"");
    assert_eq!(
        headers["if-modified-since"],
        "Thu, 14 May 2020 10:00:00 GMT"
    );
    server.put(
        "/a.txt",
        Page::text(&HARBOUR.replace("older", "younger")).with("ETag", "\"2\""),
    );
    let third = index(&place, &[&address]);
    assert_eq!(
        (&third["articles_added"], &third["articles_removed"]),
        (&1.into(), &1.into())
    );
    // The server says no time any more, so none is said to it.
    index(&place, &[&address]);
    let (_, headers) = &server.requests("/a.txt")[3];
    assert_eq!(headers["if-none-match"], "\"2\"");
    assert!(!headers.contains_key("if-modified-since"));
}

#[test]
fn a_feed_gives_its_entries_and_the_pages_of_those_that_are_teasers() {
    let (place, server) = (Place::new(), Server::new());
    let entry = |name: &str, text: &str| json!({ "id": name, "url": server.address(&format!("/{name}.txt")), "title": name, "content_text": text });
    server.put(
        "/feed",
        feed(&[
            entry("whole", &long_text()),
            entry("teaser", "A port is not a monument …"),
            entry("gone", "Nothing is left …"),
        ]),
    );
    server.put("/teaser.txt", Page::text(HARBOUR));
    let address = server.address("/feed");
    assert_eq!(index(&place, &[&address])["articles_added"], 3);
    assert!(server.requests("/teaser.txt").is_empty());

    let report = index(&place, &["--follow", &address]);
    assert_eq!(report["articles_added"], 1);
    let skipped = report["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0]["path"], server.address("/gone.txt"));
    assert!(server.requests("/whole.txt").is_empty());
    assert_eq!(server.requests("/robots.txt").len(), 2, "one for each run");

    // A page that the library has takes the place of its teaser, and isn't asked for again.
    server.put(
        "/feed",
        feed(&[
            entry("whole", &long_text()),
            entry("teaser", "A port is no monument …"),
        ]),
    );
    index(&place, &["--follow", &address]);
    let mut paths: Vec<String> = articles(&place)
        .iter()
        .map(|article| article["path"].as_str().unwrap().to_owned())
        .collect();
    paths.sort();
    assert_eq!(paths, [address, server.address("/teaser.txt")]);
    assert_eq!(server.requests("/teaser.txt").len(), 1);
    place.run(["check"]).found();
}

#[test]
fn what_a_site_asks_programs_to_leave_alone_is_left_alone() {
    let (place, server) = (Place::new(), Server::new());
    server.put(
        "/robots.txt",
        Page::text("User-agent: *\nDisallow: /\n\nUser-agent: topoi\nDisallow: /private/\n"),
    );
    server.put("/private/a.txt", Page::text(HARBOUR));
    server.put("/open.txt", Page::text(HARBOUR));
    server.put("/in", Page::redirect("/private/a.txt"));
    let addresses = ["/private/a.txt", "/open.txt", "/in"].map(|path| server.address(path));
    let report = index(&place, &addresses.each_ref().map(|address| &**address));
    assert_eq!(report["articles_added"], 1);
    let skipped = report["skipped"].as_array().unwrap();
    let reason = format!(
        "is not for programs: `{}` says so",
        server.address("/robots.txt")
    );
    assert_eq!(skipped.len(), 2);
    assert!(
        skipped.iter().all(|skip| skip["reason"] == reason),
        "{skipped:?}"
    );
    assert!(server.requests("/private/a.txt").is_empty());
    assert_eq!(server.requests("/robots.txt").len(), 1);
}

#[test]
fn a_site_whose_wishes_cannot_be_known_is_left_alone() {
    let (place, server) = (Place::new(), Server::new());
    server.put("/robots.txt", Page::status(503));
    server.put("/a.txt", Page::text(HARBOUR));
    let outcome = place.run(["index", "--allow-private", &server.address("/a.txt")]);
    outcome.refused(&[
        "robots.txt",
        "answered 503 Service Unavailable",
        "try again later",
    ]);
    assert!(server.requests("/a.txt").is_empty());
}

#[test]
fn machines_of_this_network_are_not_asked() {
    let (place, server) = (Place::new(), Server::new());
    server.put("/a.txt", Page::text(HARBOUR));
    let port = server.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "0x7f000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
    ] {
        let outcome = place.run(["index", &format!("http://{host}:{port}/a.txt")]);
        outcome.refused(&["`http://", "leads to", "--allow-private"]);
    }
    let outcome = place.run(["index", "http://169.254.169.254/latest/meta-data/"]);
    outcome.refused(&["leads to 169.254.169.254, a link-local address"]);
    assert!(server.requests("/a.txt").is_empty() && server.requests("/robots.txt").is_empty());
    assert!(!place.path(".topoi/library.db").exists());
}

#[test]
fn each_failure_is_named_and_the_others_go_on() {
    let (place, server) = (Place::new(), Server::new());
    server.put("/loop", Page::redirect("/loop"));
    server.put("/away", Page::redirect("ftp://example.org/a"));
    server.put(
        "/large",
        Page::text(&"a port is not a monument. ".repeat(50_000)),
    );
    server.put("/picture", Page::new("image/png", b"\x89PNG\r\n\x1a\n"));
    server.put("/moved", Page::redirect("/b.txt"));
    server.put("/b.txt", Page::text(HARBOUR));
    let paths = ["/loop", "/away", "/large", "/picture", "/nowhere", "/moved"];
    let addresses = paths.map(|path| server.address(path));
    let mut arguments = vec!["--max-file-size", "1"];
    arguments.extend(addresses.iter().map(String::as_str));
    let report = index(&place, &arguments);
    let skipped: Vec<String> = report["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|skip| skip["reason"].as_str().unwrap().to_owned())
        .collect();
    let expected = [
        "redirects more than 5 times",
        "redirects to `ftp://example.org/a`, which begins with `ftp:`, and only `http:` and `https:` are fetched",
        "holds more than 1 MiB: raise the limit with `--max-file-size`",
        "answered 404 Not Found",
    ];
    for reason in expected {
        assert!(
            skipped.iter().any(|skip| skip == reason),
            "{reason}: {skipped:?}"
        );
    }
    assert!(
        skipped.iter().any(|skip| skip.contains("picture")),
        "{skipped:?}"
    );
    assert_eq!(skipped.len(), 5);
    // It is kept under the address that was given, and says where it was in the end.
    let [article] = &*articles(&place) else {
        panic!("not one article")
    };
    assert_eq!(article["path"], server.address("/moved"));
    assert_eq!(article["address"], server.address("/b.txt"));

    let outcome = place.run(["index", "--allow-private", &server.address("/nowhere")]);
    outcome.refused(&[&format!(
        "`{}` answered 404 Not Found",
        server.address("/nowhere")
    )]);
}

#[test]
fn a_server_that_is_slow_or_busy_is_not_waited_for() {
    let (place, server) = (Place::new(), Server::new());
    server.put("/slow", Page::text(HARBOUR).after(Duration::from_secs(20)));
    let outcome = place.run([
        "index",
        "--allow-private",
        "--timeout",
        "1",
        &server.address("/slow"),
    ]);
    outcome.refused(&["took longer than 1 seconds to answer"]);
    server.put("/busy", Page::status(429).with("Retry-After", "600"));
    server.put("/other", Page::text(HARBOUR));
    let outcome = place.run([
        "index",
        "--allow-private",
        &server.address("/busy"),
        &server.address("/other"),
    ]);
    outcome.refused(&[
        "answered 429 Too Many Requests, and asks to be left alone for 600 seconds",
        "was not asked",
    ]);
    assert!(server.requests("/other").is_empty());
}

#[test]
fn nothing_is_fetched_offline_and_only_the_web_is_fetched_from() {
    let place = Place::new();
    let outcome = place.run(["--offline", "index", "https://example.org/feed"]);
    outcome.refused(&["`https://example.org/feed` can't be fetched offline"]);
    place
        .run(["index", "ftp://example.org/a"])
        .refused(&["`ftp://example.org/a`", "only `http:` and `https:`"]);
    let outcome = place.run(["index", "https://ada:secret@example.org/"]);
    assert!(!outcome.stderr.contains("secret"));
    outcome.refused(&["name or password"]);
}

#[test]
fn a_page_can_be_looked_at_without_a_library() {
    let (place, server) = (Place::new(), Server::new());
    server.put(
        "/essay",
        Page::new("text/markdown", "Sub\n===\n\nA port is *not* a monument.\n"),
    );
    let address = server.address("/essay");
    let explained = place
        .run(["index", "--allow-private", "--json", "--explain", &address])
        .json();
    assert_eq!(
        (&explained["format"], &explained["file"]),
        (&"markdown".into(), &address.clone().into())
    );
    assert!(
        explained["articles"][0]["paragraphs"]
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p["text"] == "A port is not a monument.")
    );
    let report = place
        .run([
            "index",
            "--allow-private",
            "--json",
            "--dry-run",
            &address,
            &server.address("/nowhere"),
        ])
        .json();
    assert_eq!(
        (&report["articles"], &report["library"]),
        (&1.into(), &Value::Null)
    );
    assert_eq!(report["skipped"][0]["reason"], "answered 404 Not Found");
    assert!(!place.path(".topoi").exists());
}
