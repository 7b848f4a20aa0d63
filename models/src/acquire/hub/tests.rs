//! The client against servers that say what they are told to.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use tempfile::TempDir;

use super::*;
use crate::acquire::progress::Quiet;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const FILE: &str = "a folder/weights.bin";

/// A server that gives one connection after another to `answer`, with what was asked for, until one is left
/// unanswered. The requests come out at the end.
struct Server {
    endpoint: String,
    requests: mpsc::Receiver<String>,
}

impl Server {
    fn new(mut answer: impl FnMut(usize, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(&stream).lines();
                let head: Vec<String> = lines
                    .map(Result::unwrap)
                    .take_while(|line| !line.is_empty())
                    .collect();
                sender.send(head.join("\n")).unwrap();
                answer(number, &mut stream);
            }
        });
        Self { endpoint, requests }
    }

    /// A server that answers the first request with the first of `answers`, and so on.
    fn saying(answers: Vec<String>) -> Self {
        Self::new(move |number, stream| {
            let answer = answers.get(number).map_or("", String::as_str);
            // A client that hangs up early is the client's business.
            let _ = stream.write_all(answer.as_bytes());
        })
    }

    fn requests(&self) -> Vec<String> {
        self.requests.try_iter().collect()
    }

    fn hub<'a>(&self, downloads: &Path, progress: &'a dyn Progress) -> Hub<'a> {
        Hub {
            most: 1000,
            ..Hub::new(
                "org/tiny",
                Some(&self.endpoint),
                None,
                downloads.to_owned(),
                Duration::from_secs(5),
                progress,
            )
            .unwrap()
        }
    }

    fn fetch(&self, downloads: &Path) -> Result<Fetched, HubError> {
        self.hub(downloads, &Quiet).fetch("refs/pr/3", FILE)
    }
}

/// An answer with the status and headers in `head`, each on a line, and the body behind it.
fn answer(head: &str, body: &str) -> String {
    let head = head.trim().replace('\n', "\r\n");
    format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}")
}

fn whole(tag: &str, body: &str) -> String {
    let length = body.len();
    answer(
        &format!("200 OK\nX-Repo-Commit: {COMMIT}\nETag: {tag}\nContent-Length: {length}"),
        body,
    )
}

fn rest(tag: &str, start: usize, size: usize, body: &str) -> String {
    let (length, last) = (body.len(), size - 1);
    answer(
        &format!(
            "206 Partial Content\nX-Repo-Commit: {COMMIT}\nETag: {tag}\nContent-Length: {length}\n\
             Content-Range: bytes {start}-{last}/{size}"
        ),
        body,
    )
}

/// The first half of `body`, of which all was promised.
fn half(tag: &str, body: &str) -> String {
    let mut answer = whole(tag, body);
    answer.truncate(answer.len() - body.len() / 2);
    answer
}

fn content(fetched: &Fetched) -> String {
    fs::read_to_string(&fetched.path).unwrap()
}

/// How many bytes lie in a folder, and in how many files.
fn left(folder: &TempDir) -> (u64, usize) {
    let sizes: Vec<u64> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .collect();
    (sizes.iter().sum(), sizes.len())
}

#[test]
fn names_are_escaped_in_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::saying(vec![whole("\"a\"", "text")]);
    assert_eq!(content(&server.fetch(folder.path()).unwrap()), "text");
    let requests = server.requests();
    let begin = "GET /org/tiny/resolve/refs%2Fpr%2F3/a%20folder/weights.bin HTTP/1.1\n";
    assert!(requests[0].starts_with(begin), "{requests:?}");
    let lower = requests[0].to_lowercase();
    assert!(lower.contains("accept-encoding: identity"), "{lower}");
    assert!(!lower.contains("range:") && !lower.contains("authorization:"));
}

#[test]
fn bytes_without_an_end_are_taken_up_to_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(|_, stream| {
        let head = format!("200 OK\nX-Repo-Commit: {COMMIT}\nTransfer-Encoding: chunked");
        let mut alive = stream.write_all(answer(&head, "").as_bytes()).is_ok();
        while alive {
            alive = stream.write_all(b"5\r\nbytes\r\n").is_ok();
        }
    });
    let error = server.fetch(folder.path()).unwrap_err();
    assert!(matches!(error, HubError::Refused(_)), "{error:?}");
    assert!(error.reason().contains("1000"), "{error:?}");
    assert_eq!(left(&folder), (0, 0));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_size_above_the_limit_is_refused_before_a_byte_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for size in [
        "Content-Length: 1001",
        "Content-Length: 0\nX-Linked-Size: 1001",
    ] {
        let head = format!("200 OK\nX-Repo-Commit: {COMMIT}\n{size}");
        let server = Server::saying(vec![answer(&head, "")]);
        let error = server.fetch(folder.path()).unwrap_err();
        assert!(matches!(error, HubError::Refused(_)), "{error:?}");
    }
    assert_eq!(left(&folder), (0, 0));
}

#[test]
fn fewer_bytes_than_were_announced_are_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let head = format!(
        "200 OK\nX-Repo-Commit: {COMMIT}\nETag: \"a\"\nX-Linked-Size: 9\nTransfer-Encoding: chunked"
    );
    let server = Server::saying(vec![
        answer(&head, "5\r\nbytes\r\n0\r\n\r\n"),
        rest("\"a\"", 5, 9, "more"),
    ]);
    assert_eq!(content(&server.fetch(folder.path()).unwrap()), "bytesmore");
    assert!(
        server.requests()[1]
            .to_lowercase()
            .contains("range: bytes=5-")
    );
}

#[test]
fn what_a_redirecting_hub_says_counts_and_not_what_a_store_says() {
    let digest = "AB".repeat(32);
    let folder = tempfile::tempdir().unwrap();
    let store = Server::saying(vec![answer(
        &format!(
            "200 OK\nX-Repo-Commit: {}\nETag: \"{}\"\nContent-Length: 4",
            "f".repeat(40),
            "0".repeat(64)
        ),
        "text",
    )]);
    // A repository that was renamed, an address of the hub's own, and a store.
    let server = Server::saying(vec![
        answer("307 Temporary Redirect\nLocation: /org/new?a=b", ""),
        answer(
            &format!(
                "302 Found\nLocation: {}/there\nX-Repo-Commit: {COMMIT}\nX-Linked-ETag: \"{digest}\"\n\
                 X-Linked-Size: 4\nETag: W/\"24-weak\"",
                store.endpoint
            ),
            "",
        ),
    ]);
    let fetched = server.fetch(folder.path()).unwrap();
    assert_eq!(content(&fetched), "text");
    assert_eq!(fetched.commit, COMMIT);
    assert_eq!(fetched.sha256, Some(digest.to_lowercase()));
    assert!(server.requests()[1].starts_with("GET /org/new?a=b "));
    assert!(store.requests()[0].starts_with("GET /there "));
}

#[test]
fn redirects_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(answer("302 Found\nLocation: again", "").as_bytes());
    });
    let error = server.fetch(folder.path()).unwrap_err();
    assert!(error.reason().contains("redirects more than"), "{error:?}");
    assert_eq!(server.requests().len(), 11);
    for location in ["file:///etc/passwd", "http://[", "javascript:1"] {
        let head = format!("302 Found\nLocation: {location}");
        let server = Server::saying(vec![answer(&head, "")]);
        let error = server.fetch(folder.path()).unwrap_err();
        assert!(matches!(error, HubError::Unreachable(_)), "{error:?}");
    }
}

#[test]
fn what_has_come_is_gone_on_from_only_under_the_same_tag() {
    for (second, third, expected) in [
        (rest("\"a\"", 4, 8, "5678"), None, "12345678"),
        // Another file now, and a range that was not asked for.
        (
            rest("\"b\"", 4, 8, "ghij"),
            Some(whole("\"b\"", "abcdghij")),
            "abcdghij",
        ),
        (
            rest("\"a\"", 3, 8, "45678"),
            Some(whole("\"a\"", "12345678")),
            "12345678",
        ),
        // A file that has become shorter, and a server that knows no ranges.
        (rest("\"a\"", 4, 3, ""), Some(whole("\"a\"", "123")), "123"),
        (whole("\"a\"", "12345678"), None, "12345678"),
        (whole("\"b\"", "abcd"), None, "abcd"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let broken = Server::saying(vec![half("\"a\"", "12345678"), String::new()]);
        let error = broken.fetch(folder.path()).unwrap_err();
        assert!(matches!(error, HubError::Unreachable(_)), "{error:?}");
        assert_eq!(left(&folder), (4, 1));
        let server = Server::saying([Some(second), third].into_iter().flatten().collect());
        assert_eq!(content(&server.fetch(folder.path()).unwrap()), expected);
        assert_eq!(left(&folder), (expected.len() as u64, 1));
    }
}

#[test]
fn what_has_no_tag_or_a_weak_one_begins_anew() {
    for tag in ["", "W/\"a\""] {
        let folder = tempfile::tempdir().unwrap();
        let tagless = |answer: String| answer.replace("ETag: \r\n", "");
        let server = Server::saying(vec![
            tagless(half(tag, "12345678")),
            tagless(whole(tag, "abcd")),
        ]);
        assert_eq!(content(&server.fetch(folder.path()).unwrap()), "abcd");
        assert!(!server.requests()[1].to_lowercase().contains("range:"));
        assert_eq!(left(&folder), (4, 1));
    }
}

#[test]
fn a_hub_that_stops_in_the_middle_is_given_up_and_nothing_is_written_after() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(half("\"a\"", "12345678").as_bytes());
        thread::sleep(Duration::from_secs(20));
    });
    let progress = Counted::default();
    let mut hub = server.hub(folder.path(), &progress);
    hub.timeout = Duration::from_millis(500);
    hub.client = Client::new(Some(&server.endpoint), None, hub.timeout).unwrap();
    let error = hub.fetch("main", FILE).unwrap_err();
    assert_eq!(error, HubError::silent(hub.timeout * STALL_FACTOR));
    assert_eq!(left(&folder), (4, 1));
    assert_eq!((progress.bytes.get(), progress.open.get()), (4, 0));
}

#[test]
fn an_address_that_is_none_of_the_web_is_refused_without_repeating_it() {
    for endpoint in ["", "localhost:80", "file:///etc", "no secret"] {
        let made = Client::new(Some(endpoint), None, Duration::from_secs(1));
        let error = made.err().unwrap();
        assert!(!error.reason().contains("secret"), "{error:?}");
    }
    assert!(Client::new(None, None, Duration::from_secs(1)).is_ok());
}

#[derive(Default)]
struct Counted {
    bytes: Cell<u64>,
    open: Cell<i32>,
}

impl Progress for Counted {
    fn start(&self, _label: &str, _total: Option<u64>) {
        self.open.set(self.open.get() + 1);
    }
    fn advance(&self, bytes: u64) {
        self.bytes.set(self.bytes.get() + bytes);
    }
    fn finish(&self) {
        self.open.set(self.open.get() - 1);
    }
}
