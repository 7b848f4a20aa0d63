"""What is refused, and how."""

import urllib.parse

from checks import check, equal, failed


def bad_questions(server):
    ask = lambda body: server.ask("POST", "/v1/search", body, {"Content-Type": "application/json"})
    for what, body in {
        "nothing": b"",
        "half an object": b'{"q": "tariffs"',
        "two objects": b'{"q": "a"}{"q": "b"}',
        "a text": b'"tariffs"',
        "null": b"null",
        "a list": b'[null, "tariffs"]',
        "no number": b'{"q": "a", "min_score": NaN}',
        "an infinite number": b'{"q": "a", "min_score": Infinity}',
        "a number too large": b'{"q": "a", "min_score": 1e999}',
        "a field twice": b'{"q": "a", "q": "b"}',
        "an unknown field": b'{"q": "a", "k": 3}',
        "the field of another request": b'{"q": "a", "to": "3"}',
        "no question": b"{}",
        "a question that is null": b'{"q": null}',
        "a question that is a number": b'{"q": 3}',
        "an empty question": b'{"q": " "}',
        "a phrase without an end": b'{"q": "\\"tariffs"}',
        "only what is left out": b'{"q": "-tariffs"}',
        "a number as text": b'{"q": "a", "limit": "3"}',
        "a broken number": b'{"q": "a", "limit": 2.5}',
        "a negative number": b'{"q": "a", "limit": -1}',
        "a yes that is a text": b'{"q": "a", "why": "true"}',
        "a mode that isn't one": b'{"q": "a", "mode": "magic"}',
        "a date that isn't one": b'{"q": "a", "after": "2023-02-30"}',
        "a date with two readings": b'{"q": "a", "after": "05/06/2020"}',
        "one passage instead of a list": b'{"q": "a", "like": "3"}',
        "numbers instead of texts": b'{"q": "a", "like": [3]}',
        "bytes that are no UTF-8": b'{"q": "\xff\xfe"}',
        "half a character": b'{"q": "\\ud800"}',
        "a byte order mark": b'\xef\xbb\xbf{"q": "a"}',
        "deep brackets": b'{"q": ' + b"[" * 100_000,
    }.items():
        failed(f"a body with {what}", ask(body), 400, type="invalid_request_error")
    for field, values in {
        "limit": [0, 101, 1_000_000, 2**64 - 1],
        "offset": [1001, 2**64 - 1],
        "context": [21, 2**32 - 1],
        "per_article": [0],
        "author": ["x" * 1001],
        "path": ["*" * 4],
        "like": [["1"] * 1001],
        "q": ["x" * (64 * 1024 + 1)],
    }.items():
        for value in values:
            failed(
                f"{field} of {str(value)[:20]}", server.post("/v1/search", {"q": "a", field: value}), 400, param=field
            )
    for parameters in (
        "q=a&limit=x",
        "q=a&limit=",
        "q=a&limit=1&limit=2",
        "q=a&unknown=1",
        "q=a&like=1",
        "q=a&min_score=NaN",
        "q=a&min_score=1e99",
        "q=a&why=1",
        "q=",
        "",
        "q=a&theme=-1",
    ):
        failed(f"?{parameters}", server.get(f"/v1/search?{parameters}"), 400)
    known = f"q={urllib.parse.quote('asked twice')}"
    equal("a question", server.get(f"/v1/search?{known}").status, 200)
    failed(
        "the question again, with a number that is none",
        server.get(f"/v1/search?{known}&min_score=NaN"),
        400,
        param="min_score",
    )
    longest = server.post("/v1/search", {"q": "tariffs " * 8192})
    equal("the longest question", longest.status, 200)
    strange = "q=" + urllib.parse.quote("关税 \u202e \0 👩‍🌾 ‮ ﷽ \ufffd")
    equal("a strange question", server.get(f"/v1/search?{strange}").status, 200)


def bad_related(server):
    ask = lambda body: server.post("/v1/related", body)
    for what, body in {
        "neither": {},
        "both": {"to": "3", "text": "a"},
        "a search": {"q": "a"},
        "a mode": {"to": "3", "mode": "auto"},
        "a like": {"to": "3", "like": ["4"]},
    }.items():
        failed(f"related to {what}", ask(body), 400)
    failed("related to no passage", ask({"to": "999999"}), 404)
    failed("related to the largest number", ask({"to": str(2**64 - 1)}), 404)
    failed("related to an empty text", ask({"text": ""}), 400, param="text")
    failed("related to a blank text", ask({"text": " \n\n "}), 400, param="text")
    for strange in ("a", "👩‍🌾", "\0", "{}", "<html>", "%PDF-1.7", "From a@example.org Thu\n\n", "PK\3\4"):
        answer = ask({"text": strange})
        check(f"related to {strange!r}", answer.status in (200, 400), answer.body)


def what_is_not_there(server):
    largest = 2**64 - 1
    for path in (
        "/v1/nothing",
        "/v1",
        "/v1/",
        "/v1/passages",
        "/v1/passages/",
        "/v1/passages/1/2",
        "/index.html",
        "/.git/config",
        "/v1/passages/999999",
        f"/v1/passages/{largest}",
        f"/v1/passages/{2**63}",
        "/v1/passages/x",
        "/v1/passages/a3",
        "/v1/passages/-1",
        "/v1/articles/a999999",
        f"/v1/articles/{largest}",
        "/v1/articles/b3",
        "/v1/themes/999999",
        f"/v1/themes/{largest}",
        "/v1/themes/x",
        "/assets/",
        "/assets/none.js",
        "/assets/../page.css",
        "/assets/%2e%2e/page.css",
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/..",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/page.css%00",
        "/assets/..\\page.css",
        "/../../etc/passwd",
        "//etc/passwd",
    ):
        failed(path, server.get(path), 404, type="not_found_error")
    failed("a library that isn't there", server.get("/v1/search", q="a", library="none"), 404, param="library")
    failed("a theme that isn't there", server.get("/v1/search", q="a", theme=999999), 404)
    for path in (
        "/v1/passages/%ff",
        "/v1/articles/%ff",
        "/v1/themes/%c3%28",
        "/v1/index/%ff",
        "/v1/index/%ff/events",
        "/assets/%ff",
    ):
        failed(f"{path}, which is no UTF-8", server.get(path), 400)
    answer = server.get("/v1/search?q=tariffs%ff%c3%28")
    check("a question whose percent signs are no UTF-8", answer.status in (200, 400), answer.body)


def wrong_ways(server):
    for method, path, allowed in (
        ("PUT", "/v1/search", "GET,HEAD,POST"),
        ("DELETE", "/v1/search", "GET,HEAD,POST"),
        ("POST", "/v1/libraries", "GET,HEAD"),
        ("GET", "/v1/index", "POST"),
        ("GET", "/v1/embeddings", "POST"),
        ("GET", "/v1/session", "POST,DELETE"),
        ("PATCH", "/v1/index/j1", "GET,HEAD,DELETE"),
        ("POST", "/", "GET,HEAD"),
        ("TRACE", "/v1/search", "GET,HEAD,POST"),
        ("OPTIONS", "/v1/search", "GET,HEAD,POST"),
        ("BREW", "/v1/search", "GET,HEAD,POST"),
    ):
        answer = server.ask(method, path)
        failed(f"{method} {path}", answer, 405)
        equal(f"{method} {path}: what it takes", set(answer.headers["Allow"].split(",")), set(allowed.split(",")))
    for path in ("/v1/search", "/v1/related", "/v1/embeddings", "/v1/session"):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "\xff"):
            failed(f"{path} with {kind!r}", server.ask("POST", path, b'{"q": "a"}', {"Content-Type": kind}), 415)
    answer = server.ask("POST", "/v1/search", b'{"q": "a"}', {"Content-Type": "Application/JSON; charset=utf-8"})
    equal("JSON with its charset", answer.status, 200)
