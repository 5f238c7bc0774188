"""Which preset of an encoder a class of CPU stands for, and what each costs. Pure."""

from dataclasses import dataclass

from transcoder.policy import CpuClass, Family

PRESETS: dict[tuple[Family, CpuClass], str] = {
    ("avc", "fast"): "veryfast",
    ("avc", "balanced"): "fast",
    ("avc", "small"): "slow",
    ("av1", "fast"): "10",
    ("av1", "balanced"): "7",
    ("av1", "small"): "5",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of encoding with one thread, measured on lessons."""

    cpu_s_per_megapixel: float
    """Beside the decoding; only the ratios matter."""
    mib_per_megapixel: float
    """Address space for each million pixels of a picture: x264 looks farther ahead the slower it is."""


# Beside the fastest of its family at the same VMAF, x264 `fast` took 10 to 21 % fewer bits and `slow` 15 to 25 %;
# SVT-AV1's 7 took 28 to 69 % fewer, its 5 took 36 to 76 %. `medium` gains little over `fast`, and 8 little over 9.
COSTS: dict[tuple[Family, str], Cost] = {
    ("avc", "veryfast"): Cost(0.008, 110),
    ("avc", "fast"): Cost(0.0125, 180),
    ("avc", "slow"): Cost(0.022, 280),
    ("av1", "10"): Cost(0.0055, 180),
    ("av1", "7"): Cost(0.020, 250),
    ("av1", "5"): Cost(0.044, 320),
}


def preset_for(family: Family, cpu: CpuClass) -> str:
    """As the family's encoder names it: `veryfast` (x264), `8` (SVT-AV1)."""
    return PRESETS[family, cpu]


def cost_of(family: Family, preset: str) -> Cost:
    return COSTS[family, preset]


def cost_per_megapixel(family: Family, preset: str) -> float:
    """CPU-seconds for a million encoded pixels, beside the decoding."""
    return cost_of(family, preset).cpu_s_per_megapixel
