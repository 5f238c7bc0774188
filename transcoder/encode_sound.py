"""
Argument lists for the sound of a whole lesson. Pure.

It is encoded in one process from sample 0: AAC that is cut and joined has gaps at the joins.
"""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.encode import arguments, floored, forked, guarded, segmented, source_input
from transcoder.guards import local_file
from transcoder.media import AudioRendition, AudioTrack, Plan

DOWNMIXING_CODECS = frozenset({"ac3", "eac3"})
EVEN_SOUND = "sound.mka"


def audio_arguments(plan: Plan, source: Path) -> list[str]:
    """The whole sound in one process, in all its renditions, as finished segments."""
    track = plan.source.audio
    assert track is not None
    # A broadcast switches between six channels and two; the decoder can give two throughout.
    decoder = {"downmix": "stereo"} if track.codec in DOWNMIXING_CODECS else {}
    sound = _whole_length(
        source_input(plan, source, None, **decoder)[str(track.stream)], plan, track, plan.audio[0].sample_rate
    )
    outputs: list[Any] = []
    for rendition in plan.audio:
        here, sound = forked(sound, last=len(outputs) + 1 == len(plan.audio), audio=True)
        outputs.append(_audio_output(here, plan, rendition))
    return arguments(outputs)


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
        "hls_time": floored(plan.segment_s),
        "start_number": 0,
    }
    return segmented(sound, rendition.name, options)
