"""Which preset of an encoder a class of CPU stands for, and what it costs. Pure."""

from transcoder.media import Family
from transcoder.policy import CpuClass

PRESETS: dict[tuple[Family, CpuClass], str] = {
    ("avc", "fast"): "veryfast",
    ("avc", "balanced"): "medium",
    ("avc", "small"): "slow",
    ("av1", "fast"): "10",
    ("av1", "balanced"): "8",
    ("av1", "small"): "5",
}

# CPU-seconds of one thread, measured on lessons; only their ratios matter.
COST_PER_MEGAPIXEL: dict[tuple[Family, str], float] = {
    ("avc", "veryfast"): 0.008,
    ("avc", "medium"): 0.014,
    ("avc", "slow"): 0.020,
    ("av1", "10"): 0.012,
    ("av1", "8"): 0.021,
    ("av1", "5"): 0.035,
}


def preset_for(family: Family, cpu: CpuClass) -> str:
    """As the family's encoder names it: `veryfast` (x264), `8` (SVT-AV1)."""
    return PRESETS[family, cpu]


def cost_per_megapixel(family: Family, preset: str) -> float:
    """CPU-seconds for a million encoded pixels, beside the decoding."""
    return COST_PER_MEGAPIXEL[family, preset]
