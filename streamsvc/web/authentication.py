"""Who asks: a bearer token in the Authorization field, or the same token in a page's cookie. Deny by default."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from catalog import tokens
from catalog.errors import TokenRefused
from catalog.people import PersonView
from streamsvc.errors import CrossOrigin
from streamsvc.web.requests import VIEWER, Viewer, services

COOKIE = "__Host-sabaq"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

PUBLIC: set[Callable[[web.Request], Awaitable[web.StreamResponse]]] = set()
H = TypeVar("H", bound=Callable[[web.Request], Awaitable[web.StreamResponse]])


def public(handler: H) -> H:
    """
    Let a handler answer anonymous requests: it shows nothing private, or checks something else (a signed link).

    Every handler without this mark answers 401 unless somebody is signed in. A token that is sent is still checked.
    """
    PUBLIC.add(handler)
    return handler


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who asks before the handler runs."""
    token, by_cookie = request_token(request)
    # A page's own address may be opened with a stale cookie: it then shows the sign-in form. A bearer token that is
    # not good is always refused.
    is_public = request.match_info.handler in PUBLIC or request.match_info.http_exception is not None
    if token is not None:
        if by_cookie and request.method not in SAFE_METHODS:
            check_origin(request)
        try:
            request[VIEWER] = await _viewer(request, token)
        except TokenRefused:
            if not (by_cookie and is_public):
                raise
    elif not is_public:
        raise TokenRefused("this address needs a bearer token")
    return await handler(request)


def request_token(request: web.Request) -> tuple[str | None, bool]:
    """The token, and whether a cookie brought it. A bearer token wins: a script that sends one means it."""
    scheme, _, credentials = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip(), False
    cookie = request.cookies.get(COOKIE)
    return cookie, cookie is not None


async def _viewer(request: web.Request, token: str) -> Viewer:
    with_services = services(request)
    now = with_services.now()
    known = await with_services.database.read(tokens.person_by_token, token, now=now)
    if known.stale:
        await _touch(request, known, now)
    return viewer_of(known.person)


async def _touch(request: web.Request, known: tokens.Known, now: datetime) -> None:
    await services(request).database.write(tokens.touch, known.token_id, now=now)


def viewer_of(person: PersonView) -> Viewer:
    return Viewer(
        person_id=person.id, login=person.login, role=person.role, unit_id=person.unit_id, unit_path=person.unit_path
    )


def check_origin(request: web.Request) -> None:
    """
    Refuse a cookie that another site's page made the browser send. Raises CrossOrigin.

    SameSite=Lax keeps the cookie from most of them; the Origin field (which browsers send with every unsafe method)
    covers old browsers and sites that share our registrable domain.
    """
    origin = urlsplit(request.headers.get(hdrs.ORIGIN, ""))
    ours = {request.host, urlsplit(services(request).settings.public_url).netloc}
    if origin.netloc not in ours or origin.scheme not in {"http", "https"}:
        raise CrossOrigin("the Origin field is not ours")


def set_cookie(response: web.StreamResponse, token: str, *, max_age_s: float) -> None:
    """Sign a browser in. `__Host-` binds the cookie to this host and to TLS (or loopback)."""
    response.set_cookie(COOKIE, token, max_age=int(max_age_s), path="/", secure=True, httponly=True, samesite="Lax")


def clear_cookie(response: web.StreamResponse) -> None:
    response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
