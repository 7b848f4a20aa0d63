"""Running `topoi serve`, and asking it."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.parse


class Server:
    """A server of its own on a free port."""

    def __init__(self, topoi, *arguments, token=None, log=None):
        # What the tests are run with must not change what is tested.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TOPOI_")}
        if token:
            environment["TOPOI_TOKEN"] = token
        self.token = token
        self.log = open(log, "wb") if log else None
        self.process = subprocess.Popen(
            [topoi, "serve", *map(str, arguments), "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            stderr=self.log or subprocess.DEVNULL,
            env=environment,
        )
        self.url = self.process.stdout.readline().decode().strip().rstrip("/")
        if not self.url:
            raise RuntimeError(f"the server did not start: {self.process.wait()}")
        self.port = urllib.parse.urlsplit(self.url).port

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def socket(self, timeout=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def ask(self, method, path, body=None, headers=None, timeout=30):
        """The answer to a request; `body` is sent as JSON unless it is bytes."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        with contextlib.closing(self.connect(timeout)) as connection:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())

    def get(self, path, headers=None, /, **parameters):
        if parameters:
            path += "?" + urllib.parse.urlencode(parameters)
        return self.ask("GET", path, headers=headers)

    def post(self, path, body, headers=None):
        return self.ask("POST", path, body, headers)

    def stop(self):
        """Asks the server to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.process.stdout.close()
            if self.log:
                self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


def wait_for(what, until, seconds=60):
    """Asks again and again until the answer is as it should be."""
    end = time.monotonic() + seconds
    while True:
        answer = what()
        if until(answer) or time.monotonic() > end:
            return answer
        time.sleep(0.02)


def run(topoi, *arguments, input=None):
    """What the command line prints."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TOPOI_")}
    done = subprocess.run([topoi, *map(str, arguments)], input=input, capture_output=True, env=environment, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"topoi {arguments}: {done.stderr.decode()}")
    return done.stdout.decode()
