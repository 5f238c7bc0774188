"""
The playlists of a lesson (RFC 8216bis), built with the models of `m3u8`. Pure.

The service and the command line name their files differently, so every function takes functions that give a URI.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal

import m3u8
from m3u8.model import IFramePlaylist, InitializationSection, Media, Playlist, Segment, Start

from transcoder.errors import MediaNotReady, OutputInvalid
from transcoder.media import AudioRendition, Made, Plan, VideoRendition
from transcoder.rates import Rate, Sized, measure

VERSION = 7
AUDIO_GROUP = "audio"
SOUND_CAP = Fraction(5, 4)
"""AAC at a constant rate exceeds it by its boxes and its bit reservoir, never by more than this."""
BOXES_KBPS = 4
"""Of a video segment, beside the pictures: its moof tells the size of each."""
AAC_FRAME_SAMPLES = 1024
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
LANGUAGE_NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English", "und": "Audio"}

Kind = Literal["VOD", "EVENT"]


def target_duration(plan: Plan) -> int:
    """
    EXT-X-TARGETDURATION of every playlist of the lesson, known before the first segment exists (H5, H9).

    Sound is cut at the first AAC frame behind the picture's boundary, so its segments may be a frame longer.
    """
    audio_frame_s = max((Fraction(AAC_FRAME_SAMPLES, audio.sample_rate) for audio in plan.audio), default=Fraction(0))
    return max(1, floor(plan.segment_s + audio_frame_s + Fraction(1, 2)))


def listable(made: Iterable[Made]) -> list[Made]:
    """The segments that a playlist may name: from number 0 to the first gap, in order."""
    ordered = sorted((item for item in made if item.kind == "segment"), key=lambda item: item.number)
    return [item for position, item in enumerate(ordered) if item.number == position]


def init_of(made: Iterable[Made]) -> Made | None:
    """The init segment of a rendition, if one was made."""
    return next((item for item in made if item.kind == "init"), None)


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
    return _written(playlist)


def iframe_playlist(made: Iterable[Made], *, target_s: int, uri: Callable[[Made], str]) -> str:
    """The I-frame playlist of a video rendition: the first picture of each segment, with its moof (H35)."""
    playlist = _media_playlist(target_s, "VOD", ended=True)
    playlist.is_i_frames_only = True
    items = list(made)
    _add_segments(playlist, items, uri)
    for segment, item in zip(playlist.segments, listable(items), strict=True):
        segment.byterange = f"{item.iframe_bytes}@0"
    return _written(playlist)


def rendition_rate(made: Iterable[Made], *, target_s: int) -> Rate:
    """Measured rates of one rendition alone, for the lesson's status and the table of `sabaq transcode`."""
    return measure([Sized(item.bytes, item.duration_s) for item in listable(made)], target_s=target_s)


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
    video = _entries(plan, plan.video, made_by_rendition, measured)
    audio = _entries(plan, plan.audio, made_by_rendition, measured)
    if (plan.video and not video) or (plan.audio and not audio):
        raise MediaNotReady("no picture or no sound to list yet")
    playlist = m3u8.M3U8()
    playlist.version, playlist.is_independent_segments, playlist.is_variant = VERSION, True, True
    # A lesson has one sound track, which every picture shares; a lesson of sound alone lists it as the variant.
    sound = audio[0] if video and audio else None
    if sound:
        playlist.add_media(_sound(sound, uri, language))
    # By measured rate: where a picture shrinks badly, the larger one may cost less.
    for entry in sorted(video or audio, key=lambda entry: entry.rate.peak_bps):
        playlist.add_playlist(_variant(plan, entry, sound, playlist.media, uri))
    if iframes_uri:
        for entry in video:
            playlist.add_iframe_playlist(_iframe_variant(plan, entry, iframes_uri))
    return _written(playlist)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A rendition that can be listed."""

    rendition: VideoRendition | AudioRendition
    segments: list[Made]
    codec: str
    rate: Rate


def _entries(
    plan: Plan,
    renditions: Sequence[VideoRendition | AudioRendition],
    made_by_rendition: Mapping[str, Sequence[Made]],
    measured: bool,
) -> list[_Entry]:
    entries = []
    for rendition in renditions:
        made = made_by_rendition.get(rendition.name, ())
        init, segments = init_of(made), listable(made)
        if init and segments:
            rate = rendition_rate(segments, target_s=target_duration(plan)) if measured else _cap(plan, rendition)
            entries.append(_Entry(rendition, segments, init.codec, rate))
    return entries


def _cap(plan: Plan, rendition: VideoRendition | AudioRendition) -> Rate:
    """What the encoder may reach at most in a segment, before any was measured."""
    if isinstance(rendition, AudioRendition):
        return Rate(ceil(rendition.kbps * 1000 * SOUND_CAP), rendition.kbps * 1000)
    peak_kbps = rendition.max_kbps + rendition.buffer_kbit / plan.segment_s + BOXES_KBPS
    return Rate(ceil(peak_kbps * 1000), rendition.max_kbps * 1000)


def _sound(entry: _Entry, uri: Callable[[str], str], language: str) -> Media:
    if not LANGUAGE_TAG.fullmatch(language):
        raise OutputInvalid(f"{language!r} is no language tag", rule="H30")
    assert isinstance(entry.rendition, AudioRendition)
    return Media(
        uri=_safe_uri(uri(entry.rendition.name)),
        type="AUDIO",
        group_id=AUDIO_GROUP,
        language=language,
        name=LANGUAGE_NAMES.get(language, language),
        default="YES",
        autoselect="YES",
        channels=str(entry.rendition.channels),
    )


def _variant(
    plan: Plan, entry: _Entry, sound: _Entry | None, media: list[Media], uri: Callable[[str], str]
) -> Playlist:
    rate = entry.rate + sound.rate if sound else entry.rate
    codecs = [entry.codec, sound.codec] if sound else [entry.codec]
    info: dict[str, Any] = {
        "bandwidth": rate.peak_bps,
        "average_bandwidth": rate.average_bps,
        "codecs": ",".join(_quotable(codec) for codec in codecs),
        "closed_captions": "NONE",
    }
    if isinstance(entry.rendition, VideoRendition):
        info["resolution"] = f"{entry.rendition.width}x{entry.rendition.height}"
        info["frame_rate"] = Decimal(plan.fps.numerator) / Decimal(plan.fps.denominator)
    if sound:
        info["audio"] = AUDIO_GROUP
    return Playlist(_safe_uri(uri(entry.rendition.name)), info, media, None)


def _iframe_variant(plan: Plan, entry: _Entry, iframes_uri: Callable[[str], str]) -> IFramePlaylist:
    assert isinstance(entry.rendition, VideoRendition)
    pictures = [Sized(item.iframe_bytes, item.duration_s) for item in entry.segments]
    rate = measure(pictures, target_s=target_duration(plan))
    info = {
        "bandwidth": rate.peak_bps,
        "average_bandwidth": rate.average_bps,
        "codecs": _quotable(entry.codec),
        "resolution": f"{entry.rendition.width}x{entry.rendition.height}",
    }
    return IFramePlaylist(None, _safe_uri(iframes_uri(entry.rendition.name)), info)


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
    section = InitializationSection(None, _safe_uri(uri(init)))
    for item in segments:
        segment = Segment(uri=_safe_uri(uri(item)), duration=_extinf(item))
        segment.init_section = section
        playlist.add_segment(segment)


def _extinf(item: Made) -> Decimal:
    """Both ends rounded to microseconds, so that a sum of EXTINF never drifts from the real time (H8)."""
    end, start = (round(time_s * 1_000_000) for time_s in (item.start_s + item.duration_s, item.start_s))
    return Decimal(end - start) / 1_000_000


def _written(playlist: m3u8.M3U8) -> str:
    return str(playlist.dumps(infspec="microseconds"))


def _quotable(text: str) -> str:
    """What may stand in a quoted string (RFC 8216bis section 4.2): else a name could write a line of its own."""
    if not text or not text.isprintable() or '"' in text:
        raise OutputInvalid(f"{text!r} cannot stand in a playlist", rule="H3")
    return text


def _safe_uri(uri: str) -> str:
    """A URI is a line or a quoted string; `#` at its start would make it a comment."""
    if uri.startswith("#") or any(character.isspace() for character in uri):
        raise OutputInvalid(f"{uri!r} is no URI of a playlist", rule="H3")
    return _quotable(uri)
