"""Whether other programs were at work while something was measured: then it doesn't count.

Works where `/proc` is (Linux); elsewhere every moment passes for a quiet one.
"""

import os
import time
from pathlib import Path

# Between two contenders, for the threads of the one before to stop waiting for more work.
PAUSE_SECONDS = 0.3
# How much of a core other programs may take.
LIMIT = 0.1


def busy_seconds() -> float:
    """The processor time of all programs together, and what the host took from this machine."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    except OSError:
        return 0.0
    user, nice, system, _idle, _waiting, irq, softirq, steal = map(
        int, first.split()[1:9]
    )
    return ticks(user + nice + system + irq + softirq + steal)


def process_seconds(pid: int) -> float:
    """The processor time that one process has taken."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    # The second field is a name in brackets, which may hold anything; the 14th and 15th are times.
    fields = status.rpartition(")")[2].split()
    return ticks(int(fields[11]) + int(fields[12]))


def ticks(count: int) -> float:
    return count / os.sysconf("SC_CLK_TCK")


def wait(deadline: float) -> None:
    """Waits until the machine is idle, or `deadline` on the monotonic clock is past."""
    while True:
        before = busy_seconds()
        time.sleep(PAUSE_SECONDS)
        cores = (busy_seconds() - before) / PAUSE_SECONDS
        if cores < LIMIT or time.monotonic() > deadline:
            return


class Watch:
    """How much of the machine others take beside one process, from when this is made."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.begin = time.monotonic()
        self.before = self.others()

    def others(self) -> float:
        return busy_seconds() - process_seconds(self.pid)

    def cores(self) -> float:
        """The cores that others took, as an average over the time so far."""
        return max(0.0, self.others() - self.before) / (time.monotonic() - self.begin)
