"""The pages that people open, and the static files they need. A page is a shell; its script asks the API."""

import asyncio
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from sqlalchemy.orm import Session

from catalog import lessons, people
from catalog.errors import TokenRefused
from catalog.permissions import Acting, may_create_lessons
from cdn.errors import ObjectMissing
from streamsvc.pages.assets import PREFIX, load_assets
from streamsvc.pages.layout import Page, Visitor, html
from streamsvc.pages.shell import Html, render
from streamsvc.playback import sessions
from streamsvc.web import lesson_work
from streamsvc.web.authentication import public
from streamsvc.web.errors import ROOTS, STATUS
from streamsvc.web.lesson_view import Reader, media_json
from streamsvc.web.requests import VIEWER, language, path_uuid, reading, services, viewer
from transcoder import jobs

OPENAPI: dict[str, Any] = {}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    # hls.js makes a MediaSource and a worker out of blobs.
    "media-src 'self' blob:; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_IMMUTABLE = "public, max-age=31536000, immutable"
_NO_PAGE_BELOW = ("/api/", "/media/", PREFIX)


@public
async def home(request: web.Request) -> web.Response:
    """All lessons that the person may play."""
    visitor, texts = await _visitor(request), _texts(request, "lessons")
    link = render('<a class="button main" href="/my">{{text}}</a>', {"text": texts["upload_lesson"]})
    values = {"actions": link if visitor.teaches else Html("")}
    positions = await reading(request, sessions.recent_positions, viewer(request).person_id)
    data = {"positions": {str(lesson_id): position_s for lesson_id, position_s in positions.items()}}
    return _answer(request, "lessons", title=texts["lessons"], visitor=visitor, values=values, data=data)


@public
async def my(request: web.Request) -> web.Response:
    """A teacher's own lessons, and where to upload more."""
    visitor = await _visitor(request)
    if not visitor.teaches:
        return _error(request, HTTPStatus.FORBIDDEN, "not_allowed", visitor=visitor)
    title = _texts(request, "my")["my_lessons"]
    data = {"max_bytes": services(request).settings.uploads.max_bytes}
    return _answer(request, "my", title=title, visitor=visitor, data=data, scripts=("vendor/tus.min.js",))


@public
async def watch(request: web.Request) -> web.Response:
    """One lesson's player."""
    visitor = await _visitor(request)
    lesson_id = path_uuid(request, "lesson_id")
    now = services(request).now()
    shown = await reading(request, lesson_work.shown, lesson_id, acting=viewer(request), now=now)
    title = shown.lesson.title
    reader = Reader(viewer(request), language(request), services(request).texts)
    data = {
        "lesson_id": str(lesson_id),
        # Media addresses are absolute. A person who came by another name of this host must fetch them by that
        # name too, or they would be another origin's.
        "public_origin": services(request).settings.public_url,
        "media": media_json(shown.media, owner_id=shown.lesson.owner_id, reader=reader),
    }
    values = {"lesson_title": title}
    scripts = ("vendor/hls.min.js",)
    return _answer(request, "watch", title=title, visitor=visitor, values=values, data=data, scripts=scripts)


@public
async def sign_in(request: web.Request) -> web.Response:
    """The form; whoever is signed in already goes on."""
    wanted = own_path(request.query.get("next", "/"))
    if VIEWER in request:
        raise web.HTTPSeeOther(wanted)
    title = _texts(request, "sign-in")["sign_in"]
    return _answer(request, "sign-in", title=title, visitor=None, data={"next": wanted})


async def poster(request: web.Request) -> web.Response:
    """
    A lesson's poster, for lists.

    Signed media addresses differ for every session; this one stays, so that a list costs its pictures once.
    """
    key = await reading(request, _poster_key, path_uuid(request, "lesson_id"), acting=viewer(request))
    # Another poster has another key, so the key tells them apart.
    tag = hashlib.sha256(key.encode()).hexdigest()[:32]
    headers = {hdrs.CACHE_CONTROL: "private, max-age=3600", hdrs.ETAG: f'"{tag}"', hdrs.VARY: hdrs.COOKIE}
    if tag in {each.value for each in request.if_none_match or ()}:
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = await asyncio.to_thread(services(request).store.read, key)
    return web.Response(body=body, content_type="image/jpeg", headers=headers)


@public
async def static(request: web.Request) -> web.Response:
    """A static file, compressed where the browser takes it; its address never changes meaning."""
    asset = load_assets().by_address.get(request.path)
    if asset is None:
        raise web.HTTPNotFound
    packed = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    headers = {
        hdrs.CONTENT_TYPE: asset.content_type,
        hdrs.CACHE_CONTROL: _IMMUTABLE,
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
    }
    if packed:
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    return web.Response(body=asset.gzipped if packed else asset.body, headers=headers)


@web.middleware
async def answer_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Show errors as pages to a browser that opens one, and send strangers to the sign-in form."""
    if not _opens_a_page(request):
        return await handler(request)
    try:
        return await handler(request)
    except TokenRefused:
        raise web.HTTPSeeOther(f"/sign-in?next={quote(request.path_qs, safe='/')}") from None
    except ROOTS as error:
        status, code, params = STATUS[type(error)], error.code, error.params
    except web.HTTPNotFound:
        status, code, params = HTTPStatus.NOT_FOUND, "not_found", {}
    visitor = await _visitor(request) if VIEWER in request else None
    return _error(request, status, code, visitor=visitor, params=params)


def own_path(wanted: str) -> str:
    """
    A path of ours to go to after signing in; anything that a browser could read as another host becomes `/`.

    Browsers drop tabs and line ends and take `\\` for `/`, so only printable text without backslashes is looked at.
    """
    if not wanted.isprintable() or "\\" in wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return "/"
    parts = urlsplit(wanted)
    return "/" if parts.scheme or parts.netloc else wanted


def _opens_a_page(request: web.Request) -> bool:
    wants = "text/html" in request.headers.get(hdrs.ACCEPT, "")
    return request.method in {"GET", "HEAD"} and wants and not request.path.startswith(_NO_PAGE_BELOW)


def _poster_key(session: Session, lesson_id: UUID, *, acting: Acting) -> str:
    """Raises LessonMissing, MediaNotReady, MediaFailed, ObjectMissing."""
    lesson = lessons.get(session, lesson_id, acting=acting)
    key = jobs.current_publication(session, lesson.asset_id).poster_key
    if key is None:
        raise ObjectMissing(f"poster of {lesson_id}")
    return key


async def _visitor(request: web.Request) -> Visitor:
    """Raises TokenRefused, which `answer_pages` turns into the sign-in form."""
    person = await reading(request, people.person_view, viewer(request).person_id)
    return Visitor(str(person.id), person.display_name, person.role, may_create_lessons(person.role))


def _error(
    request: web.Request,
    status: HTTPStatus,
    code: str,
    *,
    visitor: Visitor | None,
    params: Mapping[str, object] | None = None,
) -> web.Response:
    texts = _texts(request, "error")
    headings = {
        HTTPStatus.NOT_FOUND: texts["not_found_heading"],
        HTTPStatus.FORBIDDEN: texts["not_allowed_heading"],
    }
    heading = headings.get(status, texts["error_heading"])
    detail = services(request).texts.error(code, language(request), params or {})
    values = {"heading": heading, "detail": detail}
    return _answer(request, "error", title=heading, visitor=visitor, values=values, status=status)


def _answer(
    request: web.Request,
    name: str,
    *,
    title: str,
    visitor: Visitor | None,
    values: Mapping[str, str] | None = None,
    data: Mapping[str, object] | None = None,
    scripts: tuple[str, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    page = Page(
        name=name,
        path=request.path,
        title=title,
        language=language(request),
        texts=_texts(request, name),
        visitor=visitor,
        values=values or {},
        data=data or {},
        scripts=scripts,
    )
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "private, no-store"}
    response = web.Response(text=html(page, load_assets()), content_type="text/html", status=status, headers=headers)
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        # There is no secret in a page that its length could give away.
        response.enable_compression(web.ContentCoding.gzip)
    return response


def _texts(request: web.Request, name: str) -> dict[str, str]:
    return services(request).texts.page(name, language(request))


routes: list[web.RouteDef] = [
    web.get("/", home),
    web.get("/my", my),
    web.get("/lessons/{lesson_id}", watch),
    web.get("/lessons/{lesson_id}/poster", poster),
    web.get("/sign-in", sign_in),
    web.get(PREFIX + "{digest}/{name:.+}", static),
]
