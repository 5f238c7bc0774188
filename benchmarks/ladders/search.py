"""
The cheapest way that there is: every size and quality that our encoder can make of a clip, for one quality target.

The same argument lists as the service's, the same preset, the same sound; no line, no cap. Every size is tried, and
its CRF is found between coarse steps, so that what is printed is the lower edge of all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.ladders.bdrate import Point, kbps_at
from benchmarks.ladders.clips import Clip
from benchmarks.ladders.running import ENCODING, Cache, code_digest, scratch
from benchmarks.ladders.scoring import score
from transcoder.chunks import still_step
from transcoder.ladder import scaled_size
from transcoder.making import make_chunk
from transcoder.media import Made, Plan, VideoRendition

HEIGHTS = (240, 360, 480, 540, 720, 900, 1080)
COARSE = {"avc": (20, 28, 36, 44, 51), "av1": (22, 34, 46, 58, 63)}
FINEST = 2
"""CRF steps between which the quality is interpolated."""
TOP_LEVEL = "5.1"
HOPELESS = 1.6
"""A size that needs so much more than the best at the coarse steps is not looked at more closely."""


@dataclass(frozen=True, slots=True)
class Found:
    kbps: float
    """Total, with the sound of our ladder."""
    height: int
    frame_step: int
    crf: int
    """The nearest below."""


@dataclass(frozen=True, slots=True)
class _Tried:
    crf: int
    point: Point


class Search:
    """Of one clip, family and preset; `model` is a rung of ours, whose options are taken over."""

    def __init__(self, clip: Clip, plan: Plan, model: VideoRendition, cache: Cache, *, sound_kbps: float) -> None:
        self._clip, self._plan, self._model, self._cache = clip, plan, model, cache
        self._sound_kbps = sound_kbps
        self._tried: dict[tuple[int, int], dict[int, Point]] = {}

    def cheapest(self, vmaf: float) -> Found | None:
        """None where no size reaches the target."""
        ways = [(height, step) for height in self._heights() for step in self._steps()]
        rough = {way: self._cost(way, vmaf, COARSE[self._model.family]) for way in ways}
        known = [kbps for kbps in rough.values() if kbps is not None]
        if not known:
            return None
        likely = [way for way, kbps in rough.items() if kbps is not None and kbps <= min(known) * HOPELESS]
        found = [self._closely(way, vmaf) for way in likely]
        return min((item for item in found if item), key=lambda item: item.kbps, default=None)

    def _heights(self) -> list[int]:
        video = self._plan.source.video
        assert video is not None
        shorter = video.shorter_side
        return [height for height in HEIGHTS if height < shorter] + [min(shorter, HEIGHTS[-1])]

    def _steps(self) -> list[int]:
        return [1, still_step(self._plan.fps)]

    def _cost(self, way: tuple[int, int], vmaf: float, crfs: Iterable[int]) -> float | None:
        """Each encode narrows the next: no CRF above the first that is too poor."""
        for crf in crfs:
            if self._point(way, crf).vmaf < vmaf:
                break
        poorest = min(self._tried[way].values(), key=lambda point: point.vmaf)
        # Better than asked even at the highest CRF: it cannot be had cheaper at this size.
        return poorest.kbps if poorest.vmaf >= vmaf else kbps_at(self._tried[way].values(), vmaf)

    def _closely(self, way: tuple[int, int], vmaf: float) -> Found | None:
        """Halve the way between the two nearest CRFs; then the quality is interpolated."""
        tried = self._tried[way]
        good = max(crf for crf, point in tried.items() if point.vmaf >= vmaf)
        poor = min((crf for crf, point in tried.items() if point.vmaf < vmaf), default=good)
        while poor - good > FINEST:
            middle = (good + poor) // 2
            good, poor = (middle, poor) if self._point(way, middle).vmaf >= vmaf else (good, middle)
        kbps = kbps_at([tried[good], tried[poor]], vmaf) if poor > good else tried[good].kbps
        return None if kbps is None else Found(round(kbps, 2), way[0], way[1], good)

    def _point(self, way: tuple[int, int], crf: int) -> Point:
        tried = self._tried.setdefault(way, {})
        if crf not in tried:
            tried[crf] = self._encoded(way, crf)
        return tried[crf]

    def _encoded(self, way: tuple[int, int], crf: int) -> Point:
        height, step = way
        video = self._plan.source.video
        assert video is not None
        width, height = scaled_size(video.width, video.height, height)
        # What is found depends on neither the line nor the sound of the ladder's rung.
        free = {
            "max_kbps": 100_000,
            "buffer_kbit": 100_000,
            "level": TOP_LEVEL,
            "line_kbps": 0,
            "sound": "",
            "why": None,
        }
        shape = {"width": width, "height": height, "frame_step": step, "crf": crf}
        rung = replace(self._model, name="tried", **shape, **free)
        asked = ["search", self._clip.reference.said, repr(rung), code_digest(*ENCODING)]
        row = self._cache.answer(asked, lambda: self._made(rung))
        scored = score(self._cache.folder / row["file"], self._clip.reference, self._cache, ours=True)
        return Point(row["kbps"] + self._sound_kbps, scored.vmaf)

    def _made(self, rung: VideoRendition) -> dict[str, object]:
        plan = replace(self._plan, video=(rung,))
        with scratch(self._cache.folder) as folder:
            made = [
                (item, folder / str(chunk.index))
                for chunk in plan.chunks
                for item in make_chunk(plan, chunk, plan.video, self._clip.path, folder / str(chunk.index))
            ]
            body = [_bytes(item, place) for item, place in made if item.kind == "segment"]
            init = next(_bytes(item, place) for item, place in made if item.kind == "init")
            coded = self._cache.file(
                ["searched", [item.sha256 for item, _ in made]], ".mp4", lambda out: _write(out, [init, *body])
            )
        return {"kbps": sum(map(len, body)) * 8 / 1000 / plan.duration_s, "file": coded.name}


def _bytes(item: Made, folder: Path) -> bytes:
    return (folder / item.rendition / item.name).read_bytes()


def _write(path: Path, parts: list[bytes]) -> None:
    path.write_bytes(b"".join(parts))
