"""What a report is made from, wherever the lesson lies: a folder of `sabaq transcode`, or a store."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import m3u8
import msgspec

from transcoder.errors import TreeUnreadable
from transcoder.local import PLAN_NAME
from transcoder.media import Made, Plan
from transcoder.plan_json import plan_from_json

MEDIA_NAME = "media.m3u8"


@dataclass(frozen=True, slots=True)
class Score:
    """VMAF of a rung against the source at its own size."""

    mean: float
    low: float
    """5th percentile of the frames: what the worst moments look like."""


@dataclass(frozen=True, slots=True)
class Material:
    """A lesson's plan and files."""

    title: str
    plan: Plan
    made: Mapping[str, Sequence[Made]]
    """By rendition: its init segment, then its segments in order."""
    read: Callable[[Made], bytes]
    scores: Mapping[str, Score] = field(default_factory=dict)
    """By rung, where they were measured before."""

    def joined(self, rendition: str, segments: Sequence[Made]) -> bytes:
        """A file that can be decoded by itself."""
        init = next(item for item in self.made[rendition] if item.kind == "init")
        return b"".join(self.read(item) for item in (init, *segments))

    def segments(self, rendition: str) -> list[Made]:
        return [item for item in self.made[rendition] if item.kind == "segment"]


def read_tree(folder: Path) -> Material:
    """The tree that `sabaq transcode` wrote. Raises TreeUnreadable."""
    try:
        plan = plan_from_json(json.loads((folder / PLAN_NAME).read_text("utf-8")))
        made = {rendition.name: _rendition(folder, rendition.name) for rendition in plan.renditions}
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise TreeUnreadable(f"{folder}: {error}", path=str(folder), reason=str(error)) from error
    return Material(folder.name, plan, made, lambda item: (folder / item.rendition / item.name).read_bytes())


def _rendition(folder: Path, name: str) -> list[Made]:
    """Sizes are those of the files; times are those that the playlist tells."""
    playlist = m3u8.loads((folder / name / MEDIA_NAME).read_text("utf-8"))
    made = [_made("init", folder, name, "init.mp4")]
    start_s = Fraction(0)
    for number, segment in enumerate(playlist.segments):
        length_s = Fraction(Decimal(str(segment.duration)))
        made.append(_made("segment", folder, name, f"{number}.m4s", number, start_s, length_s))
        start_s += length_s
    return made


def _made(
    kind: str, folder: Path, rendition: str, name: str, number: int = 0,
    start_s: Fraction = Fraction(0), duration_s: Fraction = Fraction(0),
) -> Made:  # fmt: skip
    size = (folder / rendition / name).stat().st_size
    return Made("init" if kind == "init" else "segment", rendition, name, size, "", number, start_s, duration_s)
