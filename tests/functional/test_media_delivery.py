"""Media through the real service: signed addresses, growing playlists, withdrawal, hostile requests, dead stores."""

import gzip
import os
import socket
import threading
import time
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from cdn.layout import PLAYLIST_TYPE, SEGMENT_TYPE, address, made, published
from cdn.signing import Signer, new_private_key
from cdn.stores import open_store
from cdn.withdrawn import REFRESH_S
from streamsvc.services import utc_now
from streamsvc.web.handlers.media import MEDIA
from tests.functional import app_states
from tests.functional.app_fixtures import fetch, run_app
from tests.functional.fault_proxy import Fault, fault_proxy
from transcoder import jobs

pytestmark = pytest.mark.functional

BODY = os.urandom(200_000)
LARGE = os.urandom(9_000_000)
VOD = b"#EXTM3U\n#EXT-X-ENDLIST\n"
DIGEST = app_states.PLAN.digest


class Lesson:
    """A lesson of the running service, with objects in its store and a token for what is current."""

    def __init__(self, served, state):
        self.served = served
        self.id = app_states.make_lesson(served, state=state)
        self.asset_id = app_states.asset_of(served, self.id)
        with served.sessions.read.begin() as session:
            self.publication = jobs.current_publication(session, self.asset_id)
        self.segment = made(self.asset_id, DIGEST, "a64", "0.m4s")
        self.large = made(self.asset_id, DIGEST, "a64", "1.m4s")
        self.playlist = published(self.asset_id, self.publication.id, "avc.m3u8")
        store = open_store(served.settings.storage_url)
        store.put(self.segment, BODY, content_type=SEGMENT_TYPE)
        store.put(self.large, LARGE, content_type=SEGMENT_TYPE)
        if not self.publication.growing:
            store.put(self.playlist, VOD, content_type=PLAYLIST_TYPE)
        self.token = self.new_token()

    def new_token(self, signer=None, *, lifetime=timedelta(hours=4)):
        signer = signer or self.served.services().signer
        return signer.token(self.asset_id, self.publication.id, utc_now() + lifetime)

    def get(self, key, *, method="GET", token=None, **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return fetch(self.served.base_url, method, address(token or self.token, key), headers=fields)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with run_app(tmp_path_factory.mktemp("media") / "var") as served:
        yield served


@pytest.fixture(scope="module")
def ready(served):
    return Lesson(served, "ready")


def raw(base_url, request):
    """Bytes in, bytes out: a client library would mend the path before it is sent."""
    with socket.create_connection(("127.0.0.1", urlsplit(base_url).port), timeout=20) as line:
        line.sendall(request)
        received = b""
        while piece := line.recv(65536):
            received += piece
    return received


def test_a_playback_session_leads_to_the_bytes(served):
    lesson = Lesson(served, "ready")
    session = served.request("POST", f"/api/v1/lessons/{lesson.id}/playback-sessions", login="pupil").json()

    playlist = fetch(served.base_url, "GET", session["url"])
    segment = fetch(served.base_url, "GET", session["url"].rsplit("/", 2)[0] + f"/{DIGEST}/a64/0.m4s")

    assert (playlist.status, playlist.body) == (200, VOD)
    assert (segment.status, segment.body) == (200, BODY)
    assert segment.headers["content-type"] == "video/iso.segment"
    assert segment.headers["content-length"] == str(len(BODY))
    assert segment.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert segment.headers["x-content-type-options"] == "nosniff"
    assert segment.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in segment.headers
    assert "set-cookie" not in segment.headers


def test_no_answer_is_a_redirect(served, ready):
    for path in (
        "/media",
        "/media/",
        f"/media/{ready.token}",
        f"/media/{ready.token}/",
        address(ready.token, ready.segment),
    ):
        assert not 300 <= fetch(served.base_url, "GET", path).status < 400


def test_head_range_and_conditions(ready):
    whole = ready.get(ready.segment)
    etag = whole.headers["etag"]

    head = ready.get(ready.segment, method="HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(BODY)))
    part = ready.get(ready.segment, Range="bytes=100-199")
    assert (part.status, part.body, part.headers["content-range"]) == (206, BODY[100:200], f"bytes 100-199/{len(BODY)}")
    assert part.headers["content-length"] == "100"
    kept = ready.get(ready.segment, If_None_Match=etag)
    assert (kept.status, kept.body, kept.headers["etag"]) == (304, b"", etag)
    outside = ready.get(ready.segment, Range=f"bytes={len(BODY)}-")
    assert (outside.status, outside.headers["content-range"]) == (416, f"bytes */{len(BODY)}")
    assert ready.get(ready.segment, Range="bytes=0-1", If_Range='"other"').status == 200
    assert ready.get(ready.segment, If_Match='"other"').status == 412


def test_a_large_object_is_streamed_whole_and_in_part(ready):
    whole = ready.get(ready.large)
    assert (whole.status, whole.headers["content-length"], whole.body) == (200, str(len(LARGE)), LARGE)
    assert "transfer-encoding" not in whole.headers
    rest = ready.get(ready.large, Range="bytes=1000000-")
    assert (rest.status, rest.body) == (206, LARGE[1_000_000:])
    assert ready.get(ready.large, method="HEAD").headers["content-length"] == str(len(LARGE))


def test_a_client_that_leaves_in_the_middle_harms_nobody(served, ready):
    path = address(ready.token, ready.large)
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", urlsplit(served.base_url).port), timeout=20) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            line.recv(1000)

    assert ready.get(ready.large).body == LARGE


def test_other_origins_may_ask_first(served, ready):
    preflight = ready.get(
        ready.segment, method="OPTIONS", Origin="https://school.kz", Access_Control_Request_Method="GET"
    )

    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "Range" in preflight.headers["access-control-allow-headers"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_media_is_read_only(ready, method):
    refused = ready.get(ready.segment, method=method)

    assert refused.status == 405
    assert "GET" in refused.headers["allow"]
    assert ready.get(ready.segment).body == BODY


def problem(answer, status, code):
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    return True


def test_refusals_say_why_in_the_persons_language(served, ready):
    other = Lesson(served, "ready")
    forged = ready.new_token(Signer(new_private_key()))

    assert problem(ready.get(ready.segment, token=forged), 403, "link_refused")
    assert problem(ready.get(other.segment), 403, "link_refused")
    assert problem(ready.get(published(ready.asset_id, uuid4(), "avc.m3u8")), 403, "link_refused")
    assert problem(ready.get(ready.segment, token=ready.new_token(lifetime=-timedelta(hours=1))), 410, "link_expired")
    assert problem(ready.get(made(ready.asset_id, DIGEST, "a64", "99.m4s")), 404, "object_missing")
    assert problem(fetch(served.base_url, "GET", f"/media/{ready.token}/x"), 404, "bad_key")
    expired = ready.get(ready.segment, token=ready.new_token(lifetime=-timedelta(hours=1)), Accept_Language="ru")
    assert "Срок действия ссылки истёк" in expired.json()["detail"]


def test_signing_in_neither_helps_nor_is_needed(served, ready):
    forged = ready.new_token(Signer(new_private_key()))

    bearer = {"Authorization": f"Bearer {served.token('teacher')}"}
    assert fetch(served.base_url, "GET", address(forged, ready.segment), headers=bearer).status == 403
    assert ready.get(ready.segment).status == 200


def test_a_playlist_is_gzipped_when_accepted(ready):
    zipped = ready.get(ready.playlist, Accept_Encoding="gzip")

    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(zipped.body) == VOD
    assert ready.get(ready.playlist, Accept_Encoding="identity").body == VOD
    assert ready.get(ready.playlist, If_None_Match=zipped.headers["etag"], Accept_Encoding="gzip").status == 304


def test_a_growing_playlist_comes_from_the_database_and_grows(served):
    lesson = Lesson(served, "growing")
    assert lesson.publication.growing
    media = published(lesson.asset_id, lesson.publication.id, "a64.m3u8")

    multivariant, growing = lesson.get(lesson.playlist), lesson.get(media)

    assert multivariant.status == growing.status == 200
    assert growing.headers["content-type"] == PLAYLIST_TYPE
    assert growing.headers["cache-control"] == multivariant.headers["cache-control"] == "no-cache"
    text = growing.body.decode()
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in text
    assert "#EXT-X-ENDLIST" not in text
    uri = next(line for line in text.splitlines() if line.endswith("/0.m4s"))
    base = f"{served.base_url}{address(lesson.token, media)}".rsplit("/", 2)[0]
    assert fetch(served.base_url, "GET", f"{base}/{uri.removeprefix('../')}").body == BODY
    assert lesson.get(media, If_None_Match=growing.headers["etag"]).status == 304
    assert lesson.get(media, method="HEAD").headers["content-length"] == str(len(growing.body))

    app_states.change(served, lesson.id, "ready")

    ended = lesson.get(media, If_None_Match=growing.headers["etag"])
    assert ended.status == 200, "a player that began early is told of the end"
    assert b"#EXT-X-ENDLIST" in ended.body


def test_of_a_growing_lesson_only_what_the_plan_has(served):
    lesson = Lesson(served, "growing")

    for name in ("v360.m3u8", "a64-iframes.m3u8", "none.m3u8", "x.m3u8"):
        missing = lesson.get(published(lesson.asset_id, lesson.publication.id, name))
        assert problem(missing, 404, "object_missing")
    for name in ("a64/avc.m3u8", "a/b/avc.m3u8"):
        assert lesson.get(published(lesson.asset_id, lesson.publication.id, name)).status == 404
    other = Lesson(served, "growing")
    assert problem(lesson.get(published(lesson.asset_id, other.publication.id, "avc.m3u8")), 403, "link_refused")


def test_a_failed_encoding_is_told_to_who_watches_it_grow(served):
    lesson = Lesson(served, "growing")
    app_states.change(served, lesson.id, "failed")

    assert problem(lesson.get(lesson.playlist), 409, "media_failed")


def test_a_deleted_lesson_is_given_out_no_more(served, monkeypatch):
    """The list is at most thirty seconds old; here it is asked for anew at once."""
    lesson = Lesson(served, "ready")
    assert lesson.get(lesson.segment).status == 200
    assert served.request("DELETE", f"/api/v1/lessons/{lesson.id}").status in {200, 204}
    withdrawn = served.application[MEDIA].withdrawn
    monkeypatch.setattr(withdrawn, "_asked_at", time.monotonic() - REFRESH_S)

    for key in (lesson.segment, lesson.playlist, lesson.large):
        assert problem(lesson.get(key), 410, "asset_withdrawn")
    assert Lesson(served, "ready").get(lesson.segment).status == 403


HOSTILE = [
    "/media/{token}/{asset}/{digest}/a64/../../../../secrets/media_signing.key",
    "/media/{token}/{asset}/../../../../../../etc/passwd",
    "/media/../../../etc/passwd",
    "/media/{token}/{asset}/%2e%2e/%2e%2e/%2e%2e/secrets/media_signing.key",
    "/media/{token}/{asset}/..%2f..%2f..%2fsabaq.db",
    "/media/{token}/{asset}/%252e%252e%252fsabaq.db",
    "/media/{token}/{asset}/..%5c..%5csabaq.db",
    "/media/{token}/{asset}/{digest}/a64/0.m4s%00.jpg",
    "/media/{token}/{asset}/{digest}/a64/%c0%ae%c0%ae/0.m4s",
    "/media/{token}/{asset}/{digest}/a64/0.m4s/",
    "/media/{token}/{asset}/{digest}//a64/0.m4s",
    "/media/{token}/{asset}/{digest}/./a64/0.m4s",
    "/media/{token}/{other}/{digest}/a64/0.m4s",
    "/media/{token}/{asset}/../{other}/{digest}/a64/0.m4s",
    "/media/{token}/{asset}/{digest}/../../{other}/{digest}/a64/0.m4s",
    "/media/{token}%2f{asset}/{digest}/a64/0.m4s",
    "/media//{asset}/{digest}/a64/0.m4s",
    "/media/%00/{asset}/{digest}/a64/0.m4s",
    "//media/{token}/{asset}/{digest}/a64/0.m4s",
    "/media/{token}/../../uploads/x/000000000000000",
    "/store/media/{asset}/{digest}/a64/0.m4s",
    "/media/{token}/{asset}/.incoming/x",
    "/media/" + "A" * 7000,
    "/media/{token}/{asset}/{digest}/a64/" + "a" * 7000 + ".m4s",
]


def test_hostile_paths_as_they_come_over_the_wire(served, ready):
    other = Lesson(served, "ready")
    values = {"token": ready.token, "asset": ready.asset_id, "other": other.asset_id, "digest": DIGEST}
    given = []
    for template in HOSTILE:
        path = template.format(**values)
        answer = raw(served.base_url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        status, body = int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]
        if status not in {400, 401, 403, 404, 414} or BODY[:100] in body or b"root:" in body or b"SQLite" in body:
            given.append((template, answer[:200]))

    assert given == []


def test_tokens_are_in_no_log(served, ready, caplog):
    caplog.set_level("DEBUG")
    ready.get(ready.segment)
    ready.get(made(ready.asset_id, DIGEST, "a64", "none.m4s"))

    assert ready.token not in caplog.text


def test_a_class_watches_on_while_the_database_is_gone(tmp_path, postgres_server):
    name = postgres_server.make_database()
    with run_app(tmp_path / "var", SABAQ_DATABASE_URL=postgres_server.url(name)) as served:
        lesson = Lesson(served, "ready")
        growing = Lesson(served, "growing")
        assert lesson.get(lesson.segment).status == 200
        served.sessions.engine.dispose()
        postgres_server.drop_database(name)
        served.application[MEDIA].withdrawn._asked_at -= REFRESH_S

        assert lesson.get(lesson.segment).body == BODY
        assert lesson.get(lesson.playlist).body == VOD
        assert lesson.get(lesson.large).body == LARGE
        assert problem(growing.get(growing.playlist), 503, "database_unavailable")


def test_a_service_that_never_saw_the_list_gives_nothing_out(tmp_path, postgres_server):
    """It might give out what was withdrawn."""
    name = postgres_server.make_database()
    with run_app(tmp_path / "var", SABAQ_DATABASE_URL=postgres_server.url(name)) as served:
        lesson = Lesson(served, "ready")
        served.sessions.engine.dispose()
        postgres_server.drop_database(name)

        assert problem(lesson.get(lesson.segment), 503, "store_unavailable")


def test_over_s3_on_a_line_that_fails(tmp_path, seaweed, seaweed_server):
    url = seaweed()
    with fault_proxy(seaweed_server.ports.s3) as proxy:
        through = url.replace(f":{urlsplit(url).port}/", f":{proxy.port}/") + "&timeout_s=1"
        with run_app(tmp_path / "var", SABAQ_STORAGE_URL=through) as served:
            lesson = Lesson(served, "ready")
            assert lesson.get(lesson.large, Range="bytes=-1000").body == LARGE[-1000:]
            assert lesson.get(lesson.playlist).body == VOD

            proxy.drop()
            proxy.fault = Fault(silent=True)
            dead = lesson.get(lesson.segment)
            assert problem(dead, 503, "store_unavailable")
            # What a class has asked for before plays on from memory.
            assert lesson.get(lesson.playlist).body == VOD

            proxy.drop()
            proxy.fault = Fault(answer_bytes=1_000_000)
            cut = raw(
                served.base_url,
                f"GET {address(lesson.token, lesson.large)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(),
            )
            head, _, body = cut.partition(b"\r\n\r\n")
            assert b"200 OK" in head
            # Three times it went on where the line had broken, then the client was cut off as well: never a wrong byte.
            assert 500_000 < len(body) < len(LARGE)
            assert LARGE.startswith(body)

            proxy.drop()
            proxy.fault = Fault()
            assert lesson.get(lesson.large).body == LARGE
            assert lesson.get(lesson.segment).body == BODY


def test_thirty_pupils_at_once(served):
    lesson = Lesson(served, "ready")
    bodies = []

    def watch():
        bodies.append(lesson.get(lesson.segment).body)

    threads = [threading.Thread(target=watch) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert bodies == [BODY] * 30
