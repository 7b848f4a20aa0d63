"""A server that has much to do, or that is to end."""

import contextlib
import json
import re
import signal
import time

from answered import QUESTION
from checks import check, equal, failed
from servers import Answer, Server
from taken_in import ARTICLE, finds, taken_in


def overload(place):
    questions = [
        f"tariffs and the price of bread in the town of number {number} " + "and so on " * 200 for number in range(50)
    ]
    with (
        Server(place.topoi, f"commentary={place.library}", "--queue", "2", "--threads", "1") as server,
        contextlib.ExitStack() as stack,
    ):
        connections = [stack.enter_context(contextlib.closing(server.connect())) for _ in questions]
        for connection in connections:
            connection.connect()
        for connection, question in zip(connections, questions, strict=True):
            body = json.dumps({"q": question, "why": True}).encode()
            connection.request("POST", "/v1/search", body, {"Content-Type": "application/json"})
        answers = [Answer(connection.getresponse()) for connection in connections]
        statuses = [answer.status for answer in answers]
        check(
            "50 at once, room for 2: some are answered, some told to come again",
            set(statuses) == {200, 503},
            sorted(statuses),
        )
        refused = [answer for answer in answers if answer.status == 503]
        check(
            "those who are refused learn when to come again",
            refused and all(int(answer.headers["Retry-After"]) >= 1 for answer in refused),
        )
        if refused:
            failed("those who are refused learn why", refused[0], 503, type="overloaded_error")
        begin = time.monotonic()
        status = server.get("/v1/search", q="afterwards").status
        check("afterwards it answers at once", status == 200 and time.monotonic() - begin < 1, time.monotonic() - begin)
        equal("its exit code", server.stop(), 0)


def numbers_beyond(place):
    """Numbers that no passage has, however large, cost nothing."""
    with Server(place.topoi, f"commentary={place.library}") as server:
        for number in (10**9, 36982562137698667, 2**64 - 1):
            for field in ("like", "unlike", "except"):
                for named in (f"{number}", f"a{number}"):
                    begin = time.monotonic()
                    try:
                        answer = server.post("/v1/search", {"q": QUESTION, field: [named]})
                    except ConnectionError:
                        check(f"{field}: {named}: the server is still there", False)
                        return
                    failed(f"{field}: {named}", answer, 404, type="not_found_error")
                    check(f"{field}: {named}: at once", time.monotonic() - begin < 0.5, time.monotonic() - begin)


def too_long(place):
    """What takes longer than it may, or would keep others waiting for longer than that."""
    texts = [f"text number {number} " + "tariffs on steel " * 60 for number in range(500)]
    with Server(place.topoi, f"commentary={place.library}", "--threads", "1", "--timeout", "2") as server:
        answer = server.post("/v1/embeddings", {"input": texts, "model": "all-MiniLM-L6-v2", "truncate": True})
        failed("texts that take too long to embed", answer, 504, type="overloaded_error")
        begin = time.monotonic()
        status = server.get("/v1/search", q="after what took too long").status
        check("afterwards it answers at once", status == 200 and time.monotonic() - begin < 1, time.monotonic() - begin)
        # Each bracket is a token, so this is as much to embed as can be asked for.
        body = json.dumps({"text": "[" * 1_000_000}).encode()
        with contextlib.closing(server.connect()) as connection:
            connection.request("POST", "/v1/related", body, {"Content-Type": "application/json"})
            time.sleep(0.5)
            begin = time.monotonic()
            status = server.get("/v1/search", q="beside a text without end").status
            check(
                "a text without end keeps no search waiting",
                status == 200 and time.monotonic() - begin < 1,
                (status, time.monotonic() - begin),
            )
            answer = Answer(connection.getresponse())
        check("a text without end is answered, or not, in time", answer.status in (200, 400, 413, 504), answer.body)
        begin = time.monotonic()
        equal("it ends while it works at something: exit code", server.stop(), 0)
        check("it ends while it works at something: soon", time.monotonic() - begin < 12, time.monotonic() - begin)


def several(place):
    """Two libraries, of which one has nothing in it yet."""
    empty = place.folder / "empty"
    with Server(place.topoi, f"empty={empty}", f"full={place.library}", "--uploads") as server:
        counts = [
            (one["name"], one["articles"] > 0, one["can_index"])
            for one in server.get("/v1/libraries").json["libraries"]
        ]
        equal("two libraries, the first of which is empty", counts, [("empty", False, True), ("full", True, True)])
        for path in (
            "/v1/search?q=a",
            "/v1/related?to=1",
            "/v1/articles",
            "/v1/articles/1",
            "/v1/passages/1",
            "/v1/sources",
            "/v1/themes",
            "/v1/themes/1",
            "/v1/themes/map",
        ):
            failed(f"{path} of an empty library", server.get(path), 409, code="library_empty")
        equal("an empty library is sound", server.get("/healthz").status, 200)
        for path in (
            "/v1/search?q=tariffs",
            "/v1/related?to=31",
            "/v1/articles?limit=1",
            "/v1/articles/3",
            "/v1/passages/31",
            "/v1/sources?lang=fr",
        ):
            separator = "&" if "?" in path else "?"
            equal(f"{path} of the other one", server.get(f"{path}{separator}library=full").status, 200)
        said = "The canaries of the mine are taught to sing in three voices."
        job = taken_in(
            server,
            "the first file of a library",
            server.ask("POST", "/v1/index?name=a.txt", ARTICLE.format(said).encode()),
        )
        equal("the first file of a library: taken into it", (job["state"], job["library"]), ("done", "empty"))
        check("the first file of a library: is found", finds(server, said))
        found = server.get("/v1/search", q=said, library="full").json["results"]
        check("the first file of a library: not in the other one", said not in [passage["text"] for passage in found])


def the_end(place):
    texts = [f"text number {number} " + "tariffs on steel " * 60 for number in range(200)]
    with Server(place.topoi, f"commentary={place.library}", "--threads", "1") as server:
        with contextlib.closing(server.connect()) as connection, contextlib.closing(server.socket()) as idle:
            connection.request(
                "POST",
                "/v1/embeddings",
                json.dumps({"input": texts, "model": "all-MiniLM-L6-v2", "truncate": True}),
                {"Content-Type": "application/json"},
            )
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
    for name, number in 3 * (("SIGTERM", signal.SIGTERM), ("SIGINT", signal.SIGINT)):
        with Server(place.topoi, f"commentary={place.library}") as server:
            server.process.send_signal(number)
            equal(f"{name} as soon as the address was said: exit code", server.process.wait(20), 0)


SAMPLE = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-z_]+="(\\.|[^"\\])*",?)*\})? -?[0-9.e+-]+')


def sound(server):
    equal("the server is alive", server.process.poll(), None)
    health = server.get("/healthz")
    equal("it is sound", (health.status, health.json), (200, {"status": "ok"}))
    metrics = server.get("/metrics")
    check(
        "metrics: their type", metrics.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    )
    lines = metrics.body.decode().splitlines()
    equal("metrics: their end", lines[-1], "# EOF")
    odd = [
        line
        for line in lines[:-1]
        if not line.startswith(("# HELP ", "# TYPE ", "# UNIT ")) and not SAMPLE.fullmatch(line)
    ]
    equal("metrics: lines that can't be read", odd, [])
    count = lambda pattern: sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(pattern, line))
    searches = count(r'topoi_http_requests_total\{route="/v1/search",status="200"')
    check("metrics: searches were counted", searches >= 50, searches)
    equal("metrics: nothing waits", count("topoi_waiting"), 0)
    check(
        "metrics: addresses that were made up are one",
        'route="other"' in metrics.body.decode() and "/.git" not in metrics.body.decode(),
    )
    equal("nothing broke", count(r'topoi_http_requests_total\{.*status="500"'), 0)
