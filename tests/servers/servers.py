"""Real PostgreSQL servers for the tests: one alone, a coordinator with shards, a standby that can take over.

    python3 servers.py install DIR      fetches the binaries into DIR
    python3 servers.py up DIR DATA      starts all servers, with all that they have under DATA
    python3 servers.py down DATA        stops them

In between, `kill`, `start` and `promote` are for the tests of what happens when a server dies, and `renew`
makes the pair that they break whole again. `DATA/servers.json` says where each server is to be found:

    single          alone; takes TLS too, with the `certificate` that is named there
    coordinator     for foreign tables on the shards
    shard0 … 2      what is acknowledged by the first is on its standby
    standby0        the standby of shard0, readable
    old             has no `vector`
    reader          not a server but a role on single, which may only read
    pair            not a server but shard0 or standby0, whichever takes writes

Where root runs this, the servers run as `nobody`, who must be able to reach DIR and DATA.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import urllib.parse

import binaries
from certificate import make_certificate
from processes import children, free_ports, lives, wait_until, works_in

HOST = "127.0.0.1"
ROLE = "topoi"
READER = "reader"
PRIMARY, STANDBY = "shard0", "standby0"
NAMES = ["single", "coordinator", PRIMARY, "shard1", "shard2", STANDBY, "old"]
ALONE = [name for name in NAMES if name not in (PRIMARY, STANDBY)]

SETTINGS = {
    "listen_addresses": HOST,
    # The path of a socket under DATA could be too long for one.
    "unix_socket_directories": "",
    "max_connections": 60,
    "shared_buffers": "128MB",
    "wal_level": "replica",
    "max_wal_senders": 4,
    "fsync": "on",
    "synchronous_commit": "on",
    "autovacuum": "on",
    # /dev/shm is small in many containers, and a server that is killed would leave something there.
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
OWN_SETTINGS = {
    "single": {"shared_buffers": "256MB"},
    "old": {"shared_buffers": "16MB", "fsync": "off", "io_method": "sync"},
}

# Only here: `reader` must not have what everyone may do otherwise.
READS = """
CREATE ROLE {role} LOGIN PASSWORD '{password}' IN ROLE pg_read_all_data;
REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC;
"""


class Trouble(Exception):
    """What the person who runs this must know."""


class Servers:
    """The servers of one DATA."""

    def __init__(self, data, programs, password, ports):
        self.data = data
        self.programs = programs
        self.password = password
        self.ports = ports
        self.certificate = None
        # PostgreSQL will not run as root.
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None

    @classmethod
    def load(cls, data):
        try:
            known = json.loads((data / "servers.json").read_text())
        except FileNotFoundError:
            raise Trouble(f"{data} has no servers; hint: `servers.py up DIR {data}`") from None
        password = urllib.parse.urlsplit(known[PRIMARY]["url"]).password
        ports = {name: known[name]["port"] for name in NAMES}
        return cls(data, binaries.find((data / "binaries").resolve()), password, ports)

    def folder(self, name):
        return self.data / name

    def log(self, name):
        return self.data / f"{name}.log"

    def url(self, name, role=ROLE, password=None):
        return f"postgres://{role}:{password or self.password}@{HOST}:{self.ports[name]}/postgres"

    # Running programs.

    def run(self, program, *arguments, environment=None, input=None):
        """What a program prints that runs as the servers' user."""
        as_user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        done = subprocess.run(
            [program, *map(str, arguments)],
            # No PGPORT or the like from whoever runs this.
            env={"PATH": os.defpath, "LC_ALL": "C", **(environment or {})},
            cwd=self.data,
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            **as_user,
        )
        if done.returncode != 0:
            raise Trouble(f"{pathlib.Path(program).name}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def postgres(self, program, *arguments, **more):
        return self.run(self.programs.program(program), *arguments, **more)

    def ask(self, name, sql):
        """What a statement answers; it goes in by stdin since it may hold a password."""
        environment = {"PGHOST": HOST, "PGPORT": str(self.ports[name]), "PGUSER": ROLE, "PGDATABASE": "postgres"}
        environment |= {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "10"}
        options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--file=-"]
        return self.postgres("psql", *options, environment=environment, input=sql)

    # One server.

    def make(self, name):
        """An empty cluster that has not been started."""
        folder = self.folder(name)
        # A file, since a password on the command line could be read by all.
        password = self.data / f"{name}.password"
        self.write(password, self.password)
        access = ["--username", ROLE, "--pwfile", password, "--auth", "scram-sha-256"]
        text = ["--encoding", "UTF8", "--locale", "C.UTF-8", "--lc-messages", "C"]
        self.postgres("initdb", "--pgdata", folder, *access, *text, "--no-sync")
        password.unlink()
        self.configure(name)

    def make_alone(self, name):
        self.make(name)
        self.start(name)

    def configure(self, name):
        settings = {"port": self.ports[name], "cluster_name": name, **SETTINGS, **OWN_SETTINGS.get(name, {})}
        if name == "single" and self.certificate:
            settings |= {"ssl": "on", "ssl_cert_file": self.certificate, "ssl_key_file": self.data / "single.key"}
        if name != "old":
            settings["extension_control_path"] = f"$system:{self.programs.extensions}"
            settings["dynamic_library_path"] = f"$libdir:{self.programs.libraries}"
        self.add_settings(name, settings)

    def add_settings(self, name, settings):
        """Adds settings to those that are there: the last one counts."""
        with open(self.folder(name) / "postgresql.conf", "a") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())

    def start(self, name):
        """Starts a server and waits until it takes connections."""
        log = ["--log", self.log(name)]
        try:
            self.postgres("pg_ctl", "start", "--pgdata", self.folder(name), *log, "--wait", "--timeout=60", "--silent")
        except Trouble as trouble:
            lines = self.log(name).read_text(errors="replace").splitlines() if self.log(name).exists() else []
            raise Trouble("\n".join([f"{name} did not start: {trouble}", *lines[-20:]])) from None

    def stop(self, name):
        self.postgres("pg_ctl", "stop", "--pgdata", self.folder(name), "--mode=fast", "--wait", "--timeout=60")

    def process(self, name):
        """The first process of a server that runs, or None."""
        try:
            process = int((self.folder(name) / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        # The file may be left over, and the number may be another's by now.
        return process if works_in(process, self.folder(name)) and lives(process) else None

    def kill(self, name):
        """Ends a server as if its machine had lost power, and waits until nothing of it is left."""
        first = self.process(name)
        if first is None:
            raise Trouble(f"{name} does not run")
        # While it stands still it can't start others that would be overlooked.
        os.kill(first, signal.SIGSTOP)
        doomed = [first, *children(first)]
        for process in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if not wait_until(lambda: not any(map(lives, doomed))):
            raise Trouble(f"{name} was killed but is still there")
        self.forget(name)

    def forget(self, name):
        """Removes what would not outlive its machine: the file with the process, and shared memory."""
        file = self.folder(name) / "postmaster.pid"
        memory = "".join(file.read_text().splitlines()[6:7]).split()
        # A segment left over would count against what the system allows.
        if memory and shutil.which("ipcrm"):
            subprocess.run(["ipcrm", "--shmem-id", memory[-1]], stderr=subprocess.DEVNULL, check=False)
        file.unlink()

    # The pair.

    def make_pair(self):
        """A fresh shard0 that waits for its standby, and the standby."""
        self.make(PRIMARY)
        self.start(PRIMARY)
        source = f"host={HOST} port={self.ports[PRIMARY]} user={ROLE} application_name={STANDBY}"
        self.postgres(
            "pg_basebackup",
            *("--dbname", source, "--pgdata", self.folder(STANDBY)),
            *("--write-recovery-conf", "--create-slot", "--slot", STANDBY),
            *("--checkpoint=fast", "--no-sync", "--no-password"),
            environment={"PGPASSWORD": self.password},
        )
        self.configure(STANDBY)
        # Only now, and only here: what the standby has copied must not make it wait for anyone once it leads.
        # A server that starts with it waits from its first commit on, and not from some moment on.
        self.stop(PRIMARY)
        self.add_settings(PRIMARY, {"synchronous_standby_names": STANDBY})
        self.start(PRIMARY)
        self.start(STANDBY)
        state = f"SELECT sync_state FROM pg_stat_replication WHERE application_name = '{STANDBY}'"
        if not wait_until(lambda: self.ask(PRIMARY, state) == "sync"):
            raise Trouble(f"{STANDBY} does not follow {PRIMARY}; see {self.log(STANDBY)}")

    def promote(self, name):
        """Makes a standby the one that takes writes."""
        self.postgres("pg_ctl", "promote", "--pgdata", self.folder(name), "--wait", "--timeout=60", "--silent")
        # This writes, and would wait where a commit waits for a standby.
        self.ask(name, "SELECT pg_current_xact_id();")

    def renew(self):
        for name in [PRIMARY, STANDBY]:
            if self.process(name):
                self.kill(name)
            if self.folder(name).exists():
                shutil.rmtree(self.folder(name))
        self.make_pair()

    # All of them.

    def up(self):
        """Makes and starts all servers; the path of the file that describes them."""
        self.certificate = make_certificate(self.data, "single", self.run)
        reader = secrets.token_hex(16)
        try:
            with concurrent.futures.ThreadPoolExecutor(len(NAMES)) as pool:
                tasks = [pool.submit(self.make_pair), *(pool.submit(self.make_alone, name) for name in ALONE)]
            for task in tasks:
                task.result()
            self.ask("single", READS.format(role=READER, password=reader))
        except BaseException:
            for name in filter(self.process, NAMES):
                self.kill(name)
            raise
        known = {name: {"url": self.url(name), "port": self.ports[name]} for name in NAMES}
        known["single"]["certificate"] = self.certificate and str(self.certificate)
        known["reader"] = {"url": self.url("single", READER, reader), "port": self.ports["single"]}
        hosts = f"{HOST}:{self.ports[PRIMARY]},{HOST}:{self.ports[STANDBY]}"
        pair = f"postgres://{ROLE}:{self.password}@{hosts}/postgres?target_session_attrs=read-write"
        known["pair"] = {"url": pair}
        path = self.data / "servers.json"
        self.write(path, json.dumps(known, indent=2) + "\n")
        return path

    def down(self):
        """Stops what runs; what would not stop, with the reason."""

        def attempt(name):
            try:
                self.stop(name)
            except Trouble as trouble:
                return f"{name}: {trouble}"

        with concurrent.futures.ThreadPoolExecutor(len(NAMES)) as pool:
            return list(filter(None, pool.map(attempt, filter(self.process, NAMES))))

    # Files.

    def write(self, path, text):
        """Writes what only the servers' user and root may read."""
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)


def new(folder, data):
    """The servers of a new DATA, of which there is nothing yet."""
    if data.exists() and any(data.iterdir()):
        raise Trouble(f"{data} is not empty")
    programs = binaries.find(folder)
    data.mkdir(parents=True, exist_ok=True)
    servers = Servers(data, programs, secrets.token_hex(16), dict(zip(NAMES, free_ports(HOST, len(NAMES)))))
    if servers.user:
        os.chown(data, servers.user.pw_uid, servers.user.pw_gid)
    for needs, path in [("-x", programs.program("postgres")), ("-x", programs.program("psql")), ("-w", data)]:
        try:
            servers.run("test", needs, path)
        except Trouble:
            user = servers.user.pw_name if servers.user else "you"
            raise Trouble(f"{path} is out of reach for `{user}`, as whom the servers run") from None
    (data / "binaries").symlink_to(folder)
    return servers


def perform(arguments):
    match arguments.command:
        case "install":
            print(binaries.install(arguments.dir).server)
        case "up":
            print(new(arguments.dir, arguments.data).up())
        case "down":
            if troubles := Servers.load(arguments.data).down():
                raise Trouble("\n".join(troubles))
        case "renew":
            Servers.load(arguments.data).renew()
        case command:
            # The others are called what the method is called, and are about one server.
            getattr(Servers.load(arguments.data), command)(arguments.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for command, needs, what in [
        ("install", ["dir"], "fetches the binaries that are not in DIR yet"),
        ("up", ["dir", "data"], "makes and starts the servers; prints the path of the file that describes them"),
        ("down", ["data"], "stops the servers"),
        ("kill", ["data", "name"], "ends a server as if its machine had lost power"),
        ("start", ["data", "name"], "starts a server that is down"),
        ("promote", ["data", "name"], "makes a standby take writes"),
        ("renew", ["data"], "makes shard0 and its standby anew, and empty, on the ports that they had"),
    ]:
        added = commands.add_parser(command, help=what, description=what)
        for argument in needs:
            kind = {"choices": NAMES} if argument == "name" else {"type": lambda text: pathlib.Path(text).resolve()}
            added.add_argument(argument, metavar=argument.upper(), **kind)
    try:
        perform(parser.parse_args())
    except (Trouble, binaries.Missing) as trouble:
        sys.exit(f"error: {trouble}")


if __name__ == "__main__":
    main()
