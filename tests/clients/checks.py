"""Says what is checked, and remembers what didn't hold."""

import contextlib
import threading
import time
import traceback

_lock = threading.Lock()
failures = []


def check(what, holds, found=""):
    """One expectation; `found` is shown where it isn't met."""
    with _lock:
        if not holds:
            failures.append(what)
        seen = "" if holds or found == "" else f" (found: {str(found)[:300]})"
        print(f"{'ok    ' if holds else 'FAILED'} {what}{seen}", flush=True)


def equal(what, found, expected):
    check(what, found == expected, f"{found!r}, expected: {expected!r}")


@contextlib.contextmanager
def part(name):
    """Some checks; what breaks off in the midst of them has failed, and the other parts go on."""
    begin = time.monotonic()
    print(f"\n{name}", flush=True)
    try:
        yield
    except Exception:
        check(f"{name}: all of it could be tried", False)
        print(traceback.format_exc()[-2000:], flush=True)
    print(f"       {time.monotonic() - begin:.1f} s", flush=True)


def failed(what, answer, status, **expected):
    """An answer must be an error of this status, in the form that all errors have."""
    statuses = status if isinstance(status, tuple) else (status,)
    check(
        f"{what}: {' or '.join(map(str, statuses))}", answer.status in statuses, f"{answer.status} {answer.body[:200]}"
    )
    try:
        error = answer.json["error"]
    except (ValueError, LookupError, TypeError):
        check(f"{what}: an error in JSON", False, answer.body)
        return
    equal(
        f"{what}: the form of the error",
        (list(answer.json), set(error)),
        (["error"], {"message", "type", "code", "param"}),
    )
    for name, value in expected.items():
        equal(f"{what}: {name}", error[name], value)
