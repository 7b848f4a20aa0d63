"""What comes over the wire: too much, too slowly, or nothing that makes sense."""

import concurrent.futures
import contextlib
import json
import re
import socket
import threading
import time

from checks import check, equal

# How long something may take that is given up after half a minute.
PATIENCE = 35


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
    """The status of the answer to some bytes, after which the client perhaps ends; none if it is left without one."""
    read = b""
    with contextlib.closing(server.socket(20)) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(sent)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        while b"\r\n" not in read and (chunk := connection.recv(65536)):
            read += chunk
    return status_of(read)


def post(path, *headers, kind="application/json"):
    """The head of a request."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {kind}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def too_much(server):
    count, block = 1600, bytes(64 << 10)
    chunk = b"10000\r\n" + block + b"\r\n"
    for path, kind in (
        ("/v1/search", "application/json"),
        ("/v1/embeddings", "application/json"),
        ("/v1/session", "application/json"),
        ("/v1/index?name=a.bin", "application/octet-stream"),
    ):
        for how, body, size in (
            ("told beforehand", block, f"Content-Length: {count * len(block)}"),
            ("in chunks", chunk, "Transfer-Encoding: chunked"),
        ):
            head = post(path, size, kind=kind)
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
        (
            "an address of a megabyte",
            b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            (400, 414, 431, None),
        ),
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100), (400, None)),
        ("no HTTP at all", b"\0" * 1000, (400, None)),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 403, 404, 505, None)),
        (
            "two lengths",
            post("/v1/search", "Content-Length: 2", "Content-Length: 3") + b"{} ",
            (400, None),
        ),
        (
            "a length that is none",
            post("/v1/search", "Content-Length: x") + b"{}",
            (400, None),
        ),
        (
            "a broken chunk",
            post("/v1/search", "Transfer-Encoding: chunked") + b"xyz\r\n",
            (400, None),
        ),
        (
            "half a body",
            post("/v1/search", "Content-Length: 99") + b"{}",
            (400, None),
        ),
        ("half a head", get, (400, None)),
    ):
        status = raw(server, sent, ends=what.startswith("half"))
        check(f"{what}: {expected}", status in expected, status)
    body = b'{"q": "a"}'
    both = post("/v1/search", "Content-Length: 4", "Transfer-Encoding: chunked") + b"%x\r\n%s\r\n0\r\n\r\n" % (
        len(body),
        body,
    )
    check("both a length and chunks: the length is not believed", raw(server, both) in (200, 400, None))


def pipelined(server):
    get = lambda path: f"GET {path} HTTP/1.1\r\nHost: localhost\r\n".encode()
    asked = ["/v1/search?q=first&limit=1", "/healthz", "/v1/nothing", "/v1/search?q=last&limit=1"]
    sent = b"\r\n".join(get(path) for path in asked) + b"Connection: close\r\n\r\n"
    with contextlib.closing(server.socket()) as connection:
        connection.sendall(sent)
        read = read_all(connection)
    equal(
        "requests in one go: as many answers", re.findall(rb"HTTP/1\.1 (\d+)", read), [b"200", b"200", b"404", b"200"]
    )
    places = [read.find(part) for part in (b'"query":"first"', b'"status":"ok"', b'"not_found"', b'"query":"last"')]
    check("requests in one go: answers in their order", -1 not in places and places == sorted(places), places)


def gone_early(server):
    body = json.dumps({"input": [f"text {n} " * 50 for n in range(200)], "model": "all-MiniLM-L6-v2"}).encode()
    head = lambda path, length: post(path, f"Content-Length: {length}")
    for sent in (
        head("/v1/embeddings", len(body)) + body,
        head("/v1/search", 1000) + b'{"q":',
        b"GET /v1/search?q=gone",
        head("/v1/index?name=gone.txt", 1000) + b"half a file",
    ):
        for _ in range(25):
            connection = server.socket()
            connection.sendall(sent)
            connection.close()
    begin = time.monotonic()
    status = server.get("/v1/search", q="after they have gone").status
    check(
        "clients that go early keep nobody waiting",
        status == 200 and time.monotonic() - begin < 5,
        time.monotonic() - begin,
    )
    equal("half a file is not taken in", server.get("/v1/articles", path="gone.txt").json["total"], 0)


def idle(server):
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(contextlib.closing(server.socket()))
        begin = time.monotonic()
        status = server.get("/v1/search", q="beside two hundred who say nothing").status
        check(
            "200 idle connections: searches still work",
            status == 200 and time.monotonic() - begin < 2,
            time.monotonic() - begin,
        )


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
    results = {}
    cases = [
        (path, post(path, "Content-Length: 1000"), b" " * 60, (408,), 30)
        for path in ("/v1/search", "/v1/embeddings", "/v1/session", "/v1/index")
    ]
    cases.append(("a head", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"a" * 60, (408, None), 10))
    threads = [threading.Thread(target=drip, args=(server, head, body, results, what)) for what, head, body, _, _ in cases]
    for thread in threads:
        thread.start()

    def finish():
        for thread in threads:
            thread.join()
        for what, _, _, expected, patience in cases:
            status, took = results.get(what, ("no answer", 0))
            check(f"{what}, a byte a second: {expected}", status in expected, status)
            check(f"{what}, a byte a second: not given up at once, but in the end", patience / 2 < took < PATIENCE, took)

    return finish
