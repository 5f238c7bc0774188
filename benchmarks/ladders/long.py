"""A slide lesson of 45 minutes, or another length: how small it is at a quality in which nobody sees a difference."""

from dataclasses import replace
from fractions import Fraction

from benchmarks.ladders import ours
from benchmarks.ladders.clips import Clip
from benchmarks.ladders.judging import LONG_VMAF, Verdict, long_verdicts
from benchmarks.ladders.running import Cache
from benchmarks.ladders.scoring import reference
from benchmarks.lessons import LONG_VERSION, make_long
from transcoder.policy import CpuClass

SCORED_FPS = Fraction(1)
"""A page stands for many seconds: every frame of it would say the same 25 times."""
LINES_KBPS = (50, 64, 96)
"""The lines above would cost an hour more, and cannot be smaller."""


def long_lesson(cache: Cache, *, minutes: float, cpu: CpuClass) -> list[Verdict]:
    """The smallest AV1 rung that is good enough, with its sound; the best one where none is."""
    seconds = round(minutes * 60)
    path = cache.file(["long", LONG_VERSION, seconds], ".mp4", lambda out: make_long(out, seconds=seconds))
    clip = Clip(f"slides-{minutes:g}-minutes", "slides", reference(path, cache, fps=SCORED_FPS))
    policy = replace(ours.policy_for(cpu), lines_kbps=LINES_KBPS)
    rungs = ours.ladder(clip, cache, policy=policy).of("av1")
    if not rungs:
        return long_verdicts(cpu, minutes=minutes, size=None, vmaf=None)
    good = [rung for rung in rungs if rung.score.vmaf >= LONG_VMAF] or [max(rungs, key=lambda rung: rung.score.vmaf)]
    smallest = min(good, key=lambda rung: rung.total_kbps)
    size = round(smallest.total_kbps * 1000 / 8 * float(clip.reference.duration_s))
    return long_verdicts(cpu, minutes=minutes, size=size, vmaf=smallest.score.vmaf)
