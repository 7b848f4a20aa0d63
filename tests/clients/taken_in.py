"""Taking articles in."""

import contextlib
import json
import time
import urllib.parse

from checks import check, equal, failed
from servers import wait_for


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
    first = lambda: [found["text"] for found in server.get("/v1/search", q=text, limit=3).json.get("results", [])]
    return text in wait_for(first, lambda texts: text in texts, seconds)


ARTICLE = "The ferry to the outer islands runs on hydrogen now, and nobody on board can hear the engine.\n\n{}\n"


def uploads(server):
    said = "The harbour master keeps forty-one canaries in the boiler room of the lighthouse."
    send = lambda name, body, **more: server.ask(
        "POST",
        f"/v1/index?name={urllib.parse.quote(name, safe='')}",
        body,
        {"Content-Type": "application/octet-stream", **more},
    )
    job = taken_in(server, "a file", send("ferry 1.txt", ARTICLE.format(said).encode()))
    equal(
        "a file: what became of it",
        (job["state"], job["articles"], job["passages"], job["refused"], job["error"]),
        ("done", 1, 2, [], None),
    )
    equal(
        "a file: what was reported",
        (job["report"]["formats"], job["report"]["files_read"]),
        ({"text": {"files": 1, "articles": 1, "paragraphs": 2}}, 1),
    )
    check("a file: a search finds it without a restart", finds(server, said))
    paths = [article["path"] for article in server.get("/v1/articles", path="upload/").json["articles"]]
    equal("a file: what it is called", paths, ["upload/ferry 1.txt"])

    other = "The lighthouse keeper's telescope was sold to a circus in the spring."
    job = taken_in(server, "another file of the same name", send("ferry 1.txt", ARTICLE.format(other).encode()))
    equal(
        "another file of the same name: takes the place of the first",
        (job["report"]["articles_added"], job["report"]["articles_removed"]),
        (1, 1),
    )
    check("another file of the same name: is found", finds(server, other))
    check("another file of the same name: the first is not", not finds(server, said, 0))

    job = taken_in(
        server,
        "JSON with a name is a file",
        send(
            "story.json",
            json.dumps({"title": "Canaries", "text": said}).encode(),
            **{"Content-Type": "application/json"},
        ),
    )
    equal(
        "JSON with a name is a file: what became of it",
        (job["state"], job["report"]["formats"]),
        ("done", {"json": {"files": 1, "articles": 1, "paragraphs": 1}}),
    )
    job = taken_in(server, "a file that can't be read", send("scan.pdf", b"%PDF-1.7\nno more"))
    check(
        "a file that can't be read: says why",
        job["state"] == "failed" and "scan.pdf" in job["error"] and job["refused"],
        job,
    )
    job = taken_in(server, "a file without text", send("empty.txt", b""))
    check("a file without text: says why", job["state"] == "failed" and job["error"], job)
    for name in ("a/b.txt", "../b.txt", "/etc/passwd", "a\\b.txt", "..", ".", "", "a\0b", "a\nb", "x" * 256):
        failed(f"a file called {name[:20]!r}", send(name, b"text"), 400, param="name")
    failed(
        "a file without a name",
        server.ask("POST", "/v1/index", b"text", {"Content-Type": "application/octet-stream"}),
        400,
        param="name",
    )
    failed(
        "a file for a library that isn't there",
        server.ask("POST", "/v1/index?name=a.txt&library=none", b"text"),
        404,
        param="library",
    )


def paths(place, server):
    inside, outside = place.allowed / "more", place.folder / "secret"
    inside.mkdir()
    outside.mkdir()
    said = {
        name: f"The {name} of the observatory is wound by hand on the first Monday of every month."
        for name in ("clock", "orrery", "barometer")
    }
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
    failed(
        "a server that takes no files", guarded.ask("POST", "/v1/index?name=a.txt", b"text"), 403, code="not_allowed"
    )
    failed("a server that takes no paths", guarded.post("/v1/index", {"paths": ["/"]}), 403, code="not_allowed")
    many = "".join(
        f"Letter {number} from the lighthouse says that the weather was bad and the lamp was {number} times lit.\n\n"
        for number in range(4000)
    )
    begun = server.ask("POST", "/v1/index?name=letters.txt", many.encode())
    place = begun.headers["Location"]
    begin = time.monotonic()
    found = server.get("/v1/search", q="a question while letters are taken in").status
    check(
        "a search is answered while articles are taken in",
        found == 200 and time.monotonic() - begin < 2,
        time.monotonic() - begin,
    )
    equal("a job is cancelled", server.ask("DELETE", place).status, 200)
    equal("a job that was cancelled ends", followed(server, place)[-1][1]["state"], "cancelled")
