"""Our ladder: what `sabaq transcode` writes, read like a player and a person read it."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import m3u8

from benchmarks.ladders.clips import Clip
from benchmarks.ladders.running import Cache, code_digest, scratch
from benchmarks.ladders.scoring import Score, score
from transcoder.local import Tree, transcode
from transcoder.media import Plan, VideoRendition
from transcoder.plan_json import plan_from_json, plan_to_json
from transcoder.policy import DEFAULT_POLICY, CpuClass, Family, Policy
from transcoder.settings import TranscoderSettings


@dataclass(frozen=True, slots=True)
class OurRung:
    """A published rung."""

    name: str
    family: Family
    width: int
    height: int
    frame_step: int
    crf: int
    line_kbps: int
    bandwidth: int
    """As the multivariant playlist says: the peak of pictures and sound, in bits per second."""
    total_kbps: float
    """The mean of pictures and sound, boxes and all."""
    expected_vmaf: float | None
    """By the analysis; None for the starter rung."""
    score: Score


@dataclass(frozen=True, slots=True)
class Ladder:
    """Of one clip in one class of CPU, by family, from low to high."""

    cpu: CpuClass
    rungs: tuple[OurRung, ...]
    cpu_s: float
    """Of the whole `sabaq transcode`: the look at the lesson, sound and stills too."""

    def of(self, family: Family) -> tuple[OurRung, ...]:
        return tuple(rung for rung in self.rungs if rung.family == family)


def ladder(clip: Clip, cache: Cache, *, policy: Policy, threads: int = 1) -> Ladder:
    made = _made(clip, cache, policy)
    rungs = tuple(_rung(row, clip, cache, threads) for row in made["rungs"])
    return Ladder(policy.cpu, rungs, made["cpu_s"])


def settled(clip: Clip, cache: Cache, *, policy: Policy) -> tuple[Plan, dict[str, float]]:
    """The plan of the same ladder, and what each sound takes on the mean in kbit/s."""
    made = _made(clip, cache, policy)
    return plan_from_json(made["plan"]), made["sounds"]


def _made(clip: Clip, cache: Cache, policy: Policy) -> dict[str, Any]:
    asked = ["ours", clip.reference.sha256, asdict(policy), code_digest()]
    found: dict[str, Any] = cache.answer(asked, lambda: _transcoded(clip, cache, policy))
    return found


def policy_for(cpu: CpuClass, *, families: Sequence[Family] = ("avc", "av1")) -> Policy:
    return replace(DEFAULT_POLICY, cpu=cpu, families=tuple(families))


def _rung(row: dict[str, Any], clip: Clip, cache: Cache, threads: int) -> OurRung:
    coded = cache.folder / row["file"]
    scored = score(coded, clip.reference, cache, ours=True, threads=threads)
    return OurRung(**{name: value for name, value in row.items() if name != "file"}, score=scored)


def _transcoded(clip: Clip, cache: Cache, policy: Policy) -> dict[str, Any]:
    with scratch(cache.folder) as folder:
        started = time.monotonic()
        settings = TranscoderSettings(workspace=folder / "workspace", policy=policy)
        settings.workspace.mkdir()
        tree = transcode(clip.path, folder / "tree", settings=settings, jobs=1)
        bandwidths = _bandwidths(folder / "tree")
        rungs = [_row(tree, folder / "tree", rung, bandwidths, cache) for rung in tree.plan.video]
    sounds = {rendition.name: tree.rate(rendition.name).average_bps / 1000 for rendition in tree.plan.audio}
    spent = {"cpu_s": round(tree.cpu_s, 2), "wall_s": round(time.monotonic() - started, 2)}
    return {"rungs": rungs, "plan": plan_to_json(tree.plan), "sounds": sounds, **spent}


def _row(tree: Tree, folder: Path, rung: VideoRendition, bandwidths: dict[str, int], cache: Cache) -> dict[str, Any]:
    coded = cache.file(
        ["assembled", [item.sha256 for item in tree.made[rung.name]]],
        ".mp4",
        lambda out: _assemble(tree, folder / rung.name, rung.name, out),
    )
    rate_bps = tree.rate(rung.name).average_bps + (tree.rate(rung.sound).average_bps if rung.sound else 0)
    return {
        "name": rung.name,
        "family": rung.family,
        "width": rung.width,
        "height": rung.height,
        "frame_step": rung.frame_step,
        "crf": rung.crf,
        "line_kbps": rung.line_kbps,
        "bandwidth": bandwidths[rung.name],
        "total_kbps": round(rate_bps / 1000, 3),
        "expected_vmaf": rung.why.vmaf if rung.why else None,
        "file": coded.name,
    }


def _assemble(tree: Tree, folder: Path, name: str, out: Path) -> None:
    """The init segment and the others in a row are a file that every decoder reads, with its own times."""
    made = tree.made[name]
    ordered = sorted((item for item in made if item.kind == "segment"), key=lambda item: item.number)
    with out.open("wb") as file:
        for item in [next(item for item in made if item.kind == "init"), *ordered]:
            file.write((folder / item.name).read_bytes())


def _bandwidths(folder: Path) -> dict[str, int]:
    """By rung, over every multivariant playlist of the tree; where they differ, the largest."""
    found: dict[str, int] = {}
    for path in sorted(folder.glob("*.m3u8")):
        for variant in m3u8.loads(path.read_text("utf-8")).playlists:
            name = str(variant.uri).split("/", 1)[0]
            found[name] = max(found.get(name, 0), int(variant.stream_info.bandwidth))
    return found
