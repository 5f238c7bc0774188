"""What the supervisor runs: one child, how to ask it, and when it may start again."""

import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 30.0
GOOD_RUN_S = 60.0
"""A child that lived this long has shown that it works: the next restart is prompt again."""
PROBE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One service of ours."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    """The whole of it; nothing is inherited."""
    directory: Path | None = None
    ready: Callable[[], bool] | None = None
    """Asked until it says yes; without it, started is ready."""
    alive: Callable[[], bool] | None = None
    """Asked now and then once it is ready; `ready` where there is no cheaper question."""
    ready_within_s: float = 60.0
    grace_s: float = 10.0
    """From SIGTERM to SIGKILL."""
    silent_s: float = 120.0
    """How long it may leave the question unanswered, once ready, before it is taken for hung and killed."""


def delay_before_restart(failures: int) -> float:
    """Exponential and capped; `failures` counts the short runs in a row, this one included."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** max(0, failures - 1))


def failures_after(failures: int, *, lived_s: float) -> int:
    """A good run forgives the short ones before it."""
    return 1 if lived_s >= GOOD_RUN_S else failures + 1


def answers(url: str, *, statuses: range = range(200, 500)) -> bool:
    """Tell whether an HTTP server answers there. A refusal (403 of a store without credentials) is an answer too."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status in statuses
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
