"""
How often a sign-in may fail. Pure.

Three counters: a login from one address (somebody guesses), a login from anywhere (many guess together), and an
address (one guesses for many logins; generous, because a whole school shares one address).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Literal

Scope = Literal["pair", "login", "address"]

FREE_FAILURES: dict[Scope, int] = {"pair": 5, "login": 30, "address": 200}
FIRST_WAIT_S = 30
LONGEST_WAIT_S = 15 * 60
FORGET_AFTER_S = 15 * 60


@dataclass(frozen=True, slots=True)
class Counter:
    """Failures of one scope since the last quiet time."""

    failures: int
    last_at: datetime


def wait_s(failures: int, scope: Scope) -> int:
    """How long after the last failure the next attempt has to wait: doubling from half a minute to a quarter hour."""
    beyond = failures - FREE_FAILURES[scope]
    if beyond < 0:
        return 0
    return min(LONGEST_WAIT_S, FIRST_WAIT_S << min(beyond, 10))


def retry_after_s(counter: Counter, *, scope: Scope, now: datetime) -> int:
    """Whole seconds until an attempt is allowed; 0 means now."""
    wait = timedelta(seconds=wait_s(counter.failures, scope))
    if not wait:
        # The last attempt may be younger than our `now`: many sign in at once, and clocks of machines differ.
        return 0
    return max(0, ceil((counter.last_at + wait - now).total_seconds()))


def counted(counter: Counter | None, *, now: datetime) -> Counter:
    """The counter after one more attempt that is held for a failure; a quiet quarter of an hour forgets the past."""
    if counter is None or now - counter.last_at > timedelta(seconds=FORGET_AFTER_S):
        return Counter(1, now)
    return Counter(counter.failures + 1, now)
