"""The HTTP interface, with nothing but what Python brings: what it answers, whom it refuses, what it survives."""

import dataclasses
import pathlib

import allowed
import answered
import refused
import strained
import taken_in
import wire
from checks import part


@dataclasses.dataclass
class Place:
    """What the tests work with."""

    topoi: pathlib.Path
    folder: pathlib.Path
    library: pathlib.Path
    allowed: pathlib.Path
    description: pathlib.Path


def run(place, server, guarded):
    finish_slow = wire.slow(server)
    for name, test in {
        "as on the command line": lambda: answered.as_on_the_command_line(place, server),
        "beside a text": lambda: answered.beside_a_text(server),
        "pages": lambda: answered.pages(server),
        "refined": lambda: answered.refined(server),
        "what the library holds": lambda: answered.contents(server),
        "themes": lambda: answered.themes(server),
        "the map": lambda: answered.the_map(server),
        "packing": lambda: answered.packing(server),
        "HEAD": lambda: answered.heads(server),
        "headers": lambda: answered.headers_of_all(place, server),
        "hosts": lambda: allowed.hosts(server),
        "origins": lambda: allowed.origins(server),
        "tokens": lambda: allowed.tokens(guarded),
        "sessions": lambda: allowed.sessions(guarded),
        "bad questions": lambda: refused.bad_questions(server),
        "bad questions for what is related": lambda: refused.bad_related(server),
        "what is not there": lambda: refused.what_is_not_there(server),
        "wrong methods and types": lambda: refused.wrong_ways(server),
        "too much": lambda: wire.too_much(server),
        "odd heads": lambda: wire.odd_heads(server),
        "pipelined requests": lambda: wire.pipelined(server),
        "clients that go early": lambda: wire.gone_early(server),
        "idle connections": lambda: wire.idle(server),
        "files that are sent": lambda: taken_in.uploads(server),
        "files of the server's machine": lambda: taken_in.paths(place, server),
        "jobs": lambda: taken_in.jobs(server, guarded),
        "overload": lambda: strained.overload(place),
        "numbers beyond all passages": lambda: strained.numbers_beyond(place),
        "what takes too long": lambda: strained.too_long(place),
        "several libraries": lambda: strained.several(place),
        "the end": lambda: strained.the_end(place),
        "slow clients": finish_slow,
        "after all this": lambda: strained.sound(server),
    }.items():
        with part(f"interface: {name}"):
            test()
