"""What a ministry decides about ladders: which lines to serve, with which codecs, at what cost. Pure."""

from dataclasses import dataclass
from typing import Literal

from transcoder.media import Family

CpuClass = Literal["fast", "balanced", "small"]
"""How much CPU a lesson may cost, from little CPU and more bytes to much CPU and the fewest bytes."""

LINES_KBPS = (50, 64, 96, 128, 192, 300, 500, 900, 1800, 3000)
LOWEST_AVC_KBPS = 96
"""H.264 and AAC need this much for a picture in which a lesson can be followed; slower lines are left to AV1."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The defaults are the policy that ships."""

    lines_kbps: tuple[int, ...] = LINES_KBPS
    """Total peaks of the lines to serve, sound included, from low to high."""
    families: tuple[Family, ...] = ("avc", "av1")
    """`avc` is always among them: every device plays it."""
    cpu: CpuClass = "balanced"
    least_gain_vmaf: float = 2.0
    """A rung that adds less to the one below it is left out."""
    ceiling_vmaf: float = 95.5
    """The top rung stops here: more cannot be seen."""
    lowest_height: int = 240
    """Of the shorter side; no rung is smaller unless the source is."""
    highest_height: int = 1080
    """Of the shorter side; no rung is larger."""


DEFAULT_POLICY = Policy()
