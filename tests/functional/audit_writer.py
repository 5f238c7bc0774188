"""
A process that notes deeds beside others, for tests.

    python -m tests.functional.audit_writer DATABASE_URL COUNT
"""

import sys
from uuid import uuid4

from catalog import audit, audit_who, deeds
from streamsvc.services import utc_now
from transcoder.database import Sessions, open_sessions

PATHS = ("", "kz/almaty/bostandyk/s25", "kz/astana", "kz/almaty/bostandyk/s26")


def write(sessions: Sessions, count: int) -> None:
    """So many transactions; each third notes deeds of all the units in one, each fifth is rolled back."""
    for number in range(count):
        with sessions.write() as session:
            for path in PATHS if number % 3 == 0 else (PATHS[number % len(PATHS)],):
                deed = deeds.PersonEnabled(subject_id=uuid4(), unit_path=path)
                audit.note(session, deed, who=audit_who.operator("root"), now=utc_now())
            if number % 5 == 0:
                session.flush()
                session.rollback()
            session.commit()


def written(count: int) -> int:
    """How many entries `write` leaves."""
    return sum(len(PATHS) if number % 3 == 0 else 1 for number in range(count) if number % 5)


if __name__ == "__main__":
    opened = open_sessions(sys.argv[1])
    write(opened, int(sys.argv[2]))
    opened.engine.dispose()
