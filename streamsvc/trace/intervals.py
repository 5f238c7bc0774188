"""
Watched intervals: ordered, disjoint stretches of a lesson, in seconds. Pure.

Everything is kept in whole milliseconds inside, so that unions do not drift and equal inputs give equal text.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Watched:
    """An immutable union of intervals `[from, to)`, in milliseconds, ordered, never touching."""

    pairs: tuple[Pair, ...] = ()

    @property
    def total_ms(self) -> int:
        return sum(end - start for start, end in self.pairs)

    def joined(self, others: Iterable[Pair]) -> "Watched":
        """The union with more intervals, in any order, empty ones ignored."""
        merged: list[Pair] = []
        for start, end in sorted([*self.pairs, *others]):
            if end <= start:
                continue
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        return Watched(tuple(merged))

    def progress(self, length_ms: int) -> float:
        """The watched share of the lesson, 0 to 1, to three decimals; cut short, so that 0.9496 is not 0.95."""
        if length_ms <= 0:
            return 0.0
        return min(1000, self.total_ms * 1000 // length_ms) / 1000

    def text(self) -> str:
        """As the Video Profile writes `played-segments`: `0.000[.]12.000[,]14.000[.]21.000`."""
        return "[,]".join(f"{start / 1000:.3f}[.]{end / 1000:.3f}" for start, end in self.pairs)


def pairs_from_seconds(intervals: Iterable[tuple[float, float]], *, length_ms: int) -> list[Pair]:
    """Intervals as a player reports them, cut to the lesson; what is empty after the cut is dropped."""
    cut = ((clamp_ms(start, length_ms), clamp_ms(end, length_ms)) for start, end in intervals)
    return [(start, end) for start, end in cut if end > start]


def clamp_ms(time_s: float, length_ms: int) -> int:
    # Cut before it is multiplied: a player may report 1e306, whose milliseconds are no number any more.
    return min(round(min(max(time_s, 0.0), length_ms / 1000) * 1000), length_ms)
