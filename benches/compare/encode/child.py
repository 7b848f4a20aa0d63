"""A contender's process: started once, asked a line at a time, never waited for without end."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import quiet

# The end of what a process wrote to standard error, shown when it fails.
STDERR_BYTES = 4000


class Unavailable(Exception):
    """The contender isn't installed here, or can't do what is asked: the others go on without it."""


class Failed(Exception):
    """The contender broke off, didn't answer in time, or answered nonsense."""


@dataclass(frozen=True)
class Spec:
    """How a contender is started."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


class Child:
    """A running contender; `with` ends it."""

    def __init__(self, spec: Spec, timeout: float) -> None:
        self.name = spec.name
        self.timeout = timeout
        self.stderr = tempfile.TemporaryFile()
        self.received = b""
        try:
            self.process = subprocess.Popen(
                spec.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.stderr,
                env=os.environ | spec.environment,
                bufsize=0,
            )
        except OSError as error:
            raise Unavailable(f"{spec.name} can't be started: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self.stderr):
            if file is not None:
                file.close()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to `request`."""
        try:
            self.send(json.dumps(request).encode() + b"\n")
            line = self.receive()
        except (OSError, EOFError) as error:
            raise Failed(self.report(str(error))) from error
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise Failed(self.report(f"it answered {line!r}")) from error
        if not isinstance(answer, dict):
            raise Failed(self.report(f"it answered {answer!r}"))
        if "unavailable" in answer:
            raise Unavailable(f"{self.name}: {answer['unavailable']}")
        if "error" in answer:
            raise Failed(self.report(answer["error"]))
        return answer

    def send(self, line: bytes) -> None:
        assert self.process.stdin is not None
        view = memoryview(line)
        try:
            while view:
                view = view[self.process.stdin.write(view) :]
        except BrokenPipeError:
            # It has ended, maybe after saying why: that is read next.
            return

    def receive(self) -> bytes:
        """The next line, waited for no longer than the timeout."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + self.timeout
        while b"\n" not in self.received:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise TimeoutError(f"it didn't answer within {self.timeout:.0f} s")
            part = self.process.stdout.read(1 << 16)
            if not part:
                raise EOFError(
                    f"it ended with status {self.process.wait(self.timeout)}"
                )
            self.received += part
        line, _, self.received = self.received.partition(b"\n")
        return line

    def report(self, reason: str) -> str:
        """What went wrong, with the end of what the process said."""
        length = self.stderr.seek(0, os.SEEK_END)
        self.stderr.seek(max(0, length - STDERR_BYTES))
        said = self.stderr.read().decode(errors="replace").strip()
        return f"{self.name}: {reason}\n{said}" if said else f"{self.name}: {reason}"

    def undisturbed(
        self, request: dict[str, Any], deadline: float
    ) -> tuple[dict[str, Any], float]:
        """The answer while no other program is at work, and how many cores others took.

        Where no try is undisturbed by `deadline`, by the monotonic clock, the last one counts.
        """
        while True:
            quiet.wait(deadline)
            watch = quiet.Watch(self.process.pid)
            answer = self.ask(request)
            others = watch.cores()
            if others < quiet.LIMIT or time.monotonic() > deadline:
                return answer, others

    def peak_bytes(self) -> int | None:
        """The most memory that was resident at once, where the system tells (Linux)."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(
                encoding="ascii"
            )
        except OSError:
            return None
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return None


def python(name: str, arguments: list[str], threads: int) -> Spec:
    """A contender of `peers.py`, which never reaches out and keeps to `threads` threads."""
    count = str(threads)
    return Spec(
        name,
        [
            sys.executable,
            str(Path(__file__).with_name("peers.py")),
            *arguments,
            "--threads",
            count,
        ],
        {
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "true",
            "OMP_NUM_THREADS": count,
            "MKL_NUM_THREADS": count,
            "OPENBLAS_NUM_THREADS": count,
            "RAYON_NUM_THREADS": count,
        },
    )
