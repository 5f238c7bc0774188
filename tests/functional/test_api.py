"""The API over a real socket: shapes, errors, pages of lists, live progress, and its own description."""

import http.client
import json
import re
import shutil
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from streamsvc.playback.sessions import note_position
from streamsvc.web import lesson_work
from streamsvc.web.handlers import progress
from streamsvc.web.routes import description as described
from tests.functional.app_fixtures import PASSWORD, fetch, run_app, running_app  # noqa: F401
from tests.functional.app_states import STATES, asset_of, change, make_lesson
from tests.openapi_rules import faults, resolve

pytestmark = pytest.mark.functional


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with run_app(tmp_path_factory.mktemp("api") / "var") as served:
        yield served


@pytest.fixture(scope="module")
def description(app):
    return app.request("GET", "/api/v1/openapi.json", login=None).json()


@pytest.fixture
def check(description):
    """Hold an answer against the description of its address."""

    def checker(answer, path, method):
        operation = description["paths"][path][method]
        described = operation["responses"].get(str(answer.status))
        assert described is not None, f"{method} {path} answers {answer.status}, which is not described"
        if "$ref" in described:
            described = resolve(described["$ref"], description)
        media_type = answer.headers.get("content-type", "").split(";")[0]
        if not described.get("content"):
            assert answer.body == b""
            return
        schema = described["content"][media_type]["schema"]
        assert faults(answer.json(), schema, description) == []

    return checker


LESSON = "/api/v1/lessons/{lesson_id}"


# People


def test_sign_in_gives_a_token_that_works(app, check):
    answer = app.request("POST", "/api/v1/tokens", login=None, json_body={"login": " Teacher ", "password": PASSWORD})

    check(answer, "/api/v1/tokens", "post")
    assert answer.status == 201
    assert answer.cookies == ()
    me = fetch(app.base_url, "GET", "/api/v1/me", headers={"Authorization": f"Bearer {answer.json()['token']}"})
    check(me, "/api/v1/me", "get")
    assert me.json()["login"] == "teacher"


def test_sign_in_of_a_browser_sets_a_cookie_that_scripts_cannot_read(app):
    body = {"login": "teacher", "password": PASSWORD, "cookie": True}

    (cookie,) = app.request("POST", "/api/v1/tokens", login=None, json_body=body).cookies

    assert cookie.startswith("__Host-sabaq=sabaq_")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("kk", "Логин немесе құпиясөз қате. Тексеріп, қайта енгізіңіз."),
        ("ru-RU, en;q=0.5", "Неверный логин или пароль. Проверьте и введите ещё раз."),
        ("en", "The login or the password is wrong. Check them and try again."),
        ("de", "Логин немесе құпиясөз қате. Тексеріп, қайта енгізіңіз."),
    ],
)
def test_an_error_speaks_the_persons_language(app, check, language, sentence):
    answer = app.request(
        "POST",
        "/api/v1/tokens",
        login=None,
        json_body={"login": f"nobody-{language[:2]}", "password": "wrong"},
        headers={"Accept-Language": language},
    )

    check(answer, "/api/v1/tokens", "post")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": sentence,
        "code": "sign_in_refused",
    }


def test_too_many_sign_ins_have_to_wait(app, check):
    """
    Even the right password has to wait then; the answer says how long.
    """

    def attempt(password):
        body = {"login": "other_teacher", "password": password}
        return app.request("POST", "/api/v1/tokens", login=None, json_body=body)

    for _ in range(5):
        assert attempt("wrong password").status == 401

    answer = attempt(PASSWORD)

    check(answer, "/api/v1/tokens", "post")
    assert (answer.status, answer.json()["code"]) == (429, "too_many_sign_ins")
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    assert re.search(r"\d+", answer.json()["detail"])


def test_signing_out_makes_the_token_useless(app, check):
    body = {"login": "curator", "password": PASSWORD}
    token = app.request("POST", "/api/v1/tokens", login=None, json_body=body).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}

    check(fetch(app.base_url, "DELETE", "/api/v1/tokens/current", headers=headers), "/api/v1/tokens/current", "delete")

    answer = fetch(app.base_url, "GET", "/api/v1/me", headers=headers)
    check(answer, "/api/v1/me", "get")
    assert (answer.status, answer.json()["code"]) == (401, "token_refused")
    assert app.request("GET", "/api/v1/me", login="curator").status == 200


# Lessons


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("login", ["teacher", "pupil", "admin"])
def test_a_lesson_has_the_contracts_shape_in_every_state(app, check, state, login):
    lesson_id = make_lesson(app, state=state)

    answer = app.request("GET", f"/api/v1/lessons/{lesson_id}", login=login)

    assert answer.status == 200
    check(answer, LESSON, "get")
    shown = answer.json()
    expected = {"uploading": "waiting", "growing": "encoding", "cancelled": "failed"}.get(state, state)
    assert shown["media"]["state"] == expected
    assert shown["media"]["playable"] == (state in {"growing", "ready"})
    owns = login in {"teacher", "admin"}
    assert shown["can"] == {
        "play": state in {"growing", "ready"},
        "edit": owns,
        "delete": owns,
        "retry": owns and expected == "failed",
        "cancel": owns and state in {"waiting", "encoding", "growing", "uploading"},
    }


def test_a_failure_is_told_in_the_persons_language(app):
    lesson_id = make_lesson(app, state="failed")

    def message(language):
        answer = app.request("GET", f"/api/v1/lessons/{lesson_id}", headers={"Accept-Language": language})
        error = answer.json()["media"]["error"]
        assert error["code"] == "source_too_long"
        return error["message"]

    assert len({message("kk"), message("ru"), message("en")}) == 3


def test_the_list_leads_to_every_own_lesson(app, check):
    made = {str(make_lesson(app, login="curator", title=f"Lesson {number}")) for number in range(5)}
    make_lesson(app, login="teacher")
    seen, query = [], "?owner=me&limit=2"
    while query:
        answer = app.request("GET", f"/api/v1/lessons{query}", login="curator")
        check(answer, "/api/v1/lessons", "get")
        page = answer.json()
        seen.extend(item["id"] for item in page["items"])
        assert len(page["items"]) <= 2
        query = page["next_cursor"] and f"?owner=me&limit=2&cursor={page['next_cursor']}"

    assert len(seen) == len(set(seen)) == 5
    assert set(seen) == made


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=-1", "limit=%D9%A3", "owner=you", "cursor=x"]
)
def test_a_list_that_cannot_be_understood_is_refused(app, check, query):
    answer = app.request("GET", f"/api/v1/lessons?{query}")

    check(answer, "/api/v1/lessons", "get")
    assert answer.status == 400


def test_a_lesson_gets_another_title(app, check):
    lesson_id = make_lesson(app)

    answer = app.request("PATCH", f"/api/v1/lessons/{lesson_id}", json_body={"title": "  Жай   бөлшектер "})

    check(answer, LESSON, "patch")
    assert answer.json()["title"] == "Жай бөлшектер"
    assert app.request("GET", f"/api/v1/lessons/{lesson_id}").json()["title"] == "Жай бөлшектер"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"title": " \\u200b "}', 422, "bad_title"),
        (b'{"title": 5}', 400, "bad_request"),
        (b"{}", 400, "bad_request"),
        (b'{"title": "x", "state": "draft"}', 400, "bad_request"),
        (b"{", 400, "bad_request"),
        (b"", 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        (b'{"title": "' + b"x" * 2_000_000 + b'"}', 413, "body_too_large"),
    ],
    ids=["invisible", "number", "empty object", "unknown field", "half", "nothing", "no text", "two megabytes"],
)
def test_a_bad_body_is_refused_with_a_code(app, check, body, status, code):
    lesson_id = make_lesson(app)

    answer = app.request(
        "PATCH", f"/api/v1/lessons/{lesson_id}", body=body, headers={"Content-Type": "application/json"}
    )

    check(answer, LESSON, "patch")
    assert (answer.status, answer.json()["code"]) == (status, code)


def test_a_form_is_no_json(app):
    """
    What a form of another site can send is never taken for a request of ours.
    """
    lesson_id = make_lesson(app)

    answer = app.request(
        "PATCH", f"/api/v1/lessons/{lesson_id}", body=b'{"title": "x"}', headers={"Content-Type": "text/plain"}
    )

    assert answer.status == 400


def test_a_deleted_lesson_is_gone_for_everybody(app, check):
    lesson_id = make_lesson(app)

    answer = app.request("DELETE", f"/api/v1/lessons/{lesson_id}")

    check(answer, LESSON, "delete")
    for login in ("teacher", "pupil", "admin"):
        gone = app.request("GET", f"/api/v1/lessons/{lesson_id}", login=login)
        check(gone, LESSON, "get")
        assert (gone.status, gone.json()["code"]) == (404, "lesson_missing")
    assert app.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions").status == 404
    assert str(lesson_id) not in app.request("GET", "/api/v1/lessons?limit=100").body.decode()


@pytest.mark.parametrize("state", STATES)
def test_retry_is_for_what_failed(app, check, state):
    lesson_id = make_lesson(app, state=state)

    answer = app.request("POST", f"/api/v1/lessons/{lesson_id}/retry")

    check(answer, f"{LESSON}/retry", "post")
    if state in {"failed", "cancelled"}:
        assert (answer.status, answer.json()["media"]["state"]) == (202, "waiting")
    else:
        assert (answer.status, answer.json()["code"]) == (409, "nothing_to_retry")


@pytest.mark.parametrize("state", STATES)
def test_what_is_published_is_encoded_anew(app, check, state):
    lesson_id = make_lesson(app, state=state)

    answer = app.request("POST", f"/api/v1/lessons/{lesson_id}/reencode")

    check(answer, f"{LESSON}/reencode", "post")
    if state == "ready":
        media = answer.json()["media"]
        assert (answer.status, media["state"], media["playable"]) == (202, "ready", True)
        assert media["renewal"] == {"state": "waiting", "progress": 0.0, "error": None}
    else:
        assert (answer.status, answer.json()["code"]) == (409, "nothing_to_renew")


def test_a_stream_goes_on_while_something_is_made_anew_and_pupils_hear_nothing_of_it(app):
    lesson_id = make_lesson(app, state="ready")
    app.request("POST", f"/api/v1/lessons/{lesson_id}/reencode")
    streams = {login: Stream(app, lesson_id, login) for login in ("teacher", "pupil")}

    told = {login: stream.wait(1)["renewal"] for login, stream in streams.items()}
    app.request("DELETE", f"/api/v1/lessons/{lesson_id}")

    assert told == {"teacher": {"state": "waiting", "progress": 0.0, "error": None}, "pupil": None}
    assert all(stream.ended() for stream in streams.values())


@pytest.mark.parametrize("state", STATES)
def test_cancel_is_for_what_waits_or_runs(app, check, state):
    lesson_id = make_lesson(app, state=state)

    answer = app.request("POST", f"/api/v1/lessons/{lesson_id}/cancel")

    check(answer, f"{LESSON}/cancel", "post")
    if state in {"waiting", "encoding", "growing"}:
        assert answer.status == 202
        assert answer.json()["media"]["error"]["code"] == "encode_cancelled"
    else:
        assert (answer.status, answer.json()["code"]) == (409, "nothing_to_cancel")


def test_a_page_of_the_list_costs_the_same_whatever_its_length(app):
    """
    A fixed number of questions to the database, not some for each lesson.
    """
    acting = SimpleNamespace(person_id=app.accounts["curator"].person_id, role="curator")

    def questions(limit):
        asked = []
        event.listen(app.sessions.engine, "before_cursor_execute", count := lambda *_: asked.append(1))
        with app.sessions.read.begin() as session:
            page = lesson_work.listed(
                session, acting=acting, own=False, cursor=None, limit=limit, now=datetime.now(UTC)
            )
        event.remove(app.sessions.engine, "before_cursor_execute", count)
        assert len(page.shown) == limit
        return len(asked)

    for state in STATES:
        make_lesson(app, state=state)
    assert questions(1) == questions(7) <= 9


# Playback


@pytest.mark.parametrize("state", STATES)
def test_a_playback_session_needs_something_to_play(app, check, state):
    lesson_id = make_lesson(app, state=state)

    answer = app.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions", login="pupil")

    check(answer, f"{LESSON}/playback-sessions", "post")
    expected = {
        "uploading": (409, "media_not_ready"),
        "waiting": (409, "media_not_ready"),
        "encoding": (409, "media_not_ready"),
        "failed": (409, "media_failed"),
        "cancelled": (409, "media_failed"),
    }
    if state in expected:
        assert (answer.status, answer.json()["code"]) == expected[state]
    else:
        assert answer.status == 201


def test_a_playback_session_has_the_contracts_shape(app):
    lesson_id = make_lesson(app)
    path = f"/api/v1/lessons/{lesson_id}/playback-sessions"
    body = {"decodes": ["av01", "avc1", "opus", "mp4a"], "later": True}

    session = app.request("POST", path, login="pupil", json_body=body).json()

    assert set(session) == {"id", "url", "expires_at", "resume_s", "poster", "storyboard", "events"}
    assert session["url"].startswith(f"{app.base_url}/media/")
    assert session["url"].endswith("/avc.m3u8")
    assert session["events"] == f"{app.base_url}/api/v1/playback-sessions/{session['id']}/events"
    assert session["resume_s"] == 0.0
    left = datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=3, minutes=59) < left < timedelta(hours=4, minutes=6)
    claims = app.services().signer.verifier.verify(urlsplit(session["url"]).path.split("/")[2], datetime.now(UTC))
    assert claims.asset_id == asset_of(app, lesson_id)


def test_a_body_nested_without_end_is_refused(app):
    """
    What a later player may say is skipped, and never followed to the bottom.
    """
    address = f"/api/v1/lessons/{make_lesson(app)}/playback-sessions"
    body = b'{"later": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    answer = app.request("POST", address, body=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.json()["code"]) == (400, "bad_request")


def test_watching_goes_on_where_it_stopped(app):
    """
    Each person at their own place; the end means the beginning.
    """
    lesson_id = make_lesson(app)
    path = f"/api/v1/lessons/{lesson_id}/playback-sessions"

    def note(position_s):
        with app.sessions.write.begin() as session:
            person_id = app.accounts["pupil"].person_id
            note_position(session, person_id, lesson_id, position_s=position_s, at=datetime.now(UTC))

    note(31.25)
    assert app.request("POST", path, login="pupil").json()["resume_s"] == 31.25
    assert app.request("POST", path, login="curator").json()["resume_s"] == 0.0
    note(59.5)
    assert app.request("POST", path, login="pupil").json()["resume_s"] == 0.0


def test_a_report_of_viewing_has_the_contracts_shape(app, check):
    """
    Accepted, repeated, and each rejected one with its code; the rest is kept.
    """
    lesson_id = make_lesson(app)
    session = app.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions", login="pupil").json()
    at = datetime.now(UTC).isoformat()
    good = {"sequence": 0, "type": "initialized", "at": at, "time_s": 0}
    bad = {"sequence": 1, "type": "danced", "at": at, "time_s": 0}

    def report(events):
        answer = app.request("POST", session["events"], login="pupil", json_body={"events": events})
        check(answer, "/api/v1/playback-sessions/{session_id}/events", "post")
        return answer.json()

    receipt = report([good, bad])
    assert (receipt["accepted"], receipt["repeated"]) == (1, 0)
    assert [refused["sequence"] for refused in receipt["rejected"]] == [1]
    assert report([good])["repeated"] == 1
    metrics = app.request("GET", "/metrics", login=None).body.decode()
    assert re.search(r'sabaq_viewing_events_total\{outcome="accepted"\} [1-9]', metrics)


def test_somebody_who_came_by_localhost_stays_there(app):
    """
    Addresses of another name would be another origin to the browser.
    """
    lesson_id = make_lesson(app)
    host = f"localhost:{app.settings.port}"

    answer = app.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions", headers={"Host": host})
    assert urlsplit(answer.json()["url"]).netloc == host

    answer = app.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions", headers={"Host": "evil.example"})
    assert urlsplit(answer.json()["url"]).netloc == urlsplit(app.base_url).netloc


# Live progress


class Stream:
    """A reader of server-sent events, in a thread of its own."""

    def __init__(self, app, lesson_id, login="teacher", language="en"):
        address = urlsplit(app.base_url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        headers = {"Authorization": f"Bearer {app.token(login)}", "Accept-Language": language}
        self.connection.request("GET", f"/api/v1/lessons/{lesson_id}/progress", headers=headers)
        self.response = self.connection.getresponse()
        self.events: list[dict] = []
        self.comments = 0
        self.seen = threading.Condition()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        for line in self.response:
            if line.startswith(b"data: "):
                with self.seen:
                    self.events.append(json.loads(line[6:]))
                    self.seen.notify_all()
            if line.startswith(b": "):
                with self.seen:
                    self.comments += 1
                    self.seen.notify_all()
        with self.seen:
            self.seen.notify_all()

    def wait(self, count):
        with self.seen:
            assert self.seen.wait_for(lambda: len(self.events) >= count, 30), self.events
        return self.events[count - 1]

    def wait_for_comments(self, count):
        with self.seen:
            assert self.seen.wait_for(lambda: self.comments >= count, 30)

    def ended(self):
        self.thread.join(30)
        self.connection.close()
        return not self.thread.is_alive()


def test_progress_is_told_at_once_at_each_change_and_to_the_end(app, description):
    lesson_id = make_lesson(app, state="waiting")

    streams = [Stream(app, lesson_id, login) for login in ("teacher", "pupil", "curator")]

    assert {stream.response.getheader("content-type") for stream in streams} == {"text/event-stream"}
    assert {stream.wait(1)["state"] for stream in streams} == {"waiting"}
    change(app, lesson_id, "growing")
    assert {stream.wait(2)["playable"] for stream in streams} == {True}
    change(app, lesson_id, "ready")
    assert all(stream.ended() for stream in streams)
    assert {stream.events[-1]["state"] for stream in streams} == {"ready"}
    for told in streams[0].events:
        assert faults(told, {"$ref": "#/components/schemas/Media"}, description) == []


def test_progress_of_what_has_ended_ends_at_once(app):
    stream = Stream(app, make_lesson(app, state="failed"), language="ru")

    assert stream.ended()
    (told,) = stream.events
    assert (told["state"], told["error"]["code"]) == ("failed", "source_too_long")


def test_a_stream_is_counted_and_its_time_is_not(running_app):  # noqa: F811
    """
    It is as long as somebody looks; one that was refused is as long as we took.
    """
    app = running_app
    stream = Stream(app, make_lesson(app, state="failed"))
    assert stream.ended()
    app.request("GET", f"/api/v1/lessons/{uuid4()}/progress")

    route = 'method="GET",route="/api/v1/lessons/{lesson_id}/progress"'
    wanted = f'sabaq_http_requests_total{{{route},status="200"}} 1.0'
    text, until = "", time.monotonic() + 30
    # The client may see the end of a stream a moment before it is counted.
    while wanted not in text and time.monotonic() < until:
        text = app.request("GET", "/metrics", login=None).body.decode()
    assert wanted in text
    assert f'sabaq_http_request_duration_seconds_count{{{route},status="404"}} 1.0' in text
    assert f'sabaq_http_request_duration_seconds_count{{{route},status="200"}}' not in text


def test_progress_of_a_deleted_lesson_ends(app):
    lesson_id = make_lesson(app, state="encoding")
    stream = Stream(app, lesson_id, "pupil")
    stream.wait(1)

    app.request("DELETE", f"/api/v1/lessons/{lesson_id}")

    assert stream.ended()


def test_a_quiet_stream_says_that_it_is_still_there(app, monkeypatch):
    """
    Proxies cut silent lines.
    """
    monkeypatch.setattr(progress, "HEARTBEAT_S", 0.05)
    lesson_id = make_lesson(app, state="encoding")

    stream = Stream(app, lesson_id)

    # A beat that another stream began may still be resting: comments can come before the first state.
    stream.wait(1)
    stream.wait_for_comments(3)
    change(app, lesson_id, "ready")
    assert stream.ended()
    assert [told["state"] for told in stream.events] == ["encoding", "ready"]


def test_a_stream_ends_in_time(app, monkeypatch):
    """
    The browser comes again by itself, and a person whose token was revoked does not listen for ever.
    """
    monkeypatch.setattr(progress, "LONGEST_S", 0.0)

    answer = app.request("GET", f"/api/v1/lessons/{make_lesson(app, state='encoding')}/progress")

    assert answer.body == b"retry: 2000\n\n"


def test_a_service_that_stops_does_not_wait_for_streams(tmp_path):
    with run_app(tmp_path / "var") as served:
        stream = Stream(served, make_lesson(served, state="encoding"))
        stream.wait(1)
    assert stream.ended()


# Errors in general


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/lessons/not-a-uuid", f"/api/v1/lessons/{UUID(int=1)}"])
def test_what_does_not_exist_is_a_problem(app, path):
    answer = app.request("GET", path)

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail", "code"}


def test_a_method_that_is_not_there_names_those_that_are(app):
    answer = app.request("PUT", "/api/v1/lessons")

    assert (answer.status, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["allow"]


def test_every_answer_carries_a_request_id(app):
    assert len(app.request("GET", "/api/v1/me").headers["x-request-id"]) == 36
    assert app.request("GET", "/nothing", headers={"X-Request-Id": "abc-12345"}).headers["x-request-id"] == "abc-12345"


# The description


def test_every_api_route_is_described(app, description):
    """
    And nothing is described that does not exist.
    """
    routes = {
        (route.resource.canonical, route.method.lower())
        for route in app.application.router.routes()
        if route.resource.canonical.startswith("/api/") and route.method not in {"HEAD", "*"}
    }
    described = {
        (path, method)
        for path, item in description["paths"].items()
        for method in item
        if method in {"get", "post", "patch", "put", "delete", "options"}
    }
    anything = {route.resource.canonical for route in app.application.router.routes() if route.method == "*"}

    assert routes - described == set()
    assert {(path, method) for path, method in described - routes if path not in anything} == set()


def test_every_reference_leads_somewhere(description):
    references = set(re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(description)))

    assert references
    for reference in references:
        assert resolve(reference, description)


def test_operations_are_named_and_know_who_may_ask(description):
    names = []
    for path, item in described()["paths"].items():
        for method in ("get", "post", "patch", "delete", "head", "options"):
            if method in item:
                assert item[method]["summary"], (path, method)
                assert item[method]["responses"], (path, method)
                names.append(item[method].get("operationId"))
    assert len(names) == len(set(names))
    assert description["openapi"].startswith("3.1")


def test_the_page_shows_every_address_and_runs_no_script(app, description):
    answer = app.request("GET", "/api/v1/docs", login=None)

    page = answer.body.decode()
    assert "<script" not in page
    for path in description["paths"]:
        assert f"<code>{path}</code>" in page
    assert app.request("GET", "/api/v1/docs.css", login=None).status == 200


# Health


def test_a_healthy_service_is_ready(app):
    assert app.request("GET", "/healthz", login=None).json() == {"status": "ok"}
    answer = app.request("GET", "/readyz", login=None)
    checks = {"database": "ok", "schema": "ok", "store": "ok", "broker": "ok"}
    assert (answer.status, answer.json()) == (200, {"status": "ok", "checks": checks})


def test_without_its_store_a_service_lives_and_is_not_ready(running_app):  # noqa: F811
    store = running_app.settings.var / "store"
    shutil.rmtree(store, ignore_errors=True)
    store.write_text("not a directory")

    answer = running_app.request("GET", "/readyz", login=None)

    assert (answer.status, answer.json()["checks"]["store"]) == (503, "unavailable")
    assert running_app.request("GET", "/healthz", login=None).status == 200


def test_metrics_tell_routes_jobs_and_build(app):
    make_lesson(app, state="waiting")
    app.request("GET", f"/api/v1/lessons/{uuid4()}")

    text = app.request("GET", "/metrics", login=None).body.decode()

    assert 'route="/api/v1/lessons/{lesson_id}"' in text
    assert re.search(r'sabaq_transcode_jobs\{state="waiting"\} [1-9]', text)
    assert re.search(r"sabaq_queue_age_seconds \d", text)
    assert re.search(r'sabaq_free_bytes\{place="spool"\} [1-9]', text)
    assert re.search(r'sabaq_free_bytes\{place="var"\} [1-9]', text)
    assert 'sabaq_build_info{version="' in text
    assert "sabaq_playback_sessions_total" in text
