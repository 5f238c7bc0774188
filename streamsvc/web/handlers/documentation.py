"""The description of the API, for programs and for people. Rendered here: the page runs no script."""

import re
from html import escape
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from streamsvc.web import openapi
from streamsvc.web.authentication import public

FOLDER = Path(__file__).parents[1] / "documentation"

OPENAPI: dict[str, Any] = {
    "/api/v1/openapi.json": {
        "get": {
            "operationId": "describe",
            "summary": "This description (OpenAPI 3.1)",
            "tags": ["service"],
            "security": openapi.ANONYMOUS,
            "responses": openapi.answers({"type": "object"}, description="The description."),
        }
    },
    "/api/v1/docs": {
        "get": {
            "operationId": "read_description",
            "summary": "This description as a page",
            "tags": ["service"],
            "security": openapi.ANONYMOUS,
            "responses": {"200": {"description": "A page.", "content": {"text/html": {"schema": openapi.TEXT}}}},
        }
    },
    "/api/v1/docs.css": {
        "get": {
            "operationId": "style_description",
            "summary": "The page's style sheet",
            "tags": ["service"],
            "security": openapi.ANONYMOUS,
            "responses": {"200": {"description": "A sheet.", "content": {"text/css": {"schema": openapi.TEXT}}}},
        }
    },
}


DESCRIPTION = web.AppKey("description", dict[str, Any])
"""Put together from all areas by `streamsvc.web.routes`."""


@public
async def as_json(request: web.Request) -> web.Response:
    body = msgspec.json.format(msgspec.json.encode(request.app[DESCRIPTION]), indent=1)
    return web.Response(body=body, content_type="application/json")


@public
async def as_page(request: web.Request) -> web.Response:
    return web.Response(text=page(request.app[DESCRIPTION]), content_type="text/html")


@public
async def style(_request: web.Request) -> web.Response:
    return web.Response(text=(FOLDER / "docs.css").read_text("utf-8"), content_type="text/css")


def page(document: dict[str, Any]) -> str:
    """All operations in the order of their addresses, then all shapes. Pure."""
    operations = [
        _operation(path, method, item[method], item.get("parameters", []))
        for path, item in document["paths"].items()
        for method in ("get", "head", "post", "patch", "put", "delete", "options")
        if method in item
    ]
    shapes = [_shape(name, schema) for name, schema in document["components"]["schemas"].items()]
    frame = (FOLDER / "docs.html").read_text("utf-8")
    info = document["info"]
    return (
        frame.replace("{{title}}", escape(f"{info['title']} API {info['version']}"))
        .replace("{{description}}", escape(info["description"]))
        .replace("{{operations}}", "\n".join(operations))
        .replace("{{shapes}}", "\n".join(shapes))
    )


def prose(text: str) -> str:
    """Escaped text, with `words in backticks` as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _operation(path: str, method: str, operation: dict[str, Any], shared: list[dict[str, Any]]) -> str:
    rows = [_parameter(each) for each in (*shared, *operation.get("parameters", []))]
    anonymous = " · no token needed" if operation.get("security") == [] else ""
    return (
        f'<section><h3><span class="method">{method.upper()}</span> <code>{escape(path)}</code></h3>'
        f"<p>{prose(operation['summary'])}{anonymous}</p>"
        + (f"<p>{prose(operation['description'])}</p>" if "description" in operation else "")
        + (f"<ul>{''.join(rows)}</ul>" if rows else "")
        + _request_body(operation.get("requestBody"))
        + f"<dl>{''.join(_answer(status, each) for status, each in operation['responses'].items())}</dl></section>"
    )


def _parameter(parameter: dict[str, Any]) -> str:
    return (
        f"<li><code>{escape(parameter['name'])}</code> ({escape(parameter['in'])}): "
        f"{prose(parameter.get('description', ''))}</li>"
    )


def _request_body(body: dict[str, Any] | None) -> str:
    if body is None:
        return ""
    blocks = []
    for media_type, content in body["content"].items():
        example = content.get("example")
        blocks.append(f"<p>Body: <code>{escape(media_type)}</code></p>")
        if example is not None:
            text = msgspec.json.format(msgspec.json.encode(example), indent=2).decode()
            blocks.append(f"<pre>{escape(text)}</pre>")
    return "".join(blocks)


def _answer(status: str, answer: dict[str, Any]) -> str:
    reference = answer.get("$ref", "")
    text = answer.get("description") or description_of(reference)
    names = [
        name
        for content in answer.get("content", {}).values()
        if (name := content.get("schema", {}).get("$ref", "").rpartition("/")[2])
    ]
    shape = "".join(f' <a href="#{escape(name)}">{escape(name)}</a>' for name in names)
    return f"<dt>{escape(status)}</dt><dd>{prose(text)}{shape}</dd>"


def description_of(reference: str) -> str:
    """The text of a shared answer, such as `#/components/responses/Problem404`."""
    status = reference.rpartition("Problem")[2]
    return openapi.PROBLEM_TEXTS.get(int(status), "") if status.isdigit() else ""


def _shape(name: str, schema: dict[str, Any]) -> str:
    text = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()
    return f'<section id="{escape(name)}"><h3>{escape(name)}</h3><pre>{escape(text)}</pre></section>'


routes = [
    web.get("/api/v1/openapi.json", as_json),
    web.get("/api/v1/docs", as_page),
    web.get("/api/v1/docs.css", style),
]
