"""
The playlists of a lesson (RFC 8216bis), built with the models of `m3u8`. Pure.

Two consumers name their files differently, so every function takes functions that give a URI.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Literal

import m3u8

from transcoder.errors import MediaNotReady, OutputInvalid
from transcoder.media import AudioRendition, Made, Plan, VideoRendition
from transcoder.rates import Rate, Sized, measure

VERSION = 7
AUDIO_GROUP = "audio"
CAP_FACTOR = 1.25
"""The encoder's promise: no segment exceeds its rate cap by more (see `VideoRendition.max_kbps`)."""
AAC_FRAME_SAMPLES = 1024

Kind = Literal["VOD", "EVENT"]


def target_duration(plan: Plan) -> int:
    """
    EXT-X-TARGETDURATION of every playlist of the lesson, known before the first segment exists (H5, H9).

    Sound is cut at the first AAC frame behind the picture's boundary, so its segments may be a frame longer.
    """
    raise NotImplementedError


def listable(made: Iterable[Made]) -> list[Made]:
    """The segments that a playlist may name: from number 0 to the first gap, in order."""
    raise NotImplementedError


def media_playlist(
    made: Iterable[Made], *, target_s: int, uri: Callable[[Made], str], kind: Kind = "VOD", ended: bool = True
) -> str:
    """
    The media playlist of one rendition, from all that was made of it (init and segments, in any order).

    `uri` names the init segment as well as segments. While the lesson grows pass kind="EVENT", ended=False: what
    lies behind a gap is not listed yet. MediaNotReady when there is no init or no segment 0.
    """
    raise NotImplementedError


def iframe_playlist(made: Iterable[Made], *, target_s: int, uri: Callable[[Made], str]) -> str:
    """The I-frame playlist of a video rendition: the first picture of each segment, with its moof (H35)."""
    raise NotImplementedError


def multivariant(
    plan: Plan,
    made_by_rendition: Mapping[str, Sequence[Made]],
    *,
    uri: Callable[[str], str],
    iframes_uri: Callable[[str], str] | None = None,
    measured: bool = True,
    language: str = "und",
) -> str:
    """
    The multivariant playlist: the lowest rung first (hls.js takes the first variant as its first estimate).

    `uri` and `iframes_uri` take a rendition's name; without `iframes_uri` no I-frame playlist is named. Renditions
    of which nothing can be played yet are left out. `measured=False`, while the lesson grows, names the encoder's
    caps in place of measured rates. `language` is the sound's BCP 47 tag. MediaNotReady when nothing is playable,
    or when there are pictures but not yet their sound.
    """
    raise NotImplementedError


def rendition_rate(segments: Sequence[Made], *, target_s: int) -> Rate:
    """Measured rates of one rendition alone, for the lesson's status and the table of `sabaq transcode`."""
    return measure([Sized(segment.bytes, segment.duration_s) for segment in segments], target_s=target_s)
