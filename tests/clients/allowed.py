"""Who may ask."""

from checks import check, equal, failed
from wire import raw

FRIEND = "https://friend.example"


def hosts(server):
    def asked(host, path="/v1/libraries"):
        return server.get(path, {"Host": host})

    for host in ("localhost", "LOCALHOST:1", f"127.0.0.1:{server.port}", "[::1]:80"):
        equal(f"host {host}", asked(host).status, 200)
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "localhost@evil.example",
        "evil.example:localhost",
    ):
        failed(f"host {host}", asked(host), 403, code="unknown_host", type="permission_error")
        failed(f"host {host}, for the page", asked(host, "/"), 403)
    for head in (
        b"GET /v1/libraries HTTP/1.0\r\n\r\n",
        b"GET http://evil.example/v1/libraries HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ):
        status = raw(server, head)
        check(f"{head.splitlines()[0].decode()}: refused", status in (400, 403), status)


def origins(server):
    def asked(origin, method="GET", path="/v1/libraries", **more):
        return server.ask(method, path, headers={"Origin": origin, **{k.replace("_", "-"): v for k, v in more.items()}})

    own = asked(server.url)
    equal("the page's own requests", (own.status, own.headers["Access-Control-Allow-Origin"]), (200, None))
    for other in (
        "http://evil.example",
        "null",
        "http://localhost:1",
        FRIEND + ".evil.example",
        "http://friend.example",
        "",
    ):
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
    check(
        "beforehand: headers",
        {"content-type", "authorization"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", ")),
    )
    failed("others may not even ask beforehand", asked("http://evil.example", "OPTIONS", "/v1/search", **before), 403)
    failed(
        "a request from another site without an origin",
        server.get("/v1/themes", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}),
        403,
    )
    link = server.get("/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    equal("a link from another site", link.status, 200)


def tokens(server):
    anybody = {"Authorization": ""}
    for path in (
        "/v1/libraries",
        "/v1/search?q=a",
        "/v1/themes",
        "/metrics",
        "/v1/models",
        "/v1/index/j1",
        "/v1/nothing",
    ):
        answer = server.get(path, anybody)
        failed(f"{path} without a token", answer, 401, code="token_needed", type="authentication_error")
        equal(f"{path} without a token: what is needed", answer.headers["WWW-Authenticate"], "Bearer")
    for path in ("/", "/assets/main.js", "/healthz", "/openapi.json", "/favicon.ico"):
        equal(f"{path} for everybody", server.get(path, anybody).status, 200)
    for given in (
        "Bearer wrong",
        f"Bearer {server.token}x",
        f"Basic {server.token}",
        server.token,
        "Bearer",
        f"Bearer {server.token} x",
    ):
        failed(f"with “{given}”", server.get("/v1/libraries", {"Authorization": given}), 401)
    for path in (
        "/v1/libraries/",
        "//v1/libraries",
        "/assets/../v1/libraries",
        "/assets/..%2fv1/libraries",
        "/healthz/../v1/libraries",
    ):
        check(f"{path}: no way around the token", b"topoi.libraries" not in server.get(path, anybody).body)
    equal("with the token", server.get("/v1/libraries").status, 200)
    equal(
        "with the token, `bearer` in small letters",
        server.get("/v1/libraries", {"Authorization": f"bearer {server.token}"}).status,
        200,
    )


def sessions(server):
    anybody = {"Authorization": ""}
    failed(
        "a session for a wrong token", server.post("/v1/session", {"token": "wrong"}, anybody), 401, code="token_wrong"
    )
    failed("a session for no token", server.post("/v1/session", {}, anybody), 400)
    begun = server.post("/v1/session", {"token": server.token}, anybody)
    cookie = begun.headers["Set-Cookie"]
    check(
        "a session: a cookie that scripts and other sites can't use",
        begun.status == 204 and "HttpOnly" in cookie and "SameSite=Strict" in cookie,
        cookie,
    )
    check("a session: the cookie is not the token", server.token not in cookie)
    mine = {**anybody, "Cookie": "other=1; " + cookie.split(";")[0]}
    equal("a session: the cookie does instead of the token", server.get("/v1/libraries", mine).status, 200)
    failed(
        "a session: a cookie that was made up",
        server.get("/v1/libraries", {**anybody, "Cookie": "topoi_session=" + "0" * 64}),
        401,
    )
    failed(
        "a session: the token is no cookie",
        server.get("/v1/libraries", {**anybody, "Cookie": f"topoi_session={server.token}"}),
        401,
    )
    failed(
        "a session: other sites can't use it",
        server.get("/v1/libraries", {**mine, "Origin": "http://evil.example"}),
        403,
    )
    ended = server.ask("DELETE", "/v1/session", headers=mine)
    check(
        "a session: its end takes the cookie back", ended.status == 204 and "Max-Age=0" in ended.headers["Set-Cookie"]
    )
    failed("a session: after its end", server.get("/v1/libraries", mine), 401)
