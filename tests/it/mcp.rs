//! Tools for agents, over standard input and output and over HTTP, as bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Place, sample, sample_articles};
use crate::served::{Answer, Server};

/// A run of `topoi mcp`.
struct Agent {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last: u64,
}

impl Agent {
    fn start(place: &Place) -> Self {
        let mut child = place
            .command(["mcp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            input,
            output,
            last: 0,
        }
    }

    /// One that has been greeted.
    fn new(place: &Place) -> Self {
        let mut agent = Self::start(place);
        let result = agent.ask("initialize", &greeting());
        assert_eq!(result["serverInfo"]["name"], "topoi");
        assert!(result["capabilities"]["tools"].is_object());
        agent.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        agent
    }

    fn send(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let id = self.last;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send(&request.to_string());
        let answer = self.receive();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    #[track_caller]
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.request(method, params);
        assert!(answer["error"].is_null(), "{answer}");
        answer["result"].clone()
    }

    #[track_caller]
    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.ask(
            "tools/call",
            &json!({ "name": tool, "arguments": arguments }),
        );
        assert_eq!(result["isError"], false, "{result}");
        result["structuredContent"].clone()
    }

    #[track_caller]
    fn refused(&mut self, tool: &str, arguments: &Value, said: &str) {
        let result = self.ask(
            "tools/call",
            &json!({ "name": tool, "arguments": arguments }),
        );
        assert_eq!(result["isError"], true, "{result}");
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(said), "`{said}` is not in: {text}");
    }

    /// Ends it as an assistant does, and says what it wrote to standard error.
    fn end(mut self) -> String {
        drop(self.input.take());
        let begin = Instant::now();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{said}");
        assert!(begin.elapsed() < Duration::from_secs(20));
        said
    }
}

fn greeting() -> Value {
    json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": { "name": "a test", "version": "1" },
    })
}

fn passages(answer: &Value) -> Vec<u64> {
    let passages = answer["passages"].as_array().unwrap().iter();
    passages
        .map(|passage| passage["passage"].as_str().unwrap().parse().unwrap())
        .collect()
}

fn expected(arguments: &[&str]) -> Vec<Value> {
    let mut all = arguments.to_vec();
    all.push("--json");
    let answer = sample().run(all).json();
    answer["results"].as_array().unwrap().clone()
}

fn numbers(results: &[Value]) -> Vec<u64> {
    let numbers = results.iter();
    numbers
        .map(|result| result["passage"].as_u64().unwrap())
        .collect()
}

#[test]
fn mcp_answers_are_those_of_the_command_line() {
    let mut agent = Agent::new(sample());
    let query = "who pays for a tariff";
    let results = expected(&["search", query, "-n", "10"]);
    let answer = agent.call("search", &json!({ "query": query, "limit": 10 }));
    assert_eq!(passages(&answer), numbers(&results));
    for (passage, result) in answer["passages"].as_array().unwrap().iter().zip(&results) {
        let (score, wanted) = (passage["score"].as_f64(), result["score"].as_f64());
        assert!((score.unwrap() - wanted.unwrap()).abs() < 1e-3);
        assert_eq!(passage["title"], result["article"]["title"]);
        let text = passage["text"].as_str().unwrap();
        assert!(text.chars().count() <= 402, "{text}");
    }
    let mut paged = Vec::new();
    let mut cursor = Value::Null;
    for _ in 0..5 {
        let arguments = json!({ "query": query, "limit": 2, "cursor": cursor });
        let page = agent.call("search", &arguments);
        paged.extend(passages(&page));
        cursor = page["cursor"].clone();
    }
    assert_eq!(paged, numbers(&results));

    let first = paged[0].to_string();
    let related = agent.call("related", &json!({ "to": first }));
    assert_eq!(
        passages(&related),
        numbers(&expected(&["related", &first, "-n", "5"]))
    );
    let shown = agent.call("show", &json!({ "id": first, "context": 0 }));
    assert_eq!(passages(&shown), [paged[0]]);
    assert_eq!(shown["passages"][0]["text"], results[0]["text"]);
    let sources = agent.call("sources", &json!({ "language": "en" }));
    assert!(sources["articles"].as_u64().unwrap() > 10);
    assert_eq!(agent.end(), "");
}

#[test]
fn mcp_themes_are_found_and_read() {
    // Of its own: themes are kept only while nobody else writes.
    let place = Place::new();
    let articles = sample_articles();
    place.run(["index".as_ref(), articles.as_os_str()]).found();
    let mut agent = Agent::new(&place);
    let mut themes = agent.call("themes", &json!({}));
    while themes["status"] == "computing" {
        themes = agent.call("themes", &json!({}));
    }
    let theme = &themes["themes"][0];
    assert!(!theme["words"].as_array().unwrap().is_empty());
    let members = agent.call("themes", &json!({ "theme": theme["theme"], "limit": 3 }));
    assert_eq!(members["total"], theme["passages"]);
    assert_eq!(passages(&members).len(), 3);
    let of_theme = json!({ "query": "anything", "theme": theme["theme"] });
    assert!(!passages(&agent.call("search", &of_theme)).is_empty());
    // The article says what it is about, now that it is known.
    let id = &members["passages"][0]["article"];
    let article = agent.call("show", &json!({ "id": id }));
    assert!(!article["themes"].as_array().unwrap().is_empty());
    agent.end();
}

#[test]
fn mcp_lists_its_tools() {
    let mut agent = Agent::new(sample());
    let tools = agent.ask("tools/list", &json!({}));
    let tools = tools["tools"].as_array().unwrap();
    let names: Vec<&str> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["search", "related", "show", "themes", "sources"]);
    for tool in tools {
        assert_eq!(tool["annotations"]["readOnlyHint"], true);
        assert!(tool["inputSchema"]["properties"]["library"].is_null());
        assert_eq!(tool["outputSchema"]["type"], "object");
    }
    assert!(agent.ask("ping", &json!({})).is_object());
    agent.end();
}

#[test]
fn mcp_refuses_bad_input_and_goes_on() {
    let mut agent = Agent::new(sample());
    agent.refused("search", &json!({}), "`query` is missing");
    let million = json!({ "query": "a", "limit": 1_000_000 });
    agent.refused("search", &million, "from 1 to 20");
    agent.refused(
        "search",
        &json!({ "query": "a", "cursor": "AAAA" }),
        "cursor",
    );
    agent.refused(
        "search",
        &json!({ "query": "a", "x": 1 }),
        "has no argument",
    );
    agent.refused("show", &json!({ "id": "a999999" }), "`search`");
    agent.refused("themes", &json!({ "theme": 999_999 }), "`themes`");
    let unknown = agent.request("tools/call", &json!({ "name": "rm" }));
    assert!(
        unknown["error"]["message"]
            .as_str()
            .unwrap()
            .contains("search, related")
    );
    for params in [
        json!({}),
        json!([]),
        json!({ "name": 5 }),
        json!({ "name": "search", "arguments": 5 }),
    ] {
        let answer = agent.request("tools/call", &params);
        assert!(answer["error"]["code"].is_i64(), "{answer}");
    }
    assert_eq!(
        agent.request("no/such", &json!({}))["error"]["code"],
        -32601
    );
    assert!(agent.request("tools/list", &json!({ "cursor": "x" }))["error"].is_object());
    for (line, code) in [
        ("{\"jsonrpc\":", -32700),
        ("not JSON", -32700),
        ("[]", -32600),
        ("{\"id\":true}", -32600),
        ("\"\"", -32600),
    ] {
        agent.send(line);
        assert_eq!(agent.receive()["error"]["code"], code, "{line}");
    }
    // Bytes that are no text, and nesting without end.
    let input = agent.input.as_mut().unwrap();
    input.write_all(b"\xff\xfe\n").unwrap();
    assert_eq!(agent.receive()["error"]["code"], -32700);
    agent.send(&"[".repeat(1 << 20));
    assert_eq!(agent.receive()["error"]["code"], -32700);
    agent.send("");
    assert_eq!(
        passages(&agent.call("search", &json!({ "query": "tariff" }))).len(),
        5
    );
    agent.end();
}

#[test]
fn mcp_passes_over_a_message_of_a_hundred_megabytes() {
    let mut agent = Agent::new(sample());
    let input = agent.input.as_mut().unwrap();
    input
        .write_all(br#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"search","arguments":{"query":""#)
        .unwrap();
    let part = vec![b'a'; 1 << 20];
    for _ in 0..100 {
        input.write_all(&part).unwrap();
    }
    input.write_all(b"\"}},\"id\":77}\n").unwrap();
    let answer = agent.receive();
    assert_eq!(answer["id"], 77);
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("4 MiB")
    );
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string(format!("/proc/{}/status", agent.child.id())).unwrap();
        let peak = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        let kilobytes: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kilobytes < 400_000, "{peak}");
    }
    agent.call("sources", &json!({}));
    agent.end();
}

#[test]
fn mcp_ends_with_its_input_and_writes_what_was_asked_before() {
    let place = sample();
    let greeting =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": greeting() });
    let search = json!({
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": { "name": "search", "arguments": { "query": "tariff" } },
    });
    let input = format!(
        "{greeting}\n{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}}\n{search}"
    );
    let outcome = place.run_with_input(["mcp"], input.as_bytes()).found();
    let lines: Vec<Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{}", outcome.stdout);
    assert_eq!(passages(&lines[1]["result"]["structuredContent"]).len(), 5);
    let nothing = place.run_with_input(["mcp"], b"").found();
    assert_eq!((nothing.stdout.as_str(), nothing.stderr.as_str()), ("", ""));
}

#[test]
fn mcp_needs_a_library_and_says_when_it_is_empty() {
    let place = Place::new();
    place.run(["mcp"]).refused(&["no library"]);
    place.write("empty/none.txt", "");
    place.run(["index", "--quiet", "empty"]);
    let mut agent = Agent::new(&place);
    for (tool, arguments) in [
        ("search", json!({ "query": "a" })),
        ("related", json!({ "to": "1" })),
        ("show", json!({ "id": "a1" })),
        ("themes", json!({})),
        ("sources", json!({})),
    ] {
        agent.refused(tool, &arguments, "holds no articles yet");
    }
    // What is taken in meanwhile is found.
    place.write(
        "one.txt",
        "A tariff is a tax on what people buy in shops, and everybody pays it.\n",
    );
    place.run(["index", "--quiet", "one.txt"]).found();
    let begin = Instant::now();
    loop {
        let params = json!({ "name": "search", "arguments": { "query": "tariff" } });
        let result = agent.ask("tools/call", &params);
        if result["isError"] == false && !passages(&result["structuredContent"]).is_empty() {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{result}");
        std::thread::sleep(Duration::from_millis(50));
    }
    agent.end();
}

/// What a server answers to a message at `/mcp`.
fn post(server: &Server, headers: &[(&str, &str)], message: &str) -> Answer {
    let kinds = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
    ];
    let headers = [headers, &kinds].concat();
    server.ask("POST", "/mcp", &headers, message.as_bytes())
}

#[test]
fn mcp_over_http_is_guarded_and_knows_several_libraries() {
    let place = Place::new();
    place.write(
        "one.txt",
        "A tariff is a tax on what people buy in shops, and everybody pays it.\n",
    );
    place
        .run(["--library", "one", "index", "--quiet", "one.txt"])
        .found();
    let sample = format!("sample={}", sample().path(".topoi").display());
    let server = Server::start(&place, &[&sample, "one=one", "--token", "secret"]);

    let message = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let token = ("Authorization", "Bearer secret");
    assert_eq!(post(&server, &[], message).status, 401);
    let stranger = [("Host", "evil.example"), token];
    assert_eq!(post(&server, &stranger, message).status, 403);
    let page = [("Origin", "http://evil.example"), token];
    assert_eq!(post(&server, &page, message).status, 403);
    let broken = post(&server, &[token], "{\"jsonrpc\"");
    assert_eq!(broken.json(400)["error"]["code"], -32700);
    let long = format!("{{\"a\":\"{}\"}}", "a".repeat(5 << 20));
    assert_eq!(post(&server, &[token], &long).status, 413);

    let ask = |method: &str, params: &Value| {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        post(&server, &[token], &message.to_string()).json(200)
    };
    let instructions = ask("initialize", &greeting());
    let instructions = instructions["result"]["instructions"].as_str().unwrap();
    assert!(instructions.contains("sample, one"), "{instructions}");
    let tools = ask("tools/list", &json!({}));
    for tool in tools["result"]["tools"].as_array().unwrap() {
        let library = &tool["inputSchema"]["properties"]["library"];
        assert_eq!(library["enum"], json!(["sample", "one"]));
    }
    let search = |library: &str| {
        let arguments = json!({ "query": "tariff", "library": library });
        let answer = ask(
            "tools/call",
            &json!({ "name": "search", "arguments": arguments }),
        );
        answer["result"].clone()
    };
    assert_eq!(passages(&search("one")["structuredContent"]).len(), 1);
    assert_eq!(passages(&search("sample")["structuredContent"]).len(), 5);
    assert_eq!(search("two")["isError"], true);
}
