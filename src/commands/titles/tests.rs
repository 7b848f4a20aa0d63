//! Endpoints on this machine that answer well, badly, late, or not at all.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use super::*;
use crate::commands::failure;

const KEY: &str = "sk-key-that-nobody-may-see";

/// An endpoint, and what it was sent: the head and the body of each request.
struct Server {
    url: String,
    requests: Receiver<(String, String)>,
}

/// An endpoint that does as `answer` says with each connection, once it has read the request.
fn serve(answer: impl Fn(TcpStream) -> std::io::Result<()> + Send + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let request = read_request(&stream).unwrap();
            // Not every test looks at it.
            let _ = sender.send(request);
            // A client that hangs up early is the client's business.
            let _ = answer(stream);
        }
    });
    Server { url, requests }
}

fn read_request(stream: &TcpStream) -> std::io::Result<(String, String)> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head)?;
    }
    let length = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        })
        .unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, String::from_utf8(body).unwrap()))
}

/// An endpoint that answers with a status and a body.
fn serve_body(status: &'static str, body: impl Into<String>) -> Server {
    let body = body.into();
    serve(move |mut stream| {
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    })
}

/// An endpoint whose model says `content`.
fn serve_content(content: &str) -> Server {
    let answer = json!({ "choices": [{ "message": { "role": "assistant", "content": content } }] });
    serve_body("200 OK", answer.to_string())
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint {
        timeout: Duration::from_millis(500),
        ..Endpoint::new(url, "small", Some(KEY)).unwrap()
    }
}

fn title_from(url: &str) -> anyhow::Result<String> {
    endpoint(url).title(&Brief {
        terms: &["tariffs".to_owned(), "imports".to_owned()],
        exemplars: &["A tariff is paid by\nwhoever buys.", "Duties raise prices."],
    })
}

/// All that is shown of a failure, which never is the key.
fn failure_of(server: &Server) -> String {
    let error = title_from(&server.url).unwrap_err();
    let shown = format!("{error:#} ({})", failure::hint(&error).unwrap_or_default());
    assert!(!format!("{shown} {error:?}").contains(KEY), "{shown}");
    shown
}

#[test]
fn a_theme_gets_the_title_that_the_model_gives() {
    let server = serve_content("Who pays for tariffs");
    assert_eq!(title_from(&server.url).unwrap(), "Who pays for tariffs");

    let (head, body) = server.requests.recv().unwrap();
    assert!(
        head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.to_lowercase()
            .contains(&format!("authorization: bearer {KEY}\r\n")),
        "{head}"
    );
    assert!(!body.contains(KEY));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["model"], "small");
    assert_eq!(body["temperature"], 0);
    assert_eq!(body["seed"], 0);
    assert_eq!(body["max_tokens"], 64);
    assert_eq!(body["messages"][0]["content"], INSTRUCTIONS);
    assert_eq!(
        body["messages"][1]["content"],
        format!(
            "Words: tariffs, imports\n\nPassages:\n- A tariff is paid by whoever buys.\n- Duties raise prices.\n\n\
             {REMINDER}"
        )
    );
}

#[test]
fn one_endpoint_gives_many_titles() {
    let server = serve_content("Who pays for tariffs");
    let endpoint = endpoint(&server.url);
    for _ in 0..3 {
        let theme = Brief {
            terms: &[],
            exemplars: &["Duties raise prices."],
        };
        assert_eq!(endpoint.title(&theme).unwrap(), "Who pays for tariffs");
    }
}

#[test]
fn quotation_marks_and_a_prefix_are_taken_off() {
    let server = serve_content("**Title:** \"Who pays for tariffs\"\n\nIt sums up the passages.");
    assert_eq!(title_from(&server.url).unwrap(), "Who pays for tariffs");
}

#[test]
fn a_key_that_is_empty_is_not_sent() {
    let server = serve_content("Who pays for tariffs");
    let endpoint = Endpoint::new(&server.url, "small", Some(" ")).unwrap();
    let theme = Brief {
        terms: &[],
        exemplars: &[],
    };
    endpoint.title(&theme).unwrap();
    let (head, _) = server.requests.recv().unwrap();
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
}

#[test]
fn a_long_passage_is_cut_at_the_end_of_a_word() {
    let long = "tariffs and prices ".repeat(1000);
    let text = material(&Brief {
        terms: &[],
        exemplars: &[&long],
    });
    let passage = text
        .lines()
        .find_map(|line| line.strip_prefix("- "))
        .unwrap();
    assert_eq!(passage.len(), 398);
    assert!(passage.ends_with(" prices"));
}

#[test]
fn an_error_of_the_endpoint_is_told_in_its_words_without_the_key() {
    let said = format!(r#"{{"error": {{"message": "out of memory\n(asked with {KEY})"}}}}"#);
    let server = serve_body("500 Internal Server Error", said);
    let shown = failure_of(&server);
    assert!(
        shown.contains("HTTP 500: out of memory (asked with …)"),
        "{shown}"
    );
    assert!(shown.contains(&server.url), "{shown}");

    let server = serve_body("503 Service Unavailable", "<html>");
    assert!(failure_of(&server).contains("HTTP 503: Service Unavailable"));

    let server = serve_body("404 Not Found", r#"{"error": "no such model"}"#);
    let shown = failure_of(&server);
    assert!(shown.contains("HTTP 404: no such model"), "{shown}");
    assert!(shown.contains("the model `small`"), "{shown}");
}

#[test]
fn a_key_that_is_refused_is_not_shown_in_part_either() {
    let said = r#"{"error": {"message": "wrong key: sk-key-****-see"}}"#;
    let shown = failure_of(&serve_body("401 Unauthorized", said));
    assert!(shown.contains("it doesn't take the key"), "{shown}");
    assert!(!shown.contains("sk-key"), "{shown}");
}

#[test]
fn garbage_is_not_a_title() {
    for body in [
        "",
        "<html>Welcome</html>",
        "\u{0}\u{1}\u{2}",
        "[1, 2, 3]",
        r#"{"choices": "none"}"#,
        r#"{"choices": [{"message": {"content": 7}}]}"#,
    ] {
        let shown = failure_of(&serve_body("200 OK", body));
        assert!(
            shown.contains("not that of a chat endpoint"),
            "{body}: {shown}"
        );
    }
    for body in [
        r#"{"choices": []}"#,
        r#"{"choices": [{"message": {"content": null}}]}"#,
        r#"{"choices": [{"message": {"content": " \n"}}]}"#,
    ] {
        let shown = failure_of(&serve_body("200 OK", body));
        assert!(
            shown.contains("its answer is not a title"),
            "{body}: {shown}"
        );
    }
    let shown = failure_of(&serve(|mut stream| {
        stream.write_all(b"\x16\x03\x01\x02\r\n\r\n")
    }));
    assert!(shown.contains("no title from"), "{shown}");
}

#[test]
fn an_essay_is_not_a_title() {
    let shown = failure_of(&serve_content(
        &"The passages speak of tariffs. ".repeat(20),
    ));
    assert!(shown.contains("its answer is not a title"), "{shown}");
}

#[test]
fn a_silent_endpoint_is_given_up() {
    let server = serve(|stream| {
        thread::sleep(Duration::from_secs(60));
        drop(stream);
        Ok(())
    });
    let begin = Instant::now();
    let shown = failure_of(&server);
    assert!(shown.contains("took longer than 0.5 seconds"), "{shown}");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_answer_that_never_ends_is_given_up() {
    let server = serve(|mut stream| {
        write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        loop {
            stream.write_all(b" ")?;
            thread::sleep(Duration::from_millis(20));
        }
    });
    let begin = Instant::now();
    let shown = failure_of(&server);
    assert!(shown.contains("took longer than 0.5 seconds"), "{shown}");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_answer_of_ten_megabytes_is_refused() {
    let content = "a ".repeat(5 << 20);
    let shown = failure_of(&serve_content(&content));
    assert!(shown.contains("larger than 64 KiB"), "{shown}");
}

#[test]
fn a_redirect_to_another_host_is_not_followed() {
    for status in [
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let other = serve_content("Who pays for tariffs");
        let location = format!("{}/chat/completions?key={KEY}", other.url);
        let server = serve(move |mut stream| {
            write!(
                stream,
                "HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            )
        });
        let shown = failure_of(&server);
        assert!(shown.contains("a redirect is not followed"), "{shown}");
        assert!(shown.contains(&other.url), "{shown}");
        assert!(other.requests.try_recv().is_err());
    }
}

#[test]
fn where_nobody_listens_there_is_no_title() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = format!("{:#}", title_from(&url).unwrap_err());
    assert!(error.contains(&url), "{error}");
}

#[test]
fn an_address_is_checked_before_anything_is_sent() {
    let refusal = |url| {
        let error = Endpoint::new(url, "small", None).err().unwrap();
        let error = anyhow::Error::new(error);
        assert_eq!(failure::hint(&error).unwrap(), EXAMPLE);
        error.to_string()
    };
    for (url, why) in [
        ("", "not one of the web"),
        ("not an address", "not one of the web"),
        ("localhost:11434", "must begin with `http://`"),
        ("ftp://localhost/v1", "must begin with `http://`"),
        ("file:///etc/passwd", "not one of the web"),
        ("http://:80/v1", "names no host"),
        ("http://localhost/v1?key=1", "question mark"),
        ("https://me:secret@localhost/v1", "holds a name or password"),
    ] {
        let message = refusal(url);
        assert!(message.contains(why), "{url}: {message}");
        assert!(!message.contains("secret"), "{message}");
    }
    let endpoint = Endpoint::new(" https://example.org/v1/ ", "small", None).unwrap();
    assert_eq!(endpoint.url, "https://example.org/v1");
    assert!(Endpoint::new("http://localhost", "small", Some("two\nlines")).is_err());
}

#[test]
fn only_this_machine_is_reached_without_a_proxy() {
    for (url, expected) in [
        ("http://localhost:11434/v1", true),
        ("http://127.0.0.1/v1", true),
        ("http://[::1]:8080/v1", true),
        ("http://127.0.0.1.example.org/v1", false),
        ("https://example.org/v1", false),
    ] {
        assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
    }
}
