"""tus 1.0.0 rule by rule (U1 to U12 of its core, creation, expiration, checksum, termination, concatenation)."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select, update

from catalog.lessons import Lesson
from catalog.people import Person
from streamsvc.uploads import quotas
from streamsvc.uploads.tables import Upload
from tests.functional.app_fixtures import ServedApp, fetch, run_app
from tests.functional.tus_fixtures import (
    BYTES,
    UPLOADS,
    VERSION,
    Tus,
    code,
    content,
    metadata,
    part_keys,
    row,
    sha1,
    sha256,
    store_keys,
    stored,
    upload_id,
)
from transcoder.tables import TranscodeJob

pytestmark = pytest.mark.functional


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with run_app(tmp_path_factory.mktemp("uploads") / "var", SABAQ_UPLOAD_MAX_BYTES="50000000") as served:
        yield served


@pytest.fixture
def tus(app: ServedApp) -> Tus:
    return Tus(app)


@pytest.fixture
def other(app: ServedApp) -> Tus:
    return Tus(app, "other_teacher")


# U1: versions


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize("version", ["99.99.99", None])
def test_u1_other_version_is_refused_and_nothing_done(app: ServedApp, tus: Tus, method: str, version: str | None):
    url = tus.created(3)
    fields = {"Authorization": f"Bearer {app.token()}", "Upload-Offset": "0", **BYTES}
    if version:
        fields["Tus-Resumable"] = version

    answer = fetch(app.base_url, method, url, body=b"abc" if method == "PATCH" else None, headers=fields)

    assert (answer.status, answer.headers["tus-version"], answer.headers["tus-resumable"]) == (412, "1.0.0", "1.0.0")
    assert tus.offset(url) == 0


def test_u1_every_answer_carries_the_version(app: ServedApp, tus: Tus):
    missing = f"{UPLOADS}/{UUID(int=7)}"
    answers = {
        401: fetch(app.base_url, "POST", UPLOADS, headers=VERSION),
        400: tus.ask("POST"),
        404: tus.head(missing),
        405: tus.ask("GET"),
        413: tus.create(50_000_001),
        415: tus.ask("PATCH", missing, b"abc", {"Upload-Offset": "0", "Content-Type": "text/plain"}),
    }

    for status, answer in answers.items():
        assert (answer.status, answer.headers.get("tus-resumable")) == (status, "1.0.0")


# U2: what we can


@pytest.mark.parametrize("path", [UPLOADS, f"{UPLOADS}/{UUID(int=7)}"])
@pytest.mark.parametrize("headers", [{}, {"Tus-Resumable": "9"}])
def test_u2_options_tell_anybody_in_any_version(app: ServedApp, path: str, headers: dict[str, str]):
    answer = fetch(app.base_url, "OPTIONS", path, headers=headers)

    assert answer.status == 200
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == "50000000"
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    extensions = set(answer.headers["tus-extension"].split(","))
    assert extensions == {
        "creation",
        "creation-with-upload",
        "expiration",
        "checksum",
        "termination",
        "concatenation",
    }


# U3: where to go on


def test_u3_head_tells_offset_and_length_and_is_not_kept(tus: Tus):
    url = tus.created(5)
    before = tus.head(url)
    tus.patch(url, b"abcde")
    after = tus.head(url)

    assert (before.status, before.headers["upload-offset"], before.headers["upload-length"]) == (200, "0", "5")
    assert (after.status, after.headers["upload-offset"], after.headers["cache-control"]) == (200, "5", "no-store")


def test_u3_missing_upload_has_no_offset(tus: Tus):
    answer = tus.head(f"{UPLOADS}/{UUID(int=7)}")

    assert answer.status == 404
    assert "upload-offset" not in answer.headers


@pytest.mark.parametrize("name", ["non-existent", "..%2f..%2fetc", "0" * 36, "%00"])
def test_u3_strange_names_are_missing_uploads(tus: Tus, name: str):
    assert tus.head(f"{UPLOADS}/{name}").status == 404


def test_another_persons_upload_is_missing(tus: Tus, other: Tus):
    url = tus.created(3)

    assert code(other.patch(url, b"abc")) == "upload_missing"
    assert other.head(url).status == 404
    assert other.ask("DELETE", url).status == 404
    assert tus.offset(url) == 0


# U4: bytes


def test_u4_patch_stores_bytes_and_tells_the_new_offset(app: ServedApp, tus: Tus):
    body = content(100_000)
    url = tus.created(len(body))

    first = tus.patch(url, body[:60_000])
    second = tus.patch(url, body[60_000:], 60_000)

    assert (first.status, first.headers["upload-offset"], first.body) == (204, "60000", b"")
    assert (second.status, second.headers["upload-offset"]) == (204, "100000")
    assert stored(app, url) == body


def test_bytes_are_counted_and_their_time_is_not(tmp_path: Path):
    """It is the line's; the time of what comes without bytes is ours."""
    with run_app(tmp_path / "var") as app:
        tus = Tus(app)
        url = tus.created(3)
        assert tus.patch(url, b"abc").status == 204
        assert tus.create(3, b"abc").status == 201
        assert tus.head(url).status == 200

        text = fetch(app.base_url, "GET", "/metrics").body.decode()

    one, many = 'route="/api/v1/uploads/{upload_id}"', 'route="/api/v1/uploads"'
    assert f'sabaq_http_requests_total{{method="PATCH",{one},status="204"}} 1.0' in text
    assert f'sabaq_http_requests_total{{method="POST",{many},status="201"}} 2.0' in text
    timed = "sabaq_http_request_duration_seconds_count"
    assert f'{timed}{{method="PATCH",{one}' not in text
    assert f'{timed}{{method="POST",{many},status="201"}} 1.0' in text
    assert f'{timed}{{method="HEAD",{one},status="200"}} 1.0' in text


@pytest.mark.parametrize("kind", [None, "text/plain", "application/octet-stream", "multipart/form-data; boundary=x"])
def test_u4_other_content_type_is_refused(tus: Tus, kind: str | None):
    url = tus.created(3)
    fields = {"Upload-Offset": "0", **({"Content-Type": kind} if kind else {})}

    answer = tus.ask("PATCH", url, b"abc", fields)

    assert (answer.status, code(answer)) == (415, "upload_body_refused")
    assert tus.offset(url) == 0


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, identity"])
def test_encoded_bytes_are_refused(tus: Tus, encoding: str):
    url = tus.created(3)

    answer = tus.patch(url, b"abc", content_encoding=encoding)

    assert (answer.status, code(answer)) == (415, "upload_body_refused")
    assert tus.offset(url) == 0


@pytest.mark.parametrize("offset", [0, 2, 4, 5])
def test_u4_wrong_offset_conflicts_and_changes_nothing(tus: Tus, offset: int):
    url = tus.created(5)
    tus.patch(url, b"abc")

    answer = tus.patch(url, b"xy", offset)

    assert (answer.status, code(answer), answer.headers["upload-offset"]) == (409, "upload_offset_conflict", "3")
    assert tus.offset(url) == 3


@pytest.mark.parametrize("offset", ["", "-1", "+1", "1.0", "0x1", "１", "9" * 30])
def test_u4_offset_that_is_no_number_is_refused(tus: Tus, offset: str):
    url = tus.created(5)
    answer = tus.ask("PATCH", url, b"abc", {**BYTES, "Upload-Offset": offset.encode().decode("latin-1")})

    assert (answer.status, code(answer)) == (400, "bad_request")


def test_u4_unknown_upload_takes_nothing(tus: Tus):
    assert tus.patch(f"{UPLOADS}/{UUID(int=7)}", b"abc").status == 404


def test_more_bytes_than_announced_are_refused_whole(tus: Tus):
    url = tus.created(5)

    answer = tus.patch(url, b"abcdefgh")

    assert (answer.status, code(answer)) == (413, "upload_overflow")
    assert tus.offset(url) == 0


def test_complete_upload_takes_an_empty_patch_and_no_more(tus: Tus):
    url = tus.created(3)
    tus.patch(url, b"abc")

    assert tus.patch(url, b"", 3).status == 204
    assert tus.patch(url, b"d", 3).status == 413


# U5: the method that is meant


def test_u5_post_may_mean_another_method(app: ServedApp, tus: Tus):
    url = tus.created(3)

    patched = tus.ask("POST", url, b"abc", {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"})
    asked = tus.ask("POST", url, None, {"X-HTTP-Method-Override": "HEAD"})
    deleted = tus.ask("POST", url, None, {"X-HTTP-Method-Override": "DELETE"})

    assert (patched.status, patched.headers["upload-offset"]) == (204, "3")
    assert (asked.status, asked.headers["upload-offset"]) == (200, "3")
    assert deleted.status == 204
    assert tus.head(url).status == 410


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_u5_other_methods_never_become_another(tus: Tus, method: str):
    url = tus.created(3)
    override = "DELETE" if method != "DELETE" else "PATCH"

    answer = tus.ask(method, url, None, {"X-HTTP-Method-Override": override})

    assert answer.status == 400
    assert tus.offset(url) == 0


def test_u5_an_override_brings_no_rights(tus: Tus, other: Tus):
    url = tus.created(3)

    answer = other.ask("POST", url, None, {"X-HTTP-Method-Override": "DELETE"})

    assert answer.status == 404
    assert tus.offset(url) == 0


def test_u5_post_without_an_override_is_no_method_of_an_upload(tus: Tus):
    assert tus.ask("POST", tus.created(3)).status == 405


# U6: creation


def test_u6_creation_names_upload_and_lesson(app: ServedApp, tus: Tus):
    answer = tus.create(5, upload_metadata=metadata(filename="../../Дроби 1.mp4"))

    assert answer.status == 201
    assert answer.headers["location"].startswith(f"{app.base_url}{UPLOADS}/")
    lesson = app.request("GET", answer.headers["content-location"]).json()
    assert lesson["title"] == "Дроби 1"
    assert lesson["media"]["state"] == "waiting"


def test_title_wins_over_the_file_name(app: ServedApp, tus: Tus):
    answer = tus.create(5, upload_metadata=metadata(filename="a.mp4", title="Бөлшек\r\n\u202eсандар\x00"))

    assert app.request("GET", answer.headers["content-location"]).json()["title"] == "Бөлшек сандар"


def test_creation_without_metadata_still_has_a_title(app: ServedApp, tus: Tus):
    answer = tus.ask("POST", UPLOADS, None, {"Upload-Length": "5"})

    assert app.request("GET", answer.headers["content-location"]).json()["title"] == "Сабақ"


def test_u6_too_large_is_refused(tus: Tus):
    answer = tus.create(50_000_001)

    assert (answer.status, code(answer)) == (413, "upload_too_large")
    assert answer.headers["tus-max-size"] == "50000000"


def test_u6_length_is_needed_and_cannot_be_deferred(tus: Tus):
    without = tus.ask("POST", UPLOADS, None, {})
    deferred = tus.ask("POST", UPLOADS, None, {"Upload-Defer-Length": "1"})
    both = tus.ask("POST", UPLOADS, None, {"Upload-Defer-Length": "1", "Upload-Length": "3"})

    assert [without.status, deferred.status, both.status] == [400, 400, 400]


@pytest.mark.parametrize("length", ["", "-1", "1e3", "abc", "9" * 40])
def test_u6_length_that_is_no_number_is_refused(tus: Tus, length: str):
    assert tus.ask("POST", UPLOADS, None, {"Upload-Length": length}).status == 400


def test_empty_upload_is_complete_and_submitted_at_once(app: ServedApp, tus: Tus):
    """
    What is wrong with the bytes, also that there are none, the probe says: the lesson's media fails.
    """
    answer = tus.create(0)
    url = answer.headers["location"]

    assert answer.status == 201
    assert (tus.offset(url), row(app, url).state) == (0, "complete")
    with app.sessions.read() as session:
        submitted = session.scalars(select(TranscodeJob).where(TranscodeJob.asset_id == row(app, url).asset_id)).one()
    assert submitted.source_bytes == 0


@pytest.mark.parametrize("login", ["curator", "admin"])
def test_curators_and_admins_may_upload(app: ServedApp, login: str):
    assert Tus(app, login).create(3).status == 201


def test_pupils_may_not_upload(app: ServedApp):
    answer = Tus(app, "pupil").create(3)

    assert (answer.status, code(answer)) == (403, "not_allowed")


def test_role_that_was_taken_away_ends_the_right_to_send(app: ServedApp):
    curator = Tus(app, "curator")
    url = curator.created(3)
    _give_role(app, "curator", "pupil")
    try:
        answer = curator.patch(url, b"abc")
    finally:
        _give_role(app, "curator", "curator")

    assert (answer.status, code(answer)) == (403, "not_allowed")
    assert curator.offset(url) == 0


def test_wrong_token_is_refused(app: ServedApp):
    fields = {**VERSION, "Upload-Length": "3", "Authorization": "Bearer sabaq_wrong"}

    answer = fetch(app.base_url, "POST", UPLOADS, headers=fields)

    assert (answer.status, code(answer)) == (401, "token_refused")


@pytest.mark.parametrize("name", ["setup.EXE", "plan.pdf", "plan.docx", "lessons.zip", "photo.jpg"])
def test_what_is_clearly_no_lesson_is_refused(tus: Tus, name: str):
    answer = tus.create(3, upload_metadata=metadata(filename=name))

    assert (answer.status, code(answer)) == (415, "upload_type_refused")
    assert name in answer.json()["detail"]


# U7: metadata


HOSTILE = metadata(filename="<img src=x>.mp4", title="a\r\nSet-Cookie: b=c", other="\x00\x01")


@pytest.mark.parametrize("field", [HOSTILE, "filename bGVzc29uLm1wNA==,is_confidential", "a YQ==, b Yg=="])
def test_u7_metadata_come_back_unchanged(tus: Tus, field: str):
    url = tus.created(3, upload_metadata=field)

    answer = tus.head(url)

    assert answer.headers["upload-metadata"] == field
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "field", ["filename !!!", "a YQ==,a Yg==", " ,", "a YQ==,", "YQ== b c", "é YQ==", "a YQ==\tb", "k " + "QUFB" * 1400]
)
def test_u7_bad_metadata_are_refused(tus: Tus, field: str):
    answer = tus.ask("POST", UPLOADS, None, {"Upload-Length": "3", "Upload-Metadata": field})

    assert answer.status == 400


# U8: bytes with the creation


def test_u8_bytes_may_come_with_the_creation(app: ServedApp, tus: Tus):
    body = content(70_000)

    part = tus.create(len(body), body[:50_000])
    whole = tus.create(len(body), body)

    assert (part.status, part.headers["upload-offset"]) == (201, "50000")
    assert tus.patch(part.headers["location"], body[50_000:], 50_000).status == 204
    assert (whole.status, whole.headers["upload-offset"]) == (201, "70000")
    assert stored(app, part.headers["location"]) == stored(app, whole.headers["location"]) == body


def test_u8_bytes_of_another_type_or_beyond_the_length_create_nothing(app: ServedApp, tus: Tus):
    before = _uploads(app)

    wrong = tus.ask("POST", UPLOADS, b"abc", {"Upload-Length": "3", "Content-Type": "text/plain"})
    beyond = tus.create(2, b"abc")

    assert (wrong.status, beyond.status) == (415, 413)
    assert _uploads(app) == before


def test_u8_wrong_checksum_with_the_creation_leaves_nothing(app: ServedApp, tus: Tus):
    reserved = _reserved(app)

    answer = tus.create(3, b"abc", upload_checksum=sha1(b"xyz"))

    assert (answer.status, code(answer)) == (460, "upload_checksum_mismatch")
    assert _reserved(app) == reserved


# U9: expiration


def test_u9_expiry_is_told_and_kept(app: ServedApp, tus: Tus):
    created = tus.create(5)
    patched = tus.patch(created.headers["location"], b"abc")

    expires = parsedate_to_datetime(created.headers["upload-expires"])
    assert patched.headers["upload-expires"] == created.headers["upload-expires"]
    assert created.headers["upload-expires"].endswith(" GMT")
    assert expires - app.services().now() > timedelta(days=6, hours=23)


def test_u9_expired_upload_is_gone(app: ServedApp, tus: Tus):
    url = tus.created(5)
    tus.patch(url, b"abc")
    with app.sessions.write.begin() as session:
        passed = app.services().now() - timedelta(seconds=1)
        session.execute(update(Upload).where(Upload.id == upload_id(url)).values(expires_at=passed))

    head, patch, delete = tus.head(url), tus.patch(url, b"de", 3), tus.ask("DELETE", url)

    assert [head.status, patch.status, delete.status] == [410, 410, 410]
    assert "upload-offset" not in head.headers
    assert code(patch) == "upload_gone"


# U10: checksums


@pytest.mark.parametrize("make", [sha1, sha256])
def test_u10_right_checksum_stores(app: ServedApp, tus: Tus, make):
    body = content(300_000)
    url = tus.created(len(body))

    assert tus.patch(url, body[:200_000], upload_checksum=make(body[:200_000])).status == 204
    assert tus.patch(url, body[200_000:], 200_000, upload_checksum=make(body[200_000:])).status == 204
    assert stored(app, url) == body


def test_u10_wrong_checksum_stores_nothing(tus: Tus):
    url = tus.created(5)
    tus.patch(url, b"a")

    answer = tus.patch(url, b"bcde", 1, upload_checksum=sha1(b"xxxx"))

    assert (answer.status, code(answer), answer.json()["status"]) == (460, "upload_checksum_mismatch", 460)
    assert tus.offset(url) == 1
    assert tus.patch(url, b"bcde", 1, upload_checksum=sha1(b"bcde")).status == 204


@pytest.mark.parametrize("field", ["md5 XUFAKrxLKna5cZ2REBfFkg==", "sha1", "sha1 !!", "", "SHA1 x y"])
def test_u10_unknown_or_malformed_checksum_is_a_bad_request(tus: Tus, field: str):
    url = tus.created(5)

    assert tus.patch(url, b"abc", upload_checksum=field).status == 400
    assert tus.offset(url) == 0


# U11: termination


def test_u11_terminated_upload_is_gone_with_its_lesson_room_and_bytes(app: ServedApp, tus: Tus):
    body = content(9_000_000)
    reserved = _reserved(app)
    created = tus.create(10_000_000)
    url = created.headers["location"]
    tus.patch(url, body)
    assert any(str(upload_id(url)) in key for key in store_keys(app))

    answer = tus.ask("DELETE", url)

    assert answer.status == 204
    assert tus.head(url).status == 410
    assert tus.patch(url, b"x", len(body)).status == 410
    assert tus.ask("DELETE", url).status == 410
    assert app.request("GET", created.headers["content-location"]).status == 404
    assert _reserved(app) == reserved
    assert not any(str(upload_id(url)) in key for key in (*store_keys(app), *part_keys(app)))
    assert not list(app.settings.uploads.spool.rglob(f"{upload_id(url)}*"))


def test_u11_a_finished_upload_leaves_its_lesson(app: ServedApp, tus: Tus):
    created = tus.create(3, b"abc")
    url = created.headers["location"]

    assert tus.ask("DELETE", url).status == 204
    assert tus.head(url).status == 410
    assert app.request("GET", created.headers["content-location"]).status == 200
    assert stored(app, url) == b"abc"


def test_deleted_lesson_gives_its_room_back_and_ends_its_upload(app: ServedApp, tus: Tus):
    reserved = _reserved(app)
    created = tus.create(500)
    tus.patch(created.headers["location"], b"abc")

    assert app.request("DELETE", created.headers["content-location"]).status == 204
    assert tus.patch(created.headers["location"], b"def", 3).status == 410
    assert _reserved(app) == reserved


# U12: concatenation


def test_u12_final_joins_partials_without_copying(app: ServedApp, tus: Tus):
    one, two = content(100_000, 1), content(50_000, 2)
    urls = [tus.partial(one), tus.partial(two)]
    keys = set(part_keys(app))

    answer = tus.final(*urls, upload_metadata=metadata(filename="joined.mp4"))

    final = answer.headers["location"]
    assert answer.status == 201
    assert stored(app, final) == one + two
    assert set(part_keys(app)) == keys
    assert app.request("GET", answer.headers["content-location"]).json()["title"] == "joined"


def test_u12_paths_name_partials_too(app: ServedApp, tus: Tus):
    urls = [urlsplit(tus.partial(body)).path for body in (b"abc", b"def")]

    assert stored(app, tus.final(*urls).headers["location"]) == b"abcdef"


def test_u12_partial_makes_no_lesson(app: ServedApp, tus: Tus):
    lessons = _lessons(app)

    answer = tus.create(3, b"abc", upload_concat="partial")

    assert answer.status == 201
    assert "content-location" not in answer.headers
    assert _lessons(app) == lessons


def test_u12_head_repeats_what_kind_it_is(tus: Tus):
    partial = tus.partial(b"abc")
    final = tus.final(partial).headers["location"]

    told = [tus.head(url).headers for url in (partial, final)]

    assert told[0]["upload-concat"] == "partial"
    assert told[1]["upload-concat"] == f"final;{partial}"
    assert (told[1]["upload-offset"], told[1]["upload-length"]) == ("3", "3")
    assert "upload-metadata" not in told[1]


def test_u12_final_takes_no_bytes(tus: Tus):
    final = tus.final(tus.partial(b"abc")).headers["location"]

    answer = tus.patch(final, b"x", 3)

    assert (answer.status, code(answer)) == (403, "upload_is_final")


def test_u12_partials_of_another_person_do_not_exist(app: ServedApp, tus: Tus, other: Tus):
    mine, theirs = tus.partial(b"abc"), other.partial(b"def")
    lessons = _lessons(app)

    answer = tus.final(mine, theirs)

    assert (answer.status, code(answer)) == (400, "upload_partials_refused")
    assert answer.body == tus.final(mine, f"{UPLOADS}/{UUID(int=7)}").body
    assert _lessons(app) == lessons


def test_u12_unfinished_whole_or_strange_parts_are_refused(app: ServedApp, tus: Tus):
    good = tus.partial(b"abc")
    unfinished = tus.created(5, upload_concat="partial")
    whole = tus.create(3, b"abc").headers["location"]

    answers = [tus.final(good, bad) for bad in (unfinished, whole, good, "/etc/passwd", f"{UPLOADS}/../x")]
    answers += [tus.final(), tus.final(good, upload_length="3"), tus.create(3, upload_concat="final")]

    assert [answer.status for answer in answers] == [400] * 8
    assert tus.final(good).status == 201


def test_u12_final_counts_once_and_asking_again_gives_the_same(app: ServedApp, tus: Tus):
    reserved = _reserved(app)
    urls = [tus.partial(content(1000)), tus.partial(content(500))]

    first, second = tus.final(*urls), tus.final(*urls)
    reordered = tus.final(*reversed(urls))

    assert first.headers["location"] == second.headers["location"]
    assert _reserved(app) == reserved + 1500
    assert (reordered.status, code(reordered)) == (400, "upload_partials_refused")


def test_u12_joined_partial_may_be_terminated_without_harm(app: ServedApp, tus: Tus):
    partial = tus.partial(b"abc")
    final = tus.final(partial).headers["location"]

    assert tus.offset(partial) == 3
    assert tus.ask("DELETE", partial).status == 204
    assert stored(app, final) == b"abc"
    assert row(app, final).reserved_bytes == 3


def test_u12_final_beyond_the_largest_size_is_refused(tus: Tus):
    urls = [tus.created(26_000_000, upload_concat="partial") for _ in range(2)]
    for url in urls:
        tus.patch(url, content(26_000_000))

    answer = tus.final(*urls)

    assert (answer.status, code(answer)) == (413, "upload_too_large")
    for url in urls:
        assert tus.ask("DELETE", url).status == 204


def test_errors_speak_the_persons_language(tus: Tus):
    answer = tus.ask("POST", UPLOADS, None, {"Upload-Length": "60000000", "Accept-Language": "kk"})

    assert answer.headers["content-language"] == "kk"
    assert answer.json()["detail"].startswith("Файл тым үлкен: 60 МБ.")


def _give_role(app: ServedApp, login: str, role: str) -> None:
    with app.sessions.write.begin() as session:
        session.execute(update(Person).where(Person.login == login).values(role=role))


def _uploads(app: ServedApp) -> set[UUID]:
    with app.sessions.read() as session:
        return set(session.scalars(select(Upload.id)))


def _lessons(app: ServedApp) -> set[UUID]:
    with app.sessions.read() as session:
        return set(session.scalars(select(Lesson.id)))


def _reserved(app: ServedApp) -> int:
    with app.sessions.read() as session:
        return quotas.reserved(session, app.accounts["teacher"].person_id)
