"""The pages that people open, and the static files they need. A page is a shell; its script asks the API."""

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
from catalog.people import PersonView
from catalog.permissions import may_create_lessons
from streamsvc.pages.assets import PREFIX, load_assets
from streamsvc.pages.shell import Html, modules, render, script_data, template
from streamsvc.texts import LANGUAGES
from streamsvc.web.authentication import public
from streamsvc.web.errors import ROOTS, STATUS
from streamsvc.web.requests import VIEWER, Viewer, language, path_uuid, reading, services

OPENAPI: dict[str, Any] = {}

_OWN_NAMES = {"kk": "Қаз", "ru": "Рус", "en": "Eng"}
_LANGUAGE_NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
_IMMUTABLE = "public, max-age=31536000, immutable"
_NO_PAGE_BELOW = ("/api/", "/media/", PREFIX)


def security_headers(media_origin: str = "") -> dict[str, str]:
    """
    What a page may load: only our own files, and media from where the service says it is.

    hls.js makes a worker and a MediaSource out of blobs, hence `blob:` in two places and nowhere else.
    """
    media = f"'self' {media_origin}".strip()
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self' blob:; "
        f"connect-src {media}; img-src {media} data: blob:; media-src {media} blob:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "private, no-store",
    }


@public
async def home(request: web.Request) -> web.Response:
    """All lessons that the person may play."""
    person = await _person(request)
    texts = _texts(request, "lessons")
    link = Html(render('<a class="button main" href="/my">{{text}}</a>', {"text": texts["upload_lesson"]}))
    actions = link if may_create_lessons(person.role) else Html("")
    return _page(request, "lessons", title=texts["lessons"], person=person, values={"actions": actions})


@public
async def my(request: web.Request) -> web.Response:
    """A teacher's own lessons, and where to upload more."""
    person = await _person(request)
    if not may_create_lessons(person.role):
        return _error(request, HTTPStatus.FORBIDDEN, "not_allowed", person)
    title = _texts(request, "my")["my_lessons"]
    data = {"max_bytes": services(request).settings.uploads.max_bytes}
    return _page(request, "my", title=title, person=person, data=data, scripts=("vendor/tus.min.js",))


@public
async def watch(request: web.Request) -> web.Response:
    """One lesson's player."""
    person = await _person(request)
    lesson_id = path_uuid(request, "lesson_id")
    title = await reading(request, _lesson_title, lesson_id, acting=request[VIEWER])
    data = {"lesson_id": str(lesson_id), "title": title}
    values = {"lesson_title": title}
    scripts = ("vendor/hls.min.js",)
    return _page(request, "watch", title=title, person=person, values=values, data=data, scripts=scripts)


@public
async def sign_in(request: web.Request) -> web.Response:
    """The form; whoever is signed in already goes on."""
    wanted = own_path(request.query.get("next", "/"))
    if VIEWER in request:
        raise web.HTTPSeeOther(wanted)
    title = _texts(request, "sign-in")["sign_in"]
    return _page(request, "sign-in", title=title, person=None, data={"next": wanted})


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
        "X-Content-Type-Options": "nosniff",
    }
    if packed:
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    return web.Response(body=asset.gzipped if packed else asset.body, headers=headers)


@web.middleware
async def answer_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Show errors as pages to a browser that opens one, and send the unknown to the sign-in form."""
    if not _opens_a_page(request):
        return await handler(request)
    try:
        return await handler(request)
    except TokenRefused:
        raise web.HTTPSeeOther(f"/sign-in?next={quote(request.path_qs, safe='/')}") from None
    except ROOTS as error:
        return await _error_page(request, STATUS[type(error)], error.code, error.params)
    except web.HTTPNotFound:
        return await _error_page(request, HTTPStatus.NOT_FOUND, "not_found", {})


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


def _lesson_title(session: Session, lesson_id: UUID, *, acting: Viewer) -> str:
    return lessons.get(session, lesson_id, acting=acting).title


async def _person(request: web.Request) -> PersonView:
    """The signed-in person. Raises TokenRefused, which `answer_pages` turns into the sign-in form."""
    viewer = request.get(VIEWER)
    if viewer is None:
        raise TokenRefused("nobody is signed in")
    return await reading(request, people.person_view, viewer.person_id)


async def _error_page(
    request: web.Request, status: HTTPStatus, code: str, params: Mapping[str, object]
) -> web.Response:
    person = await _person(request) if VIEWER in request else None
    return _error(request, status, code, person, params)


def _error(
    request: web.Request,
    status: HTTPStatus,
    code: str,
    person: PersonView | None,
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
    return _page(request, "error", title=heading, person=person, values=values, status=status)


def _page(
    request: web.Request,
    name: str,
    *,
    title: str,
    person: PersonView | None,
    values: Mapping[str, str] | None = None,
    data: Mapping[str, object] | None = None,
    scripts: tuple[str, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    """Put a page together: shell, texts in the person's language, data for its script."""
    texts, assets = _texts(request, name), load_assets()
    filled = {f"t.{key}": text for key, text in texts.items()}
    body = render(template(name), {**filled, **(values or {})})
    module = f"js/{name}.js"
    whole = {
        **filled,
        "language": language(request),
        "title": title,
        "page": name,
        "logo": assets.addresses["logo.svg"],
        "stylesheet": assets.addresses["css/sabaq.css"],
        "preload": modules(assets.preload(module)),
        "nav": _navigation(request, texts, person),
        "who": _who(texts, person),
        "languages": _language_buttons(language(request)),
        "body": body,
        "data": script_data(_data(request, texts, person, data or {})),
        "scripts": _scripts([assets.addresses[script] for script in scripts], assets.addresses[module]),
    }
    text = render(template("base"), whole)
    return web.Response(text=text, content_type="text/html", status=status, headers=security_headers())


def _texts(request: web.Request, name: str) -> dict[str, str]:
    return services(request).texts.page(name, language(request))


def _data(
    request: web.Request, texts: Mapping[str, str], person: PersonView | None, more: Mapping[str, object]
) -> dict[str, object]:
    """What the page's script may know; nothing secret, because anybody at this screen can read it."""
    known = None if person is None else {"id": str(person.id), "role": person.role}
    # Media addresses are absolute. A person who came by another name of this host (localhost for 127.0.0.1) must
    # fetch them by that name too, or they would be another origin's.
    origin = services(request).settings.public_url
    return {"texts": texts, "language": language(request), "person": known, "public_origin": origin, **more}


def _navigation(request: web.Request, texts: Mapping[str, str], person: PersonView | None) -> Html:
    if person is None:
        return Html("")
    links = [("/", texts["lessons"])]
    if may_create_lessons(person.role):
        links.append(("/my", texts["my_lessons"]))
    return Html("".join(_link(href, text, current=request.path == href) for href, text in links))


def _link(href: str, text: str, *, current: bool) -> Html:
    here = Html(' aria-current="page"' if current else "")
    return render('<a href="{{href}}"{{here}}>{{text}}</a>', {"href": href, "here": here, "text": text})


def _who(texts: Mapping[str, str], person: PersonView | None) -> Html:
    if person is None:
        return Html("")
    roles = {
        "teacher": texts["role_teacher"],
        "pupil": texts["role_pupil"],
        "curator": texts["role_curator"],
        "admin": texts["role_admin"],
    }
    values = {"name": person.display_name, "role": roles[person.role], "sign_out": texts["sign_out"]}
    return render(
        '<p class="person"><b>{{name}}</b> <span class="hint">{{role}}</span></p>'
        '<button type="button" id="sign-out" class="plain">{{sign_out}}</button>',
        values,
    )


def _language_buttons(current: str) -> Html:
    return Html("".join(_language_button(each, pressed=each == current) for each in LANGUAGES))


def _language_button(each: str, *, pressed: bool) -> Html:
    values = {
        "each": each,
        "name": _LANGUAGE_NAMES[each],
        "short": _OWN_NAMES[each],
        "pressed": "true" if pressed else "false",
    }
    return render(
        '<button type="button" lang="{{each}}" data-language="{{each}}" aria-pressed="{{pressed}}"'
        ' title="{{name}}" aria-label="{{name}}">{{short}}</button>',
        values,
    )


def _scripts(classic: list[str], module: str) -> Html:
    """A vendored script is deferred, so it runs before the module, which is deferred by nature."""
    tags = [render('<script src="{{src}}" defer></script>', {"src": src}) for src in classic]
    tags.append(render('<script type="module" src="{{src}}"></script>', {"src": module}))
    return Html("".join(tags))


routes: list[web.RouteDef] = [
    web.get("/", home),
    web.get("/my", my),
    web.get("/lessons/{lesson_id}", watch),
    web.get("/sign-in", sign_in),
    web.get(PREFIX + "{digest}/{name:.+}", static),
]
