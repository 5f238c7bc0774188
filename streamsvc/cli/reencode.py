"""`sabaq reencode`: published lessons anew, after today's plan, beside what is published."""

import argparse
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from catalog import audit, deeds, lessons
from catalog.errors import LessonMissing
from catalog.lessons import Lesson
from streamsvc import queueing
from streamsvc.cli.account import operator
from streamsvc.cli.opened import opened_sessions
from streamsvc.settings import Settings, settings_from
from transcoder import jobs
from transcoder.database import Sessions, take_sendable
from transcoder.errors import NothingToRenew
from transcoder.plan import starter_plan
from transcoder.policy import policy_for
from transcoder.source import Source
from transcoder.tools import find_tools

NAME = "reencode"
HELP = "Encode published lessons anew; each is switched to its new publication when that is whole."
EXAMPLES = """examples:
  sabaq reencode 0b6f3c1e-7a52-4a1f-9d3e-2f60c7f2a001    one lesson
  sabaq reencode --all-older                             every lesson that would get another plan today
  sabaq reencode --all-older --dry-run                   only say how many there are

Nobody waits for these: workers take them when nothing else is to be done. Pupils go on with what is published."""

EXPIRES_S = 24 * 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("lesson", nargs="?", type=UUID, metavar="LESSON", help="the lesson's id")
    which.add_argument("--all-older", action="store_true", help="every published lesson made after another plan")
    parser.add_argument("--dry-run", action="store_true", help="change nothing")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    settings = settings_from(environ)
    digest_of = _digest_of(settings)
    with opened_sessions(environ) as sessions:
        assets = _assets(sessions, args.lesson, digest_of)
        if not args.dry_run:
            for asset_id in assets:
                # Of many, one may have been renewed or removed since they were listed.
                with suppress(NothingToRenew) if args.all_older else nullcontext():
                    _queue(sessions, settings, asset_id, digest_of)
    print(f"lessons to encode anew: {len(assets)}" if args.dry_run else f"lessons queued: {len(assets)}")
    return 0


def _digest_of(settings: Settings) -> Callable[[Source], str]:
    """What names the plan that a source would get today."""
    encoding, build = settings.transcoder, find_tools().build
    policy = policy_for(encoding.policy)
    return lambda source: starter_plan(source, threads=encoding.threads, encoder=build, policy=policy).digest


def _assets(sessions: Sessions, lesson_id: UUID | None, digest_of: Callable[[Source], str]) -> list[UUID]:
    with sessions.read() as session, session.begin():
        return jobs.older_assets(session, digest_of) if lesson_id is None else [_asset_of(session, lesson_id)]


def _asset_of(session: Session, lesson_id: UUID) -> UUID:
    lesson = session.get(Lesson, lesson_id)
    if lesson is None or lesson.deleted_at is not None:
        raise LessonMissing(f"no lesson {lesson_id}")
    return lesson.asset_id


def _queue(sessions: Sessions, settings: Settings, asset_id: UUID, digest_of: Callable[[Source], str]) -> None:
    """Its wake-up is sent at once; the reconciler of the service sends what is lost."""
    with sessions.write() as session:
        with session.begin():
            now, lesson = datetime.now(UTC), lessons.by_asset(session, asset_id)
            jobs.reencode(session, asset_id, now, digest_of=digest_of)
            if lesson is not None:
                deed = deeds.LessonReencoded(subject_id=lesson.id, unit_path=lesson.unit_path)
                audit.note(session, deed, who=operator(), now=now)
        messages = take_sendable(session)
    queueing.send(queueing.celery_app(settings.broker_url), messages, expires_s=EXPIRES_S)
