"""Sizes of pictures, and the levels of H.264 and AV1 that hold them. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from transcoder.policy import Family

LONGEST_SIDE = 4096
LARGEST_AREA = 1920 * 1080 * 3 // 2
SMALLEST_SIDE = 16


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
LEVEL_CAP = 0.9
"""Of the rate that a level allows."""
REFERENCES = 4
"""Pictures that x264 keeps decoded, with its pyramid of B-pictures."""


def level_for(width: int, height: int, *, fps: Fraction, kbps: int = 0) -> Level:
    """The lowest level of H.264 that holds this size at these rates (authoring rule 1.11: not above need)."""
    wide, high = -(-width // 16), -(-height // 16)
    size = wide * high
    for level in LEVELS:
        fits_size = size <= level.macroblocks and max(wide, high) ** 2 <= 8 * level.macroblocks
        fits_memory = size * REFERENCES <= level.decoded_macroblocks
        if fits_size and fits_memory and size * fps <= level.macroblocks_per_s and kbps <= level.kbps * LEVEL_CAP:
            return level
    return LEVELS[-1]


@dataclass(frozen=True, slots=True)
class Av1Level:
    """A row of annex A.3 of the AV1 specification, main tier."""

    name: str
    samples: int
    longest_width: int
    longest_height: int
    samples_per_s: int


AV1_LEVELS = (
    Av1Level("2.0", 147_456, 2_048, 1_152, 4_423_680),
    Av1Level("2.1", 278_784, 2_816, 1_584, 8_363_520),
    Av1Level("3.0", 665_856, 4_352, 2_448, 19_975_680),
    Av1Level("3.1", 1_065_024, 5_504, 3_096, 31_950_720),
    Av1Level("4.0", 2_359_296, 6_144, 3_456, 70_778_880),
    Av1Level("4.1", 2_359_296, 6_144, 3_456, 141_557_760),
    Av1Level("5.0", 8_912_896, 8_192, 4_352, 267_386_880),
    Av1Level("5.1", 8_912_896, 8_192, 4_352, 534_773_760),
)


def level_name(family: Family, width: int, height: int, *, fps: Fraction, kbps: int = 0) -> str:
    """The lowest level of a family's codec that holds this size at these rates; AV1's allow far more bits."""
    if family == "avc":
        return level_for(width, height, fps=fps, kbps=kbps).name
    for level in AV1_LEVELS:
        fits = width <= level.longest_width and height <= level.longest_height
        if fits and width * height <= level.samples and width * height * fps <= level.samples_per_s:
            return level.name
    return AV1_LEVELS[-1].name
