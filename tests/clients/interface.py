"""The HTTP interface, with nothing but what Python brings: what it answers, whom it refuses, and what doesn't hurt it."""

import concurrent.futures
import contextlib
import dataclasses
import gzip
import json
import pathlib
import re
import signal
import socket
import threading
import time
import urllib.parse

from checks import check, equal, part
from servers import Answer, Server, run as topoi_run, wait_for

FRIEND = "https://friend.example"
QUESTION = "who pays for tariffs"
DEFAULT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# How long something may take that is given up after half a minute.
PATIENCE = 35


@dataclasses.dataclass
class Place:
    """What the tests work with."""

    topoi: pathlib.Path
    folder: pathlib.Path
    library: pathlib.Path
    allowed: pathlib.Path
    description: pathlib.Path


def failed(what, answer, status, **expected):
    """An answer must be an error of this status, in the form that all errors have."""
    statuses = status if isinstance(status, tuple) else (status,)
    check(f"{what}: {' or '.join(map(str, statuses))}", answer.status in statuses, f"{answer.status} {answer.body[:200]}")
    try:
        error = answer.json["error"]
    except (ValueError, LookupError, TypeError):
        check(f"{what}: an error in JSON", False, answer.body)
        return
    equal(f"{what}: the form of the error", (list(answer.json), set(error)), (["error"], {"message", "type", "code", "param"}))
    for name, value in expected.items():
        equal(f"{what}: {name}", error[name], value)


# What is answered.


def without_timings(answer):
    equal("milliseconds are named", set(answer.pop("timings")), {"model_load_ms", "embedding_ms", "search_ms"})
    return answer


def as_on_the_command_line(place, server):
    in_full = {"why": True, "lines": True}
    cases = [
        ("search", {"q": QUESTION}, [QUESTION]),
        ("search", {"q": QUESTION, "limit": 3, "mode": "lexical"}, [QUESTION, "-n3", "--mode=lexical"]),
        ("search", {"q": QUESTION, "mode": "semantic", "exact": True, "context": 2}, [QUESTION, "--mode=semantic", "--exact", "-C2"]),
        ("search", {"q": "\"carbon\" rebate", "per_article": 1, "limit": 20}, ["\"carbon\" rebate", "--per-article=1", "-n20"]),
        ("search", {"q": "rent", "source": "harbour", "after": "2023", "before": "2024-06"}, ["rent", "--source=harbour", "--after=2023", "--before=2024-06"]),
        ("search", {"q": "heat", "lang": "fr"}, ["heat", "--lang=fr"]),
        ("search", {"q": "essay", "author": "brandram", "path": "*harbour-review*"}, ["essay", "--author=brandram", "--path=*harbour-review*"]),
        ("search", {"q": "is a writer", "all_kinds": True, "copies": True}, ["is a writer", "--all-kinds", "--copies"]),
        ("search", {"q": QUESTION, "min_score": 0.99}, [QUESTION, "--min-score=0.99"]),
        ("search", {"q": "\"trade\" - 0.5 \"tariffs\""}, ["\"trade\" - 0.5 \"tariffs\""]),
        ("search", {"q": QUESTION, "like": ["31"], "unlike": ["a7"]}, [QUESTION, "--like=31", "--unlike=a7"]),
        ("related", {"to": "31", "limit": 5}, ["31", "-n5"]),
        ("related", {"to": "a3", "per_article": 1}, ["a3", "--per-article=1"]),
    ]
    for request, question, arguments in cases:
        name = f"{request} {question}"
        printed = topoi_run(place.topoi, "--library", place.library, request, "--json", *arguments)
        expected = without_timings(json.loads(printed))
        answer = server.post(f"/v1/{request}", {**question, **in_full})
        equal(f"{name}: what the command line finds", without_timings(answer.json), expected)
        if not any(isinstance(value, list) for value in question.values()):
            values = {key: str(value).lower() if isinstance(value, bool) else value for key, value in question.items()}
            same = server.get(f"/v1/{request}", **values, why="true", lines="true")
            equal(f"{name}: the same by GET", without_timings(same.json), expected)
    best = server.get("/v1/search", q=QUESTION).json["results"]
    check("a search finds something, the best first", len(best) == 10 and best[0]["passage"] == 31, best[:1])
    check("neither sentences nor lines unless they are asked for", all("why" not in found and found["line"] is None for found in best))


def beside_a_text(server):
    text = "A tariff is a tax on whoever buys the goods.\n\nIt is collected by shopkeepers from the poor."
    found = server.post("/v1/related", {"text": text, "limit": 5, "why": True}).json["results"]
    equal("beside a text: five passages", [passage["rank"] for passage in found], [1, 2, 3, 4, 5])
    check("beside a text: what says something like it", 31 in [passage["passage"] for passage in found])


def pages(server):
    whole = server.get("/v1/search", q=QUESTION, limit=60).json["results"]
    parts = [server.get("/v1/search", q=QUESTION, limit=7, offset=offset).json["results"] for offset in range(0, 63, 7)]
    paged = [found for part in parts for found in part][:60]
    equal("pages, one after the other, are the whole", [(f["rank"], f["passage"]) for f in paged], [(f["rank"], f["passage"]) for f in whole])
    equal("no passage comes twice", len({found["passage"] for found in paged}), len(paged))
    equal("ranks go on from page to page", [found["rank"] for found in paged], list(range(1, len(paged) + 1)))
    far = server.get("/v1/search", q=QUESTION, offset=1000)
    equal("behind the last page there is nothing", (far.status, far.json["results"]), (200, []))


def refined(server):
    first = [found["passage"] for found in server.get("/v1/search", q=QUESTION).json["results"]]
    named = [str(first[0]), str(first[1])]
    for field in ("like", "unlike", "except"):
        found = [found["passage"] for found in server.post("/v1/search", {"q": QUESTION, field: named}).json["results"]]
        check(f"{field}: what was named is not found again", len(found) == 10 and not set(found) & set(first[:2]), found)
    found = server.post("/v1/search", {"q": QUESTION, "except": ["a3"]}).json["results"]
    check("except: an article", found and all(f["article"]["id"] != 3 for f in found))
    for field in ("like", "unlike", "except"):
        for unknown in ("999999", "a999999"):
            answer = server.post("/v1/search", {"q": QUESTION, field: [unknown]})
            failed(f"{field}: {unknown}, which there isn't", answer, 404, type="not_found_error")
        for odd in ("", "a", "x7", "7a", "-1", "+1", "１", "1.0", "9" * 30):
            failed(f"{field}: {odd!r}, which is no number", server.post("/v1/search", {"q": QUESTION, field: [odd]}), 400, param=field)


def contents(server):
    libraries = server.get("/v1/libraries").json["libraries"]
    equal("libraries: one", [(l["name"], l["articles"], l["problem"]) for l in libraries], [("commentary", 31, None)])
    articles = server.get("/v1/articles", limit=1000).json
    ids = [article["id"] for article in articles["articles"]]
    equal("articles: all of them", (articles["total"], len(set(ids))), (31, 31))
    dates = [article["date"] for article in articles["articles"]]
    equal("articles: the latest first", dates, sorted(dates, reverse=True))
    pages = [server.get("/v1/articles", limit=10, offset=offset).json["articles"] for offset in range(0, 40, 10)]
    equal("articles: in parts", [article["id"] for page in pages for article in page], ids)
    passages = 0
    for id in ids:
        whole = server.get(f"/v1/articles/a{id}").json
        passages += whole["total"]
        if len(whole["passages"]) != whole["total"] or whole["article"]["id"] != id:
            check(f"article a{id}: is whole", False, whole)
    equal("articles: their passages are those of the library", passages, libraries[0]["passages"])
    one = server.get("/v1/articles/3").json
    equal("an article without its `a`", one, server.get("/v1/articles/a3").json)
    parts = [server.get("/v1/articles/3", limit=4, offset=offset).json["passages"] for offset in range(0, one["total"], 4)]
    equal("an article in parts", [passage for part in parts for passage in part], one["passages"])

    sources = server.get("/v1/sources").json
    equal("sources: of how many articles", sources["articles"], 31)
    for source in sources["sources"]:
        chosen = server.get("/v1/articles", source=source["name"]).json
        equal(f"sources: as many articles of {source['name']}", chosen["total"], source["articles"])
    failed("sources: in parts", server.get("/v1/sources", limit=1), 400, param="limit")

    shown = server.get("/v1/passages/31", context=2).json
    around = [p["passage"] for p in shown["context"]["before"]] + [31] + [p["passage"] for p in shown["context"]["after"]]
    of_article = [p["passage"] for p in one["passages"]]
    check("a passage: its neighbours in the article", len(around) > 3 and around == [p for p in of_article if p in around], around)
    line = pathlib.Path(shown["article"]["path"]).read_text().splitlines()[shown["line"] - 1]
    check("a passage: its line in the file", shown["text"].startswith(line[:20]), line)
    equal("a passage: alone", server.get("/v1/passages/31").json["context"], {"before": [], "after": []})


def themes(server):
    first = server.get("/v1/themes")
    check("themes: being found at first", first.status == 202 and first.json == {"status": "computing"}, first.body)
    check("themes: when to come again", int(first.headers["Retry-After"]) >= 1)
    all_of = wait_for(lambda: server.get("/v1/themes"), lambda answer: answer.status != 202)
    equal("themes: found", (all_of.status, all_of.json["status"]), (200, "ready"))
    for theme in all_of.json["themes"]:
        one = server.get(f"/v1/themes/{theme['id']}", limit=1000).json
        strengths = [passage["strength"] for passage in one["passages"]]
        holds = one["total"] == len(strengths) == theme["passages"] and strengths == sorted(strengths, reverse=True)
        check(f"theme {theme['id']}: its passages, the firmest first", holds, one["total"])
        check(f"theme {theme['id']}: named by a passage", len(theme["exemplars"]) == 1 and theme["label"], theme["name"])
    theme = all_of.json["themes"][0]["id"]
    found = server.get("/v1/search", q="wages", theme=theme)
    members = {passage["passage"] for passage in server.get(f"/v1/themes/{theme}", limit=1000).json["passages"]}
    results = found.json.get("results")
    check("a search within a theme that was found just now", results and all(f["passage"] in members for f in results), found.body)
    shares = server.get("/v1/articles/3").json["themes"]
    check("an article: its themes", shares and abs(sum(share["share"] for share in shares) - 1) < 0.01, shares)


def the_map(server):
    map = wait_for(lambda: server.get("/v1/themes/map"), lambda answer: answer.status != 202)
    equal("map: a page", (map.status, map.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
    check("map: of this library", b"<canvas" in map.body and b"Brandram" in map.body)
    policy = map.headers["Content-Security-Policy"]
    check("map: a policy of its own, with the digests of its script and style", "script-src 'sha256-" in policy and "frame-ancestors 'self'" in policy, policy)
    check("map: nothing unsafe", "unsafe" not in policy, policy)


# How it is answered.


def packing(server):
    for path in ("/", "/assets/page.css", "/v1/search?q=tariffs", "/v1/articles", "/v1/themes/map", "/v1/sources", "/openapi.json"):
        plain = server.get(path)
        packed = server.get(path, {"Accept-Encoding": "br, gzip"})
        check(f"{path}: plain for those who don't ask", plain.status == 200 and "Content-Encoding" not in plain.headers)
        check(f"{path}: packed for those who do", packed.headers["Content-Encoding"] == "gzip" and len(packed.body) < len(plain.body))
        check(f"{path}: the same bytes", gzip.decompress(packed.body) == plain.body)
        check(f"{path}: caches are told", "accept-encoding" in packed.headers["Vary"].lower() and plain.headers["Vary"])
        refused = server.get(path, {"Accept-Encoding": "gzip;q=0"})
        check(f"{path}: plain for those who refuse", "Content-Encoding" not in refused.headers)


def heads(server):
    for path in ("/", "/v1/libraries", "/v1/search?q=tariffs", "/healthz", "/openapi.json"):
        whole, head = server.get(path), server.ask("HEAD", path)
        equal(f"HEAD {path}: as GET, without the body", (head.status, head.body), (200, b""))
        for name in ("Content-Length", "Content-Type"):
            equal(f"HEAD {path}: {name}", head.headers[name], whole.headers[name])


def headers_of_all(place, server):
    for path in ("/", "/assets/main.js", "/v1/libraries", "/v1/nothing", "/v1/search", "/v1/passages/x", "/healthz", "/metrics"):
        headers = server.get(path).headers
        equal(f"{path}: what browsers may do", headers["Content-Security-Policy"], DEFAULT_POLICY)
        equal(f"{path}: types aren't guessed, nobody learns where from", (headers["X-Content-Type-Options"], headers["Referrer-Policy"]), ("nosniff", "no-referrer"))
    page = server.get("/").body.decode()
    check("the page has neither scripts nor styles in it", not re.search(r"<style|style=|\son\w+=|<script(?![^>]*\ssrc=)", page))
    for asset in set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)):
        equal(f"the page's {asset}", server.get(asset).status, 200)
    served = json.loads(server.get("/openapi.json").body)
    check("the interface is described as in the repository", served == json.loads(place.description.read_text()), list(served))


# Who may ask.


def hosts(server):
    def asked(host, path="/v1/libraries"):
        return server.get(path, {"Host": host})

    for host in ("localhost", "LOCALHOST:1", f"127.0.0.1:{server.port}", "[::1]:80"):
        equal(f"host {host}", asked(host).status, 200)
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "localhost@evil.example", "evil.example:localhost"):
        failed(f"host {host}", asked(host), 403, code="unknown_host", type="permission_error")
        failed(f"host {host}, for the page", asked(host, "/"), 403)
    for head in (b"GET /v1/libraries HTTP/1.0\r\n\r\n", b"GET http://evil.example/v1/libraries HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        status = raw(server, head)
        check(f"{head.splitlines()[0].decode()}: refused", status in (400, 403), status)


def origins(server):
    def asked(origin, method="GET", path="/v1/libraries", **more):
        return server.ask(method, path, headers={"Origin": origin, **{k.replace("_", "-"): v for k, v in more.items()}})

    own = asked(server.url)
    equal("the page's own requests", (own.status, own.headers["Access-Control-Allow-Origin"]), (200, None))
    for other in ("http://evil.example", "null", "http://localhost:1", FRIEND + ".evil.example", "http://friend.example", ""):
        failed(f"a page of “{other}”", asked(other), 403, code="unknown_origin")
    answer = asked(FRIEND)
    equal("a page that may ask", (answer.status, answer.headers["Access-Control-Allow-Origin"]), (200, FRIEND))
    check("a page that may ask: caches are told", "origin" in ", ".join(answer.headers.get_all("Vary")).lower())
    answer = asked(FRIEND, path="/v1/nothing")
    equal("it may read errors too", (answer.status, answer.headers["Access-Control-Allow-Origin"]), (404, FRIEND))
    before = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type"}
    answer = asked(FRIEND, "OPTIONS", "/v1/search", **before)
    equal("it may ask beforehand", (answer.status, answer.headers["Access-Control-Allow-Origin"]), (200, FRIEND))
    check("beforehand: methods", "POST" in answer.headers["Access-Control-Allow-Methods"])
    check("beforehand: headers", {"content-type", "authorization"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", ")))
    failed("others may not even ask beforehand", asked("http://evil.example", "OPTIONS", "/v1/search", **before), 403)
    failed("a request from another site without an origin", server.get("/v1/themes", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}), 403)
    link = server.get("/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    equal("a link from another site", link.status, 200)


def tokens(server):
    anybody = {"Authorization": ""}
    for path in ("/v1/libraries", "/v1/search?q=a", "/v1/themes", "/metrics", "/v1/models", "/v1/index/j1", "/v1/nothing"):
        answer = server.get(path, anybody)
        failed(f"{path} without a token", answer, 401, code="token_needed", type="authentication_error")
        equal(f"{path} without a token: what is needed", answer.headers["WWW-Authenticate"], "Bearer")
    for path in ("/", "/assets/main.js", "/healthz", "/openapi.json", "/favicon.ico"):
        equal(f"{path} for everybody", server.get(path, anybody).status, 200)
    for given in ("Bearer wrong", f"Bearer {server.token}x", f"Basic {server.token}", server.token, "Bearer", f"Bearer {server.token} x"):
        failed(f"with “{given}”", server.get("/v1/libraries", {"Authorization": given}), 401)
    for path in ("/v1/libraries/", "//v1/libraries", "/assets/../v1/libraries", "/assets/..%2fv1/libraries", "/healthz/../v1/libraries"):
        check(f"{path}: no way around the token", b"topoi.libraries" not in server.get(path, anybody).body)
    equal("with the token", server.get("/v1/libraries").status, 200)
    equal("with the token, `bearer` in small letters", server.get("/v1/libraries", {"Authorization": f"bearer {server.token}"}).status, 200)


def sessions(server):
    anybody = {"Authorization": ""}
    failed("a session for a wrong token", server.post("/v1/session", {"token": "wrong"}, anybody), 401, code="token_wrong")
    failed("a session for no token", server.post("/v1/session", {}, anybody), 400)
    begun = server.post("/v1/session", {"token": server.token}, anybody)
    cookie = begun.headers["Set-Cookie"]
    check("a session: a cookie that scripts and other sites can't use", begun.status == 204 and "HttpOnly" in cookie and "SameSite=Strict" in cookie, cookie)
    check("a session: the cookie is not the token", server.token not in cookie)
    mine = {**anybody, "Cookie": "other=1; " + cookie.split(";")[0]}
    equal("a session: the cookie does instead of the token", server.get("/v1/libraries", mine).status, 200)
    failed("a session: a cookie that was made up", server.get("/v1/libraries", {**anybody, "Cookie": "topoi_session=" + "0" * 64}), 401)
    failed("a session: the token is no cookie", server.get("/v1/libraries", {**anybody, "Cookie": f"topoi_session={server.token}"}), 401)
    failed("a session: other sites can't use it", server.get("/v1/libraries", {**mine, "Origin": "http://evil.example"}), 403)
    ended = server.ask("DELETE", "/v1/session", headers=mine)
    check("a session: its end takes the cookie back", ended.status == 204 and "Max-Age=0" in ended.headers["Set-Cookie"])
    failed("a session: after its end", server.get("/v1/libraries", mine), 401)


# Taking articles in.


def followed(server, place):
    """The events of a job, to the last."""
    with contextlib.closing(server.connect(60)) as connection:
        connection.request("GET", place + "/events")
        response = connection.getresponse()
        equal("events: their type", response.headers["Content-Type"], "text/event-stream")
        blocks = [block for block in response.read().decode().split("\n\n") if block]
    events = [dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")) for block in blocks]
    return [(event["event"], json.loads(event["data"])["job"]) for event in events if event]


def taken_in(server, what, answer):
    equal(f"{what}: accepted", answer.status, 202)
    place = answer.headers["Location"]
    equal(f"{what}: where to ask", place, f"/v1/index/{answer.json['job']['id']}")
    events = followed(server, place)
    equal(f"{what}: progress, and one end", [name for name, _ in events], ["progress"] * (len(events) - 1) + ["end"])
    equal(f"{what}: the last event is the job as it is", events[-1][1], server.get(place).json["job"])
    return events[-1][1]


def finds(server, text, seconds=15):
    """Whether a search finds the text; soon, as the library has to be opened anew."""
    first = lambda: [found["text"] for found in server.get("/v1/search", q=text, limit=3).json["results"]]
    return text in wait_for(first, lambda texts: text in texts, seconds)


ARTICLE = "The ferry to the outer islands runs on hydrogen now, and nobody on board can hear the engine.\n\n{}\n"


def uploads(server):
    said = "The harbour master keeps forty-one canaries in the boiler room of the lighthouse."
    send = lambda name, body, **more: server.ask("POST", f"/v1/index?name={urllib.parse.quote(name, safe='')}", body, {"Content-Type": "application/octet-stream", **more})
    job = taken_in(server, "a file", send("ferry 1.txt", ARTICLE.format(said).encode()))
    equal("a file: what became of it", (job["state"], job["articles"], job["passages"], job["refused"], job["error"]), ("done", 1, 2, [], None))
    equal("a file: what was reported", (job["report"]["formats"], job["report"]["files_read"]), ({"text": {"files": 1, "articles": 1, "paragraphs": 2}}, 1))
    check("a file: a search finds it without a restart", finds(server, said))
    paths = [article["path"] for article in server.get("/v1/articles", path="upload/").json["articles"]]
    equal("a file: what it is called", paths, ["upload/ferry 1.txt"])

    other = "The lighthouse keeper's telescope was sold to a circus in the spring."
    job = taken_in(server, "another file of the same name", send("ferry 1.txt", ARTICLE.format(other).encode()))
    equal("another file of the same name: takes the place of the first", (job["report"]["articles_added"], job["report"]["articles_removed"]), (1, 1))
    check("another file of the same name: is found", finds(server, other))
    check("another file of the same name: the first is not", not finds(server, said, 0))

    job = taken_in(server, "JSON with a name is a file", send("story.json", json.dumps({"title": "Canaries", "text": said}).encode(), **{"Content-Type": "application/json"}))
    equal("JSON with a name is a file: what became of it", (job["state"], job["report"]["formats"]), ("done", {"json": {"files": 1, "articles": 1, "paragraphs": 1}}))
    job = taken_in(server, "a file that can't be read", send("scan.pdf", b"%PDF-1.7\nno more"))
    check("a file that can't be read: says why", job["state"] == "failed" and "scan.pdf" in job["error"] and job["refused"], job)
    job = taken_in(server, "a file without text", send("empty.txt", b""))
    check("a file without text: says why", job["state"] == "failed" and job["error"], job)
    for name in ("a/b.txt", "../b.txt", "/etc/passwd", "a\\b.txt", "..", ".", "", "a\0b", "a\nb", "x" * 256):
        failed(f"a file called {name[:20]!r}", send(name, b"text"), 400, param="name")
    failed("a file without a name", server.ask("POST", "/v1/index", b"text", {"Content-Type": "application/octet-stream"}), 400, param="name")
    failed("a file for a library that isn't there", server.ask("POST", "/v1/index?name=a.txt&library=none", b"text"), 404, param="library")


def paths(place, server):
    inside, outside = place.allowed / "more", place.folder / "secret"
    inside.mkdir()
    outside.mkdir()
    said = {name: f"The {name} of the observatory is wound by hand on the first Monday of every month." for name in ("clock", "orrery", "barometer")}
    (inside / "clock.md").write_text(f"# Clocks\n\n{said['clock']}\n")
    (outside / "orrery.txt").write_text(ARTICLE.format(said["orrery"]))
    (inside / "link.txt").symlink_to(outside / "orrery.txt")
    (inside / "folder").symlink_to(outside)
    (place.folder / "allowed-not").mkdir()
    (place.folder / "allowed-not" / "barometer.txt").write_text(ARTICLE.format(said["barometer"]))
    send = lambda *paths: server.post("/v1/index", {"paths": list(map(str, paths))})
    job = taken_in(server, "a folder", send(inside))
    equal("a folder: what became of it", (job["state"], job["articles"]), ("done", 1))
    check("a folder: a search finds its file", finds(server, said["clock"]))
    check("a folder: what links in it lead to is not read", not finds(server, said["orrery"], 1))
    job = taken_in(server, "a folder again", send(inside))
    equal("a folder again: nothing is new", (job["report"]["files_unchanged"], job["report"]["articles_added"]), (1, 0))
    for what, path in {
        "a folder elsewhere": outside,
        "a file elsewhere": outside / "orrery.txt",
        "a way out with ..": inside / ".." / ".." / "secret",
        "a link to elsewhere": inside / "link.txt",
        "a file behind a link": inside / "folder" / "orrery.txt",
        "a folder of a similar name": place.folder / "allowed-not",
        "what isn't there": inside / "none.txt",
        "a relative path": "more",
        "nothing": "",
        "the root": "/",
        "a path with a null": "/tmp\0/a",
    }.items():
        failed(f"paths: {what}", send(path), 403, code="not_allowed")
    failed("paths: one that is allowed and one that isn't", send(inside, outside), 403)
    failed("paths: none", send(), 400, param="paths")
    failed("paths: too many", send(*["/"] * 1001), 400, param="paths")


def jobs(server, guarded):
    for what in ("", "/events"):
        failed(f"a job that isn't there{what}", server.get(f"/v1/index/j999{what}"), 404)
    failed("cancelling a job that isn't there", server.ask("DELETE", "/v1/index/j999"), 404)
    over = server.ask("DELETE", "/v1/index/j1")
    equal("cancelling a job that is over changes nothing", (over.status, over.json["job"]["state"]), (200, "done"))
    failed("a server that takes no files", guarded.ask("POST", "/v1/index?name=a.txt", b"text"), 403, code="not_allowed")
    failed("a server that takes no paths", guarded.post("/v1/index", {"paths": ["/"]}), 403, code="not_allowed")
    many = "".join(f"Letter {number} from the lighthouse says that the weather was bad and the lamp was {number} times lit.\n\n" for number in range(4000))
    begun = server.ask("POST", "/v1/index?name=letters.txt", many.encode())
    place = begun.headers["Location"]
    begin = time.monotonic()
    found = server.get("/v1/search", q="a question while letters are taken in").status
    check("a search is answered while articles are taken in", found == 200 and time.monotonic() - begin < 2, time.monotonic() - begin)
    equal("a job is cancelled", server.ask("DELETE", place).status, 200)
    equal("a job that was cancelled ends", followed(server, place)[-1][1]["state"], "cancelled")


# What is refused.


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
            failed(f"{field} of {str(value)[:20]}", server.post("/v1/search", {"q": "a", field: value}), 400, param=field)
    for parameters in ("q=a&limit=x", "q=a&limit=", "q=a&limit=1&limit=2", "q=a&unknown=1", "q=a&like=1", "q=a&min_score=NaN", "q=a&min_score=1e99", "q=a&why=1", "q=", "", "q=a&theme=-1"):
        failed(f"?{parameters}", server.get(f"/v1/search?{parameters}"), 400)
    known = f"q={urllib.parse.quote('asked twice')}"
    equal("a question", server.get(f"/v1/search?{known}").status, 200)
    failed("the question again, with a number that is none", server.get(f"/v1/search?{known}&min_score=NaN"), 400, param="min_score")
    longest = server.post("/v1/search", {"q": "tariffs " * 8192})
    equal("the longest question", longest.status, 200)
    strange = "q=" + urllib.parse.quote("关税 \u202e \0 👩‍🌾 ‮ ﷽ \ufffd")
    equal("a strange question", server.get(f"/v1/search?{strange}").status, 200)


def bad_related(server):
    ask = lambda body: server.post("/v1/related", body)
    for what, body in {"neither": {}, "both": {"to": "3", "text": "a"}, "a search": {"q": "a"}, "a mode": {"to": "3", "mode": "auto"}, "a like": {"to": "3", "like": ["4"]}}.items():
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
    for path in ("/v1/nothing", "/v1", "/v1/", "/v1/passages", "/v1/passages/", "/v1/passages/1/2", "/index.html", "/.git/config", "/v1/passages/999999", f"/v1/passages/{largest}",
                 f"/v1/passages/{2**63}", "/v1/passages/x", "/v1/passages/a3", "/v1/passages/-1", "/v1/articles/a999999", f"/v1/articles/{largest}", "/v1/articles/b3", "/v1/themes/999999",
                 f"/v1/themes/{largest}", "/v1/themes/x", "/assets/", "/assets/none.js", "/assets/../page.css", "/assets/%2e%2e/page.css", "/assets/..%2f..%2f..%2fetc%2fpasswd", "/assets/..",
                 "/assets//etc/passwd", "/assets/%2fetc%2fpasswd", "/assets/page.css%00", "/assets/..\\page.css", "/../../etc/passwd", "//etc/passwd"):
        failed(path, server.get(path), 404, type="not_found_error")
    failed("a library that isn't there", server.get("/v1/search", q="a", library="none"), 404, param="library")
    failed("a theme that isn't there", server.get("/v1/search", q="a", theme=999999), 404)
    for path in ("/v1/passages/%ff", "/v1/articles/%ff", "/v1/themes/%c3%28", "/v1/index/%ff", "/v1/index/%ff/events", "/assets/%ff"):
        failed(f"{path}, which is no UTF-8", server.get(path), 400)
    answer = server.get("/v1/search?q=tariffs%ff%c3%28")
    check("a question whose percent signs are no UTF-8", answer.status in (200, 400), answer.body)


def wrong_ways(server):
    for method, path, allowed in (("PUT", "/v1/search", "GET,HEAD,POST"), ("DELETE", "/v1/search", "GET,HEAD,POST"), ("POST", "/v1/libraries", "GET,HEAD"), ("GET", "/v1/index", "POST"), ("GET", "/v1/embeddings", "POST"),
                                  ("GET", "/v1/session", "POST,DELETE"), ("PATCH", "/v1/index/j1", "GET,HEAD,DELETE"), ("POST", "/", "GET,HEAD"), ("TRACE", "/v1/search", "GET,HEAD,POST"), ("OPTIONS", "/v1/search", "GET,HEAD,POST"), ("BREW", "/v1/search", "GET,HEAD,POST")):
        answer = server.ask(method, path)
        failed(f"{method} {path}", answer, 405)
        equal(f"{method} {path}: what it takes", set(answer.headers["Allow"].split(",")), set(allowed.split(",")))
    for path in ("/v1/search", "/v1/related", "/v1/embeddings", "/v1/session"):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "\xff"):
            failed(f"{path} with {kind!r}", server.ask("POST", path, b'{"q": "a"}', {"Content-Type": kind}), 415)
    answer = server.ask("POST", "/v1/search", b'{"q": "a"}', {"Content-Type": "Application/JSON; charset=utf-8"})
    equal("JSON with its charset", answer.status, 200)


# What comes over the wire.


def read_all(connection):
    """What is sent until the connection is closed, however it is."""
    read = b""
    with contextlib.suppress(ConnectionError):
        while chunk := connection.recv(65536):
            read += chunk
    return read


def status_of(read):
    match = re.match(rb"HTTP/1\.[01] (\d+)", read)
    return int(match[1]) if match else None


def raw(server, sent, ends=False):
    """The status of the answer to some bytes, after which the client perhaps ends; none if the connection is closed instead."""
    read = b""
    with contextlib.closing(server.socket(20)) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(sent)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        while b"\r\n" not in read and (chunk := connection.recv(65536)):
            read += chunk
    return status_of(read)


def too_much(server):
    count, block = 1600, bytes(64 << 10)
    chunk = b"10000\r\n" + block + b"\r\n"
    for path, kind in (("/v1/search", "application/json"), ("/v1/embeddings", "application/json"), ("/v1/session", "application/json"), ("/v1/index?name=a.bin", "application/octet-stream")):
        for how, body, size in (("told beforehand", block, f"Content-Length: {count * len(block)}"), ("in chunks", chunk, "Transfer-Encoding: chunked")):
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{size}\r\n\r\n".encode()
            begin = time.monotonic()
            with contextlib.closing(server.socket(20)) as connection, concurrent.futures.ThreadPoolExecutor() as pool:
                # Like clients that see an answer while they are still sending.
                answer = pool.submit(read_all, connection)
                with contextlib.suppress(ConnectionError):
                    connection.sendall(head)
                    for _ in range(count):
                        connection.sendall(body)
                read = answer.result()
            check(f"{path}: 100 MiB, {how}: 413", status_of(read) == 413 and b'"body_too_large"' in read, read[:300])
            check(f"{path}: 100 MiB, {how}: at once", time.monotonic() - begin < 10, time.monotonic() - begin)


def odd_heads(server):
    get = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    refused = (400, 431, None)
    for what, sent, expected in (
        ("10,000 headers", get + b"".join(b"X-%d: a\r\n" % n for n in range(10_000)) + b"\r\n", refused),
        ("a header of a megabyte", get + b"X-Large: " + b"a" * (1 << 20) + b"\r\n\r\n", refused),
        ("an address of a megabyte", b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", (400, 414, 431, None)),
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100), (400, None)),
        ("no HTTP at all", b"\0" * 1000, (400, None)),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 403, 404, 505, None)),
        ("two lengths", b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", (400, None)),
        ("a length that is none", b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n{}", (400, None)),
        ("a broken chunk", b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", (400, None)),
        ("half a body", b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{}", (400, None)),
        ("half a head", get, (400, None)),
    ):
        status = raw(server, sent, ends=what.startswith("half"))
        check(f"{what}: {expected}", status in expected, status)
    body = b'{"q": "a"}'
    both = (b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    check("both a length and chunks: the length is not believed", raw(server, both) in (200, 400, None))


def pipelined(server):
    get = lambda path: f"GET {path} HTTP/1.1\r\nHost: localhost\r\n".encode()
    asked = ["/v1/search?q=first&limit=1", "/healthz", "/v1/nothing", "/v1/search?q=last&limit=1"]
    sent = b"\r\n".join(get(path) for path in asked) + b"Connection: close\r\n\r\n"
    with contextlib.closing(server.socket()) as connection:
        connection.sendall(sent)
        read = read_all(connection)
    equal("requests in one go: as many answers", re.findall(rb"HTTP/1\.1 (\d+)", read), [b"200", b"200", b"404", b"200"])
    places = [read.find(part) for part in (b'"query":"first"', b'"status":"ok"', b'"not_found"', b'"query":"last"')]
    check("requests in one go: answers in their order", -1 not in places and places == sorted(places), places)


def gone_early(server):
    body = json.dumps({"input": [f"text {n} " * 50 for n in range(200)], "model": "all-MiniLM-L6-v2"}).encode()
    head = lambda path, length: f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()
    for sent in (head("/v1/embeddings", len(body)) + body, head("/v1/search", 1000) + b'{"q":', b"GET /v1/search?q=gone", head("/v1/index?name=gone.txt", 1000) + b"half a file"):
        for _ in range(25):
            connection = server.socket()
            connection.sendall(sent)
            connection.close()
    begin = time.monotonic()
    status = server.get("/v1/search", q="after they have gone").status
    check("clients that go early keep nobody waiting", status == 200 and time.monotonic() - begin < 5, time.monotonic() - begin)
    equal("half a file is not taken in", server.get("/v1/articles", path="gone.txt").json["total"], 0)


def idle(server):
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(contextlib.closing(server.socket()))
        begin = time.monotonic()
        status = server.get("/v1/search", q="beside two hundred who say nothing").status
        check("200 idle connections: searches still work", status == 200 and time.monotonic() - begin < 2, time.monotonic() - begin)


def drip(server, head, body, results, what):
    """Sends a byte a second until an answer comes or the connection is closed."""
    begin = time.monotonic()
    with contextlib.closing(server.socket(PATIENCE)) as connection:
        connection.sendall(head)
        connection.settimeout(1)
        read = b""
        for byte in body:
            try:
                connection.sendall(bytes([byte]))
                if chunk := connection.recv(65536):
                    read += chunk
                break
            except TimeoutError:
                continue
            except ConnectionError:
                break
    results[what] = (status_of(read), time.monotonic() - begin)


def slow(server):
    """Slow clients, each on a thread, and a function that waits for them and says what became of them."""
    head = "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    results = {}
    cases = [(path, head.format(path).encode(), b" " * 60, (408,)) for path in ("/v1/search", "/v1/embeddings", "/v1/session", "/v1/index")]
    cases.append(("a head", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"a" * 60, (408, None)))
    threads = [threading.Thread(target=drip, args=(server, head, body, results, what)) for what, head, body, _ in cases]
    for thread in threads:
        thread.start()

    def finish():
        for thread in threads:
            thread.join()
        for what, _, _, expected in cases:
            status, took = results.get(what, ("no answer", 0))
            check(f"{what}, a byte a second: {expected}", status in expected, status)
            check(f"{what}, a byte a second: given up after half a minute", 25 < took < PATIENCE, took)

    return finish


# Many, and the end.


def overload(place):
    questions = [f"tariffs and the price of bread in the town of number {number} " + "and so on " * 200 for number in range(50)]
    with Server(place.topoi, f"commentary={place.library}", "--queue", "2", "--threads", "1") as server, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(contextlib.closing(server.connect())) for _ in questions]
        for connection in connections:
            connection.connect()
        for connection, question in zip(connections, questions):
            body = json.dumps({"q": question, "why": True}).encode()
            connection.request("POST", "/v1/search", body, {"Content-Type": "application/json"})
        answers = [Answer(connection.getresponse()) for connection in connections]
        statuses = [answer.status for answer in answers]
        check("50 at once, room for 2: some are answered, some told to come again", set(statuses) == {200, 503}, sorted(statuses))
        refused = [answer for answer in answers if answer.status == 503]
        check("those who are refused learn when to come again", refused and all(int(answer.headers["Retry-After"]) >= 1 for answer in refused))
        if refused:
            failed("those who are refused learn why", refused[0], 503, type="overloaded_error")
        begin = time.monotonic()
        status = server.get("/v1/search", q="afterwards").status
        check("afterwards it answers at once", status == 200 and time.monotonic() - begin < 1, time.monotonic() - begin)
        equal("its exit code", server.stop(), 0)


def the_end(place):
    texts = [f"text number {number} " + "tariffs on steel " * 60 for number in range(200)]
    with Server(place.topoi, f"commentary={place.library}", "--threads", "1") as server:
        with contextlib.closing(server.connect()) as connection, contextlib.closing(server.socket()) as idle:
            connection.request("POST", "/v1/embeddings", json.dumps({"input": texts, "model": "all-MiniLM-L6-v2", "truncate": True}), {"Content-Type": "application/json"})
            time.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            check("SIGTERM: a request was still under way", server.process.poll() is None)
            try:
                server.socket(2).close()
                check("SIGTERM: nobody else is let in", False)
            except OSError:
                check("SIGTERM: nobody else is let in", True)
            answer = Answer(connection.getresponse())
            equal("SIGTERM: the request is answered", (answer.status, len(answer.json["data"])), (200, 200))
            equal("SIGTERM: idle connections are closed", idle.recv(1), b"")
        begin = time.monotonic()
        equal("SIGTERM: exit code", server.process.wait(20), 0)
        check("SIGTERM: ends soon after", time.monotonic() - begin < 5, time.monotonic() - begin)
    for name, number in (("SIGTERM", signal.SIGTERM), ("SIGINT", signal.SIGINT)):
        with Server(place.topoi, f"commentary={place.library}") as server:
            server.process.send_signal(number)
            equal(f"{name} as soon as the address was said: exit code", server.process.wait(20), 0)


SAMPLE = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-z_]+="(\\.|[^"\\])*",?)*\})? -?[0-9.e+-]+')


def sound(server):
    equal("the server is alive", server.process.poll(), None)
    health = server.get("/healthz")
    equal("it is sound", (health.status, health.json), (200, {"status": "ok"}))
    metrics = server.get("/metrics")
    check("metrics: their type", metrics.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"))
    lines = metrics.body.decode().splitlines()
    equal("metrics: their end", lines[-1], "# EOF")
    odd = [line for line in lines[:-1] if not line.startswith(("# HELP ", "# TYPE ", "# UNIT ")) and not SAMPLE.fullmatch(line)]
    equal("metrics: lines that can't be read", odd, [])
    count = lambda pattern: sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(pattern, line))
    searches = count(r'topoi_http_requests_total\{route="/v1/search",status="200"')
    check("metrics: searches were counted", searches >= 50, searches)
    equal("metrics: nothing waits", count("topoi_waiting"), 0)
    check("metrics: addresses that were made up are one", 'route="other"' in metrics.body.decode() and "/.git" not in metrics.body.decode())
    equal("nothing broke", count(r'topoi_http_requests_total\{.*status="500"'), 0)


def run(place, server, guarded):
    finish_slow = slow(server)
    for name, test in {
        "as on the command line": lambda: as_on_the_command_line(place, server),
        "beside a text": lambda: beside_a_text(server),
        "pages": lambda: pages(server),
        "refined": lambda: refined(server),
        "what the library holds": lambda: contents(server),
        "themes": lambda: themes(server),
        "the map": lambda: the_map(server),
        "packing": lambda: packing(server),
        "HEAD": lambda: heads(server),
        "headers": lambda: headers_of_all(place, server),
        "hosts": lambda: hosts(server),
        "origins": lambda: origins(server),
        "tokens": lambda: tokens(guarded),
        "sessions": lambda: sessions(guarded),
        "bad questions": lambda: bad_questions(server),
        "bad questions for what is related": lambda: bad_related(server),
        "what is not there": lambda: what_is_not_there(server),
        "wrong methods and types": lambda: wrong_ways(server),
        "too much": lambda: too_much(server),
        "odd heads": lambda: odd_heads(server),
        "pipelined requests": lambda: pipelined(server),
        "clients that go early": lambda: gone_early(server),
        "idle connections": lambda: idle(server),
        "files that are sent": lambda: uploads(server),
        "files of the server's machine": lambda: paths(place, server),
        "jobs": lambda: jobs(server, guarded),
        "overload": lambda: overload(place),
        "the end": lambda: the_end(place),
        "slow clients": finish_slow,
        "after all this": lambda: sound(server),
    }.items():
        with part(f"interface: {name}"):
            test()
