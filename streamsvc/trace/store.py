"""Recording a batch of viewing events: what is new becomes a statement, in the same transaction."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from streamsvc.trace import vocabulary
from streamsvc.trace.events import (
    MAX_SESSION_EVENTS,
    body_digest,
    clock_skew,
    newly_watched,
    plausible,
    read_event,
    refusal,
    too_scattered,
    written,
)
from streamsvc.trace.intervals import Pair, Watched
from streamsvc.trace.statements import Circumstances, statement, statement_id
from streamsvc.trace.tables import Registration, StoredEvent, StoredStatement, ViewingSession
from streamsvc.trace.values import LearnerValue, LessonValue, Receipt, Rejection, SessionValue, ViewingEvent

_SEQUENCE = attrgetter("sequence")


@dataclass(slots=True)
class _Batch:
    """What grows while one batch is read."""

    viewing: ViewingSession
    registration: Registration
    kept: list[ViewingEvent]
    """In order of their sequence."""
    digests: dict[int, str]
    """Of the bodies of all that is kept, by sequence."""
    accepted: list[ViewingEvent]
    rejected: list[Rejection]
    repeated: int = 0

    def around(self, event: ViewingEvent) -> tuple[list[ViewingEvent], list[ViewingEvent]]:
        """What is kept before and after a new event."""
        place = bisect_left(self.kept, event.sequence, key=_SEQUENCE)
        return self.kept[:place], self.kept[place:]

    def keep(self, event: ViewingEvent, *, digest: str) -> None:
        insort(self.kept, event, key=_SEQUENCE)
        self.digests[event.sequence] = digest
        self.accepted.append(event)


def record(
    session: Session,
    learner: LearnerValue,
    lesson: LessonValue,
    *,
    playback: SessionValue,
    bodies: Sequence[object],
    sent_at: str | None,
    home_page: str,
    now: datetime,
) -> Receipt:
    """
    Keep the new events of one batch and build their statements.

    A repeated event (same sequence, same body) changes nothing; one that contradicts is rejected alone. The person
    comes from the playback session, never from the batch.
    """
    viewing = _viewing_session(session, learner, lesson, playback)
    registration = session.get_one(Registration, viewing.registration_id, with_for_update=True)
    kept, digests = _kept(session, viewing.id)
    batch = _Batch(viewing, registration, kept, digests, accepted=[], rejected=[])
    skew = clock_skew(sent_at, now)
    for body in sorted(bodies, key=_order):
        event = read_event(body, skew=skew)
        if isinstance(event, Rejection):
            batch.rejected.append(event)
            continue
        _take(session, batch, event, body=body, home_page=home_page, now=now)
    return Receipt(len(batch.accepted), batch.repeated, tuple(batch.rejected), _position_s(batch.accepted))


def _order(body: object) -> int:
    sequence = body.get("sequence") if isinstance(body, dict) else None
    return sequence if isinstance(sequence, int) else -1


def _take(session: Session, batch: _Batch, event: ViewingEvent, *, body: object, home_page: str, now: datetime) -> None:
    digest = body_digest(body)
    if digest is None:
        batch.rejected.append(Rejection(event.sequence, "malformed"))
        return
    known = batch.digests.get(event.sequence)
    if known is not None:
        if known == digest:
            batch.repeated += 1
        else:
            batch.rejected.append(Rejection(event.sequence, "sequence_conflict"))
        return
    if len(batch.kept) >= MAX_SESSION_EVENTS:
        batch.rejected.append(Rejection(event.sequence, "too_many_events"))
        return
    lesson = _lesson(batch.viewing)
    before, after = batch.around(event)
    already = _watched(batch.registration)
    watched = already.joined(newly_watched(event, before=before, length_ms=batch.viewing.length_ms))
    code = refusal(event, before=before, after=after, lesson=lesson) or _completion_refusal(batch, event, watched)
    if code is None and too_scattered(watched, before=already):
        code = "too_many_intervals"
    if code is not None:
        batch.rejected.append(Rejection(event.sequence, code))
        return
    event = _at(event, _between(event.at, before=before, after=after, start=batch.viewing.started_at, now=now))
    _flag_implausible(batch, watched, now=now)
    _note(batch.registration, event, before=before, watched=watched)
    batch.keep(event, digest=digest)
    session.add(_stored_event(batch.viewing.id, event, digest=digest, now=now))
    session.add(_stored_statement(batch, event, watched=watched, home_page=home_page, now=now))


def _completion_refusal(batch: _Batch, event: ViewingEvent, watched: Watched) -> str | None:
    """X10: completed once per registration, and only from the threshold on."""
    if event.type != "completed":
        return None
    if batch.registration.completed_at is not None:
        return "already_completed"
    enough = watched.progress(batch.viewing.length_ms) >= vocabulary.COMPLETED_FROM
    return None if enough else "not_completed"


def _between(
    at: datetime, *, before: Sequence[ViewingEvent], after: Sequence[ViewingEvent], start: datetime, now: datetime
) -> datetime:
    """A player's time, held inside the session's life and between its neighbours, so that order never lies."""
    earliest = before[-1].at if before else start
    latest = min(after[0].at if after else now, now)
    return max(min(at, latest), min(earliest, latest))


def _flag_implausible(batch: _Batch, watched: Watched, *, now: datetime) -> None:
    already = _watched(batch.registration)
    if not plausible(watched, before=already, elapsed=now - batch.viewing.started_at):
        batch.viewing.implausible = True


def _note(registration: Registration, event: ViewingEvent, *, before: Sequence[ViewingEvent], watched: Watched) -> None:
    registration.watched = msgspec.json.encode(watched.pairs).decode()
    if before and before[-1].type in {"played", "seeked"} and event.type != "initialized":
        registration.spent_ms += max(0, round((event.at - before[-1].at) / timedelta(milliseconds=1)))
    if event.type == "completed":
        registration.completed_at = event.at


def _stored_event(session_id: UUID, event: ViewingEvent, *, digest: str, now: datetime) -> StoredEvent:
    """Without the fields that we do not know: a player could fill the disk with them."""
    return StoredEvent(
        session_id=session_id,
        sequence=event.sequence,
        digest=digest,
        body=written(event),
        at=event.at,
        received_at=now,
    )


def _stored_statement(
    batch: _Batch, event: ViewingEvent, *, watched: Watched, home_page: str, now: datetime
) -> StoredStatement:
    viewing = batch.viewing
    around = Circumstances(
        home_page=home_page,
        session_id=viewing.id,
        registration=viewing.registration_id,
        learner=LearnerValue(viewing.pseudonym, viewing.unit_path),
        lesson=_lesson(viewing),
        watched=watched,
        spent_ms=batch.registration.spent_ms,
        timestamp=event.at,
        stored=now,
    )
    return StoredStatement(
        id=statement_id(viewing.id, event.sequence),
        session_id=viewing.id,
        sequence=event.sequence,
        lesson_id=viewing.lesson_id,
        timestamp=event.at,
        stored=now,
        body=msgspec.json.encode(statement(event, around)).decode(),
    )


def _viewing_session(
    session: Session, learner: LearnerValue, lesson: LessonValue, playback: SessionValue
) -> ViewingSession:
    """The row of this playback session, locked; made from the values of now when it reports for the first time."""
    found = session.get(ViewingSession, playback.session_id, with_for_update=True)
    if found is not None:
        return found
    made = ViewingSession(
        id=playback.session_id,
        registration_id=_open_registration(session, learner, lesson).id,
        pseudonym=learner.pseudonym,
        unit_path=learner.unit_path,
        lesson_id=lesson.lesson_id,
        title=lesson.title,
        language=lesson.language,
        subject=lesson.subject,
        grade=lesson.grade,
        length_ms=round(lesson.length_s * 1000),
        started_at=playback.started_at,
    )
    return _insert_once(session, made, key=playback.session_id)


def _insert_once(session: Session, made: ViewingSession, *, key: UUID) -> ViewingSession:
    """Two batches of one session may arrive at once; the second finds the row of the first."""
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        return session.get_one(ViewingSession, key, with_for_update=True)
    return made


def _open_registration(session: Session, learner: LearnerValue, lesson: LessonValue) -> Registration:
    """The person's unfinished attempt at the lesson, or a new one."""
    latest = session.scalar(
        select(Registration)
        .where(Registration.pseudonym == learner.pseudonym, Registration.lesson_id == lesson.lesson_id)
        .order_by(Registration.attempt.desc())
        .limit(1)
    )
    if latest is not None and latest.completed_at is None:
        return latest
    attempt = latest.attempt + 1 if latest is not None else 1
    made = Registration(pseudonym=learner.pseudonym, lesson_id=lesson.lesson_id, attempt=attempt)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        return _open_registration(session, learner, lesson)
    return made


_Kept = Row[int, str, str, datetime]


def _kept(session: Session, session_id: UUID) -> tuple[list[ViewingEvent], dict[int, str]]:
    """In order of sequence. Columns only: rows as objects would cost a long session more than all the rest."""
    rows = session.execute(
        select(StoredEvent.sequence, StoredEvent.digest, StoredEvent.body, StoredEvent.at)
        .where(StoredEvent.session_id == session_id)
        .order_by(StoredEvent.sequence)
    ).all()
    return [_restored(session_id, row) for row in rows], {row.sequence: row.digest for row in rows}


def _restored(session_id: UUID, row: _Kept) -> ViewingEvent:
    body: Any = msgspec.json.decode(row.body)
    event = read_event(body, skew=timedelta(0))
    if isinstance(event, Rejection):
        raise RuntimeError(f"a stored event cannot be read: session {session_id}, sequence {row.sequence}")
    return _at(event, row.at)


def _at(event: ViewingEvent, at: datetime) -> ViewingEvent:
    return ViewingEvent(event.sequence, event.type, at, event.time_s, event.from_s, event.to_s, event.played)


def _lesson(viewing: ViewingSession) -> LessonValue:
    return LessonValue(
        viewing.lesson_id,
        viewing.title,
        viewing.language,
        viewing.length_ms / 1000,
        subject=viewing.subject,
        grade=viewing.grade,
    )


def _watched(registration: Registration) -> Watched:
    pairs: list[Pair] = msgspec.json.decode(registration.watched, type=list[Pair])
    return Watched(tuple(pairs))


def _position_s(accepted: Sequence[ViewingEvent]) -> float | None:
    if not accepted:
        return None
    last = max(accepted, key=lambda event: event.sequence)
    return last.to_s if last.type == "seeked" and last.to_s is not None else last.time_s
