"""The gate before publication: what was made must be whole, aligned, clean, and what its plan promised. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from transcoder.loudness import SoundReport, corrected
from transcoder.media import AudioRendition, Made, Plan, VideoRendition
from transcoder.playlists import variant_rate

SHA256_HEX_DIGITS = 64
LINE_TOLERANCE = Fraction(1, 10)
"""As players allow for a measured peak beside the one that was promised (H21)."""
AVC_CODEC = re.compile(r"avc1\.[0-9a-f]{4}([0-9a-f]{2})")
AV1_CODEC = re.compile(r"av01\.[0-9]\.([0-9]{2})[MH]\.[0-9]{2}")
SOUND_CODECS = {"aac": "mp4a.40.2", "opus": "Opus"}


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken at a place."""

    rule: str
    """Number in the standards digest, such as `H11`."""
    place: str
    """`v360/12.m4s`, or a rendition's name."""
    text: str


def verify_asset(
    plan: Plan, made_by_rendition: Mapping[str, Sequence[Made]], *, sound: Sequence[SoundReport] = ()
) -> list[Finding]:
    """
    For the publisher, from recorded values alone: every planned rendition has one init digest and every segment,
    times run on without a gap, boundaries are the same over all rungs of both families, lengths agree within a frame,
    and each variant keeps to its line and level. `sound` is what was measured of the sound that is published.
    """
    found: list[Finding] = [*_loudness_findings(plan, sound)]
    for rendition in plan.renditions:
        made = made_by_rendition.get(rendition.name, ())
        segments = _segments(made_by_rendition, rendition.name)
        found += _init_findings(rendition, made)
        found += _file_findings(segments)
        found += _order_findings(rendition.name, segments)
    for video in plan.video:
        found += _grid_findings(plan, video.name, _segments(made_by_rendition, video.name))
    for audio in plan.audio:
        found += _sound_findings(plan, audio, _segments(made_by_rendition, audio.name))
    # Rates and levels of what is not whole say nothing.
    return found or [finding for video in plan.video for finding in _promise_findings(plan, video, made_by_rendition)]


def _segments(made_by_rendition: Mapping[str, Sequence[Made]], name: str) -> list[Made]:
    made = (item for item in made_by_rendition.get(name, ()) if item.kind == "segment")
    return sorted(made, key=lambda item: item.number)


def _init_findings(rendition: VideoRendition | AudioRendition, made: Sequence[Made]) -> Iterator[Finding]:
    inits = {(item.sha256, item.codec) for item in made if item.kind == "init"}
    if len(inits) != 1:
        yield Finding("H10", rendition.name, f"{len(inits)} different init segments where one belongs")
    elif not all(_is_codec_of(rendition, codec) for _, codec in inits):
        yield Finding("H22", rendition.name, f"the init segment says {[codec for _, codec in inits]}")


def _is_codec_of(rendition: VideoRendition | AudioRendition, codec: str) -> bool:
    if isinstance(rendition, AudioRendition):
        return codec == SOUND_CODECS[rendition.codec]
    return bool((AVC_CODEC if rendition.family == "avc" else AV1_CODEC).fullmatch(codec))


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


def _sound_findings(plan: Plan, audio: AudioRendition, segments: Sequence[Made]) -> Iterator[Finding]:
    for item in segments:
        if abs(item.start_s - plan.start_s(item.number)) > audio.frame_s:
            place = f"{audio.name}/{item.name}"
            yield Finding("H9", place, f"starts at {item.start_s} s, away from the picture's boundary")
    if not plan.video or not segments:
        return
    length_s, picture_s = segments[-1].start_s + segments[-1].duration_s, plan.frame_count / plan.fps
    if abs(length_s - picture_s) > max(audio.frame_s, 1 / plan.fps):
        yield Finding("H9", audio.name, f"lasts {float(length_s):.3f} s beside pictures of {float(picture_s):.3f} s")


def _loudness_findings(plan: Plan, sound: Sequence[SoundReport]) -> Iterator[Finding]:
    names = {audio.name for audio in plan.audio}
    for report in sound:
        if report.rendition not in names:
            yield Finding("R128", report.rendition, "was measured, and is not what is published")
    if corrected(plan, sound) is not None:
        heard = ", ".join(f"{each.rendition} {each.integrated_lufs} LUFS, {each.true_peak_db} dB" for each in sound)
        yield Finding("R128", "sound", f"missed its loudness or peak and was not made again: {heard}")


def _promise_findings(
    plan: Plan, video: VideoRendition, made_by_rendition: Mapping[str, Sequence[Made]]
) -> Iterator[Finding]:
    counted = {name: _long_enough(plan, made) for name, made in made_by_rendition.items()}
    peak_kbps = Fraction(variant_rate(plan, video, counted).peak_bps, 1000)
    if peak_kbps > video.line_kbps * (1 + LINE_TOLERANCE):
        yield Finding("H20", video.name, f"needs {float(peak_kbps):.0f} kbit/s on a line of {video.line_kbps}")
    codec = next(item.codec for item in made_by_rendition[video.name] if item.kind == "init")
    if _claimed_level(codec) > _level(video.level):
        yield Finding("H23", video.name, f"{codec} needs more than level {video.level}")


def _long_enough(plan: Plan, made: Sequence[Made]) -> list[Made]:
    """Without a last segment that holds a key picture and little else: no line is that short."""
    return [item for item in made if item.kind != "segment" or item.duration_s * 2 >= plan.segment_s]


def _claimed_level(codec: str) -> tuple[int, int]:
    """Major and minor level that the RFC 6381 string of pictures claims: ITU-T H.264 A.3, AV1 section A.3."""
    if found := AVC_CODEC.fullmatch(codec):
        return divmod(int(found[1], 16), 10)
    found = AV1_CODEC.fullmatch(codec)
    assert found is not None
    index = int(found[1])
    return 2 + (index >> 2), index & 3


def _level(name: str) -> tuple[int, int]:
    major, _, minor = name.partition(".")
    return int(major), int(minor or 0)
