"""How long somebody may watch, and from where. Pure."""

from datetime import datetime, timedelta

SHORTEST_S = 4 * 3600
SHARED_S = 300
"""Sessions that start within the same five minutes get the same signed prefix, so that a class shares a cache."""
END_S = 10.0


def lifetime_s(duration_s: float) -> float:
    """
    How long a signed prefix is good: the longer of four hours and twice the lesson.

    A player reads a VOD playlist once and keeps its addresses, so a prefix of minutes would die in mid-lesson.
    """
    return max(SHORTEST_S, 2 * duration_s)


def expires_at(duration_s: float, *, now: datetime) -> datetime:
    """The end of the prefix's life, rounded up to full five minutes."""
    end_s = (now + timedelta(seconds=lifetime_s(duration_s))).timestamp()
    return datetime.fromtimestamp(-(-end_s // SHARED_S) * SHARED_S, now.tzinfo)


def resume_from(position_s: float | None, *, duration_s: float) -> float:
    """Where to start: where the pupil stopped, or the beginning when that was (nearly) the end."""
    if position_s is None or position_s <= 0 or position_s >= duration_s - min(END_S, duration_s * 0.05):
        return 0.0
    return round(position_s, 3)
