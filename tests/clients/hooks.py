"""What schemathesis can't know of the interface from its description."""

import schemathesis

# Fields that a schema can't describe in full: the grammar of questions, texts without a paragraph, the bounds of the
# model, and that what is sent needs a name, but a list of paths doesn't.
BEYOND_SCHEMAS = {"q", "text", "input", "dimensions", "name"}

MODEL = "all-MiniLM-L6-v2"


@schemathesis.hook
def map_body(context, body):
    """A model of a name made up at random is none, and nothing behind it would be tried."""
    body = with_whole_numbers(body)
    if context.operation.label == "POST /v1/embeddings" and isinstance(body, dict):
        if isinstance(body.get("model"), str):
            return {**body, "model": MODEL}
    return body


def with_whole_numbers(body):
    """Whole numbers as they are usually written: JSON Schema takes 15.0 for an integer, which the server doesn't."""
    if isinstance(body, dict):
        return {key: with_whole_numbers(value) for key, value in body.items()}
    if isinstance(body, list):
        return [with_whole_numbers(value) for value in body]
    return int(body) if isinstance(body, float) and body.is_integer() and abs(body) < 2**53 else body


@schemathesis.hook
def before_call(context, case, kwargs):
    """With a name JSON is a file too, which a description can't say; `taken_in.py` tests it."""
    if case.operation.label == "POST /v1/index" and case.media_type == "application/json" and case.query:
        case.query.pop("name", None)


@schemathesis.check
def refused_for_a_reason(ctx, response, case):
    """A request that keeps to the description is refused only for what a description can't say."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    param = response.json()["error"]["param"]
    assert param in BEYOND_SCHEMAS, f"refused, though as described: {response.text}"
