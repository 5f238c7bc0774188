"""
What the sound of a lesson becomes: its renditions, which rung plays with which, and how it is treated. Pure.

A voice gets one channel: half the bits carry it, and from a loudspeaker on a desk nobody hears the difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from transcoder.listening import TARGET_LUFS
from transcoder.media import AudioRendition
from transcoder.policy import Family, Policy
from transcoder.source import AudioTrack, Heard, Source

# AAC at 24 kHz: at the same rate a voice is heard better than at 48 (PESQ 3.4 for 2.3 at 32 kbit/s), and there are
# half as many packets to list. Opus has no more than 8 kHz of a voice, in packets of 60 ms: PESQ 3.8 at 16 kbit/s
# for 3.2 with all of it in packets of 20, each of which costs four bytes in its segment's index.
VOICE_PACKET, MUSIC_PACKET = 2880, 960
AAC_40 = AudioRendition("aac-40", "aac", 40, 24_000, 1)
AAC_64 = AudioRendition("aac-64", "aac", 64, 32_000, 1)
AAC_96 = AudioRendition("aac-96", "aac", 96, 48_000, 2)
OPUS_16 = AudioRendition("opus-16", "opus", 16, 48_000, 1, VOICE_PACKET)
OPUS_24 = AudioRendition("opus-24", "opus", 24, 48_000, 1, VOICE_PACKET)
OPUS_32 = AudioRendition("opus-32", "opus", 32, 48_000, 1, MUSIC_PACKET)
OPUS_48 = AudioRendition("opus-48", "opus", 48, 48_000, 1, MUSIC_PACKET)
OPUS_64 = AudioRendition("opus-64", "opus", 64, 48_000, 2, MUSIC_PACKET)

VOICE = (AAC_40, AAC_64, OPUS_16, OPUS_24)
MUSIC = (AAC_40, AAC_64, OPUS_32, OPUS_48)
STEREO_MUSIC = (AAC_40, AAC_96, OPUS_32, OPUS_64)
STEREO_LINE_KBPS, BETTER_VOICE_LINE_KBPS = 300, 500
"""On slower lines the pictures need the bits more."""

SEGMENT_HEAD_KBPS = 0.2
"""The boxes around a segment's packets."""
INDEX_BYTES = 4
"""Of each packet in them."""
PEAK_KBPS = {
    "aac-40": 40.0,
    "aac-64": 66.0,
    "aac-96": 102.0,
    "opus-16": 18.5,
    "opus-24": 26.5,
    "opus-32": 34.5,
    "opus-48": 50.0,
    "opus-64": 66.5,
}
"""The highest that voices, chords, drums, noise and tones took in any 8 s; AAC's quality is constant, not its rate."""


def sound_renditions(source: Source, policy: Policy) -> tuple[AudioRendition, ...]:
    """By family, AAC first, each from low to high; empty without sound. Two of each family."""
    track = source.audio
    if track is None:
        return ()
    wanted = VOICE
    if track.heard and track.heard.kind == "music":
        wanted = STEREO_MUSIC if _is_wide(track, track.heard) else MUSIC
    return tuple(rendition for rendition in wanted if rendition.family in policy.families)


def _is_wide(track: AudioTrack, heard: Heard) -> bool:
    return track.channels >= 2 and track.lone_channel is None and not heard.alike


def sound_for(line_kbps: int, family: Family, renditions: Sequence[AudioRendition]) -> AudioRendition | None:
    """What a rung of this line and family is played with; None where the lesson has no such sound."""
    own = [rendition for rendition in renditions if rendition.family == family]
    if not own:
        return None
    best = own[-1]
    least_kbps = STEREO_LINE_KBPS if best.channels == 2 else BETTER_VOICE_LINE_KBPS
    return best if line_kbps >= least_kbps else own[0]


def sound_peak_kbps(rendition: AudioRendition) -> float:
    """What a rendition takes of a line at most, as BANDWIDTH counts it, with the boxes of its segments."""
    payload = PEAK_KBPS.get(rendition.name.removesuffix(AGAIN), rendition.kbps * 1.05)
    return payload + INDEX_BYTES * 8 / 1000 / float(rendition.frame_s) + SEGMENT_HEAD_KBPS


AGAIN = "-b"
"""Of the name of a rendition that was made again with a corrected loudness."""

MOST_GAIN_DB, MOST_CUT_DB = 30.0, -20.0
LOUDEST_FLOOR_DB = -36.0
"""A gain lifts the noise of the room no higher: past it a quiet voice is not understood better."""
AAC_LIMIT_DB, OPUS_VOICE_LIMIT_DB, OPUS_MUSIC_LIMIT_DB = -4.5, -4.7, -6.2
"""Decoded, sound rises above what its encoder was given, at a few peaks by 3 to 5 dB: true peaks are meant to stay
below -1.5 dB, and few come near it."""
OPUS_VOICE_LOSS_DB, OPUS_VOICE_LIFT = 0.8, 1.4
"""Of loudness, for want of what lies above 8 kHz, and because it is limited more."""
VOICE_FROM_HZ = 80
HUM_HARMONICS, HUM_WIDTH_HZ = 3, 2
NOISE_BELOW_DB, NOISE_LEAST_BELOW_DB = 36.0, 12.0
"""How far noise lies below a voice where it is reduced. Farther below, the filter does more harm than good (PESQ 4.0 to
3.9 at 50 dB, 2.5 to 2.7 at 30); where they are closer it would take the voice too."""
NOISE_REDUCTION_DB = 12


@dataclass(frozen=True, slots=True)
class Filter:
    """One of ffmpeg's."""

    name: str
    options: tuple[tuple[str, str | int | float], ...]


def gain_db(heard: Heard | None, rendition: AudioRendition) -> float:
    """What brings the sound to the target, without lifting a silent room's noise."""
    if heard is None or heard.kind == "silence":
        return rendition.correction_db
    gain = max(MOST_CUT_DB, min(_wanted_db(heard, rendition), _ceiling_db(heard)))
    lost = heard.lift_db
    if is_opus_voice(rendition):
        lost = OPUS_VOICE_LIFT * lost + OPUS_VOICE_LOSS_DB
    return gain + lost + rendition.correction_db


def gain_is_bounded(heard: Heard, rendition: AudioRendition) -> bool:
    """Whether more gain was wanted than is good for what would be lifted with the voice."""
    return heard.kind == "silence" or _wanted_db(heard, rendition) > _ceiling_db(heard)


def _wanted_db(heard: Heard, rendition: AudioRendition) -> float:
    return TARGET_LUFS - (heard.mono_lufs if rendition.channels == 1 else heard.stereo_lufs)


def _ceiling_db(heard: Heard) -> float:
    quiet_db = max(0.0, LOUDEST_FLOOR_DB - heard.floor_db) if heard.kind == "speech" else MOST_GAIN_DB
    return min(MOST_GAIN_DB, quiet_db)


def is_opus_voice(rendition: AudioRendition) -> bool:
    return rendition.codec == "opus" and rendition.frame_samples == VOICE_PACKET


def cleaning(heard: Heard | None) -> tuple[Filter, ...]:
    """What is done to a voice before anything else; nothing to other sounds."""
    if heard is None or heard.kind != "speech":
        return ()
    hum = range(heard.hum_hz, heard.hum_hz * HUM_HARMONICS + 1, heard.hum_hz) if heard.hum_hz else ()
    return (
        Filter("highpass", (("f", VOICE_FROM_HZ),)),
        *(Filter("bandreject", (("f", hz), ("t", "h"), ("w", HUM_WIDTH_HZ))) for hz in hum),
        *(_noise_filter(heard) if _is_noisy(heard) else ()),
    )


def levelling(heard: Heard | None, rendition: AudioRendition) -> tuple[Filter, ...]:
    """What brings a rendition to its loudness, and keeps its peaks below full scale."""
    limit_db = AAC_LIMIT_DB if rendition.codec == "aac" else OPUS_MUSIC_LIMIT_DB
    limit_db = (OPUS_VOICE_LIMIT_DB if is_opus_voice(rendition) else limit_db) - rendition.headroom_db
    return (
        Filter("volume", (("volume", f"{gain_db(heard, rendition):.2f}dB"),)),
        # Without `level` off it would lift everything to full scale; `latency` gives its look-ahead back.
        Filter("alimiter", (("limit", round(10 ** (limit_db / 20), 4)), ("level", 0), ("latency", 1))),
    )


def _is_noisy(heard: Heard) -> bool:
    return NOISE_LEAST_BELOW_DB <= heard.mono_lufs - heard.floor_db <= NOISE_BELOW_DB


def _noise_filter(heard: Heard) -> tuple[Filter, ...]:
    floor_db = max(-80, min(-20, round(heard.floor_db)))
    return (Filter("afftdn", (("nr", NOISE_REDUCTION_DB), ("nf", floor_db))),)
