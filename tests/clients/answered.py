"""What is answered, and in which form."""

import gzip
import json
import pathlib
import re

from checks import check, equal, failed
from servers import run as topoi_run
from servers import wait_for

QUESTION = "who pays for tariffs"
DEFAULT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def without_timings(answer):
    equal("milliseconds are named", set(answer.pop("timings")), {"model_load_ms", "embedding_ms", "search_ms"})
    return answer


def as_on_the_command_line(place, server):
    in_full = {"why": True, "lines": True}
    cases = [
        ("search", {"q": QUESTION}, [QUESTION]),
        ("search", {"q": QUESTION, "limit": 3, "mode": "lexical"}, [QUESTION, "-n3", "--mode=lexical"]),
        (
            "search",
            {"q": QUESTION, "mode": "semantic", "exact": True, "context": 2},
            [QUESTION, "--mode=semantic", "--exact", "-C2"],
        ),
        (
            "search",
            {"q": '"carbon" rebate', "per_article": 1, "limit": 20},
            ['"carbon" rebate', "--per-article=1", "-n20"],
        ),
        (
            "search",
            {"q": "rent", "source": "harbour", "after": "2023", "before": "2024-06"},
            ["rent", "--source=harbour", "--after=2023", "--before=2024-06"],
        ),
        ("search", {"q": "heat", "lang": "fr"}, ["heat", "--lang=fr"]),
        (
            "search",
            {"q": "essay", "author": "brandram", "path": "*harbour-review*"},
            ["essay", "--author=brandram", "--path=*harbour-review*"],
        ),
        ("search", {"q": "is a writer", "all_kinds": True, "copies": True}, ["is a writer", "--all-kinds", "--copies"]),
        ("search", {"q": QUESTION, "min_score": 0.99}, [QUESTION, "--min-score=0.99"]),
        ("search", {"q": '"trade" - 0.5 "tariffs"'}, ['"trade" - 0.5 "tariffs"']),
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
    check(
        "neither sentences nor lines unless they are asked for",
        all("why" not in found and found["line"] is None for found in best),
    )


def beside_a_text(server):
    text = "A tariff is a tax on whoever buys the goods.\n\nIt is collected by shopkeepers from the poor."
    found = server.post("/v1/related", {"text": text, "limit": 5, "why": True}).json["results"]
    equal("beside a text: five passages", [passage["rank"] for passage in found], [1, 2, 3, 4, 5])
    check("beside a text: what says something like it", 31 in [passage["passage"] for passage in found])


def pages(server):
    whole = server.get("/v1/search", q=QUESTION, limit=60).json["results"]
    parts = [server.get("/v1/search", q=QUESTION, limit=7, offset=offset).json["results"] for offset in range(0, 63, 7)]
    paged = [found for part in parts for found in part][:60]
    equal(
        "pages, one after the other, are the whole",
        [(f["rank"], f["passage"]) for f in paged],
        [(f["rank"], f["passage"]) for f in whole],
    )
    equal("no passage comes twice", len({found["passage"] for found in paged}), len(paged))
    equal("ranks go on from page to page", [found["rank"] for found in paged], list(range(1, len(paged) + 1)))
    far = server.get("/v1/search", q=QUESTION, offset=1000)
    equal("behind the last page there is nothing", (far.status, far.json["results"]), (200, []))


def refined(server):
    first = [found["passage"] for found in server.get("/v1/search", q=QUESTION).json["results"]]
    named = [str(first[0]), str(first[1])]
    for field in ("like", "unlike", "except"):
        found = [found["passage"] for found in server.post("/v1/search", {"q": QUESTION, field: named}).json["results"]]
        check(
            f"{field}: what was named is not found again", len(found) == 10 and not set(found) & set(first[:2]), found
        )
    found = server.post("/v1/search", {"q": QUESTION, "except": ["a3"]}).json["results"]
    check("except: an article", found and all(f["article"]["id"] != 3 for f in found))
    for field in ("like", "unlike", "except"):
        for unknown in ("999999", "a999999"):
            answer = server.post("/v1/search", {"q": QUESTION, field: [unknown]})
            failed(f"{field}: {unknown}, which there isn't", answer, 404, type="not_found_error")
        for odd in ("", "a", "x7", "7a", "-1", "+1", "１", "1.0", "9" * 30):
            failed(
                f"{field}: {odd!r}, which is no number",
                server.post("/v1/search", {"q": QUESTION, field: [odd]}),
                400,
                param=field,
            )


def contents(server):
    libraries = server.get("/v1/libraries").json["libraries"]
    equal(
        "libraries: one",
        [(one["name"], one["articles"], one["problem"]) for one in libraries],
        [("commentary", 31, None)],
    )
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
    parts = [
        server.get("/v1/articles/3", limit=4, offset=offset).json["passages"] for offset in range(0, one["total"], 4)
    ]
    equal("an article in parts", [passage for part in parts for passage in part], one["passages"])

    sources = server.get("/v1/sources").json
    equal("sources: of how many articles", sources["articles"], 31)
    for source in sources["sources"]:
        chosen = server.get("/v1/articles", source=source["name"]).json
        equal(f"sources: as many articles of {source['name']}", chosen["total"], source["articles"])
    failed("sources: in parts", server.get("/v1/sources", limit=1), 400, param="limit")

    shown = server.get("/v1/passages/31", context=2).json
    around = (
        [p["passage"] for p in shown["context"]["before"]] + [31] + [p["passage"] for p in shown["context"]["after"]]
    )
    of_article = [p["passage"] for p in one["passages"]]
    check(
        "a passage: its neighbours in the article",
        len(around) > 3 and around == [p for p in of_article if p in around],
        around,
    )
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
        check(
            f"theme {theme['id']}: named by a passage", len(theme["exemplars"]) == 1 and theme["label"], theme["name"]
        )
    theme = all_of.json["themes"][0]["id"]
    found = server.get("/v1/search", q="wages", theme=theme)
    members = {passage["passage"] for passage in server.get(f"/v1/themes/{theme}", limit=1000).json["passages"]}
    results = found.json.get("results")
    check(
        "a search within a theme that was found just now",
        results and all(f["passage"] in members for f in results),
        found.body,
    )
    shares = server.get("/v1/articles/3").json["themes"]
    check("an article: its themes", shares and abs(sum(share["share"] for share in shares) - 1) < 0.01, shares)


def the_map(server):
    map = wait_for(lambda: server.get("/v1/themes/map"), lambda answer: answer.status != 202)
    equal("map: a page", (map.status, map.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
    check("map: of this library", b"<canvas" in map.body and b"Brandram" in map.body)
    policy = map.headers["Content-Security-Policy"]
    check(
        "map: a policy of its own, with the digests of its script and style",
        "script-src 'sha256-" in policy and "frame-ancestors 'self'" in policy,
        policy,
    )
    check("map: nothing unsafe", "unsafe" not in policy, policy)


def packing(server):
    for path in (
        "/",
        "/assets/page.css",
        "/v1/search?q=tariffs",
        "/v1/articles",
        "/v1/themes/map",
        "/v1/sources",
        "/openapi.json",
    ):
        plain = server.get(path)
        packed = server.get(path, {"Accept-Encoding": "br, gzip"})
        check(f"{path}: plain for those who don't ask", plain.status == 200 and "Content-Encoding" not in plain.headers)
        check(
            f"{path}: packed for those who do",
            packed.headers["Content-Encoding"] == "gzip" and len(packed.body) < len(plain.body),
        )
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
    for path in (
        "/",
        "/assets/main.js",
        "/v1/libraries",
        "/v1/nothing",
        "/v1/search",
        "/v1/passages/x",
        "/healthz",
        "/metrics",
    ):
        headers = server.get(path).headers
        equal(f"{path}: what browsers may do", headers["Content-Security-Policy"], DEFAULT_POLICY)
        equal(
            f"{path}: types aren't guessed, nobody learns where from",
            (headers["X-Content-Type-Options"], headers["Referrer-Policy"]),
            ("nosniff", "no-referrer"),
        )
    page = server.get("/").body.decode()
    check(
        "the page has neither scripts nor styles in it",
        not re.search(r"<style|style=|\son\w+=|<script(?![^>]*\ssrc=)", page),
    )
    for asset in set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)):
        equal(f"the page's {asset}", server.get(asset).status, 200)
    served = json.loads(server.get("/openapi.json").body)
    check(
        "the interface is described as in the repository",
        served == json.loads(place.description.read_text()),
        list(served),
    )
