"""The interface for embeddings, with the client that most programs use."""

import asyncio
import base64
import json
import math
import struct

import openai

from checks import check, equal, part
from servers import run as topoi_run

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DIM = 384

# Texts with the numbers of their tokens in the model's vocabulary, without the two special ones that every text gets.
TEXTS = {
    "Who pays for a tariff?": [2040, 12778, 2005, 1037, 23234, 1029],
    "Das Schloß am Fluß, 1999.": [8695, 8040, 7317, 2080, 19310, 2572, 19857, 19310, 1010, 2639, 1012],
    "关税": [100, 100],
    "unaffable protectionism": [14477, 20961, 3468, 3860, 2964],
    "a": [1037],
}
SPECIAL = 2
MAX_TOKENS = 256


def distance(a, b):
    """The largest difference between two vectors' numbers."""
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def same(what, found, expected):
    """Whether two lists of vectors are the same but for rounding."""
    furthest = max(distance(a, b) for a, b in zip(found, expected, strict=True))
    check(what, furthest <= 1e-6, furthest)


def vectors(answer):
    return [item.embedding for item in answer.data]


def raises(what, kind, ask, status, **expected):
    """A request that must fail with one of the client's exceptions, and what its body says."""
    try:
        ask()
    except openai.APIStatusError as error:
        check(f"{what}: {kind.__name__}", type(error) is kind, repr(error))
        equal(f"{what}: {status}", error.status_code, status)
        for name, value in expected.items():
            equal(f"{what}: {name}", (error.body or {}).get(name), value)
        check(f"{what}: says what is wrong", len((error.body or {}).get("message", "")) > 20, error.body)
    else:
        check(f"{what}: is refused", False)


def client(server, token=None, kind=openai.OpenAI):
    return kind(base_url=f"{server.url}/v1", api_key=token or "none is needed", max_retries=0, timeout=60)


def the_forms(ask, expected):
    texts, tokens = list(TEXTS), list(TEXTS.values())
    as_list = ask(texts)
    equal("a list: one vector a text, in order", [item.index for item in as_list.data], list(range(len(texts))))
    equal("a list: the length of the vectors", {len(vector) for vector in vectors(as_list)}, {DIM})
    equal(
        "a list: the kinds of its parts",
        {as_list.object, *(item.object for item in as_list.data)},
        {"list", "embedding"},
    )
    equal("a list: the name of the model", as_list.model, MODEL)
    same("base64, which the client asks for: the vectors of `topoi embed`", vectors(as_list), expected)
    same("float: the same vectors", vectors(ask(texts, encoding_format="float")), expected)
    same("each text alone: the same vectors", [vectors(ask(text))[0] for text in texts], expected)
    same("the numbers of tokens: the same vectors", vectors(ask(tokens)), expected)
    same("the numbers of one text's tokens: the same vector", vectors(ask(tokens[0])), expected[:1])
    same("in another order: in that order", vectors(ask(texts[::-1])), expected[::-1])
    lengths = [math.hypot(*vector) for vector in vectors(as_list)]
    check("vectors have length 1", all(abs(length - 1) < 1e-5 for length in lengths), lengths)

    raw = ask(texts[0], encoding_format="base64").data[0].embedding
    check("base64: a string where it is asked for by name", isinstance(raw, str), type(raw))
    same(
        "base64: 32-bit numbers, the lowest byte first",
        [struct.unpack(f"<{DIM}f", base64.b64decode(raw))],
        expected[:1],
    )

    named = ask(texts[0], model="all-MiniLM-L6-v2")
    same("the short name of the model is understood", vectors(named), expected[:1])
    equal("the answer has its full name", named.model, MODEL)


def usage(ask):
    for text, tokens in TEXTS.items():
        count = len(tokens) + SPECIAL
        for form, input in (("text", text), ("tokens", tokens)):
            used = ask(input).usage
            equal(f"usage of “{text}” as {form}", (used.prompt_tokens, used.total_tokens), (count, count))
    together = sum(len(tokens) + SPECIAL for tokens in TEXTS.values())
    equal("usage of all together", ask(list(TEXTS)).usage.total_tokens, together)


def dimensions(ask, expected):
    for dim in (1, 64, DIM):
        shorter = vectors(ask(list(TEXTS), dimensions=dim))
        cut = [vector[:dim] for vector in expected]
        unit = [[value / math.hypot(*vector) for value in vector] for vector in cut]
        same(f"dimensions={dim}: the first {dim} numbers, at length 1", shorter, unit)


def what_is_more(ask, expected):
    text = next(iter(TEXTS))
    for kind in ("query", "search_query", "passage", "document", "search_document"):
        asked = vectors(ask(text, extra_body={"input_type": kind}))
        same(f"input_type={kind}: the same, as this model tells no kinds apart", asked, expected[:1])
    long = "tariff " * 400
    cut = ask(long, extra_body={"truncate": True})
    same("truncate: what the model reads", vectors(cut), vectors(ask("tariff " * (MAX_TOKENS - SPECIAL))))
    equal("truncate: counts what was read", cut.usage.total_tokens, MAX_TOKENS)
    cut = ask([23234] * 400, extra_body={"truncate": True})
    same("truncate: tokens too", vectors(cut), vectors(ask([23234] * (MAX_TOKENS - SPECIAL))))
    equal("`user` is passed over", len(vectors(ask(text, user="somebody"))), 1)
    for blank in (" ", "\n", "\0"):
        length = math.hypot(*vectors(ask(blank))[0])
        check(f"{blank!r} has a vector", abs(length - 1) < 1e-5, length)


def refusals(ask):
    bad, missing = openai.BadRequestError, openai.NotFoundError
    text = next(iter(TEXTS))
    type_ = "invalid_request_error"
    raises(
        "an unknown model",
        missing,
        lambda: ask(text, model="no-such-model"),
        404,
        code="model_not_found",
        param="model",
        type="not_found_error",
    )
    for name, input in (
        ("an empty text", ""),
        ("an empty text among others", ["a", ""]),
        ("no texts", []),
        ("no tokens", [[]]),
        ("a token that isn't there", [10**6]),
    ):
        raises(name, bad, lambda input=input: ask(input), 400, param="input", type=type_)
    for name, input in (
        ("a text that is too long", "tariff " * 400),
        ("too many tokens", [23234] * (MAX_TOKENS - SPECIAL + 1)),
    ):
        raises(name, bad, lambda input=input: ask(input), 400, param="input", code="context_length_exceeded")
    for dim in (0, DIM + 1):
        raises(f"dimensions={dim}", bad, lambda dim=dim: ask(text, dimensions=dim), 400, param="dimensions", type=type_)
    for field, value in (
        ("encoding_format", "hex"),
        ("input", {"a": 1}),
        ("input", [1, "a"]),
        ("input", [-1]),
        ("input_type", "poem"),
        ("truncate", "yes"),
        ("dimensions", -1),
    ):
        raises(
            f"{field}={value!r}",
            bad,
            lambda field=field, value=value: ask(text, extra_body={field: value}),
            400,
            type=type_,
        )


def many(ask):
    texts = [f"tariff number {number}" for number in range(2048)]
    answer = ask(texts)
    equal("2048 texts: as many vectors", [item.index for item in answer.data], list(range(2048)))
    picked = (0, 1, 15, 16, 1023, 2047)
    alone = [vectors(ask(texts[place]))[0] for place in picked]
    same("2048 texts: each has its own vector", [answer.data[place].embedding for place in picked], alone)
    raises("2049 texts", openai.BadRequestError, lambda: ask([*texts, "one more"]), 400, param="input")


async def at_once(server, expected):
    asker = client(server, kind=openai.AsyncOpenAI)
    texts = list(TEXTS)
    asked = [texts[number % len(texts) :] + texts[: number % len(texts)] for number in range(32)]
    answers = await asyncio.gather(*(asker.embeddings.create(model=MODEL, input=input) for input in asked))
    of = dict(zip(texts, expected, strict=True))
    found = [vector for answer in answers for vector in vectors(answer)]
    same("32 requests at once: each gets its own vectors", found, [of[text] for input in asked for text in input])
    await asker.close()


def tokens(guarded):
    ask = lambda token: client(guarded, token).models.list()
    equal("the right token: the models", [model.id for model in ask(guarded.token)], [MODEL])
    raises(
        "a wrong token",
        openai.AuthenticationError,
        lambda: ask("wrong"),
        401,
        code="token_needed",
        type="authentication_error",
    )


def run(topoi, server, guarded):
    asker = client(server)
    ask = lambda input, model=MODEL, **more: asker.embeddings.create(model=model, input=input, **more)
    lines = "".join(json.dumps({"id": str(place), "text": text}) + "\n" for place, text in enumerate(TEXTS))
    printed = topoi_run(topoi, "embed", input=lines.encode()).splitlines()
    expected = [json.loads(line)["embedding"] for line in printed]

    with part("openai: the forms of input and output"):
        the_forms(ask, expected)
    with part("openai: how much was read"):
        usage(ask)
    with part("openai: shorter vectors"):
        dimensions(ask, expected)
    with part("openai: what else can be said"):
        what_is_more(ask, expected)
    with part("openai: models"):
        model = asker.models.list().data[0]
        equal("the one model", (model.id, model.object, model.owned_by), (MODEL, "model", "sentence-transformers"))
    with part("openai: what is refused"):
        refusals(ask)
    with part("openai: many texts"):
        many(ask)
    with part("openai: many requests"):
        asyncio.run(at_once(server, expected))
    with part("openai: tokens"):
        tokens(guarded)
