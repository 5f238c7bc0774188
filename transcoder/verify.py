"""The gate before publication: what was made must be whole, aligned and clean. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from transcoder.media import Made, Plan
from transcoder.playlists import AAC_FRAME_SAMPLES

SHA256_HEX_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken at a place."""

    rule: str
    """Number in the standards digest, such as `H11`."""
    place: str
    """`v360/12.m4s`, or a rendition's name."""
    text: str


def verify_asset(plan: Plan, made_by_rendition: Mapping[str, Sequence[Made]]) -> list[Finding]:
    """
    For the publisher, from recorded values alone: every planned rendition has one init digest and every segment,
    times run on without a gap, boundaries are the same over all rungs, and lengths agree within a frame.
    """
    found: list[Finding] = []
    for name in (*(video.name for video in plan.video), *(audio.name for audio in plan.audio)):
        segments = _segments(made_by_rendition, name)
        found += _init_findings(name, made_by_rendition.get(name, ()))
        found += _file_findings(segments)
        found += _order_findings(name, segments)
    for video in plan.video:
        found += _grid_findings(plan, video.name, _segments(made_by_rendition, video.name))
    for audio in plan.audio:
        frame_s = Fraction(AAC_FRAME_SAMPLES, audio.sample_rate)
        found += _sound_findings(plan, audio.name, _segments(made_by_rendition, audio.name), frame_s)
    return found


def _segments(made_by_rendition: Mapping[str, Sequence[Made]], name: str) -> list[Made]:
    made = (item for item in made_by_rendition.get(name, ()) if item.kind == "segment")
    return sorted(made, key=lambda item: item.number)


def _init_findings(name: str, made: Sequence[Made]) -> Iterator[Finding]:
    inits = {(item.sha256, item.codec) for item in made if item.kind == "init"}
    if len(inits) != 1:
        yield Finding("H10", name, f"{len(inits)} different init segments where one belongs")
    elif not all(codec for _, codec in inits):
        yield Finding("H22", name, "no codec was read from the init segment")


def _file_findings(segments: Sequence[Made]) -> Iterator[Finding]:
    for item in segments:
        place = f"{item.rendition}/{item.name}"
        if item.bytes <= 0 or len(item.sha256) != SHA256_HEX_DIGITS:
            yield Finding("H40", place, "has no bytes or no digest")
        if not 0 <= item.iframe_bytes <= item.bytes:
            yield Finding("H35", place, f"a first picture of {item.iframe_bytes} of {item.bytes} bytes")


def _order_findings(name: str, segments: Sequence[Made]) -> Iterator[Finding]:
    counts = Counter(item.number for item in segments)
    if not segments:
        yield Finding("H15", name, "has no segments")
        return
    missing = [number for number in range(max(counts) + 1) if number not in counts]
    if missing:
        yield Finding("H15", name, f"lacks segments {missing[:10]}")
    if any(count > 1 for count in counts.values()):
        yield Finding("H11", name, "has a segment twice")
    for before, after in pairwise(segments):
        if before.start_s + before.duration_s != after.start_s:
            yield Finding("H11", f"{name}/{after.name}", f"starts {after.start_s - before.start_s} s after the last")


def _grid_findings(plan: Plan, name: str, segments: Sequence[Made]) -> Iterator[Finding]:
    """Every rung on the plan's own grid is also aligned with every other rung."""
    count = plan.segment_count
    if len(segments) != count:
        yield Finding("H9", name, f"{len(segments)} segments of {count}")
    end_s = plan.frame_count / plan.fps
    for item in segments:
        start_s = plan.start_s(item.number)
        if (item.start_s, item.duration_s) != (start_s, min(plan.start_s(item.number + 1), end_s) - start_s):
            yield Finding("H9", f"{name}/{item.name}", f"lies off the grid: {item.start_s} s for {item.duration_s} s")
        if item.iframe_bytes == 0:
            yield Finding("H35", f"{name}/{item.name}", "the length of the first picture is not known")


def _sound_findings(plan: Plan, name: str, segments: Sequence[Made], frame_s: Fraction) -> Iterator[Finding]:
    for item in segments:
        if abs(item.start_s - plan.start_s(item.number)) > frame_s:
            yield Finding("H9", f"{name}/{item.name}", f"starts at {item.start_s} s, away from the picture's boundary")
    if not plan.video or not segments:
        return
    length_s, picture_s = segments[-1].start_s + segments[-1].duration_s, plan.frame_count / plan.fps
    if abs(length_s - picture_s) > max(frame_s, 1 / plan.fps):
        yield Finding("H9", name, f"lasts {float(length_s):.3f} s beside pictures of {float(picture_s):.3f} s")
