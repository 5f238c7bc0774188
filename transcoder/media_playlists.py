"""
The playlists of one rendition (RFC 8216bis), built with the models of `m3u8`. Pure.

The service and the command line name their files differently, so every function takes a function that gives a URI.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Literal

import m3u8
from m3u8.model import InitializationSection, Segment, Start

from transcoder.errors import MediaNotReady, OutputInvalid
from transcoder.media import AudioRendition, Made, Plan, VideoRendition

VERSION = 7
ROUNDED_OFF_S = Fraction(1, 1000)
"""A lesson of sound alone is as long as its container says, to a sample or so."""

Kind = Literal["VOD", "EVENT"]


def target_duration(plan: Plan) -> int:
    """
    EXT-X-TARGETDURATION of every playlist of the lesson, known before the first segment exists (H5, H9).

    Sound is cut at the first frame behind the picture's boundary, so its segments may be a frame longer.
    """
    frame_s = max((audio.frame_s for audio in plan.audio), default=Fraction(0))
    return max(1, floor(plan.segment_s + frame_s + Fraction(1, 2)))


def listable(made: Iterable[Made]) -> list[Made]:
    """The segments that a playlist may name: from number 0 to the first gap, in order."""
    ordered = sorted((item for item in made if item.kind == "segment"), key=lambda item: item.number)
    return [item for position, item in enumerate(ordered) if item.number == position]


def init_of(made: Iterable[Made]) -> Made | None:
    """The init segment of a rendition, if one was made."""
    return next((item for item in made if item.kind == "init"), None)


def is_whole(plan: Plan, rendition: VideoRendition | AudioRendition, made: Iterable[Made]) -> bool:
    """Whether nothing more will follow: all pictures exist, or the sound reaches the end of the lesson."""
    segments = listable(made)
    if isinstance(rendition, VideoRendition):
        return len(segments) == plan.segment_count
    length_s = plan.frame_count / plan.fps if plan.video else Fraction(plan.duration_s)
    return bool(segments) and segments[-1].start_s + segments[-1].duration_s >= length_s - ROUNDED_OFF_S


def media_playlist(
    made: Iterable[Made], *, target_s: int, uri: Callable[[Made], str], kind: Kind = "VOD", ended: bool = True
) -> str:
    """
    The media playlist of one rendition, from all that was made of it (init and segments, in any order).

    `uri` names the init segment as well as segments. While the lesson grows pass kind="EVENT", ended=False: what
    lies behind a gap is not listed yet. MediaNotReady when there is no init or no segment 0.
    """
    playlist = _media_playlist(target_s, kind, ended)
    _add_segments(playlist, list(made), uri)
    return written(playlist)


def iframe_playlist(made: Iterable[Made], *, target_s: int, uri: Callable[[Made], str]) -> str:
    """The I-frame playlist of a video rendition: the first picture of each segment, with its moof (H35)."""
    playlist = _media_playlist(target_s, "VOD", ended=True)
    playlist.is_i_frames_only = True
    items = list(made)
    _add_segments(playlist, items, uri)
    for segment, item in zip(playlist.segments, listable(items), strict=True):
        segment.byterange = f"{item.iframe_bytes}@0"
    return written(playlist)


def _media_playlist(target_s: int, kind: Kind, ended: bool) -> m3u8.M3U8:
    if kind == "VOD" and not ended:
        raise OutputInvalid("a VOD playlist has an end", rule="H7")
    playlist = m3u8.M3U8()
    playlist.version, playlist.target_duration = VERSION, target_s
    playlist.playlist_type, playlist.is_endlist = kind, ended
    if not ended:
        # Players begin a playlist without an end near its end; a lesson that grows begins at its beginning.
        playlist.start = Start(0)
    return playlist


def _add_segments(playlist: m3u8.M3U8, made: list[Made], uri: Callable[[Made], str]) -> None:
    init, segments = init_of(made), listable(made)
    if init is None or not segments:
        raise MediaNotReady("no segment to list yet")
    section = InitializationSection(None, safe_uri(uri(init)))
    for item in segments:
        segment = Segment(uri=safe_uri(uri(item)), duration=_extinf(item))
        segment.init_section = section
        playlist.add_segment(segment)


def _extinf(item: Made) -> Decimal:
    """Both ends rounded to microseconds, so that a sum of EXTINF never drifts from the real time (H8)."""
    end, start = (round(time_s * 1_000_000) for time_s in (item.start_s + item.duration_s, item.start_s))
    return Decimal(end - start) / 1_000_000


def written(playlist: m3u8.M3U8) -> str:
    """The text of a playlist."""
    return str(playlist.dumps(infspec="microseconds"))


def quotable(text: str) -> str:
    """What may stand in a quoted string (RFC 8216bis section 4.2): else a name could write a line of its own."""
    if not text or not text.isprintable() or '"' in text:
        raise OutputInvalid(f"{text!r} cannot stand in a playlist", rule="H3")
    return text


def safe_uri(uri: str) -> str:
    """A URI is a line or a quoted string; `#` at its start would make it a comment."""
    if uri.startswith("#") or any(character.isspace() for character in uri):
        raise OutputInvalid(f"{uri!r} is no URI of a playlist", rule="H3")
    return quotable(uri)
