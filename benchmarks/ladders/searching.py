"""Our rungs beside the cheapest way that the search finds."""

from collections.abc import Sequence

from benchmarks.ladders import ours
from benchmarks.ladders.bdrate import Point
from benchmarks.ladders.clips import Clip
from benchmarks.ladders.judging import MOST_OF_SEARCH, TARGETS, Measured, Verdict, cost_at, ours_name
from benchmarks.ladders.running import Cache
from benchmarks.ladders.search import Search
from transcoder.policy import CpuClass


def search_verdicts(
    clips: Sequence[Clip], found: Sequence[Measured], cache: Cache, *, cpus: Sequence[CpuClass]
) -> list[Verdict]:
    """How many times the bits of the cheapest way ours take, for each clip, class, family and target."""
    verdicts = []
    for clip, measured in zip(clips, found, strict=True):
        for cpu in cpus:
            plan, sounds = ours.settled(clip, cache, policy=ours.policy_for(cpu))
            for family in ("avc", "av1"):
                models = [rung for rung in plan.video if rung.family == family]
                if models:
                    totals = measured.totals[ours_name(cpu, family)]
                    # The lowest rung's sound is the cheapest: a better one is no part of the search.
                    sound_kbps = sounds.get(models[0].sound, 0.0)
                    search = Search(clip, plan, models[-1], cache, sound_kbps=sound_kbps)
                    verdicts += [_verdict(search, totals, f"{clip.name}, {cpu} {family}", vmaf) for vmaf in TARGETS]
    return verdicts


def _verdict(search: Search, totals: Sequence[Point], name: str, vmaf: float) -> Verdict:
    """Where ours begins above the target, both are compared at the quality of its lowest rung."""
    what = f"{name}: kbit/s at VMAF {vmaf} over the cheapest there is"
    kbps, reached = cost_at(totals, vmaf)
    cheapest = search.cheapest(reached)
    if kbps is None or cheapest is None:
        return Verdict("2", what, None, MOST_OF_SEARCH, binding=False, note="nobody reaches it")
    way = f"{cheapest.height} lines, every {cheapest.frame_step}. frame, CRF {cheapest.crf}"
    note = f"{kbps:.1f} / {cheapest.kbps:.1f} ({way})" + (f" at VMAF {reached:.1f}" if reached != vmaf else "")
    return Verdict("2", what, round(kbps / cheapest.kbps, 3), MOST_OF_SEARCH, note=note)
