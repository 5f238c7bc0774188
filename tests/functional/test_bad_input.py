"""
Bad input and bad days: a clear error in the person's language, at the place where a program looks for it, and nothing
lost. The real service and a real worker, as processes.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from streamsvc.cli import main
from streamsvc.services import utc_now
from tests.functional import bad_sources
from tests.functional.app_fixtures import fetch, run_app
from tests.functional.app_states import asset_of, make_lesson
from tests.functional.bad_sources import BAD
from tests.functional.servers import Seaweed, seaweed, short_directory
from tests.functional.tus_fixtures import Tus, code, metadata, row, stored
from tests.functional.whole_fixtures import LANGUAGES, Whole, run_whole

pytestmark = [pytest.mark.functional, pytest.mark.ffmpeg]

NO_ROOM = str(10**15)
"""Bytes to be left free: more than any disk has."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad")


@pytest.fixture(scope="module")
def good(files: Path) -> bytes:
    bad_sources.lesson(files / "good.mp4")
    return (files / "good.mp4").read_bytes()


def says(bad: bad_sources.Bad, sentences: dict[str, str]) -> None:
    """Three sentences, each in its language."""
    assert len(set(sentences.values())) == len(LANGUAGES)
    for language in LANGUAGES:
        assert getattr(bad, language) in sentences[language]
        assert "…" not in sentences[language], "a value is missing in the sentence"


# Files that are no lesson, through the service


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, files: Path, good: bytes) -> Iterator[Whole]:
    """All bad files are uploaded before the first good one, so that this one has to get past them."""
    with run_whole(tmp_path_factory.mktemp("bad-input") / "var") as whole:
        for name in BAD:
            whole.upload(bad_sources.made(files, name).read_bytes(), filename=name)
        whole.upload(good, filename="good.mp4")
        yield whole


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_lesson_fails_with_a_sentence_and_is_kept(whole: Whole, files: Path, name: str) -> None:
    """
    tus took it like any other file (`upload` asserts that); what is wrong stands in the lesson. Trying again ends in
    the same way.
    """
    lesson, bad, body = whole.lessons[name], BAD[name], (files / name).read_bytes()
    for _ in range(2):
        media = whole.wait(lesson, "failed")

        assert media["error"]["code"] == bad.code
        says(bad, whole.sentences(lesson))
        assert (media["playable"], media["renditions"], media["delayed_by"]) == (False, [], None)
        assert media["source"] == {"sha256": sha256(body).hexdigest(), "bytes": len(body)}
        played = whole.play(lesson)
        assert (played.status, code(played)) == (409, "media_failed")
        assert stored(whole.served, whole.uploads[lesson]) == body
        assert whole.retry(lesson).status == 202
    whole.wait(lesson, "failed")


def test_other_lessons_go_on_and_nothing_is_left_over(whole: Whole) -> None:
    """
    Neither the queue nor the disk remembers the bad ones.
    """
    whole.wait(whole.lessons["good.mp4"], "ready")
    assert whole.play(whole.lessons["good.mp4"]).status == 201
    for name in BAD:
        whole.wait(whole.lessons[name], "failed")

    assert whole.litter() == []
    assert whole.tools() == []
    assert "Traceback" not in whole.log()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with run_whole(tmp_path_factory.mktemp("bad-days") / "var", worker=False) as service:
        yield service


@pytest.fixture
def idle(service: Whole) -> Iterator[Whole]:
    """A service whose workers the test starts itself."""
    yield service
    service.stop_worker()


def test_a_lesson_over_the_limit_is_made_when_the_limit_is_raised(idle: Whole, good: bytes) -> None:
    """
    The limit is a setting, and the source was kept: nobody uploads it again.
    """
    idle.start_worker(SABAQ_MAX_DURATION_S="5")
    lesson = idle.upload(good)
    assert idle.wait(lesson, "failed")["error"]["code"] == "source_too_long"

    idle.stop_worker()
    idle.start_worker(SABAQ_MAX_DURATION_S="7")
    assert idle.retry(lesson).status == 202

    assert idle.wait(lesson, "ready")["error"] is None
    assert idle.play(lesson).status == 201


# The same files through the command


@pytest.mark.parametrize("name", BAD)
def test_the_command_refuses_what_is_no_lesson(
    name: str, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Exit 2, one JSON object on standard output, no folder.
    """
    source, said = bad_sources.made(files, name), {}
    for language in LANGUAGES:
        arguments = ["transcode", str(source), str(tmp_path / "out"), "--json"]
        assert main(arguments, {"LANG": f"{language}.UTF-8"}) == 2
        answer = json.loads(capsys.readouterr().out)
        assert list(answer) == ["error"]
        assert answer["error"]["code"] == BAD[name].code
        said[language] = answer["error"]["message"]

    says(BAD[name], said)
    assert list(tmp_path.iterdir()) == []


def test_the_command_obeys_the_limit_that_is_set(
    files: Path, good: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["transcode", str(files / "good.mp4"), str(tmp_path / "out"), "--json"]

    def refused(**environ: str) -> str:
        assert main(arguments, environ) == 2
        return str(json.loads(capsys.readouterr().out)["error"]["code"])

    assert refused(SABAQ_MAX_DURATION_S="5") == "source_too_long"
    assert refused(SABAQ_MAX_DURATION_S="long") == "bad_setting"
    assert list(tmp_path.iterdir()) == []


def test_the_command_is_a_process_that_says_one_sentence(files: Path, tmp_path: Path) -> None:
    """
    Without `--json` the sentence goes to standard error, and nothing to standard output.
    """
    source = bad_sources.made(files, "half-moov-first.mp4")
    (tmp_path / "out").mkdir()
    ended = subprocess.run(
        [sys.executable, "-m", "streamsvc.cli", "transcode", source, tmp_path / "out"],
        env={**os.environ, "LC_ALL": "ru_RU.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "неполный" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.rglob("*")) == [tmp_path / "out"]


# Full disks, dead stores, dead workers


def test_a_full_disk_holds_lessons_up_and_says_so(idle: Whole, good: bytes) -> None:
    """
    The worker waits, and goes on by itself when there is room.
    """
    idle.start_worker(SABAQ_WORK_RESERVE_BYTES=NO_ROOM)
    lesson = idle.upload(good)
    sentences = idle.sentences(lesson, "delayed_by")
    for language, word in (("kk", "бос орын"), ("ru", "не хватает места"), ("en", "too little room")):
        assert word in sentences[language]
    media = idle.media(lesson)
    assert (media["state"], media["error"], media["playable"]) == ("waiting", None, False)

    idle.stop_worker()
    idle.start_worker()
    assert idle.wait(lesson, "ready")["delayed_by"] is None
    assert idle.litter() == []


def test_a_store_that_dies_holds_everything_up_and_loses_nothing(tmp_path: Path, good: bytes) -> None:
    """
    SeaweedFS is killed before the upload's last byte, and again under the encoder. Each time the person is told, and
    each time it goes on by itself when the store is back.
    """
    with (
        short_directory("sabaq-bad-day") as place,
        seaweed(place) as store,
        run_whole(tmp_path / "var", worker=False, SABAQ_STORAGE_URL=store.url()) as whole,
    ):
        url, lesson = _upload_under_a_dead_store(whole, store, good)
        assert stored(whole.served, url) == good
        assert whole.media(lesson)["state"] == "waiting"

        store.kill()
        whole.start_worker()
        sentences = whole.sentences(lesson, "delayed_by")
        for language, word in (("kk", "жауап бермей тұр"), ("ru", "не отвечает"), ("en", "does not answer")):
            assert word in sentences[language]
        media = whole.media(lesson)
        assert (media["state"], media["error"], media["playable"]) == ("waiting", None, False)

        store.start()
        whole.wait(lesson, "ready")
        session = whole.play(lesson).json()
        assert fetch(whole.served.base_url, "GET", session["url"]).status == 200


def _upload_under_a_dead_store(whole: Whole, store: Seaweed, body: bytes) -> tuple[str, str]:
    """All bytes are sent while the store is dead; the service keeps them, says so, and brings them there later."""
    tus = Tus(whole.served)
    created = tus.create(len(body), upload_metadata=metadata(filename="lesson.mp4"))
    url, lesson = created.headers["location"], created.headers["content-location"]
    store.kill()
    answer = tus.patch(url, body)
    assert (answer.status, code(answer)) == (503, "store_unavailable")
    assert answer.headers["upload-offset"] == str(len(body))
    assert tus.offset(url) == len(body)
    assert whole.media(lesson)["state"] == "waiting"
    store.start()
    whole.until(lambda: row(whole.served, url).state == "complete", lambda: str(row(whole.served, url)))
    return url, lesson


def test_without_a_worker_a_lesson_waits_honestly(idle: Whole, good: bytes) -> None:
    """
    No worker yet: it waits, and nothing pretends to move. Its worker is killed: the next one finishes the lesson.
    """
    lesson = idle.upload(good)
    media = idle.media(lesson)
    assert (media["state"], media["progress"], media["seconds_left"]) == ("waiting", 0, None)
    assert (media["playable"], media["error"], media["delayed_by"]) == (False, None, None)
    played = idle.play(lesson)
    assert (played.status, code(played)) == (409, "media_not_ready")

    idle.start_worker()
    idle.until(lambda: idle.media(lesson)["state"] != "waiting", lambda: str(idle.media(lesson)))
    idle.stop_worker(signal.SIGKILL)
    assert idle.media(lesson)["state"] in {"encoding", "ready"}
    idle.until(lambda: idle.tools() == [], lambda: str(idle.tools()))

    idle.start_worker()
    idle.wait(lesson, "ready")
    assert idle.litter() == []


# What a request alone can do wrong


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory):
    with run_app(tmp_path_factory.mktemp("refusals") / "var", SABAQ_UPLOAD_RESERVE_BYTES=NO_ROOM) as app:
        yield app


def _wrong_token(app, fields):
    return fetch(app.base_url, "GET", "/api/v1/lessons", headers={"Authorization": "Bearer sabaq_no", **fields})


def _full_disk(app, fields):
    return Tus(app).ask("POST", headers={"Upload-Length": "1000", **fields})


def _link(app, expires_in_s, fields, end=None):
    asset_id, publication_id = asset_of(app, make_lesson(app)), uuid4()
    token = app.services().signer.token(asset_id, publication_id, utc_now() + timedelta(seconds=expires_in_s))
    path = f"/media/{token[:-8] + end if end else token}/{asset_id}/{publication_id}/avc.m3u8"
    return fetch(app.base_url, "GET", path, headers=fields)


def _expired_link(app, fields):
    return _link(app, -60, fields)


def _forged_link(app, fields):
    return _link(app, 3600, fields, end="AAAAAAAA")


def _too_many_sign_ins(app, fields):
    for _ in range(6):
        body = {"login": "other_teacher", "password": "wrong"}
        answer = app.request("POST", "/api/v1/tokens", login=None, json_body=body, headers=fields)
    return answer


REFUSALS = {
    "wrong token": (_wrong_token, 401, "token_refused", ("Қайта кіріңіз", "Войдите снова", "Sign in again")),
    "full disk": (_full_disk, 507, "storage_full", ("бос орын", "закончилось место", "run out of room")),
    "expired link": (_expired_link, 410, "link_expired", ("мерзімі өтті", "Срок действия", "has expired")),
    "forged link": (_forged_link, 403, "link_refused", ("жарамайды", "не подходит", "not good")),
    "sign-ins": (_too_many_sign_ins, 429, "too_many_sign_ins", ("тым көп", "Слишком много", "too many attempts")),
}


@pytest.mark.parametrize("situation", REFUSALS)
def test_a_refusal_has_a_code_and_a_sentence_in_three_languages(app, situation: str) -> None:
    ask, status, expected, words = REFUSALS[situation]
    for language, word in zip(LANGUAGES, words, strict=True):
        answer = ask(app, {"Accept-Language": language})

        assert (answer.status, code(answer)) == (status, expected)
        assert word in answer.json()["detail"]
        assert answer.headers["content-language"] == language
        assert ("retry-after" in answer.headers) == (status in {429, 507})
