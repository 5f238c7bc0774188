"""Headers that limit the harm of a mistake elsewhere."""

from types import SimpleNamespace

import pytest
from aiohttp import web

from streamsvc.web.requests import SERVICES
from streamsvc.web.security import add_security_headers


async def headers_of(path, response, *, public_url="http://127.0.0.1:8080"):
    app = {SERVICES: SimpleNamespace(settings=SimpleNamespace(public_url=public_url))}
    await add_security_headers(SimpleNamespace(path=path, app=app), response)
    return response.headers


async def test_a_page_may_load_only_what_is_ours():
    policy = (await headers_of("/x", web.Response(content_type="text/html")))["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_what_is_no_page_may_load_and_run_nothing():
    """
    Not even when a browser is talked into showing it.
    """
    policy = (await headers_of("/api/v1/x", web.json_response({})))["Content-Security-Policy"]

    assert policy == "default-src 'none'; frame-ancestors 'none'; sandbox"


async def test_a_handler_knows_better():
    response = web.Response(headers={"Cache-Control": "public", "Content-Security-Policy": "default-src 'self'"})

    headers = await headers_of("/api/v1/x", response)

    assert headers["Cache-Control"] == "public"
    assert headers["Content-Security-Policy"] == "default-src 'self'"


@pytest.mark.parametrize(
    ("path", "expected"), [("/api/v1/me", "same-origin"), ("/", "same-origin"), ("/media/t/a", None)]
)
async def test_other_sites_embed_nothing_of_ours_and_pages_of_ours_embed_media(path, expected):
    assert (await headers_of(path, web.Response())).get("Cross-Origin-Resource-Policy") == expected


@pytest.mark.parametrize(
    ("public_url", "expected"), [("https://sabaq.example.kz", "max-age=31536000"), ("http://127.0.0.1:8080", None)]
)
async def test_whoever_came_by_tls_comes_by_tls_again(public_url, expected):
    headers = await headers_of("/", web.Response(), public_url=public_url)

    assert headers.get("Strict-Transport-Security") == expected
