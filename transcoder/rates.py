"""Bit rates measured from segments, as RFC 8216bis section 4.1 defines them (standards H20, H21). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import ceil

BITS_PER_BYTE = 8


@dataclass(frozen=True, slots=True)
class Sized:
    """A segment as a bit rate sees it: its bytes (without the init segment) and its length in seconds."""

    bytes: int
    duration_s: Fraction


@dataclass(frozen=True, slots=True)
class Rate:
    """In bits per second, rounded up, so that a player that trusts it is never short."""

    peak_bps: int
    average_bps: int

    def __add__(self, other: "Rate") -> "Rate":
        """The rate of two renditions played together: peaks are summed, whether or not they meet (H20)."""
        return Rate(self.peak_bps + other.peak_bps, self.average_bps + other.average_bps)


def measure(segments: Sequence[Sized], *, target_s: int) -> Rate:
    """
    Peak and average of one rendition.

    The peak is the highest rate over any run of segments that lasts 0.5 to 1.5 target durations. A last segment
    shorter than half the target is left out of it, for a fraction of a second says nothing about a line; where no
    run is long enough (a lesson of two seconds), the peak is the average.
    """
    average = _bps(sum(segment.bytes for segment in segments), _length(segments))
    counted = segments[:-1] if segments and segments[-1].duration_s * 2 < target_s else segments
    return Rate(max([average, *_run_rates(counted, target_s)]), average)


def _run_rates(segments: Sequence[Sized], target_s: int) -> list[int]:
    ends_s = list(accumulate((segment.duration_s for segment in segments), initial=Fraction(0)))
    ends_bytes = list(accumulate((segment.bytes for segment in segments), initial=0))
    shortest_s, longest_s = Fraction(target_s, 2), Fraction(target_s * 3, 2)
    rates = []
    for first in range(len(segments)):
        for last in range(first + 1, len(segments) + 1):
            length_s = ends_s[last] - ends_s[first]
            if length_s > longest_s:
                break
            if length_s >= shortest_s:
                rates.append(_bps(ends_bytes[last] - ends_bytes[first], length_s))
    return rates


def _length(segments: Sequence[Sized]) -> Fraction:
    return sum((segment.duration_s for segment in segments), Fraction(0))


def _bps(size: int, length_s: Fraction) -> int:
    return ceil(size * BITS_PER_BYTE / length_s) if length_s > 0 else 0
