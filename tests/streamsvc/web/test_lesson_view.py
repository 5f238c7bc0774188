"""What of a lesson is told to whom, and how its moments read."""

from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest

from catalog.lessons import Lesson
from streamsvc.texts import load_texts
from streamsvc.web.lesson_view import Reader, lesson_json
from transcoder.status import ErrorStatus, MediaStatus, RenewalStatus, SoundStatus

OWNER, STRANGER = UUID(int=1), UUID(int=2)
SILENCE = ErrorStatus("sound_silence", {"count": 3, "longest_s": 95.2, "start_s": 724.4, "end_s": 4719.6})
HUM = ErrorStatus("sound_hum", {"hz": 50, "below_db": 22.0})
MEDIA = MediaStatus(
    "ready", True, 1.0, None, None, None, 4800.0, None, (),
    sound=SoundStatus(-16.0, -2.0, (HUM, SILENCE)), renewal=RenewalStatus("encoding", 0.43, None),
)  # fmt: skip


def shown(person_id: UUID, role: str, language: str = "en"):
    now = datetime(2026, 11, 24, tzinfo=UTC)
    lesson = Lesson(
        id=UUID(int=3), title="Ауа", state="published", language="kk", owner_id=OWNER, created_at=now, updated_at=now
    )
    reader = Reader(SimpleNamespace(person_id=person_id, role=role), language, load_texts())
    return lesson_json(lesson, MEDIA, owner_name="Айгүл", upload=None, reader=reader)["media"]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_silence_is_told_with_clock_times(language):
    message = shown(OWNER, "teacher", language)["sound"]["findings"][1]["message"]

    assert "12:04 – 1:18:40" in message
    assert "724" not in message
    assert "{" not in message


def test_figures_that_are_no_moments_stay_as_they_are():
    assert "50 Hz, 22.0 dB below" in shown(OWNER, "teacher")["sound"]["findings"][0]["message"]


@pytest.mark.parametrize(
    ("person_id", "role", "told"),
    [(OWNER, "teacher", True), (STRANGER, "curator", True), (STRANGER, "admin", True), (STRANGER, "teacher", False),
     (STRANGER, "pupil", False)],
)  # fmt: skip
def test_remarks_and_renewals_are_told_whom_they_concern(person_id, role, told):
    media = shown(person_id, role)

    assert (media["sound"] is not None, media["renewal"] is not None) == (told, told)
    assert media["playable"]
