"""
Which rungs a source gets: one fixed ladder for lessons. Pure.

Text must stay legible, so a rung gives up quality before pixels: at every rate above about 60 kbit/s a screen of
1080 lines at a high CRF is read better than one of 480 lines at a low one.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from transcoder.media import AudioRendition, VideoRendition


@dataclass(frozen=True, slots=True)
class Rung:
    """One row: `height` is the shorter side, so that portrait lessons get the same ladder."""

    height: int
    crf: int
    max_kbps: int
    buffer_kbit: int
    line_kbps: int


LADDER = (
    # With sound its peak stays below 192 kbit/s even where everything moves (Apple's authoring rule 9.21): a segment
    # of 4 s holds at most max_kbps + buffer_kbit / 4, one of 2 s max_kbps + buffer_kbit / 2.
    # The buffer is large for the rate: a page of text needs a large first picture, and little after it.
    Rung(480, 31, 64, 110, 192),
    Rung(720, 34, 300, 300, 500),
    Rung(1080, 33, 900, 900, 1200),
    Rung(1080, 27, 2400, 2400, 3000),
)
TOP_CRF = 27
FEWEST_RUNGS = 2
LONGEST_SIDE = 4096
LARGEST_AREA = 1920 * 1080 * 3 // 2
SMALLEST_SIDE = 16

SOUND = AudioRendition(name="aac-56", codec="aac", kbps=56, sample_rate=48_000, channels=2)
SOUND_ALONE = (
    AudioRendition(name="aac-40", codec="aac", kbps=40, sample_rate=48_000, channels=2),
    AudioRendition(name="aac-96", codec="aac", kbps=96, sample_rate=48_000, channels=2),
)


def video_renditions(width: int, height: int, fps: Fraction) -> tuple[VideoRendition, ...]:
    """
    From low to high, none larger than the source, at least two: a small source gets two rates at its own size.

    `width` and `height` are those that a person sees.
    """
    shorter = min(width, height)
    fitting = sum(rung.height <= shorter for rung in LADDER)
    rungs = LADDER[: max(fitting + 1, FEWEST_RUNGS)]
    sizes = [scaled_size(width, height, rung.height) for rung in rungs]
    return tuple(_rendition(sizes[index], fps, rungs, index) for index in range(len(rungs)))


def _rendition(size: tuple[int, int], fps: Fraction, rungs: tuple[Rung, ...], index: int) -> VideoRendition:
    """A tiny picture needs less than its rung's rate, and its level allows no more."""
    rung, level = rungs[index], level_for(*size, fps=fps)
    return VideoRendition(
        name=f"avc-{rung.line_kbps}",
        family="avc",
        frame_step=1,
        preset="veryfast",
        line_kbps=rung.line_kbps,
        width=size[0],
        height=size[1],
        crf=TOP_CRF if rung is rungs[-1] else rung.crf,
        max_kbps=min(rung.max_kbps, level.kbps),
        buffer_kbit=min(rung.buffer_kbit, level.kbps),
        level=level.name,
    )


def scaled_size(width: int, height: int, shorter: int) -> tuple[int, int]:
    """The size with this shorter side: even, of the same shape, never larger than the source unless it is tiny."""
    factor = min(
        1.0,
        shorter / min(width, height),
        LONGEST_SIDE / max(width, height),
        sqrt(LARGEST_AREA / (width * height)),
    )
    return _even(width, factor), _even(height, factor)


def _even(length: int, factor: float) -> int:
    """Pictures in 4:2:0 have even sides: the nearest, but an odd side of the source loses a line, not gains one."""
    return max(SMALLEST_SIDE, min(round(length * factor / 2) * 2, length // 2 * 2))


@dataclass(frozen=True, slots=True)
class Level:
    """A row of ITU-T H.264 table A-1; rates are those of High profile (1.25 times the table's)."""

    name: str
    macroblocks_per_s: int
    macroblocks: int
    decoded_macroblocks: int
    kbps: int


LEVELS = (
    Level("1", 1_485, 99, 396, 80),
    Level("1.1", 3_000, 396, 900, 240),
    Level("1.2", 6_000, 396, 2_376, 480),
    Level("1.3", 11_880, 396, 2_376, 960),
    Level("2", 11_880, 396, 2_376, 2_500),
    Level("2.1", 19_800, 792, 4_752, 5_000),
    Level("2.2", 20_250, 1_620, 8_100, 5_000),
    Level("3", 40_500, 1_620, 8_100, 12_500),
    Level("3.1", 108_000, 3_600, 18_000, 17_500),
    Level("3.2", 216_000, 5_120, 20_480, 25_000),
    Level("4", 245_760, 8_192, 32_768, 25_000),
    Level("4.2", 522_240, 8_704, 34_816, 62_500),
    Level("5", 589_824, 22_080, 110_400, 168_750),
    Level("5.1", 983_040, 36_864, 184_320, 300_000),
    Level("5.2", 2_073_600, 36_864, 184_320, 300_000),
)
REFERENCES = 4
"""Pictures that x264 keeps decoded, with its pyramid of B-pictures."""


def level_for(width: int, height: int, *, fps: Fraction) -> Level:
    """The lowest level that holds this size at this rate (authoring rule 1.11: not above need)."""
    wide, high = -(-width // 16), -(-height // 16)
    size = wide * high
    for level in LEVELS:
        fits_size = size <= level.macroblocks and max(wide, high) ** 2 <= 8 * level.macroblocks
        fits_memory = size * REFERENCES <= level.decoded_macroblocks
        if fits_size and fits_memory and size * fps <= level.macroblocks_per_s:
            return level
    return LEVELS[-1]
