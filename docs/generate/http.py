"""The page of the HTTP interface, from the document in OpenAPI that a server gives at /openapi.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docs.generate.markdown import code, table, text

from mesoonto_server.web.openapi import openapi

_INTRODUCTION = """A server tells the same at `/openapi.json` (OpenAPI 3.1). Addresses begin at the server,
`http://127.0.0.1:7878` if nothing else is set. [The server](../../server/README.md) tells of limits,
formats and security.

"""


def page() -> str:
    """The interface of a server with tokens, which has all there is."""
    return written(openapi("http://127.0.0.1:7878/", tokens=True))


def written(document: dict[str, Any]) -> str:
    """*document* as Markdown: each operation with its parameters, bodies and answers; then the refusals."""
    operations = [
        part
        for path, methods in sorted(document["paths"].items())
        for method, operation in methods.items()
        for part in _operation(f"{method.upper()} {path}", operation)
    ]
    refusals = document.get("components", {}).get("responses", {})
    return _INTRODUCTION + "\n".join([*operations, "## Refusals\n", _answers(refusals)])


def _operation(name: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"## {text(name)}\n"
    yield f"{text(operation['summary'])}{' Asks for a token.' if operation.get('security') else ''}\n"
    if parameters := operation.get("parameters"):
        yield table(("parameter", "in", "type", "meaning"), map(_parameter, parameters))
    if body := operation.get("requestBody"):
        yield "Body:\n"
        yield "".join(f"- {code(name)}{_form(content)}\n" for name, content in body["content"].items())
    own = {status: answer for status, answer in operation["responses"].items() if "$ref" not in answer}
    yield _answers(own)
    if others := sorted(operation["responses"].keys() - own.keys()):
        yield f"Or a [refusal](#refusals): {', '.join(others)}.\n"


def _parameter(one: dict[str, Any]) -> tuple[str, ...]:
    name = code(one["name"]) + (" (required)" if one.get("required") else "")
    return name, one["in"], text(_type(one.get("schema", {}))), text(one.get("description", ""))


def _answers(answers: dict[str, Any]) -> str:
    return table(
        ("status", "answer", "formats"),
        (
            (status, text(answer["description"]), ", ".join(map(code, answer.get("content", ()))))
            for status, answer in sorted(answers.items())
        ),
    )


def _form(content: dict[str, Any]) -> str:
    fields = content.get("schema", {}).get("properties", {})
    return f" with {', '.join(map(code, fields))}" if fields else ""


def _type(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"{_type(schema['items'])}, several"
    return str(schema.get("format") or schema.get("type", "text")).replace("string", "text")
