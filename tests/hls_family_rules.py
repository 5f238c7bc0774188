"""Rules about several codecs in one multivariant playlist (standards digest C3–C8)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urljoin

import m3u8

from tests import hls_media_rules as media
from tests import hls_playlist_rules as playlists
from tests.hls_lesson import Finding, Lesson
from tests.hls_playlist_rules import FAMILIES, LOW_DATA_BPS, attributes, family_of, lines_of

CODEC = re.compile(r"avc1\.[0-9a-f]{6}|mp4a\.40\.2|av01\.0\.[0-3][0-9][MH]\.08|opus")
CLIENTS = {"avc": {"avc1", "mp4a"}, "av1": {"av01", "opus"}}
"""Players that know one family only, by its name: sample entries as they stand in CODECS."""
LADDER_RULES: tuple[Callable[[Lesson], Iterator[Finding]], ...] = (
    *(media.h9, media.h20, media.h21, media.h22, media.h23),
    *(playlists.h19, playlists.h25, playlists.h26, playlists.h27, playlists.h28, playlists.h30, playlists.h31),
    playlists.h35,
)


def c3(lesson: Lesson) -> Iterator[Finding]:
    """Each family has a whole range of its own, down to slow lines, so that no player changes codecs."""
    rates: dict[str, list[int]] = {}
    for item in lesson.model.playlists:
        rates.setdefault(family_of(item.stream_info.codecs), []).append(item.stream_info.bandwidth or 0)
    if min(rates.get("av1", [0])) > LOW_DATA_BPS:
        yield Finding("C3", lesson.uri, "no variant in AV1 fits into 192 kbit/s")


def c4(lesson: Lesson) -> Iterator[Finding]:
    """One STREAM-INF for each pair of codecs: a player that lacks one would skip the line for the other."""
    for item in lesson.model.playlists:
        if not family_of(item.stream_info.codecs) or len((item.stream_info.codecs or "").split(",")) > 2:
            yield Finding("C4", lesson.uri, f"{item.uri} mixes {item.stream_info.codecs!r}")


def c5(lesson: Lesson) -> Iterator[Finding]:
    """A group of sound has one codec and one number of channels, and some variant names it."""
    facts: dict[str, set[tuple[str, str | None]]] = {}
    for item in lesson.model.media:
        there = lesson.at(item.uri or "")
        facts.setdefault(item.group_id, set()).add((there.entry if there else "", item.channels))
    named = {item.stream_info.audio for item in lesson.model.playlists}
    for group, own in facts.items():
        if len(own) > 1 or group not in named:
            yield Finding("C5", lesson.uri, f"group {group!r} holds {sorted(own)}" + " unnamed" * (group not in named))


def c6(lesson: Lesson) -> Iterator[Finding]:
    """AVC and AAC first, then AV1 and Opus, each from low to high; where there are both, all lines have a SCORE."""
    variants = [attributes(line) for line in lines_of(lesson.text, "#EXT-X-STREAM-INF")]
    order = [(family_of(given.get("CODECS")) != "avc", int(given.get("BANDWIDTH", 0))) for given in variants]
    if order != sorted(order):
        yield Finding("C6", lesson.uri, f"variants stand in the order {order}")
    if len({family for family, _ in order}) > 1 and not all("SCORE" in given for given in variants):
        yield Finding("C6", lesson.uri, "has two families, and lines without SCORE")


def c7(lesson: Lesson) -> Iterator[Finding]:
    """Codec strings that browsers answer for: all fields of AV1, Opus in lower case."""
    lines = [*lines_of(lesson.text, "#EXT-X-STREAM-INF"), *lines_of(lesson.text, "#EXT-X-I-FRAME-STREAM-INF")]
    for codec in {codec for line in lines for codec in attributes(line).get("CODECS", "").split(",")}:
        if not CODEC.fullmatch(codec):
            yield Finding("C7", lesson.uri, f"codec string {codec!r}")


def c8(lesson: Lesson) -> Iterator[Finding]:
    """
    Each client of one family finds a whole valid ladder, with a low rung and I-frames, in what it does not skip.

    `av1.m3u8` is given only to players that say they know AV1 and Opus, so a client of AVC need not find anything.
    """
    for name in FAMILIES:
        left = seen_by(lesson, name)
        if left.model.playlists:
            for rule in LADDER_RULES:
                for finding in rule(left):
                    yield Finding("C8", finding.place, f"for a client of {name}: {finding.rule} {finding.text}")
        elif name == "avc" and not lesson.uri.endswith("/av1.m3u8"):
            yield Finding("C8", lesson.uri, "has nothing for a client of AVC and AAC")


def seen_by(lesson: Lesson, client: str) -> Lesson:
    """The lesson that is left to a client: it skips each line whose CODECS hold one that it does not know (C4)."""
    text = skipped(lesson.text, CLIENTS[client])
    model = m3u8.loads(text)
    media_uris = {urljoin(lesson.uri, item.uri) for item in (*model.playlists, *model.media) if item.uri}
    iframe_uris = {urljoin(lesson.uri, item.uri) for item in model.iframe_playlists}
    return replace(
        lesson,
        text=text,
        model=model,
        media={uri: item for uri, item in lesson.media.items() if uri in media_uris},
        iframes={uri: item for uri, item in lesson.iframes.items() if uri in iframe_uris},
    )


def skipped(text: str, known: set[str]) -> str:
    """A multivariant playlist without the variants that need an unknown codec, and the groups that only they name."""
    kept, groups, skipping = [], set(), False
    for line in text.splitlines():
        given = attributes(line) if "STREAM-INF" in line else {}
        unknown = {codec.split(".")[0] for codec in given.get("CODECS", "").split(",") if codec} - known
        if unknown or skipping:
            # The line behind a variant is its URI.
            skipping = bool(unknown) and line.startswith("#EXT-X-STREAM-INF")
            continue
        groups.add(given.get("AUDIO"))
        kept.append(line)
    lines = [
        line for line in kept if not line.startswith("#EXT-X-MEDIA:") or attributes(line).get("GROUP-ID") in groups
    ]
    return "\n".join(lines) + "\n"


def choice(text: str, client: set[str], line_bps: int) -> str:
    """The URI that a native player takes on a line: of what fits, the highest SCORE, else the highest rate (H25)."""
    lines = skipped(text, client).splitlines()
    variants = [(attributes(line), uri) for line, uri in pairwise(lines) if line.startswith("#EXT-X-STREAM-INF")]
    fitting = [item for item in variants if int(item[0]["BANDWIDTH"]) <= line_bps] or variants[:1]
    return max(fitting, key=lambda item: (float(item[0].get("SCORE", 0)), int(item[0]["BANDWIDTH"])))[1]
