"""The HLS tree of a lesson in a folder: a folder for each rendition, and the playlists that name them."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transcoder.errors import OutputInvalid
from transcoder.loudness import SoundReport
from transcoder.media import Made, Plan
from transcoder.media_playlists import iframe_playlist, media_playlist, target_duration
from transcoder.offering import offered
from transcoder.plan_json import plan_to_json
from transcoder.playlists import multivariant, rendition_rate
from transcoder.rates import Rate
from transcoder.stills import STILLS_FOLDER
from transcoder.verify import verify_asset

MULTIVARIANT_NAME = "multivariant.m3u8"
"""All families: whoever plays it takes what it knows."""
PLAN_NAME = "plan.json"
"""Beside the lesson: what `sabaq report` explains it with."""

MadeByRendition = dict[str, list[Made]]
"""In the order of the plan, the stills under `stills`."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What `transcode` has written."""

    plan: Plan
    source_sha256: str
    made: MadeByRendition
    sound: tuple[SoundReport, ...]
    """Measured on the lowest audio rendition of each family."""
    cpu_s: float
    wall_s: float

    def rate(self, rendition: str) -> Rate:
        return rendition_rate(self.made[rendition], target_s=target_duration(self.plan))

    def bytes(self, rendition: str) -> int:
        return sum(item.bytes for item in self.made[rendition])

    def heard(self, rendition: str) -> SoundReport | None:
        return next((report for report in self.sound if report.rendition == rendition), None)

    def codec(self, rendition: str) -> str:
        return next(item.codec for item in self.made[rendition] if item.kind == "init")


def gather(plan: Plan, out: Path, made: Sequence[Made], folders: Sequence[Path]) -> MadeByRendition:
    """Move what lies in the folders of tasks to its place in the tree; each task's init segment must be the same."""
    names = [*(rendition.name for rendition in plan.renditions), STILLS_FOLDER]
    by_rendition: MadeByRendition = {name: [] for name in names}
    for item in made:
        if item.kind != "init" or item.sha256 not in {known.sha256 for known in by_rendition[item.rendition]}:
            by_rendition[item.rendition].append(item)
    for folder in folders:
        for path in folder.glob("*/*"):
            place = out / path.parent.name / path.name
            place.parent.mkdir(exist_ok=True)
            path.rename(place)
        shutil.rmtree(folder)
    for item in by_rendition[STILLS_FOLDER]:
        (out / STILLS_FOLDER / item.name).rename(out / item.name)
    (out / STILLS_FOLDER).rmdir()
    return by_rendition


def verified(plan: Plan, made: MadeByRendition, out: Path, *, sound: Sequence[SoundReport] = ()) -> Plan:
    """The plan as far as it is worth offering, and the tree without the rest. Raises OutputInvalid."""
    findings = verify_asset(plan, made, sound=sound)
    if findings:
        raise OutputInvalid(str(findings[0]), rule=findings[0].rule)
    kept = offered(plan, made)
    for rendition in plan.renditions:
        if rendition not in kept.renditions:
            del made[rendition.name]
            shutil.rmtree(out / rendition.name)
    return kept


def write_playlists(plan: Plan, made: MadeByRendition, out: Path) -> None:
    """All of the tree's playlists, and its plan."""
    target_s = target_duration(plan)
    for rendition in plan.renditions:
        text = media_playlist(made[rendition.name], target_s=target_s, uri=_own_name)
        (out / rendition.name / "media.m3u8").write_text(text, "utf-8")
    for rung in plan.video:
        text = iframe_playlist(made[rung.name], target_s=target_s, uri=_own_name)
        (out / rung.name / "iframes.m3u8").write_text(text, "utf-8")
    text = multivariant(
        plan, made, uri=lambda name: f"{name}/media.m3u8", iframes_uri=lambda name: f"{name}/iframes.m3u8"
    )
    (out / MULTIVARIANT_NAME).write_text(text, "utf-8")
    (out / PLAN_NAME).write_text(json.dumps(plan_to_json(plan)), "utf-8")


def _own_name(item: Made) -> str:
    return item.name
