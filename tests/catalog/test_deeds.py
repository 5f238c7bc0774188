"""What may be noted: a closed set, whose details have no room for a secret."""

import typing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from catalog import deed_details, deeds, tokens

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Smuggled(deed_details.Deed):
    action = "person.enabled"
    subject_kind = "person"
    words: str


def test_every_action_has_one_deed():
    assert len(set(deeds.ACTIONS)) == len(deeds.DEEDS)


@pytest.mark.parametrize("deed", deeds.DEEDS, ids=lambda deed: deed.action)
def test_details_have_types_of_the_closed_set(deed):
    for kind in typing.get_type_hints(deed).values():
        if typing.get_origin(kind) is typing.ClassVar:
            continue
        assert set(typing.get_args(kind) or (kind,)) <= set(typing.get_args(deed_details.Detail))


@pytest.mark.parametrize("deed", deeds.DEEDS, ids=lambda deed: deed.action)
def test_action_and_kind_fit_their_columns(deed):
    assert len(deed.action) <= 40
    assert len(deed.subject_kind) <= 16


def test_details_have_one_form_only():
    east = timezone(timedelta(hours=5))
    deed = deeds.GrantGiven(grant_id=UUID(int=1), role="teacher", begins_at=NOON.astimezone(east))

    assert deeds.details_of(deed) == (
        '{"begins_at":"2026-11-24T12:00:00.000000+00:00","ends_at":null,'
        '"grant_id":"00000000-0000-0000-0000-000000000001","role":"teacher"}'
    )


def test_a_digest_is_written_in_hex():
    deed = deeds.UnitsImported(file_sha256=bytes(32), added=1, changed=2, skipped=0)

    assert deeds.details_of(deed) == f'{{"added":1,"changed":2,"file_sha256":"{"00" * 32}","skipped":0}}'


@pytest.mark.parametrize(
    "text",
    [
        "correct horse battery staple",
        "Password1",
        tokens.PREFIX + "qP3xZ" * 9,
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
        "қазақ",
        "two\nlines",
        "",
        "x" * 500,
    ],
)
def test_free_text_is_refused_and_not_repeated(text):
    """
    The error may end in a log.
    """
    with pytest.raises(ValueError, match="never free text") as refused:
        deeds.details_of(deeds.PersonAdded(role=text))

    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("value", [1.5, b"short", ["teacher"], {"role": "teacher"}, object()])
def test_what_is_no_detail_is_refused(value):
    with pytest.raises(TypeError):
        deeds.details_of(deeds.PersonAdded(role=value))


def test_a_path_that_is_no_path_is_refused():
    with pytest.raises(ValueError, match="never free text"):
        deeds.details_of(deeds.PersonEnabled(unit_path="My Secret"))


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="naive"):
        deeds.details_of(deeds.TokenIssued(expires_at=NOON.replace(tzinfo=None)))


def test_a_deed_of_somebody_elses_is_refused():
    with pytest.raises(TypeError, match="closed set"):
        deeds.details_of(Smuggled(words="teacher"))
