"""What a stranger, a pupil, another site or a forged request can do: nothing that is not written here."""

import json
import re
import socket
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from itertools import product
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from streamsvc.demo import state as demo_state
from streamsvc.errors import BadSetting
from streamsvc.settings import settings_from
from tests.functional.app_fixtures import PASSWORD, ROLES, fetch, run_app, run_server
from tests.functional.app_states import asset_of, make_lesson

pytestmark = pytest.mark.functional

CANARY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with run_app(tmp_path_factory.mktemp("security") / "var") as served:
        yield served


# Strangers

OPEN_TO_ALL = {
    ("GET", "/healthz"): 200,
    ("GET", "/readyz"): 200,
    ("GET", "/metrics"): 200,
    ("GET", "/sign-in"): 200,
    ("POST", "/api/v1/tokens"): 400,
    ("GET", "/api/v1/openapi.json"): 200,
    ("GET", "/api/v1/docs"): 200,
    ("GET", "/api/v1/docs.css"): 200,
    ("OPTIONS", "/api/v1/uploads"): 200,
    ("OPTIONS", "/api/v1/uploads/{upload_id}"): 200,
    ("OPTIONS", "/media/{rest}"): 204,
}
"""Everything else answers 401 or 404 to somebody who is not signed in, and 403 where a signed link is wrong."""


def _routes(app):
    for route in app.application.router.routes():
        methods = (
            ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] if route.method == "*" else [route.method]
        )
        for method in methods:
            yield method, route.resource.canonical


def _filled(pattern):
    """A real-looking address for a pattern."""
    return re.sub(r"\{[^}]+\}", str(uuid4()), pattern)


def test_a_stranger_gets_nowhere(app):
    """
    Each route there is, also those of tomorrow: who adds one must add it here to make it public.
    """
    seen = {}
    for method, pattern in _routes(app):
        if method != "HEAD":
            answer = fetch(app.base_url, method, _filled(pattern))
            seen[method, pattern] = answer.status

    public = {key: status for key, status in seen.items() if key in OPEN_TO_ALL}
    private = {key: status for key, status in seen.items() if key not in OPEN_TO_ALL}
    assert public == {key: status for key, status in OPEN_TO_ALL.items() if key in seen}
    assert {key: status for key, status in private.items() if status not in {401, 403, 404, 405}} == {}
    assert len(private) > 10


@pytest.mark.parametrize(
    "field",
    ["Bearer", "Bearer ", "Bearer sabaq_x", "bearer null", "Basic dGVhY2hlcjpwYXNz", "Bearer " + "x" * 7000],
)
def test_a_wrong_token_is_nobody(app, field):
    answer = fetch(app.base_url, "GET", "/api/v1/me", headers={"Authorization": field})

    assert (answer.status, answer.json()["code"]) == (401, "token_refused")


def test_a_wrong_token_is_refused_even_where_none_is_needed(app):
    """
    A client with a dead token learns it at once, not only when it wants to change something.
    """
    answer = fetch(app.base_url, "GET", "/healthz", headers={"Authorization": "Bearer sabaq_dead"})

    assert answer.status == 401


def test_a_token_in_the_address_is_no_token(app):
    """
    Addresses end in logs and histories.
    """
    for name in ("token", "access_token", "bearer"):
        assert fetch(app.base_url, "GET", f"/api/v1/me?{name}={app.token()}").status == 401


# Roles and states

LOGINS = [*ROLES]
OWNERS = {"teacher", "admin"}


def _expected(login, shape, operation):
    owns = login in OWNERS
    if shape == "deleted" or (shape == "draft" and not owns):
        return 404
    if operation in {"get", "progress"}:
        return 200
    if operation == "play":
        return 201
    if not owns:
        return 403
    return {"rename": 200, "retry": 409, "cancel": 409, "reencode": 202, "delete": 204}[operation]


OPERATIONS = {
    "get": ("GET", "", None),
    "progress": ("GET", "/progress", None),
    "play": ("POST", "/playback-sessions", None),
    "rename": ("PATCH", "", {"title": "X"}),
    "retry": ("POST", "/retry", None),
    "cancel": ("POST", "/cancel", None),
    "reencode": ("POST", "/reencode", None),
    "delete": ("DELETE", "", None),
}


@pytest.mark.parametrize("shape", ["published", "draft", "deleted"])
def test_who_may_do_what_with_a_lesson(app, shape):
    """
    Every person × every operation, for a lesson of `teacher` that is ready: missing before forbidden.
    """
    wrong = {}
    for login, (name, (method, path, body)) in product(LOGINS, OPERATIONS.items()):
        lesson_id = make_lesson(app, draft=shape == "draft")
        if shape == "deleted":
            assert app.request("DELETE", f"/api/v1/lessons/{lesson_id}").status == 204
        answer = app.request(method, f"/api/v1/lessons/{lesson_id}{path}", login=login, json_body=body)
        if answer.status != _expected(login, shape, name):
            wrong[login, name] = answer.status
    assert wrong == {}


def test_a_draft_of_somebody_else_is_in_no_list(app):
    lesson_id = str(make_lesson(app, draft=True, login="other_teacher"))

    def listed(login):
        return lesson_id in app.request("GET", "/api/v1/lessons?limit=100", login=login).body.decode()

    assert [login for login in LOGINS if listed(login)] == ["other_teacher", "admin"]


def test_events_go_to_the_own_session_only(app):
    lesson_id = make_lesson(app)
    session = app.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions", login="pupil").json()
    now = datetime.now(UTC).isoformat()
    body = {"events": [{"sequence": 0, "type": "initialized", "at": now, "time_s": 0}]}

    def report(login):
        return app.request("POST", session["events"], login=login, json_body=body)

    assert report("pupil").status == 200
    for login in ("teacher", "curator", "admin"):
        answer = report(login)
        assert (answer.status, answer.json()["code"]) == (404, "playback_session_missing")


def test_a_pupil_makes_no_lesson(app):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": "filename YS5tcDQ="}

    answer = app.request("POST", "/api/v1/uploads", login="pupil", headers=headers)

    assert (answer.status, answer.json()["code"]) == (403, "not_allowed")


# Other sites


@pytest.fixture(scope="module")
def cookie(app):
    body = {"login": "teacher", "password": PASSWORD, "cookie": True}
    (field,) = app.request("POST", "/api/v1/tokens", login=None, json_body=body).cookies
    morsel = SimpleCookie(field)["__Host-sabaq"]
    return f"__Host-sabaq={morsel.value}"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 403),
        ("", 403),
        ("null", 403),
        ("https://evil.example", 403),
        ("http://127.0.0.1", 403),
        ("http://127.0.0.1:1", 403),
        ("http://127.0.0.1.evil.example", 403),
        ("file://{host}", 403),
        ("http://evil@{host}", 403),
        ("http://{host}", 200),
    ],
)
def test_only_our_own_pages_may_use_the_cookie_to_change_something(app, cookie, origin, status):
    lesson_id = make_lesson(app)
    headers = {"Cookie": cookie, "Content-Type": "application/json"}
    if origin is not None:
        headers["Origin"] = origin.format(host=urlsplit(app.base_url).netloc)

    answer = fetch(app.base_url, "PATCH", f"/api/v1/lessons/{lesson_id}", body=b'{"title": "changed"}', headers=headers)

    assert answer.status == status
    if status == 403:
        assert answer.json()["code"] == "cross_origin"
        assert app.request("GET", f"/api/v1/lessons/{lesson_id}").json()["title"] != "changed"


def test_another_site_cannot_sign_a_browser_in(app):
    """
    Else its visitor would upload lessons into the attacker's account.
    """
    body = {"login": "teacher", "password": PASSWORD, "cookie": True}

    answer = app.request(
        "POST", "/api/v1/tokens", login=None, json_body=body, headers={"Origin": "https://evil.example"}
    )

    assert (answer.status, answer.cookies) == (403, ())


def test_no_other_origin_is_let_in(app):
    """
    The API answers no preflight and allows no origin.
    """
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PATCH"}

    answers = [
        app.request("OPTIONS", "/api/v1/lessons", headers=headers),
        app.request("GET", "/api/v1/me", headers=headers),
    ]

    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_reading_changes_nothing(app):
    """
    No GET of the API changes a state, so that a link in a chat cannot.
    """
    lesson_id = make_lesson(app)
    for path in ("retry", "cancel", "playback-sessions"):
        assert app.request("GET", f"/api/v1/lessons/{lesson_id}/{path}").status == 405


# Text that wants to be code


def test_a_title_stays_text_everywhere(app, cookie):
    lesson_id = make_lesson(app, title=CANARY)

    answers = [
        app.request("GET", f"/api/v1/lessons/{lesson_id}"),
        app.request("GET", "/api/v1/lessons"),
        fetch(app.base_url, "GET", f"/lessons/{lesson_id}", headers={"Cookie": cookie, "Accept": "text/html"}),
        fetch(app.base_url, "GET", "/", headers={"Cookie": cookie, "Accept": "text/html"}),
    ]

    assert [answer.status for answer in answers] == [200] * 4
    assert answers[0].json()["title"] == CANARY
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        if answer.headers["content-type"].startswith("text/html"):
            assert b"<script>alert(1)" not in answer.body
            assert b"<img src=x" not in answer.body
        else:
            assert answer.headers["content-type"].startswith("application/json")


def test_an_address_comes_back_as_text(app):
    answer = app.request("GET", "/api/v1/lessons?limit=%3Cscript%3E", headers={"Accept": "text/html"})

    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "login"),
    [
        ("/healthz", None),
        ("/api/v1/me", "teacher"),
        ("/api/v1/me", None),
        ("/api/v1/docs", None),
        ("/nothing", None),
        ("/sign-in", None),
        ("/media/x/y", None),
        ("/metrics", None),
    ],
)
def test_every_answer_carries_the_headers_that_limit_harm(app, path, login):
    headers = app.request("GET", path, login=login).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["server"] == "Sabaq"
    if path.startswith("/api/"):
        assert headers["cache-control"] == "no-store"


# Signed links


def _media_path(app, lesson_id, *, expires_in_s, asset_id=None):
    expires_at = datetime.now(UTC) + timedelta(seconds=expires_in_s)
    asset_id = asset_id or asset_of(app, lesson_id)
    publication_id = uuid4()
    token = app.services().signer.token(asset_id, publication_id, expires_at)
    return f"/media/{token}/{asset_of(app, lesson_id)}/{publication_id}/avc.m3u8"


def test_an_expired_link_says_so(app):
    answer = app.request("GET", _media_path(app, make_lesson(app), expires_in_s=-3600), login=None)

    assert (answer.status, answer.json()["code"]) == (410, "link_expired")


def test_a_link_is_good_for_its_own_asset(app):
    path = _media_path(app, make_lesson(app), expires_in_s=3600, asset_id=uuid4())

    assert app.request("GET", path, login=None).json()["code"] == "link_refused"


def test_a_forged_link_is_refused(app):
    path = _media_path(app, make_lesson(app), expires_in_s=3600)
    token = path.split("/")[2]
    forged = path.replace(token, token[:-8] + ("A" * 8 if not token.endswith("A" * 8) else "B" * 8))

    assert app.request("GET", forged, login=None).json()["code"] == "link_refused"


def test_signing_in_does_not_open_media_without_a_link(app):
    lesson_id = make_lesson(app)

    answer = app.request("GET", f"/media/x/{asset_of(app, lesson_id)}/{uuid4()}/avc.m3u8", login="admin")

    assert answer.status in {403, 404}


@pytest.mark.parametrize(
    "path",
    [
        "/media/../../etc/passwd",
        "/media/%2e%2e/%2e%2e/etc/passwd",
        "/media/..%2f..%2fetc%2fpasswd/x/y/z",
        "/static/../../../etc/passwd",
        "/static/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/api/v1/lessons/..%2f..%2fx",
        "/api/v1/lessons/%00",
        "/api/v1/uploads/%2e%2e",
        "//evil.example/x",
        "/lessons/%ff%fe",
        "/" + "a" * 7000,
    ],
)
def test_a_crooked_path_leads_nowhere(app, path):
    for login in (None, "teacher"):
        answer = app.request("GET", path, login=login)
        assert 400 <= answer.status < 500, answer
        assert b"root:" not in answer.body


# Requests that want to be more than they are


def _raw(app, text: bytes) -> bytes:
    """Send exactly these bytes and read until the server closes."""
    address = urlsplit(app.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(text)
        received = b""
        while block := connection.recv(65536):
            received += block
    return received


def test_two_lengths_are_one_too_many(app):
    """
    A proxy that believes one and a server that believes the other would serve the wrong person.
    """
    smuggled = (
        b"POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    doubled = b"POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n{}xxx"

    assert _raw(app, smuggled).split()[1] == b"400"
    assert _raw(app, doubled).split()[1] == b"400"


def test_a_huge_header_is_refused(app):
    answer = _raw(app, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n")

    assert answer.split()[1] == b"400"


def test_an_endless_body_is_cut(app):
    """
    Chunked, so no length gives it away beforehand.
    """
    head = (
        b"POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    block = b"10000\r\n" + b" " * 65536 + b"\r\n"

    assert b"HTTP/1.1 413 " in _raw(app, head + block * 17 + b"0\r\n\r\n")


def test_a_packed_body_is_not_unpacked(app):
    """
    A kilobyte of gzip can hold a gigabyte.
    """
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    answer = app.request("POST", "/api/v1/tokens", login=None, body=b"\x1f\x8b\x08" + b"\x00" * 50, headers=headers)

    assert (answer.status, answer.json()["code"]) == (400, "bad_request")


# The log


def test_the_log_keeps_no_secret_and_no_foreign_line(tmp_path):
    """
    One JSON object a line, whatever people send; no token, password, query or signed prefix.
    """
    with run_server(tmp_path / "var") as served:
        lesson_id = make_lesson(served)
        session = served.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions").json()
        signed = urlsplit(session["url"]).path.split("/")[2]
        served.request("GET", session["url"], login=None)
        served.request("GET", "/api/v1/lessons?cursor=very-private-query")
        served.request("GET", "/nothing%0d%0a%7B%22forged%22:1%7D%1b[31m")
        served.request("GET", "/nothing", headers={"X-Request-Id": "\x1b[31mred", "User-Agent": "a\tb\x1b[0m"})
        served.request("GET", "/" + "long" * 1500)
        _raw(served, b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer my-password-3\x1b\r\n\r\n")
        served.request("POST", "/api/v1/tokens", login=None, json_body={"login": "a", "password": "my-password-1"})
        served.request("POST", "/api/v1/tokens", login=None, body=b'{"password": "my-password-2"')
        token = served.token()
        log = (served.settings.var / "serve.log").read_bytes()

    for secret in (token, signed, "very-private-query", "my-password-1", "my-password-2", "my-password-3"):
        assert secret.encode() not in log
    assert b"\x1b" not in log
    assert b"\r" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert all("forged" not in line for line in lines)
    paths = [line["path"] for line in lines if line["logger"] == "streamsvc.access"]
    assert any("forged" in path for path in paths)
    assert max(len(path) for path in paths) < 400
    assert any(path.startswith("/media/-/") for path in paths)


# The demo's link


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with run_app(tmp_path_factory.mktemp("demo") / "var", SABAQ_DEMO="1") as served:
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        account = demo_state.DemoAccount("pupil", "pupil", PASSWORD, served.token("pupil"), expires_at)
        demo_state.save(served.settings.secrets, demo_state.DemoState(key="k" * 32, accounts=(account,)))
        yield served


def test_the_demos_link_signs_the_pupil_in(demo):
    lesson_id = make_lesson(demo)

    answer = demo.request("GET", f"/demo/enter?key={'k' * 32}&lesson={lesson_id}", login=None)

    assert (answer.status, answer.headers["location"]) == (303, f"/lessons/{lesson_id}")
    value = SimpleCookie(answer.cookies[0])["__Host-sabaq"].value
    me = fetch(demo.base_url, "GET", "/api/v1/me", headers={"Cookie": f"__Host-sabaq={value}"})
    assert me.json()["login"] == "pupil"
    page = fetch(
        demo.base_url,
        "GET",
        answer.headers["location"],
        headers={"Cookie": f"__Host-sabaq={value}", "Accept": "text/html"},
    )
    assert page.status == 200


@pytest.mark.parametrize(
    ("query", "host", "status"),
    [
        ("key=" + "k" * 31, None, 404),
        ("key=", None, 404),
        ("", None, 404),
        ("key=%D2%9B", None, 404),
        ("key=" + "k" * 32, "evil.example", 404),
        ("key=" + "k" * 32 + "&lesson=//evil.example", None, 404),
        ("key=" + "k" * 32, None, 303),
    ],
)
def test_the_demos_link_is_for_this_machine_and_key(demo, query, host, status):
    answer = demo.request("GET", f"/demo/enter?{query}", login=None, headers={"Host": host} if host else {})

    assert answer.status == status
    assert bool(answer.cookies) == (status == 303)


def test_the_demos_link_does_not_exist_elsewhere(app):
    account = demo_state.DemoAccount("pupil", "pupil", PASSWORD, app.token("pupil"), datetime.now(UTC))
    demo_state.save(app.settings.secrets, demo_state.DemoState(key="k" * 32, accounts=(account,)))

    answer = app.request("GET", f"/demo/enter?key={'k' * 32}", login=None)

    assert (answer.status, answer.cookies) == (404, ())


def test_a_demo_for_everybody_cannot_be_set_up():
    with pytest.raises(BadSetting):
        settings_from({"SABAQ_DEMO": "1", "SABAQ_HOST": "0.0.0.0"})
