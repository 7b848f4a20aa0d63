"""The tools of `topoi mcp` and of `topoi serve`, as the official client of the Model Context Protocol sees them.

    python mcp_client.py TOPOI_BINARY LIBRARY [HTTP_URL_OF_MCP]

The library is to hold the sample articles (`topoi index examples/commentary`). Without an address a server is started. Needs
the packages `mcp` (2.3) and `jsonschema`. Exits with 1 where something isn't as it should be.
"""

import asyncio
import json
import subprocess
import sys
import time

import jsonschema
from mcp import Client, MCPError, StdioServerParameters

TOOLS = {"search", "related", "show", "themes", "sources"}
UNIONS = {"anyOf", "oneOf", "allOf", "$ref", "$defs"}
QUERY = "who pays for a tariff"


def check(is_so, what):
    if not is_so:
        raise AssertionError(what)


def no_unions(schema):
    if isinstance(schema, dict):
        check(not UNIONS & schema.keys(), schema)
        check(not isinstance(schema.get("type"), list), schema)
        for value in schema.values():
            no_unions(value)
    elif isinstance(schema, list):
        for value in schema:
            no_unions(value)


class Tools:
    """The tools of one connection; every result is checked against its schema."""

    def __init__(self, client):
        self.client = client
        self.outputs = {}

    async def list(self):
        listed = (await self.client.list_tools()).tools
        check({tool.name for tool in listed} == TOOLS, listed)
        for tool in listed:
            check(tool.title and tool.description and tool.annotations.read_only_hint, tool)
            for schema in (tool.input_schema, tool.output_schema):
                jsonschema.Draft202012Validator.check_schema(schema)
                no_unions(schema)
            check(tool.input_schema["additionalProperties"] is False, tool)
            self.outputs[tool.name] = tool.output_schema

    async def call(self, name, **arguments):
        result = await self.client.call_tool(name, arguments)
        check(not result.is_error, result)
        jsonschema.validate(result.structured_content, self.outputs[name])
        check(len(result.content) == 1 and result.content[0].text, result)
        return result.structured_content, result.content[0].text

    async def refused(self, name, *said, **arguments):
        result = await self.client.call_tool(name, arguments)
        check(result.is_error and result.structured_content is None, (name, arguments, result))
        text = result.content[0].text
        check(len(text) < 1000, text)
        for part in said:
            check(part in text, f"{part!r} is not in {text!r}")

    async def all(self, name, of, key, most=1000, **arguments):
        """All pages; nothing may come twice."""
        seen, pages, cursor = [], 0, None
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer, _ = await self.call(name, **arguments, **more)
            seen += [item[key] for item in answer[of]]
            pages += 1
            cursor = answer.get("cursor")
            if cursor is None or len(seen) >= most:
                break
        check(len(seen) == len(set(seen)), f"{name} repeats itself: {seen}")
        return seen, pages


def command_line(binary, library, *arguments):
    command = [binary, "--library", library, *arguments, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


async def search(tools, binary, library):
    expected = command_line(binary, library, "search", QUERY, "-n", "20")["results"]
    answer, text = await tools.call("search", query=QUERY, limit=20)
    found = answer["passages"]
    check([int(p["passage"]) for p in found] == [r["passage"] for r in expected], "other answers")
    for passage, result in zip(found, expected):
        check(abs(passage["score"] - result["score"]) < 1e-3, (passage, result))
        check(passage["article"] == f"a{result['article']['id']}", (passage, result))
        check(passage["text"] in text, passage)
    five, text = await tools.call("search", query=QUERY)
    check(five["passages"] == found[:5], "five of them are others")
    check(len(text) < 4000 and len(json.dumps(five)) < 5000, (len(text), len(json.dumps(five))))

    seen, pages = await tools.all("search", "passages", "passage", query=QUERY, limit=20)
    check(pages > 3, pages)
    check(seen[:20] == [p["passage"] for p in found], "pages are others")
    by, _ = await tools.call("search", query=QUERY, source="harbour", after="2024", limit=20)
    check(by["passages"] and all("Harbour" in p["source"] for p in by["passages"]), by)
    lexical, _ = await tools.call("search", query="tariff", mode="lexical")
    check(all("ariff" in p["text"] for p in lexical["passages"]), lexical)
    nothing, text = await tools.call("search", query=QUERY, author="Nobody At All")
    check(nothing["passages"] == [] and "Nothing found" in text, text)
    return found


async def others(tools, binary, library, first):
    passage = first["passage"]
    expected = command_line(binary, library, "related", passage, "-n", "5")["results"]
    answer, _ = await tools.call("related", to=passage)
    check([int(p["passage"]) for p in answer["passages"]] == [r["passage"] for r in expected], answer)
    await tools.all("related", "passages", "passage", most=60, to=passage, limit=20)
    answer, _ = await tools.call("related", to=first["article"])
    check(all(p["article"] != first["article"] for p in answer["passages"]), answer)
    answer, _ = await tools.call("related", text="A tariff is a tax on what people buy. " * 20)
    check(answer["passages"], answer)

    shown, text = await tools.call("show", id=passage, context=2)
    check(shown["asked"] == passage and shown["article"] == first["article"], shown)
    check(any(p["passage"] == passage and p["text"] in text for p in shown["passages"]), shown)
    read, pages = await tools.all("show", "passages", "passage", id=first["article"])
    whole, _ = await tools.call("show", id=first["article"])
    check(len(read) == whole["total"] and pages > 1 and passage in read, (read, whole["total"]))

    themes, _ = await tools.call("themes")
    while themes["status"] == "computing":
        themes, _ = await tools.call("themes")
    numbers, _ = await tools.all("themes", "themes", "theme", limit=3)
    check(len(numbers) == themes["total"], numbers)
    members, _ = await tools.all("themes", "passages", "passage", theme=numbers[0], limit=20)
    one, _ = await tools.call("themes", theme=numbers[0])
    check(len(members) == one["total"] == one["themes"][0]["passages"], one)
    of_theme, _ = await tools.call("search", query=QUERY, theme=numbers[0], limit=20)
    check(all(p["passage"] in members for p in of_theme["passages"]), of_theme)

    sources, _ = await tools.call("sources")
    status = command_line(binary, library, "status")
    check(sources["articles"] == status["articles"], (sources, status))
    author = sources["authors"]["first"][0]
    part, _ = await tools.call("sources", author=author["name"], limit=1)
    check(part["articles"] >= author["articles"] and len(part["authors"]["first"]) == 1, part)


async def bad_input(tools):
    for arguments, said in [
        ({}, "`query` is missing"),
        ({"query": ""}, "`query` is missing"),
        ({"query": 5}, "to be a text"),
        ({"query": "a", "limit": 1_000_000}, "from 1 to 20"),
        ({"query": "a", "limit": "many"}, "from 1 to 20"),
        ({"query": "a", "cursor": "made up"}, "cursor"),
        ({"query": "a", "sort": "date"}, "has no argument"),
        ({"query": "a", "after": "05/06/2020"}, "write it as"),
        ({"query": "a", "path": "*a*b*c*d"}, "at most 3"),
        ({"query": "a", "theme": 99999}, "`themes`"),
        ({"query": "-only"}, "query"),
        ({"query": "a" * 20_000}, "may have 10000"),
    ]:
        await tools.refused("search", said, **arguments)
    answer, _ = await tools.call("search", query=QUERY)
    await tools.refused("search", "same arguments", query="another", cursor=answer["cursor"])
    await tools.refused("related", "`search`", to="999999")
    await tools.refused("related", "`search`", to="a999999")
    await tools.refused("related", "either `to`")
    await tools.refused("related", "either `to`", to="1", text="b")
    await tools.refused("show", "`search`", id="99999999")
    await tools.refused("show", "write 23", id="x1")
    await tools.refused("show", "a whole number", id="1", context=1000)
    await tools.refused("themes", "`themes`", theme=99999)
    await tools.refused("sources", "no argument", query="a")
    try:
        await tools.client.call_tool("delete_everything", {})
    except MCPError as error:
        check("search, related" in error.message, error)
    else:
        raise AssertionError("an unknown tool was called")
    # It goes on after all that.
    await tools.call("search", query=QUERY)


async def session(name, server, mode, binary, library):
    begin = time.monotonic()
    async with Client(server, mode=mode, read_timeout_seconds=60) as client:
        check("never instructions" in client.instructions, client.instructions)
        check(client.server_info.name == "topoi", client.server_info)
        version = client.protocol_version
        tools = Tools(client)
        await tools.list()
        ready = time.monotonic() - begin
        found = await search(tools, binary, library)
        await others(tools, binary, library, found[0])
        await bad_input(tools)
        # Several at once.
        answers = await asyncio.gather(*(tools.call("search", query=f"{QUERY} {i}") for i in range(20)))
        check(len(answers) == 20, answers)
    print(f"{name}, {version}: ready in {ready:.2f} s, all in {time.monotonic() - begin:.1f} s")


async def main(binary, library, url=None):
    for mode in ("legacy", "auto"):
        stdio = StdioServerParameters(command=binary, args=["mcp", library])
        await session("standard input and output", stdio, mode, binary, library)
    server = None
    if url is None:
        command = [binary, "serve", library, "--listen", "127.0.0.1:0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        url = server.stdout.readline().strip() + "mcp"
    try:
        for mode in ("legacy", "auto"):
            await session("HTTP", url, mode, binary, library)
    finally:
        if server:
            server.terminate()
            check(server.wait(20) == 0, "the server didn't end well")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
