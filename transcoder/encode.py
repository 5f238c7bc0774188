"""
ffmpeg's argument lists, built with ffmpeg-python. Pure: `transcoder.runner` starts them.

Every picture is placed on one absolute grid of frames, whichever chunk it is in: the source's own times are kept
(`-copyts`), so that a chunk holds exactly the frames which a decode of the whole would give it.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.guards import guarded_input, local_file
from transcoder.media import AudioRendition, AudioTrack, Chunk, Plan, VideoRendition
from transcoder.pictures import MICROSECONDS, on_bt709, on_grid, track_of

DOWNMIXING_CODECS = frozenset({"ac3", "eac3"})

# Pictures that the demuxer gives before the wanted one: it seeks by decoding time, which B-pictures put earlier.
REORDERED_PICTURES = 16
SEEK_SLACK_S = 0.5
# These containers have no index of key frames, or none that can be trusted; begin where one must have been.
UNINDEXED_SLACK_S = {"mpegts": 12.0, "mpeg": 12.0, "avi": 12.0, "flv": 12.0}

FRAGMENTS = "movflags=+frag_discont+cmaf+negative_cts_offsets:use_editlist=0"
"""
CMAF segments whose times continue over chunks: without frag_discont each chunk begins at 0 and the init segment
carries its edit list; with negative_cts_offsets the first picture is shown at the moment it is decoded.
"""


EVEN_SOUND = "sound.mka"
UNREAD_PLAYLIST = "ffmpeg.m3u8"
"""The muxer insists on one; ours are written from what it made."""
FARTHER_S = 60.0


def beginnings(plan: Plan, chunk: Chunk) -> list[float | None]:
    """
    Where in the file's own time to begin reading for a chunk, in the order of trying; None is the file's beginning.

    Each lies so far before the chunk that the picture shown at the chunk's start should have been decoded; where the
    demuxer lands too late for that, the next is tried.
    """
    video = track_of(plan)
    slack_s = SEEK_SLACK_S + REORDERED_PICTURES / float(video.fps) + UNINDEXED_SLACK_S.get(plan.source.demuxer, 0.0)
    wanted_s = float(chunk.start_frame / plan.fps) - slack_s
    sought = [plan.source.start_s + begin_s for begin_s in (wanted_s, wanted_s - FARTHER_S) if begin_s > 0]
    return [*sought, None]


def video_arguments(
    plan: Plan,
    chunk: Chunk,
    renditions: Sequence[VideoRendition],
    source: Path,
    *,
    begin_s: float | None,
) -> list[str]:
    """
    One decode, each rung scaled from the next larger one, every rung written as finished segments.

    `begin_s` is one of `beginnings`. Outputs are named relative to the folder in which ffmpeg runs: in a name of
    someone's choice, `%v` or `%d` would be a pattern of the muxer's.
    """
    pictures = on_grid(_input(plan, source, begin_s)[str(track_of(plan).stream)], plan, chunk)
    outputs: list[Any] = []
    for rung in sorted(renditions, key=lambda rendition: (rendition.width, rendition.max_kbps), reverse=True):
        pictures = _sized(pictures, plan, rung, first=not outputs)
        here, pictures = _forked(pictures, last=len(outputs) + 1 == len(renditions))
        outputs.append(_video_output(here, plan, chunk, rung))
    return arguments(outputs)


def audio_arguments(plan: Plan, source: Path) -> list[str]:
    """The whole sound in one process: AAC that is cut and joined has gaps at the joins."""
    track = plan.source.audio
    assert track is not None
    # A broadcast switches between six channels and two; the decoder can give two throughout.
    decoder = {"downmix": "stereo"} if track.codec in DOWNMIXING_CODECS else {}
    sound = _whole_length(
        _input(plan, source, None, **decoder)[str(track.stream)], plan, track, plan.audio[0].sample_rate
    )
    outputs: list[Any] = []
    for rendition in plan.audio:
        here, sound = _forked(sound, last=len(outputs) + 1 == len(plan.audio), audio=True)
        outputs.append(_audio_output(here, plan, rendition))
    return arguments(outputs)


def guarded(plan: Plan) -> dict[str, Any]:
    """Options of every input."""
    return {
        **guarded_input(plan.source.demuxer),
        "f": plan.source.demuxer,
        "threads": plan.threads,
        # A picture that changes its size in mid-stream is scaled like the others; a graph built anew would lose one.
        "reinit_filter": 0,
    }


def even_sound_arguments(plan: Plan, source: Path) -> list[str]:
    """
    The sound as one stereo track, `EVEN_SOUND`, in the lesson's own time.

    For a source whose channels or sample rate change in mid-stream: `audio_arguments` fills and cuts, which a graph
    that ffmpeg builds anew at the change would do again from the beginning. Here nothing depends on the past.
    """
    track = plan.source.audio
    assert track is not None
    sound = ffmpeg.input(local_file(source), **{**guarded(plan), "reinit_filter": 1})[str(track.stream)]
    sound = sound.filter("asetpts", f"PTS-({plan.source.start_s:.6f})/TB").filter("atrim", start=0)
    rate = plan.audio[0].sample_rate
    sound = sound.filter("aformat", sample_fmts="s16", sample_rates=rate, channel_layouts="stereo")
    kept = {"f": "matroska", "c:a": "flac", "map_metadata": -1, "avoid_negative_ts": "disabled"}
    return arguments([ffmpeg.output(sound, f"file:{EVEN_SOUND}", **kept)])


def with_even_sound(plan: Plan) -> Plan:
    """The plan as `audio_arguments` needs it to read `EVEN_SOUND`."""
    assert plan.source.audio is not None
    track = replace(plan.source.audio, codec="flac", channels=2, stream=0)
    return replace(plan, source=replace(plan.source, demuxer="matroska", audio=track, start_s=0.0))


def _input(plan: Plan, source: Path, begin_s: float | None, **decoder: Any) -> Any:
    options = {**guarded(plan), **decoder}
    if begin_s is not None:
        # From the key frame before: `fps` wants the picture that is already showing when the chunk begins.
        options |= {"ss": f"{begin_s:.6f}", "seek_timestamp": 1, "noaccurate_seek": None}
    return ffmpeg.input(local_file(source), **options)


def _sized(pictures: Any, plan: Plan, rung: VideoRendition, *, first: bool) -> Any:
    if first:
        return on_bt709(pictures, plan, rung.width, rung.height)
    # Even sides bend the shape by less than a pixel, which `scale` would tell as pixels that are not square.
    return pictures.filter("scale", w=rung.width, h=rung.height, flags="bicubic").filter("setsar", 1)


def _forked(stream: Any, *, last: bool, audio: bool = False) -> tuple[Any, Any]:
    if last:
        return stream, None
    split = stream.filter_multi_output("asplit" if audio else "split", 2)
    return split[0], split[1]


def _video_output(pictures: Any, plan: Plan, chunk: Chunk, rung: VideoRendition) -> Any:
    frames = chunk.end_frame - chunk.start_frame
    options = {
        "c:v": "libx264",
        "profile:v": "high",
        "level:v": rung.level,
        # Measured: `animation` helps slides and screens, slower presets are not worth their time on lessons.
        "preset": "veryfast",
        "tune": "animation",
        "crf": rung.crf,
        "maxrate": f"{rung.max_kbps}k",
        "bufsize": f"{rung.buffer_kbit}k",
        # An IDR picture at each segment's start and nowhere else, on a grid that all rungs share.
        "g": plan.segment_frames,
        "keyint_min": plan.segment_frames,
        "sc_threshold": 0,
        # A closed GOP never refers back; bitexact leaves the encoder's name out of the init segment.
        "flags": "+cgop+bitexact",
        "threads": plan.threads,
        "frames:v": frames,
        "pix_fmt": "yuv420p",
        "color_primaries": "bt709",
        "color_trc": "bt709",
        "colorspace": "bt709",
        "color_range": "tv",
        # Half a frame less, so that no rounding puts off a cut that lies exactly on the grid.
        "hls_time": _floored((plan.segment_frames - Fraction(1, 2)) / plan.fps),
        "start_number": chunk.start_frame // plan.segment_frames,
    }
    return _segmented(pictures, rung.name, options)


def _whole_length(sound: Any, plan: Plan, track: AudioTrack, rate: int) -> Any:
    """
    Stereo, from the lesson's zero to its last picture, with every gap of the source filled.

    `async` bends the sound by as little as keeps it within 10 ms of its time stamps, and cuts in where it is off
    by 30: a recorder's clock that drifts must not pull voice and picture apart.
    """
    sound = sound.filter("asetpts", f"PTS-({plan.source.start_s:.6f})/TB")
    if track.lone_channel is not None:
        sound = sound.filter(
            "channelmap", map=f"{track.lone_channel}-0|{track.lone_channel}-1", channel_layout="stereo"
        )
    steady = {"async": 1000, "min_comp": 0.01, "min_hard_comp": 0.03, "first_pts": 0}
    sound = sound.filter("aresample", rate, **steady)
    sound = sound.filter("aformat", sample_fmts="fltp", sample_rates=rate, channel_layouts="stereo")
    return sound.filter("apad").filter("atrim", end_sample=round(_exact_length(plan) * rate))


def _exact_length(plan: Plan) -> Fraction:
    return plan.frame_count / plan.fps if plan.frame_count else Fraction(plan.duration_s)


def _audio_output(sound: Any, plan: Plan, rendition: AudioRendition) -> Any:
    options = {
        "c:a": "aac",
        "b:a": f"{rendition.kbps}k",
        # The encoder's first packet lies before zero and only warms up the decoder; with it every sound would
        # come 21 ms late, for there is no edit list.
        "bsf:a": "noise=drop='lt(pts,0)'",
        "flags": "+bitexact",
        "hls_time": _floored(plan.segment_s),
        "start_number": 0,
    }
    return _segmented(sound, rendition.name, options)


_SEGMENTED = {
    "f": "hls",
    "hls_segment_type": "fmp4",
    "hls_segment_options": FRAGMENTS,
    # A segment gets its name when it is complete.
    "hls_flags": "temp_file",
    "hls_list_size": 0,
    "avoid_negative_ts": "disabled",
    "map_metadata": -1,
    "map_chapters": -1,
    "dn": None,
    "sn": None,
}


def _segmented(stream: Any, name: str, options: dict[str, Any]) -> Any:
    named = {"hls_segment_filename": f"file:{name}/%d.m4s", "hls_fmp4_init_filename": "init.mp4"}
    return ffmpeg.output(stream, f"file:{name}/{UNREAD_PLAYLIST}", **_SEGMENTED, **named, **options)


def arguments(outputs: Sequence[Any]) -> list[str]:
    everything = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    # Times are the source's own in every chunk; one thread is enough for the cheap filters.
    options = ("-nostdin", "-hide_banner", "-v", "error", "-nostats", "-progress", "pipe:1", "-copyts", "-y")
    arguments: list[str] = everything.global_args(*options, "-filter_complex_threads", "1").get_args()
    return arguments


def _floored(length_s: Fraction) -> str:
    return f"{floor(length_s * MICROSECONDS) / MICROSECONDS:.6f}"
