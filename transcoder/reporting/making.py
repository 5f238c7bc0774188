"""Make a report of a lesson: measure, listen, look, and write one page."""

from collections.abc import Callable, Mapping
from pathlib import Path

from transcoder.encoder import Cancelled
from transcoder.explain import explained
from transcoder.reporting.hearing import listened
from transcoder.reporting.material import Material
from transcoder.reporting.page import page
from transcoder.reporting.scoring import PeerPoint, scored
from transcoder.reporting.snapshots import snapshots
from transcoder.reporting.values import Report, measured_peers, our_curves, rows_of, spans_of, typical_peers
from transcoder.runner import Limits, nobody_cancels

SCORING_SHARE = 0.8
"""Of the time that a report takes, roughly."""


def report(
    material: Material,
    *,
    words: Mapping[str, str],
    plan_words: Mapping[str, str],
    language: str,
    source: Path | None = None,
    with_peers: bool = False,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> str:
    """
    The page, whole. With `source`, quality is measured on sampled segments; `with_peers`, that of others' ladders too.

    Raises EncodeFailed, WorkspaceFull, EncodeCancelled.
    """
    tell = on_progress or _ignore
    scores = dict(material.scores)
    points: list[PeerPoint] = []
    if source and material.plan.video:
        measured, points = scored(
            material,
            source,
            with_peers=with_peers,
            cancelled=cancelled,
            limits=limits,
            on_progress=lambda share: tell(share * SCORING_SHARE),
        )
        scores |= measured
    moments = snapshots(material, source, cancelled=cancelled, limits=limits)
    sounds = listened(material, cancelled=cancelled, limits=limits)
    rows = rows_of(material, scores)
    found = Report(
        title=material.title,
        plan=material.plan,
        passages=explained(material.plan, plan_words),
        rows=rows,
        curves=[
            *our_curves(rows),
            *(measured_peers(material.plan, points) if points else typical_peers(material.plan)),
        ],
        peers_measured=bool(points),
        strips=[(each, spans_of(material.segments(each.name))) for each in material.plan.renditions],
        moments=moments,
        sounds=sounds,
    )
    tell(1.0)
    return page(found, words, language=language)


def _ignore(_share: float) -> None:
    """Nobody watches."""
