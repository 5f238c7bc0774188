"""What a look at a lesson finds. Kept in its plan, so that every rung can be explained. Pure."""

from dataclasses import dataclass
from math import ceil
from typing import Literal

from transcoder.policy import Family

Kind = Literal["slides", "screen", "board", "talking", "phone", "motion"]
"""Slides that stand still; a screen with movement; writing on a board; a face; a hand-held camera; much motion."""
READ: tuple[Kind, ...] = ("slides", "screen", "board")
"""What is there to be read; strokes that are seen in other pictures may be anything."""
LEGIBLE_LINES = 4
"""The least height of a small letter that is read, not guessed."""
Doubt = Literal["", "not_asked", "no_pictures", "too_short", "failed"]


@dataclass(frozen=True, slots=True)
class Part:
    """One sample of the lesson: consecutive frames that stand for all that is near them."""

    start_frame: int
    """Of the lesson's grid."""
    frames: int
    share: float
    """Of the lesson that it stands for; all parts together are 1."""
    kind: Kind
    still_share: float
    """Of the pixels: those that stay as they are from one frame to the next."""
    text_lines: int
    """Height of the smallest writing, in lines of the source; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Trial:
    """All parts encoded with one size, frame step and CRF."""

    family: Family
    height: int
    """Of the shorter side."""
    frame_step: int
    crf: int
    key_bytes: tuple[float, ...]
    """What beginning a segment costs in each part: its key frame, and what frames behind it take more than others."""
    frame_bytes: tuple[float, ...]
    """What each frame more costs in each part, once the picture has settled."""
    vmaf: tuple[float, ...]
    """Mean of each part against the source at its own size, frames held where the rung has fewer."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """What a size and a frame step cost by themselves: pictures brought down and up again, not encoded."""

    height: int
    frame_step: int
    vmaf: tuple[float, ...]
    """Mean of each part: no CRF gives more."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Either parts and trials, or a doubt: then the lesson gets a ladder by its size alone."""

    parts: tuple[Part, ...] = ()
    scaled: tuple[Scaled, ...] = ()
    trials: tuple[Trial, ...] = ()
    doubt: Doubt = ""
    """Why there is nothing to choose from."""

    @property
    def kinds(self) -> tuple[tuple[Kind, float], ...]:
        """What the lesson consists of, the largest share first."""
        shares: dict[Kind, float] = {}
        for part in self.parts:
            shares[part.kind] = shares.get(part.kind, 0.0) + part.share
        return tuple(sorted(shares.items(), key=lambda item: (-item[1], item[0])))

    @property
    def still_share(self) -> float:
        """Of all pixels over the whole lesson."""
        return sum(part.still_share * part.share for part in self.parts)

    @property
    def text_lines(self) -> int:
        """Height of the smallest writing that must stay legible, in lines of the source; 0 where there is none."""
        return min((part.text_lines for part in self.parts if part.text_lines and part.kind in READ), default=0)

    def legible_height(self, source_height: int) -> int:
        """The least height of a picture in which that writing can be read; 0 where there is none."""
        return ceil(source_height * LEGIBLE_LINES / self.text_lines) if self.text_lines else 0
