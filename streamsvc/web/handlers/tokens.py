"""Signing in and out, and who am I."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from aiohttp import hdrs, web

from catalog import people, sign_ins, tokens
from catalog.errors import SignInRefused, TooManySignIns
from catalog.people import PersonView
from catalog.permissions import may_create_lessons
from streamsvc.web import openapi
from streamsvc.web.addresses import client_address
from streamsvc.web.auditing import who
from streamsvc.web.authentication import check_origin, clear_cookie, public, request_token, set_cookie
from streamsvc.web.comparing import COMPARING, comparing
from streamsvc.web.requests import in_transaction, json_body, json_response, reading, services, viewer


def prepare(app: web.Application) -> None:
    """Add the threads that compare passwords."""
    app.cleanup_ctx.append(comparing)


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """What a person types."""

    login: str
    password: str
    cookie: bool = False
    """Also sign this browser in."""


class Unit(msgspec.Struct):
    id: UUID
    path: str
    name: str


def person_json(person: PersonView) -> dict[str, Any]:
    return {
        "id": person.id,
        "login": person.login,
        "display_name": person.display_name,
        "role": person.role,
        "unit": Unit(person.unit_id, person.unit_path, person.unit_name),
        "language": person.language,
        "may_create_lessons": may_create_lessons(person.role),
    }


@public
async def sign_in(request: web.Request) -> web.Response:
    body = await json_body(request, SignIn)
    if body.cookie and urlsplit(request.headers.get(hdrs.ORIGIN, "")).netloc:
        check_origin(request)
    issued = await _sign_in(request, login=body.login.strip().lower()[:200], password=body.password)
    answer = {"token": issued.token, "expires_at": issued.expires_at, "person": person_json(issued.person)}
    response = json_response(answer, status=201)
    if body.cookie:
        set_cookie(response, issued.token, max_age_s=services(request).settings.token_lifetime_s)
    return response


async def _sign_in(request: web.Request, *, login: str, password: str) -> tokens.Issued:
    """Count, compare, issue: three steps, because comparing takes a tenth of a second and holds no transaction."""
    with_services, address = services(request), client_address(request)
    outcome = with_services.telemetry.sign_ins.labels
    try:
        attempt = await in_transaction(request, tokens.begin_sign_in, login, address=address, now=with_services.now())
        fits = await request.app[COMPARING].run(attempt.password_hash, password)
        lifetime = timedelta(seconds=with_services.settings.token_lifetime_s)
        issued = await in_transaction(
            request,
            sign_ins.finish,
            attempt,
            fits=fits,
            lifetime=lifetime,
            address=address,
            now=with_services.now(),
        )
    except (SignInRefused, TooManySignIns) as refused:
        await in_transaction(request, sign_ins.refused, login, error=refused, address=address, now=with_services.now())
        outcome(refused.code).inc()
        raise
    outcome("signed_in").inc()
    return issued


async def sign_out(request: web.Request) -> web.Response:
    """Revoke the token that this very request carries."""
    token, _ = request_token(request)
    unit_path, now = viewer(request).unit_path, services(request).now()
    await in_transaction(request, sign_ins.end, token or "", who=who(request), unit_path=unit_path, now=now)
    response = web.Response(status=204)
    clear_cookie(response)
    return response


async def me(request: web.Request) -> web.Response:
    return json_response(person_json(await reading(request, people.person_view, viewer(request).person_id)))


routes = [
    web.post("/api/v1/tokens", sign_in),
    web.delete("/api/v1/tokens/current", sign_out),
    web.get("/api/v1/me", me),
]

_SIGN_IN = openapi.record({"login": openapi.TEXT, "password": openapi.TEXT}, {"cookie": openapi.FLAG})
SCHEMAS = {
    "IssuedToken": openapi.record({"token": openapi.TEXT, "expires_at": openapi.TIME, "person": openapi.ref("Person")})
}

OPENAPI: dict[str, Any] = {
    "/api/v1/tokens": {
        "post": {
            "operationId": "sign_in",
            "summary": "Sign in",
            "description": "With `cookie` the answer also signs this browser in. Failed attempts are slowed down: "
            "429 `too_many_sign_ins` carries Retry-After.",
            "tags": ["people"],
            "security": openapi.ANONYMOUS,
            "requestBody": openapi.json_request(_SIGN_IN, {"login": "aigerim", "password": "correct horse battery"}),
            "responses": {
                **openapi.answers(openapi.ref("IssuedToken"), description="A token, shown once.", status=201),
                **openapi.problems(400, 401, 403, 413, 429, 503),
            },
        }
    },
    "/api/v1/tokens/current": {
        "delete": {
            "operationId": "sign_out",
            "summary": "Sign out: revoke the token of this request",
            "tags": ["people"],
            "responses": {
                **openapi.answers(None, description="The token is useless now.", status=204),
                **openapi.problems(401, 403),
            },
        }
    },
    "/api/v1/me": {
        "get": {
            "operationId": "me",
            "summary": "The signed-in person",
            "tags": ["people"],
            "responses": {
                **openapi.answers(openapi.ref("Person"), description="The person."),
                **openapi.problems(401),
            },
        }
    },
}
