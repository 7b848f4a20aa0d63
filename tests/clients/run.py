"""Tests the HTTP interface of `topoi serve` with clients that others have written.

    python3 -m venv env && env/bin/pip install -r requirements.txt
    env/bin/python run.py TOPOI_BINARY

Prints what it checks, and exits with 1 if something does not hold.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import checks
import interface
import openai_client
from allowed import FRIEND
from checks import check, part
from servers import Server, run

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ARTICLES = ROOT / "examples/commentary"
DESCRIPTION = ROOT / "src/serve/http/openapi.json"
TOKEN = "correct-horse"


def schemathesis(folder, server, what, description, *arguments):
    """What is described is sent in every way, and what the description rules out too."""
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    headers = ["--header", f"Authorization: Bearer {server.token}"] if server.token else []
    done = subprocess.run(
        [program, "--config-file", HERE / "schemathesis.toml", "run", description]
        + ["--url", server.url, "--no-color", "--continue-on-failure", *headers, *arguments],
        # It leaves notes in the current folder.
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    shown = lines[-12:] if done.returncode == 0 else lines
    print("\n".join(line[:400] for line in shown))
    check(f"schemathesis: {what}", done.returncode == 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("topoi", type=pathlib.Path)
    parser.add_argument("--only", choices=["openai", "interface", "schemathesis", "mcp"], help="this part alone")
    arguments = parser.parse_args()
    topoi = arguments.topoi.resolve()
    wanted = lambda name: arguments.only in (None, name)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        # Where the command line remembers the last search.
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        library = lambda name: make(topoi, folder / name)
        allowed = folder / "allowed"
        allowed.mkdir()
        write = ["--uploads", "--allow", allowed]
        if wanted("openai") or wanted("interface"):
            plain = library("plain")
            opened = Server(topoi, f"commentary={plain}", *write, "--cors", FRIEND, log=folder / "open.log")
            guarded = Server(topoi, f"commentary={library('guarded')}", token=TOKEN)
            with opened, guarded:
                if wanted("openai"):
                    openai_client.run(topoi, opened, guarded)
                if wanted("interface"):
                    interface.run(interface.Place(topoi, folder, plain, allowed, DESCRIPTION), opened, guarded)
        mcp = HERE / "mcp_client.py"
        if wanted("mcp") and mcp.exists():
            with part("mcp"), Server(topoi, f"commentary={library('agents')}") as server:
                done = subprocess.run([sys.executable, mcp, topoi, folder / "agents", f"{server.url}/mcp"], check=False)
                check("mcp_client.py", done.returncode == 0)
        if wanted("schemathesis"):
            # What it takes in would get into the answers that other parts look at.
            with part("schemathesis"), Server(topoi, f"commentary={library('fuzzed')}", *write) as server:
                schemathesis(folder, server, "a server that is open", DESCRIPTION, "--max-examples", "120")
                check("the server is sound afterwards", server.get("/healthz").status == 200)
            with (
                part("schemathesis, with a token"),
                Server(topoi, f"commentary={library('kept')}", *write, token=TOKEN) as server,
            ):
                schemathesis(
                    folder,
                    server,
                    "a server with a token",
                    guarded_description(folder),
                    "--phases",
                    "examples,coverage",
                )
                check("the server is sound afterwards", server.get("/healthz").status == 200)
    print(f"\n{len(checks.failures)} failures in {time.monotonic() - begin:.0f} s")
    for failure in checks.failures:
        print(f"FAILED {failure}")
    sys.exit(bool(checks.failures))


def guarded_description(folder):
    """The description of a server that needs a token everywhere but where it says otherwise."""
    description = json.loads(DESCRIPTION.read_text())
    description["security"].remove({})
    path = folder / "guarded.json"
    path.write_text(json.dumps(description))
    return path


def make(topoi, library):
    run(topoi, "--library", library, "--quiet", "index", ARTICLES)
    return library


if __name__ == "__main__":
    main()
