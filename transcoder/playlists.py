"""
The multivariant playlists of a lesson (RFC 8216bis), one for each choice of families. Pure.

Those of single renditions are in `transcoder.media_playlists`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

import m3u8
from m3u8.model import IFramePlaylist, Media, Playlist

from transcoder.errors import MediaNotReady, OutputInvalid
from transcoder.media import AudioRendition, Made, Plan, VideoRendition
from transcoder.media_playlists import VERSION, init_of, listable, quotable, safe_uri, target_duration, written
from transcoder.policy import Family
from transcoder.rates import Rate, Sized, measure
from transcoder.sound import sound_peak_kbps

AVC, AV1, ALL = "avc.m3u8", "av1.m3u8", "all.m3u8"
MULTIVARIANTS: dict[str, tuple[Family, ...]] = {AVC: ("avc",), AV1: ("av1",), ALL: ("avc", "av1")}
"""Names of a publication's multivariant playlists, and what each lists. `av1.m3u8` exists where there is AV1."""
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
LANGUAGE_NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English", "und": "Audio"}
CODECS_AS_PLAYERS_ASK = {"Opus": "opus"}
"""A sample entry in MP4 is called `Opus`; what browsers answer for is `opus`."""
OPUS_WORTH = 2.5
"""How many kbit/s of AAC a voice needs to sound as with one of Opus."""
UNSEEN_VMAF = 2.0
"""Less than this cannot be seen, so of two rungs that near the one in AV1 should win."""


def rendition_rate(made: Iterable[Made], *, target_s: int) -> Rate:
    """Measured rates of one rendition alone, for the lesson's status and the table of `sabaq transcode`."""
    return measure([Sized(item.bytes, item.duration_s) for item in listable(made)], target_s=target_s)


def families_of(plan: Plan) -> tuple[Family, ...]:
    """Those that the lesson has anything to list of, H.264 first."""
    there = {rendition.family for rendition in plan.video or plan.audio}
    return tuple(family for family in MULTIVARIANTS[ALL] if family in there)


def sound_of(plan: Plan, rung: VideoRendition) -> AudioRendition | None:
    """The sound that is played with a rung: of its own family, so that a player decodes both or none (C4)."""
    own = [audio for audio in plan.audio if audio.family == rung.family]
    return next((audio for audio in own if audio.name == rung.sound), own[0] if own else None)


def variant_rate(plan: Plan, rung: VideoRendition, made_by_rendition: Mapping[str, Sequence[Made]]) -> Rate:
    """Measured rates of a rung with its own sound: what its variant says of itself."""
    sound, target_s = sound_of(plan, rung), target_duration(plan)
    rate = rendition_rate(made_by_rendition[rung.name], target_s=target_s)
    return rate + rendition_rate(made_by_rendition[sound.name], target_s=target_s) if sound else rate


def multivariant(
    plan: Plan,
    made_by_rendition: Mapping[str, Sequence[Made]],
    *,
    uri: Callable[[str], str],
    iframes_uri: Callable[[str], str] | None = None,
    families: Sequence[Family] = ("avc", "av1"),
    measured: bool = True,
    language: str = "und",
) -> str:
    """
    The multivariant playlist of one or both families, H.264 and AAC first, in each family the lowest rate first.

    (hls.js takes the first variant as its first estimate; old players skip the lines whose codecs they do not know.)
    `uri` and `iframes_uri` take a rendition's name; without `iframes_uri` no I-frame playlist is named. Renditions
    of which nothing can be played yet are left out. `measured=False`, while the lesson grows, names the lines that
    the rungs are made for in place of measured rates. `language` is the sound's BCP 47 tag. MediaNotReady when
    nothing is playable, or when there are pictures but not yet their sound.
    """
    variants = [
        variant
        for family in MULTIVARIANTS[ALL]
        if family in families
        for variant in _variants(plan, family, made_by_rendition, measured)
    ]
    if not variants:
        raise MediaNotReady("no picture or no sound to list yet")
    playlist = m3u8.M3U8()
    playlist.version, playlist.is_independent_segments, playlist.is_variant = VERSION, True, True
    for sound in _groups(variants):
        playlist.add_media(_media(sound, uri, language))
    scores = _scores(variants)
    for variant in variants:
        playlist.add_playlist(_playlist(plan, variant, playlist.media, uri, scores.get(variant.entry.name)))
    if iframes_uri and plan.video:
        for variant in variants:
            playlist.add_iframe_playlist(_iframe_variant(plan, variant.entry, iframes_uri))
    return written(playlist)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A rendition that can be listed."""

    rendition: VideoRendition | AudioRendition
    segments: list[Made]
    codec: str

    @property
    def name(self) -> str:
        return self.rendition.name


@dataclass(frozen=True, slots=True)
class _Variant:
    """A rung with its sound; in a lesson of sound alone, the sound."""

    entry: _Entry
    sound: _Entry | None
    rate: Rate
    """Of both together."""


def _variants(
    plan: Plan, family: Family, made_by_rendition: Mapping[str, Sequence[Made]], measured: bool
) -> list[_Variant]:
    """Those of one family that can be played, by rate: where a picture shrinks badly, a larger one may cost less."""
    found = []
    for rendition in plan.video or plan.audio:
        wanted = sound_of(plan, rendition) if isinstance(rendition, VideoRendition) else None
        entry = _entry(rendition, made_by_rendition)
        sound = _entry(wanted, made_by_rendition) if wanted else None
        if rendition.family == family and entry and (sound or not wanted):
            rate = _measured(plan, entry, sound) if measured else _promised(rendition, wanted)
            found.append(_Variant(entry, sound, rate))
    return sorted(found, key=lambda variant: variant.rate.peak_bps)


def _entry(
    rendition: VideoRendition | AudioRendition, made_by_rendition: Mapping[str, Sequence[Made]]
) -> _Entry | None:
    made = made_by_rendition.get(rendition.name, ())
    init, segments = init_of(made), listable(made)
    if init is None or not segments:
        return None
    return _Entry(rendition, segments, CODECS_AS_PLAYERS_ASK.get(init.codec, init.codec))


def _measured(plan: Plan, entry: _Entry, sound: _Entry | None) -> Rate:
    rates = [rendition_rate(one.segments, target_s=target_duration(plan)) for one in (entry, sound) if one]
    return sum(rates[1:], rates[0])


def _promised(rendition: VideoRendition | AudioRendition, sound: AudioRendition | None) -> Rate:
    """Before anything was measured: a rung keeps to its line, and takes on average what the analysis expects."""
    if isinstance(rendition, AudioRendition):
        return Rate(ceil(sound_peak_kbps(rendition) * 1000), rendition.kbps * 1000)
    pictures_kbps = rendition.why.average_kbps if rendition.why else rendition.max_kbps
    average_kbps = min(pictures_kbps + (sound.kbps if sound else 0), rendition.line_kbps)
    return Rate(rendition.line_kbps * 1000, ceil(average_kbps * 1000))


def _groups(variants: Sequence[_Variant]) -> list[_Entry]:
    """Every sound that a variant names, once, in the order of the variants."""
    return list({variant.sound.name: variant.sound for variant in variants if variant.sound}.values())


def _scores(variants: Sequence[_Variant]) -> dict[str, int]:
    """
    SCORE by rendition where both families are listed: the place in the order of what should win, the best highest.

    By the quality that the analysis expects, for a player takes the highest that fits its line. Where that is not
    known, by line, and at equal lines AV1.
    """
    if len({variant.entry.rendition.family for variant in variants}) < 2:
        return {}
    ranked = sorted(variants, key=_quality if _all_known(variants) else _line)
    return {variant.entry.name: place for place, variant in enumerate(ranked, start=1)}


def _all_known(variants: Sequence[_Variant]) -> bool:
    """The starter rung follows from the probe alone; it is the lowest of its family, whatever it looks like."""
    rungs = [variant.entry.rendition for variant in variants]
    return all(isinstance(rung, VideoRendition) and (rung.why or rung is rungs[0]) for rung in rungs)


def _quality(variant: _Variant) -> tuple[float, float, bool]:
    rung = variant.entry.rendition
    assert isinstance(rung, VideoRendition)
    vmaf = rung.why.vmaf if rung.why else 0.0
    return (vmaf + UNSEEN_VMAF * (rung.family == "av1"), *_line(variant))


def _line(variant: _Variant) -> tuple[float, bool]:
    rendition = variant.entry.rendition
    if isinstance(rendition, VideoRendition):
        return rendition.line_kbps, rendition.family == "av1"
    return rendition.kbps * (OPUS_WORTH if rendition.codec == "opus" else 1.0), rendition.codec == "opus"


def _media(entry: _Entry, uri: Callable[[str], str], language: str) -> Media:
    """A group of its own for each sound, with the same one member: another group may have another codec (C5, H31)."""
    if not LANGUAGE_TAG.fullmatch(language):
        raise OutputInvalid(f"{language!r} is no language tag", rule="H30")
    assert isinstance(entry.rendition, AudioRendition)
    return Media(
        uri=safe_uri(uri(entry.name)),
        type="AUDIO",
        group_id=quotable(entry.name),
        language=language,
        name=LANGUAGE_NAMES.get(language, language),
        default="YES",
        autoselect="YES",
        channels=str(entry.rendition.channels),
    )


class _Scored(Playlist):  # type: ignore[misc]  # m3u8 has no types
    """A variant with SCORE, which the models of `m3u8` do not know."""

    score: int | None = None

    def __str__(self) -> str:
        attributes, uri = str(super().__str__()).split("\n", 1)
        return f"{attributes},SCORE={self.score}\n{uri}" if self.score else f"{attributes}\n{uri}"


def _playlist(
    plan: Plan, variant: _Variant, media: list[Media], uri: Callable[[str], str], score: int | None
) -> Playlist:
    rendition, sound = variant.entry.rendition, variant.sound
    codecs = [variant.entry.codec, sound.codec] if sound else [variant.entry.codec]
    info: dict[str, Any] = {
        "bandwidth": variant.rate.peak_bps,
        "average_bandwidth": variant.rate.average_bps,
        "codecs": ",".join(quotable(codec) for codec in codecs),
        "closed_captions": "NONE",
    }
    if isinstance(rendition, VideoRendition):
        info["resolution"] = f"{rendition.width}x{rendition.height}"
        # The highest rate there may be (RFC 8216bis 4.4.6.2). A rung of few frames names the lesson's too: hls.js never
        # climbs to a level of a lower rate.
        info["frame_rate"] = Decimal(plan.fps.numerator) / Decimal(plan.fps.denominator)
    if sound:
        info["audio"] = sound.name
    playlist = _Scored(safe_uri(uri(rendition.name)), info, media, None)
    playlist.score = score
    return playlist


def _iframe_variant(plan: Plan, entry: _Entry, iframes_uri: Callable[[str], str]) -> IFramePlaylist:
    assert isinstance(entry.rendition, VideoRendition)
    pictures = [Sized(item.iframe_bytes, item.duration_s) for item in entry.segments]
    rate = measure(pictures, target_s=target_duration(plan))
    info = {
        "bandwidth": rate.peak_bps,
        "average_bandwidth": rate.average_bps,
        "codecs": quotable(entry.codec),
        "resolution": f"{entry.rendition.width}x{entry.rendition.height}",
    }
    return IFramePlaylist(None, safe_uri(iframes_uri(entry.name)), info)
