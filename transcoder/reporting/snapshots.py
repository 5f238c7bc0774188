"""The same moments at every rung, as pictures that lie side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageFilter

from transcoder.analysis.values import Analysis
from transcoder.encode_video import beginnings
from transcoder.encoder import Cancelled, encode
from transcoder.media import Chunk, Made, Plan, VideoRendition
from transcoder.reporting.commands import snapshot_arguments, source_size, source_snapshot_arguments
from transcoder.reporting.material import Material
from transcoder.runner import Limits, nobody_cancels

MOMENTS = 3
CUT = (480, 270)
"""Of the picture at its own size: writing is judged at the size at which it is read."""
OVERVIEW_SIDE = 640
JPEG_QUALITY, OVERVIEW_QUALITY = 80, 70


@dataclass(frozen=True, slots=True)
class Shown:
    """One cut of one moment."""

    name: str
    """Of the rung; empty for the source."""
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the lesson: the whole picture, and the same cut of it at every rung."""

    at_s: float
    overview: bytes
    cuts: tuple[Shown, ...]


def moments(plan: Plan, count: int = MOMENTS) -> list[int]:
    """Frames of the grid to be shown: one of each kind of part where they differ, else spread over the lesson."""
    kinds = _one_of_each_kind(plan.analysis) if plan.analysis else []
    spread = [int(plan.frame_count * (index + 0.5) / count) for index in range(count)]
    # A frame that every rung has, also one of few frames.
    step = max((rung.frame_step for rung in plan.video), default=1)
    picked = (kinds + spread)[:count] if len(kinds) > 1 else spread
    return sorted({min(frame, plan.frame_count - 1) // step * step for frame in picked})


def _one_of_each_kind(analysis: Analysis) -> list[int]:
    found: dict[str, int] = {}
    for part in sorted(analysis.parts, key=lambda part: -part.share):
        found.setdefault(part.kind, part.start_frame + part.frames // 2)
    return list(found.values())


def snapshots(
    material: Material,
    source: Path | None,
    *,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
) -> list[Moment]:
    """Every rung at a few moments, beside the source where it is given. Raises EncodeFailed."""
    if not material.plan.video:
        return []
    return [_Camera(material, source, cancelled, limits).moment(frame) for frame in moments(material.plan)]


@dataclass(frozen=True, slots=True)
class _Camera:
    material: Material
    source: Path | None
    cancelled: Cancelled
    limits: Limits | None

    def moment(self, frame: int) -> Moment:
        plan = self.material.plan
        with TemporaryDirectory(prefix="sabaq-report-") as name:
            folder = Path(name)
            pictures = {rung.name: self._of(rung, frame, folder) for rung in plan.video}
            if self.source:
                pictures = {"": self._of_source(frame, folder), **pictures}
        best = pictures.get("") or max(pictures.items(), key=lambda item: _line(plan, item[0]))[1]
        box = busiest(best)
        cuts = tuple(Shown(name, _jpeg(picture.crop(box))) for name, picture in pictures.items())
        return Moment(float(frame / plan.fps), _jpeg(_small(best), OVERVIEW_QUALITY), cuts)

    def _of(self, rung: VideoRendition, frame: int, folder: Path) -> Image.Image:
        plan = self.material.plan
        segment = _segment_at(plan, self.material.segments(rung.name), frame)
        (folder / "rung.mp4").write_bytes(self.material.joined(rung.name, [segment]))
        within = (frame - plan.start_frame(segment.number)) // rung.frame_step
        encode(
            snapshot_arguments("rung.mp4", "rung.jpg", frame=within, size=source_size(plan)),
            folder, self.limits, self.cancelled,
        )  # fmt: skip
        return _loaded(folder / "rung.jpg")

    def _of_source(self, frame: int, folder: Path) -> Image.Image:
        assert self.source is not None
        plan = self.material.plan
        for begin_s in beginnings(plan, Chunk(0, frame, frame + 1)):
            command = source_snapshot_arguments(plan, frame, self.source, "source.jpg", begin_s=begin_s)
            encode(command, folder, self.limits, self.cancelled)
            if (folder / "source.jpg").exists():
                break
        return _loaded(folder / "source.jpg")


def _segment_at(plan: Plan, segments: Sequence[Made], frame: int) -> Made:
    return max((item for item in segments if plan.start_frame(item.number) <= frame), key=lambda item: item.number)


def _line(plan: Plan, name: str) -> int:
    return next(rung.line_kbps for rung in plan.video if rung.name == name)


def busiest(picture: Image.Image) -> tuple[int, int, int, int]:
    """Where most is drawn: most likely where the writing is."""
    width, height = min(CUT[0], picture.width), min(CUT[1], picture.height)
    edges = picture.convert("L").filter(ImageFilter.FIND_EDGES)
    places = [
        (left, top)
        for top in _steps(picture.height - height, height // 4)
        for left in _steps(picture.width - width, width // 4)
    ]

    def drawn(place: tuple[int, int]) -> int:
        found = edges.crop((place[0], place[1], place[0] + width, place[1] + height)).resize(
            (1, 1), Image.Resampling.BOX
        )
        return found.tobytes()[0]

    left, top = max(places, key=drawn)
    return left, top, left + width, top + height


def _steps(last: int, step: int) -> list[int]:
    return [*range(0, last, max(1, step)), last]


def _small(picture: Image.Image) -> Image.Image:
    factor = min(1.0, OVERVIEW_SIDE / max(picture.size))
    return picture.resize((max(1, round(picture.width * factor)), max(1, round(picture.height * factor))))


def _loaded(path: Path) -> Image.Image:
    """Whole in memory: its file goes."""
    with Image.open(path) as picture:
        return picture.convert("RGB")


def _jpeg(picture: Image.Image, quality: int = JPEG_QUALITY) -> bytes:
    body = BytesIO()
    picture.save(body, "JPEG", quality=quality)
    return body.getvalue()
