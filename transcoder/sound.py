"""
What the sound of a lesson becomes: its renditions, which rung plays with which, and how it is treated. Pure.

A voice is mono: both ears hear the same from a table's distance, and half the bits carry it.
"""

from collections.abc import Sequence

from transcoder.media import AudioRendition, Family, Source
from transcoder.policy import Policy

SAMPLE_RATE = 48_000
BETTER_SOUND_LINE_KBPS = 300
"""On slower lines the pictures need the bits more."""

AAC_40 = AudioRendition(name="aac-40", codec="aac", kbps=40, sample_rate=SAMPLE_RATE, channels=1)
AAC_64 = AudioRendition(name="aac-64", codec="aac", kbps=64, sample_rate=SAMPLE_RATE, channels=1)
AAC_96 = AudioRendition(name="aac-96", codec="aac", kbps=96, sample_rate=SAMPLE_RATE, channels=2)
OPUS_16 = AudioRendition(name="opus-16", codec="opus", kbps=16, sample_rate=SAMPLE_RATE, channels=1)
OPUS_24 = AudioRendition(name="opus-24", codec="opus", kbps=24, sample_rate=SAMPLE_RATE, channels=1)
OPUS_32 = AudioRendition(name="opus-32", codec="opus", kbps=32, sample_rate=SAMPLE_RATE, channels=1)
OPUS_64 = AudioRendition(name="opus-64", codec="opus", kbps=64, sample_rate=SAMPLE_RATE, channels=2)

VOICE = (AAC_40, OPUS_16, OPUS_24)
VOICE_ALONE = (AAC_40, AAC_64, OPUS_16, OPUS_24)
MUSIC = (AAC_40, AAC_64, OPUS_24, OPUS_32)
STEREO_MUSIC = (AAC_40, AAC_96, OPUS_24, OPUS_64)


def sound_renditions(source: Source, policy: Policy) -> tuple[AudioRendition, ...]:
    """By family, AAC first, each from low to high; empty without sound. At most two of each family."""
    track = source.audio
    if track is None:
        return ()
    if track.heard and track.heard.kind == "music":
        wide = track.channels >= 2 and track.lone_channel is None and not track.heard.alike
        wanted: tuple[AudioRendition, ...] = STEREO_MUSIC if wide else MUSIC
    else:
        wanted = VOICE if source.video else VOICE_ALONE
    return tuple(rendition for rendition in wanted if rendition.family in policy.families)


def sound_for(line_kbps: int, family: Family, renditions: Sequence[AudioRendition]) -> AudioRendition | None:
    """What a rung of this line and family is played with; None where the lesson has no such sound."""
    own = [rendition for rendition in renditions if rendition.family == family]
    if not own:
        return None
    return own[-1] if line_kbps >= BETTER_SOUND_LINE_KBPS else own[0]


def sound_peak_kbps(rendition: AudioRendition) -> float:
    """What a rendition takes of a line at most, as BANDWIDTH counts it, with the boxes of its segments."""
    return rendition.kbps * 1.06 + 2.0
