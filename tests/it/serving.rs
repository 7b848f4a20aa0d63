//! `topoi serve`: what the page and other programs are given, and who is turned away.

use std::io::Write;
use std::net::TcpStream;
use std::thread;

use serde_json::{Value, json};

use crate::harness::{Place, sample, sample_articles};
use crate::served::{Server, wait_for};

const QUESTION: &str = "did blocking chip sales slow a rival down?";

/// The passages and scores of results.
fn results(answer: &Value) -> Vec<(Value, Value)> {
    let results = answer["results"].as_array().unwrap().iter();
    results
        .map(|result| (result["passage"].clone(), result["score"].clone()))
        .collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn answers_are_those_of_the_command_line() {
    let place = sample();
    let server = Server::start(place, &[]);
    let said = place.run(["search", QUESTION, "--json"]).json();
    let asked = server.get(&format!("/v1/search?q={}&why=true", encoded(QUESTION)));
    let asked = asked.json(200);
    assert!(!results(&said).is_empty());
    assert_eq!(results(&asked), results(&said));
    assert_eq!(asked["results"][0]["why"], said["results"][0]["why"]);
    assert_eq!(asked["results"][0]["also"], said["results"][0]["also"]);

    let filters =
        json!({"q": QUESTION, "author": "ormondroyd", "after": "2023", "limit": 3, "context": 1});
    let asked = server.post("/v1/search", &filters).json(200);
    let arguments = [
        "search",
        QUESTION,
        "--author",
        "ormondroyd",
        "--after",
        "2023",
        "-n",
        "3",
        "-C",
        "1",
        "--json",
    ];
    let said = place.run(arguments).json();
    assert_eq!(results(&asked), results(&said));
    assert_eq!(
        asked["results"][0]["context"],
        said["results"][0]["context"]
    );

    let said = place.run(["related", "23", "--json"]).json();
    let asked = server.get("/v1/related?to=23").json(200);
    assert_eq!(results(&asked), results(&said));
    let said = place.run(["related", "a7", "--json"]).json();
    assert_eq!(
        results(&server.get("/v1/related?to=a7").json(200)),
        results(&said)
    );

    let first = server
        .post("/v1/search", &json!({"q": QUESTION, "limit": 3}))
        .json(200);
    let next = json!({"q": QUESTION, "limit": 3, "offset": 3});
    let next = server.post("/v1/search", &next).json(200);
    let all = server
        .post("/v1/search", &json!({"q": QUESTION, "limit": 6}))
        .json(200);
    assert_eq!([results(&first), results(&next)].concat(), results(&all));
    assert_eq!(next["results"][0]["rank"], 4);
}

#[test]
fn what_the_library_holds_is_shown() {
    let place = sample();
    let server = Server::start(place, &[]);
    let libraries = server.get("/v1/libraries").json(200);
    assert_eq!(libraries["libraries"][0]["articles"], 31);

    let passage = server.get("/v1/passages/23?context=1").json(200);
    assert_eq!(passage["passage"], 23);
    assert_eq!(passage["context"]["before"][0]["passage"], 22);
    let article = server.get("/v1/articles/a7?limit=2&offset=1").json(200);
    assert_eq!(article["passages"].as_array().unwrap().len(), 2);
    assert_eq!(article["article"]["id"], 7);

    let listed = server.get("/v1/articles?author=brandram").json(200);
    let said = place.run(["list", "--author", "brandram", "--json"]).json();
    assert_eq!(listed["total"], said.as_array().unwrap().len());
    let sources = server.get("/v1/sources").json(200);
    assert_eq!(sources["articles"], 31);
    assert_eq!(sources["sources"][0]["articles"], 12);

    let themes = wait_for(|| {
        let themes = server.get("/v1/themes");
        (themes.status == 200).then(|| themes.json(200))
    });
    let theme = &themes["themes"][0];
    let one = server
        .get(&format!("/v1/themes/{}?limit=2", theme["id"]))
        .json(200);
    assert_eq!(one["total"], theme["passages"]);
    assert_eq!(one["passages"].as_array().unwrap().len(), 2);
    let map = wait_for(|| {
        let map = server.get("/v1/themes/map");
        (map.status == 200).then_some(map)
    });
    assert!(map.body.starts_with(b"<!DOCTYPE html>"));
    assert!(map.head.contains("script-src 'sha256-"), "{}", map.head);
    assert!(!map.head.contains("unsafe-inline"), "{}", map.head);

    for (path, part) in [
        ("/v1/passages/999999", "no passage 999999"),
        ("/v1/passages/x", "no number"),
        ("/v1/articles/999999", "no article"),
        ("/v1/themes/999999", "no theme"),
        ("/v1/search?q=a&theme=999999", "no theme"),
        ("/v1/search?q=a&library=other", "no library"),
        ("/nothing", "nothing at this address"),
        ("/assets/..%2fmod.rs", "no such file"),
    ] {
        server.get(path).refused(404, part);
    }
}

#[test]
fn the_page_runs_nothing_but_its_own_scripts() {
    let server = Server::start(sample(), &[]);
    let page = server.get("/");
    assert_eq!(page.status, 200);
    let text = String::from_utf8(page.body).unwrap();
    assert!(page.head.contains("script-src 'self';"), "{}", page.head);
    assert!(!page.head.contains("unsafe"), "{}", page.head);
    let assets = text.split('"').filter(|part| part.starts_with("assets/"));
    let mut count = 0;
    for asset in assets {
        count += 1;
        let asset = server.get(&format!("/{asset}"));
        assert_eq!(asset.status, 200);
        assert!(asset.head.contains("nosniff"));
    }
    assert!(count > 1, "{text}");
    // Each module is there that another one asks for.
    for module in ["main.js", "search.js"] {
        let script = server.get(&format!("/assets/{module}"));
        let script = String::from_utf8(script.body).unwrap();
        for name in script
            .split('\'')
            .filter_map(|part| part.strip_prefix("./"))
        {
            assert_eq!(server.get(&format!("/assets/{name}")).status, 200, "{name}");
        }
    }
}

#[test]
fn bad_questions_are_told_what_is_wrong() {
    let server = Server::start(sample(), &[]);
    for (question, part) in [
        (json!({}), "`q` is missing"),
        (json!({"q": ""}), "empty"),
        (json!({"q": "\"open"}), "quotation mark"),
        (json!({"q": "x".repeat(70_000)}), "more than 64 KiB"),
        (json!({"q": 7}), "invalid type"),
        (json!({"q": "a", "limit": 1_000_000}), "ask for 1 to 100"),
        (json!({"q": "a", "limit": -1}), "invalid value"),
        (json!({"q": "a", "offset": 100_000}), "at most 1000"),
        (json!({"q": "a", "context": 1000}), "at most 20"),
        (json!({"q": "a", "mode": "magic"}), "unknown variant"),
        (json!({"q": "a", "after": "yesterday"}), "date"),
        (json!({"q": "a", "path": "*a*b*c*d*"}), "stars"),
        (json!({"q": "a", "like": ["x"]}), "write 23"),
        (json!({"q": "a", "to": "23"}), "no field of a search"),
        (json!({"q": "a", "colour": "red"}), "unknown field"),
        (json!([1, 2]), "not as it should be"),
    ] {
        server.post("/v1/search", &question).refused(400, part);
    }
    for (question, part) in [
        (json!({}), "name either"),
        (json!({"to": "23", "text": "a"}), "name either"),
        (json!({"to": "x"}), "write 23"),
        (json!({"text": "   "}), "text"),
        (json!({"to": "23", "q": "a"}), "no field"),
    ] {
        server.post("/v1/related", &question).refused(400, part);
    }
    let json = ("Content-Type", "application/json");
    let send =
        |headers: &[(&str, &str)], body: &[u8]| server.ask("POST", "/v1/search", headers, body);
    send(&[json], b"{\"q\": ").refused(400, "not as it should be");
    send(&[json], b"{\"q\": \"\xff\"}").refused(400, "not as it should be");
    send(&[], b"{\"q\": \"a\"}").refused(415, "Content-Type");
    send(&[json], &vec![b' '; 3 << 20]).refused(413, "more than 1024 KiB");
    server
        .ask("DELETE", "/v1/search", &[], b"")
        .refused(405, "method");
    // Only what was announced counts: nothing is waited for.
    let huge = format!(
        "POST /v1/search HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\nConnection: close\r\n\r\n",
        server.address
    );
    server.raw(huge.as_bytes()).refused(413, "more than");
    let many: String = (0..10_000).map(|n| format!("X-{n}: a\r\n")).collect();
    let flood = server.raw(format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n").as_bytes());
    assert_eq!(flood.status, 431);
    assert_eq!(server.get("/healthz").json(200), json!({"status": "ok"}));
}

#[test]
fn a_number_that_no_passage_has_takes_no_memory() {
    let server = Server::start(sample(), &[]);
    for field in ["except", "like", "unlike"] {
        for number in ["999999", "36982562137698667", "18446744073709551615"] {
            let question = json!({"q": "a", field: [number]});
            server
                .post("/v1/search", &question)
                .refused(404, "no passage");
        }
    }
    assert_eq!(server.get("/v1/search?q=a").status, 200);
}

#[test]
fn a_question_is_checked_before_its_answer_is_known() {
    let server = Server::start(sample(), &[]);
    assert_eq!(server.get("/v1/search?q=a").status, 200);
    // As JSON it would look like the one before.
    server
        .get("/v1/search?q=a&min_score=NaN")
        .refused(400, "no number");
}

#[test]
fn an_answer_that_comes_too_late_is_said_to_be_late() {
    let server = Server::start(sample(), &["--threads", "1", "--timeout", "1"]);
    let texts = vec!["a long text ".repeat(60); 1000];
    let request = json!({"model": "all-MiniLM-L6-v2", "input": texts});
    server
        .post("/v1/embeddings", &request)
        .refused(504, "took too long");
    wait_for(|| (server.get("/v1/search?q=a").status == 200).then_some(()));
}

#[test]
fn what_is_named_a_thousand_times_counts_once() {
    let server = Server::start(sample(), &[]);
    let like = |articles: Vec<&str>| {
        let asked = json!({"q": QUESTION, "like": articles, "except": articles, "limit": 5});
        results(&server.post("/v1/search", &asked).json(200))
    };
    assert_eq!(like(vec!["a3"; 1000]), like(vec!["a3"]));
}

#[test]
fn context_is_given_of_what_is_shown() {
    let server = Server::start(sample(), &[]);
    let asked = json!({"q": QUESTION, "limit": 3, "offset": 2, "context": 1});
    let shown = server.post("/v1/search", &asked).json(200);
    let all = json!({"q": QUESTION, "limit": 5, "context": 1});
    let all = server.post("/v1/search", &all).json(200);
    let all = all["results"].as_array().unwrap();
    assert_eq!(shown["results"].as_array().unwrap(), &all[2..]);
    assert!(
        all.iter()
            .any(|hit| !hit["context"]["before"].as_array().unwrap().is_empty())
    );
}

#[test]
fn who_does_not_know_the_token_takes_no_room() {
    let server = Server::start(sample(), &["--token", "open sesame"]);
    let held: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            let head = format!(
                "POST /v1/session HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
                 Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n",
                server.address
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    // They have arrived once another connection has been answered.
    assert_eq!(server.get("/").status, 200);
    let headers = [
        ("Authorization", "Bearer open sesame"),
        ("Content-Type", "application/json"),
    ];
    let asked = json!({"q": QUESTION}).to_string();
    let answer = server.ask("POST", "/v1/search", &headers, asked.as_bytes());
    assert_eq!(answer.status, 200);
    drop(held);
}

#[cfg(unix)]
#[test]
fn what_never_ends_is_not_taken_in() {
    let place = Place::new();
    let folder = place.path("allowed");
    std::fs::create_dir(&folder).unwrap();
    let pipe = folder.join("pipe.txt");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let mut server = Server::start(&place, &["--allow", folder.to_str().unwrap()]);
    let job = server
        .post("/v1/index", &json!({"paths": [pipe]}))
        .json(202);
    let job = format!("/v1/index/{}", job["job"]["id"].as_str().unwrap());
    let job = wait_for(|| {
        let job = server.get(&job).json(200)["job"].clone();
        (job["state"] == "failed").then_some(job)
    });
    let error = job["error"].as_str().unwrap();
    assert!(error.contains("neither a file nor a folder"), "{error}");
    end(&mut server);
}

#[test]
fn strangers_are_turned_away() {
    let place = sample();
    let server = Server::start(place, &["--cors", "https://friend.example"]);
    let from = |headers: &[(&str, &str)]| server.ask("GET", "/v1/libraries", headers, b"");
    from(&[("Host", "evil.example")]).refused(403, "isn't known as");
    from(&[("Origin", "https://evil.example")]).refused(403, "may not ask here");
    from(&[("Sec-Fetch-Site", "cross-site")]).refused(403, "other sites");
    let own = format!("http://{}", server.address);
    assert_eq!(from(&[("Origin", &own)]).status, 200);
    let friend = from(&[("Origin", "https://friend.example")]);
    assert!(
        friend
            .head
            .contains("access-control-allow-origin: https://friend.example")
    );
    assert!(!from(&[]).head.contains("access-control"));

    place
        .run(["serve", "--listen", "0.0.0.0:0"])
        .refused(&["a token is needed", "TOPOI_TOKEN"]);
    let server = Server::start(place, &["--token", "open sesame"]);
    server
        .get("/v1/libraries")
        .refused(401, "a token is needed");
    assert_eq!(server.get("/").status, 200);
    let with = |token: &str| {
        let token = format!("Bearer {token}");
        server.ask("GET", "/v1/libraries", &[("Authorization", &token)], b"")
    };
    assert_eq!(with("open sesame").status, 200);
    assert_eq!(with("open").status, 401);
    server
        .post("/v1/session", &json!({"token": "open"}))
        .refused(401, "not the token");
    let session = server.post("/v1/session", &json!({"token": "open sesame"}));
    assert_eq!(session.status, 204);
    assert!(session.head.contains("httponly; samesite=strict"));
    let cookie = session.head.split("set-cookie: ").nth(1).unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let known = server.ask("GET", "/v1/libraries", &[("Cookie", cookie)], b"");
    assert_eq!(known.status, 200);
    server.ask("DELETE", "/v1/session", &[("Cookie", cookie)], b"");
    assert_eq!(
        server
            .ask("GET", "/v1/libraries", &[("Cookie", cookie)], b"")
            .status,
        401
    );
}

#[test]
fn what_is_sent_is_found_without_a_restart() {
    let place = Place::new();
    let folder = place.path("allowed");
    std::fs::create_dir(&folder).unwrap();
    let arguments = ["--uploads", "--allow", folder.to_str().unwrap()];
    let server = Server::start(&place, &arguments);
    server
        .get("/v1/search?q=lighthouse")
        .refused(409, "no articles yet");

    let text = b"The lighthouse at Brackwater was sold to a hotel company last spring, and the keepers were not asked.";
    let job = server
        .ask("POST", "/v1/index?name=lighthouse.txt", &[], text)
        .json(202);
    let id = job["job"]["id"].as_str().unwrap().to_owned();
    let events = server.get(&format!("/v1/index/{id}/events"));
    let events = String::from_utf8(events.body).unwrap();
    let last = events.trim().rsplit("\n\n").next().unwrap();
    assert!(last.starts_with("event: end"), "{events}");
    assert!(last.contains("\"state\":\"done\""), "{events}");
    let found = wait_for(|| {
        let found = server.get("/v1/search?q=who%20bought%20the%20lighthouse");
        (found.status == 200).then(|| found.json(200))
    });
    assert_eq!(
        found["results"][0]["article"]["path"],
        "upload/lighthouse.txt"
    );

    // Another program adds to it, too.
    let other = "The ferry to the island stopped when the harbour froze over in the second week of January.";
    place.write("allowed/ferry.txt", other);
    place.run(["index", "allowed"]).found();
    wait_for(|| {
        let found = server.get("/v1/search?q=ferry%20harbour%20froze").json(200);
        let path = found["results"][0]["article"]["path"].as_str()?.to_owned();
        path.ends_with("ferry.txt").then_some(())
    });

    place.write("secret.txt", "Nobody may read this.");
    let paths = |paths: Value| server.post("/v1/index", &json!({"paths": paths}));
    paths(json!([place.path("secret.txt")])).refused(403, "not below a folder");
    paths(json!([folder.join("../secret.txt")])).refused(403, "not below a folder");
    paths(json!(["/etc"])).refused(403, "not below a folder");
    paths(json!([])).refused(400, "1 to 1000");
    let sent = |name: &str| server.ask("POST", &format!("/v1/index?name={name}"), &[], b"text");
    sent("..%2Fa.txt").refused(400, "without a folder");
    let job = sent("picture.png").json(202)["job"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    wait_for(|| {
        let job = server.get(&format!("/v1/index/{job}")).json(200);
        (job["job"]["state"] == "done" || job["job"]["state"] == "failed").then_some(())
    });
    server.get("/v1/index/j999").refused(404, "no job");

    let closed = Server::start(sample(), &[]);
    closed
        .ask("POST", "/v1/index?name=a.txt", &[], b"text")
        .refused(403, "--uploads");
}

#[test]
fn embeddings_are_those_of_the_command_line() {
    let place = sample();
    let server = Server::start(place, &[]);
    let texts = ["who pays for tariffs?", "Consumers do."];
    let said = place.run_with_input(["embed", "--lines"], texts.join("\n").as_bytes());
    let said: Vec<Value> = said
        .found()
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let request = json!({"model": "all-MiniLM-L6-v2", "input": texts});
    let asked = server.post("/v1/embeddings", &request).json(200);
    for (index, said) in said.iter().enumerate() {
        let numbers = |value: &Value| -> Vec<f64> {
            let numbers = value.as_array().unwrap().iter();
            numbers.map(|number| number.as_f64().unwrap()).collect()
        };
        let said = said
            .as_object()
            .unwrap()
            .values()
            .find(|value| value.is_array());
        let said = numbers(said.unwrap());
        let asked = numbers(&asked["data"][index]["embedding"]);
        assert_eq!(said.len(), asked.len());
        assert!(said.iter().zip(&asked).all(|(a, b)| (a - b).abs() < 1e-6));
    }
    assert_eq!(asked["usage"]["prompt_tokens"], 12);

    // The same text as the numbers of its tokens: "consumers do."
    let tokens = json!({"model": "all-MiniLM-L6-v2", "input": [10390, 2079, 1012]});
    let tokens = server.post("/v1/embeddings", &tokens).json(200);
    assert_eq!(
        tokens["data"][0]["embedding"],
        asked["data"][1]["embedding"]
    );

    for (request, status, part) in [
        (json!({"input": "a", "model": "gpt"}), 404, "no model “gpt”"),
        (
            json!({"input": [], "model": "all-MiniLM-L6-v2"}),
            400,
            "1 to 2048",
        ),
        (
            json!({"input": "", "model": "all-MiniLM-L6-v2"}),
            400,
            "empty text",
        ),
        (
            json!({"input": [999_999], "model": "all-MiniLM-L6-v2"}),
            400,
            "outside the vocabulary",
        ),
        (
            json!({"input": "a ".repeat(500), "model": "all-MiniLM-L6-v2"}),
            400,
            "the model reads 256",
        ),
        (
            json!({"input": "a", "model": "all-MiniLM-L6-v2", "dimensions": 999}),
            400,
            "1 to 384",
        ),
        (json!({"model": "all-MiniLM-L6-v2"}), 400, "input"),
    ] {
        server
            .post("/v1/embeddings", &request)
            .refused(status, part);
    }
}

#[test]
fn too_many_questions_are_told_to_come_again() {
    let server = Server::start(sample(), &["--queue", "1", "--threads", "1"]);
    let statuses: Vec<u16> = thread::scope(|threads| {
        let asking: Vec<_> = (0..40)
            .map(|number| {
                let server = &server;
                threads.spawn(move || {
                    let question =
                        json!({"q": format!("who pays the bill of {number}?"), "why": true});
                    let answer = server.post("/v1/search", &question);
                    if answer.status == 503 {
                        assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
                    }
                    answer.status
                })
            })
            .collect();
        asking
            .into_iter()
            .map(|asking| asking.join().unwrap())
            .collect()
    });
    assert!(
        statuses.contains(&200) && statuses.contains(&503),
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| [200, 503].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(server.get("/v1/search?q=again").status, 200);
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(metrics.contains("status=\"503\""), "{metrics}");
}

#[cfg(unix)]
#[test]
fn a_server_that_is_told_to_end_ends_well() {
    let mut server = Server::start(sample(), &[]);
    assert_eq!(server.get("/healthz").status, 200);
    end(&mut server);
}

/// Tells a server to end, which it is to do.
#[cfg(unix)]
fn end(server: &mut Server) {
    let pid = server.child.id().to_string();
    let told = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(told.unwrap().success());
    let code = wait_for(|| server.child.try_wait().unwrap());
    assert_eq!(code.code(), Some(0));
}

#[test]
fn several_libraries_are_told_apart_by_name() {
    let place = Place::new();
    let articles = sample_articles();
    let index = |name: &str, folder: &str| {
        let folder = articles.join(folder);
        let arguments = ["--library", name, "index", folder.to_str().unwrap()];
        place.run(arguments).found();
    };
    index("review", "harbour-review");
    index("standard", "northmoor-standard");
    let server = Server::start(&place, &["one=review", "standard"]);
    let libraries = server.get("/v1/libraries").json(200);
    assert_eq!(libraries["libraries"][0]["name"], "one");
    let path = |query: &str| {
        let found = server
            .get(&format!("/v1/search?q=tariffs{query}"))
            .json(200);
        found["results"][0]["article"]["path"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(path("").contains("harbour-review"));
    assert!(path("&library=standard").contains("northmoor-standard"));
    place
        .run(["serve", "a=review", "a=standard"])
        .refused(&["two libraries are called `a`"]);
    place.run(["serve", "nowhere"]).refused(&["no library"]);
}
