"""The gate before publication: what was made must be whole, aligned and clean. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transcoder.boxes import Fragment, InitSegment
from transcoder.media import Made, Plan


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken at a place."""

    rule: str
    """Number in the standards digest, such as `H11`."""
    place: str
    """`v360/12.m4s`, or a rendition's name."""
    text: str


def verify_segment(made: Made, fragment: Fragment, init: InitSegment) -> list[Finding]:
    """For the chunk task, which has the bytes: what one segment must be by itself (H11, H12, H22, C1)."""
    raise NotImplementedError


def verify_asset(plan: Plan, made_by_rendition: Mapping[str, Sequence[Made]]) -> list[Finding]:
    """
    For the publisher, from recorded values alone: every planned rendition has one init digest and every segment,
    times run on without gap, boundaries are the same over all rungs, and lengths agree within a frame (H8, H9, H11).
    """
    raise NotImplementedError
