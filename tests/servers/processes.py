"""Processes and ports of this machine."""

import os
import pathlib
import random
import socket
import time


def state(process):
    """The state of a process and its parent, or None if there is no such process."""
    try:
        # The name before them is in brackets, and may have some itself.
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])


def lives(process):
    """Whether a process runs; one that only waits for its parent to notice its end does not."""
    found = state(process)
    return found is not None and found[0] not in "ZX"


def children(process):
    numbers = [int(p.name) for p in pathlib.Path("/proc").iterdir() if p.name.isdigit()]
    return [n for n in numbers if (found := state(n)) and found[1] == process]


def works_in(process, folder):
    """Whether a folder is a process's current one."""
    try:
        return os.path.samefile(f"/proc/{process}/cwd", folder)
    except OSError:
        return False


def wait_until(holds, seconds=30):
    """Asks again and again; whether it held in time."""
    end = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    return held


def free_ports(host, count):
    """Ports that nobody uses, below those that the system gives to clients.

    One from among those could be taken by a client's connection while its server is down.
    """
    try:
        above = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (FileNotFoundError, ValueError):
        above = 32768
    low, high = (10_000, above) if above > 12_000 else (61_000, 65_536)
    ports = []
    for port in random.sample(range(low, high), high - low):
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise RuntimeError(f"{count} free ports were not found on {host}")
