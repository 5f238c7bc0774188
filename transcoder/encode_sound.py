"""
Argument lists for the sound of a whole lesson. Pure.

It is encoded in one process from sample 0: AAC that is cut and joined has gaps at the joins.
"""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.encode import arguments, floored, forked, guarded, segmented, source_input
from transcoder.guards import local_file
from transcoder.listening import layout, one_channel
from transcoder.media import AudioRendition, Plan
from transcoder.sound import Filter, cleaning, is_opus_voice, levelling
from transcoder.source import AudioTrack

WORKING_RATE = 48_000
OPUS_DELAY = 312
"""
How far libopus looks ahead, in samples: what the decoder gives first belongs before the lesson, and its header says so
(pre-skip). The lesson's own first samples are left out for it, so that every sound is heard at its time whether a
player drops the delay, as it should, or plays it.
"""
AAC_QUALITY = {40: 0.55, 64: 0.9}
OPUS_KBPS = {16: 18, 24: 26}
"""Asked for; a voice has pauses, in which little is spent."""
DOWNMIXING_CODECS = frozenset({"ac3", "eac3"})
EVEN_SOUND = "sound.mka"


def audio_arguments(plan: Plan, source: Path) -> list[str]:
    """The whole sound in one process, in all its renditions, as finished segments."""
    track = plan.source.audio
    assert track is not None
    # A broadcast switches between six channels and two; the decoder can give two throughout.
    decoder = {"downmix": "stereo"} if track.codec in DOWNMIXING_CODECS else {}
    sound = _in_step(source_input(plan, source, None, **decoder)[str(track.stream)], plan, track)
    outputs = []
    widths = sorted({rendition.channels for rendition in plan.audio})
    for channels in widths:
        wide, sound = forked(sound, last=channels == widths[-1], audio=True)
        outputs += _outputs(_in_channels(wide, track, channels), plan, track, channels)
    return arguments(outputs)


def _outputs(sound: Any, plan: Plan, track: AudioTrack, channels: int) -> list[Any]:
    """All renditions of so many channels: they share what is done to the sound before it has its loudness."""
    renditions = [rendition for rendition in plan.audio if rendition.channels == channels]
    sound = _filtered(sound, cleaning(track.heard)).filter("apad")
    outputs = []
    for rendition in renditions:
        here, sound = forked(sound, last=rendition is renditions[-1], audio=True)
        if rendition.sample_rate != WORKING_RATE:
            # Before the limiter: a resampler's filter lifts peaks.
            here = here.filter("aresample", rendition.sample_rate)
        levelled = _filtered(here, levelling(track.heard, rendition))
        outputs.append(_audio_output(_whole_length(levelled, plan, rendition), plan, rendition))
    return outputs


def _filtered(sound: Any, filters: Iterable[Filter]) -> Any:
    for each in filters:
        sound = sound.filter(each.name, **dict(each.options))
    return sound


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
    sound = sound.filter("aformat", sample_fmts="s16", sample_rates=WORKING_RATE, channel_layouts="stereo")
    kept = {"f": "matroska", "c:a": "flac", "map_metadata": -1, "avoid_negative_ts": "disabled"}
    return arguments([ffmpeg.output(sound, f"file:{EVEN_SOUND}", **kept)])


def with_even_sound(plan: Plan) -> Plan:
    """The plan as `audio_arguments` needs it to read `EVEN_SOUND`."""
    assert plan.source.audio is not None
    track = replace(plan.source.audio, codec="flac", channels=2, stream=0)
    return replace(plan, source=replace(plan.source, demuxer="matroska", audio=track, start_s=0.0))


def _in_step(sound: Any, plan: Plan, track: AudioTrack) -> Any:
    """
    From the lesson's zero on, with every gap of the source filled.

    `async` bends the sound by as little as keeps it within 10 ms of its time stamps, and cuts in where it is off
    by 30: a recorder's clock that drifts must not pull voice and picture apart.
    """
    sound = sound.filter("asetpts", f"PTS-({plan.source.start_s:.6f})/TB")
    steady = {"async": 1000, "min_comp": 0.01, "min_hard_comp": 0.03, "first_pts": 0}
    sound = sound.filter("aresample", WORKING_RATE, **steady)
    return sound.filter("aformat", sample_fmts="fltp", sample_rates=WORKING_RATE, channel_layouts=layout(track))


def _in_channels(sound: Any, track: AudioTrack, channels: int) -> Any:
    if channels == 1:
        mixed = one_channel(track)
        return sound.filter("pan", mixed) if mixed else sound
    if track.lone_channel is not None:
        return sound.filter("pan", f"stereo|c0<c{track.lone_channel}|c1<c{track.lone_channel}")
    return sound.filter("aformat", channel_layouts="stereo")


def _whole_length(sound: Any, plan: Plan, rendition: AudioRendition) -> Any:
    """To the lesson's last picture."""
    begin = OPUS_DELAY if rendition.codec == "opus" else 0
    return sound.filter("atrim", start_sample=begin, end_sample=round(_exact_length(plan) * rendition.sample_rate))


def _exact_length(plan: Plan) -> Fraction:
    return plan.frame_count / plan.fps if plan.frame_count else Fraction(plan.duration_s)


def _audio_output(sound: Any, plan: Plan, rendition: AudioRendition) -> Any:
    options = {
        **(_aac(rendition) if rendition.codec == "aac" else _opus(rendition)),
        "flags": "+bitexact",
        "hls_time": floored(plan.segment_s),
        "start_number": 0,
    }
    if plan.opening:
        # The muxer makes this many segments of another length, and two more.
        options |= {"hls_init_time": floored(plan.opening_frames / plan.fps), "hls_list_size": plan.opening - 2}
    return segmented(sound, rendition.name, options)


def _aac(rendition: AudioRendition) -> dict[str, Any]:
    # Of constant quality, by the simple search: a voice is heard better at the same rate than with the usual one, for
    # a quarter of the CPU, and no second takes more than the rate that the quality stands for. Noise shaping in time
    # (TNS) does not help a voice here, and lifts single peaks by 4 dB.
    quality = {"aac_coder": "fast", "aac_tns": 0, "q:a": AAC_QUALITY.get(rendition.kbps, 1.0)}
    return {
        "c:a": "aac",
        **({"b:a": f"{rendition.kbps}k"} if rendition.channels == 2 else quality),
        # The encoder's first packet lies before zero and only warms up the decoder; with it every sound would
        # come 43 ms late, for there is no edit list.
        "bsf:a": "noise=drop='lt(pts,0)'",
    }


def _opus(rendition: AudioRendition) -> dict[str, Any]:
    """Rates are a ceiling that the encoder's own measure stays below where there are pauses."""
    voice = {"application": "voip", "cutoff": 8000} if is_opus_voice(rendition) else {"application": "audio"}
    return {
        "c:a": "libopus",
        "b:a": f"{OPUS_KBPS.get(rendition.kbps, rendition.kbps)}k",
        "vbr": "constrained",
        "frame_duration": round(rendition.frame_s * 1000),
        **voice,
    }
