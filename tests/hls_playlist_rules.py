"""Rules about what playlists say and how they are served (standards digest H1–H7, H10, H13–H19, H25–H31, H35, H40)."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.hls_lesson import Answer, Finding, Lesson, MediaList

VERSION = 7
KNOWN_TAGS = {
    "#EXTM3U",
    "#EXT-X-VERSION",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    "#EXT-X-MEDIA",
    "#EXT-X-STREAM-INF",
    "#EXT-X-I-FRAME-STREAM-INF",
    "#EXT-X-TARGETDURATION",
    "#EXT-X-MEDIA-SEQUENCE",
    "#EXT-X-PLAYLIST-TYPE",
    "#EXT-X-I-FRAMES-ONLY",
    "#EXT-X-START",
    "#EXT-X-MAP",
    "#EXTINF",
    "#EXT-X-BYTERANGE",
    "#EXT-X-ENDLIST",
    # Known, and refused by rules of their own:
    "#EXT-X-DISCONTINUITY",
    "#EXT-X-GAP",
}
ATTRIBUTE = r'[A-Z0-9-]+=(?:"[^"\x00-\x1f\x7f]*"|[^",\s]+)'
ATTRIBUTE_LIST = re.compile(rf"{ATTRIBUTE}(?:,{ATTRIBUTE})*")
TAGS_WITH_ATTRIBUTES = ("#EXT-X-MEDIA", "#EXT-X-STREAM-INF", "#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-MAP")
LOW_DATA_BPS = 192_000
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
SEGMENT_TYPES = ("video/iso.segment", "video/mp4", "audio/mp4")


FAMILIES = {"avc": ("avc1.", "mp4a."), "av1": ("av01.", "opus")}
"""What each family's codec strings begin with."""


def family_of(codecs: str | None) -> str:
    """The family that all codecs of a variant belong to; empty where they belong to none or to several."""
    return next(
        (name for name, own in FAMILIES.items() if all(c.startswith(own) for c in (codecs or "-").split(","))), ""
    )


def _first_family(lesson: Lesson) -> str:
    there = {family_of(item.stream_info.codecs) for item in lesson.model.playlists}
    return next((family for family in FAMILIES if family in there), "none")


def all_texts(lesson: Lesson) -> Iterator[tuple[str, Answer, str]]:
    yield lesson.uri, lesson.answer, lesson.text
    for item in lesson.lists:
        yield item.uri, item.answer, item.text


def all_answers(lesson: Lesson) -> Iterator[tuple[str, Answer]]:
    """Playlists, init segments and segments, each once."""
    found = {uri: answer for uri, answer, _ in all_texts(lesson)}
    for item in lesson.lists:
        found[item.init_uri] = item.init
        found.update({segment.uri: segment.answer for segment in item.segments})
    yield from found.items()


def lines_of(text: str, tag: str) -> list[str]:
    return [line for line in text.splitlines() if line == tag or line.startswith(tag + ":")]


def attributes(line: str) -> dict[str, str]:
    """Attribute list of a tag's line, without the quotes."""
    return {name: value.strip('"') for name, value in re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^",]+)', line)}


def h1(lesson: Lesson) -> Iterator[Finding]:
    """`#EXTM3U` first; UTF-8 without BOM; no control characters but line ends."""
    for uri, answer, text in all_texts(lesson):
        try:
            answer.body.decode("utf-8")
        except UnicodeDecodeError:
            yield Finding("H1", uri, "is no UTF-8")
        if text.split("\n", 1)[0].rstrip("\r") != "#EXTM3U":
            yield Finding("H1", uri, "does not begin with #EXTM3U alone on a line")
        if re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]", text):
            yield Finding("H1", uri, "has control characters")


def h2(lesson: Lesson) -> Iterator[Finding]:
    """One EXT-X-VERSION, and it is 7."""
    for uri, _, text in all_texts(lesson):
        if lines_of(text, "#EXT-X-VERSION") != [f"#EXT-X-VERSION:{VERSION}"]:
            yield Finding("H2", uri, f"does not say EXT-X-VERSION {VERSION} exactly once")


def h3(lesson: Lesson) -> Iterator[Finding]:
    """Nothing injected: every line is a tag that we write, with whole attributes, or a plain relative URI."""
    for uri, _, text in all_texts(lesson):
        for line in text.splitlines():
            tag, _, value = line.partition(":")
            if line.startswith("#"):
                if tag not in KNOWN_TAGS:
                    yield Finding("H3", uri, f"has the line {line!r}")
                if tag in TAGS_WITH_ATTRIBUTES and not ATTRIBUTE_LIST.fullmatch(value):
                    yield Finding("H3", uri, f"has broken attributes: {line!r}")
            elif line and not re.fullmatch(r"[A-Za-z0-9._~/-]+", line):
                yield Finding("H3", uri, f"has the line {line!r}, which is no plain relative URI")


def h4(lesson: Lesson) -> Iterator[Finding]:
    """Playlists are served under their own type, and gzipped to those who take gzip."""
    for uri, answer, _ in all_texts(lesson) if lesson.served else ():
        if answer.headers.get("content-type", "").split(";")[0].strip().lower() != PLAYLIST_TYPE:
            yield Finding("H4", uri, f"is served as {answer.headers.get('content-type')!r}")
        if answer.headers.get("content-encoding") != "gzip":
            yield Finding("H4", uri, "is not gzipped")


def h5(lesson: Lesson) -> Iterator[Finding]:
    """One EXT-X-TARGETDURATION; no EXTINF rounds to more, no segment is half a second longer."""
    for item in lesson.lists:
        if len(lines_of(item.text, "#EXT-X-TARGETDURATION")) != 1:
            yield Finding("H5", item.uri, "does not have exactly one EXT-X-TARGETDURATION")
        for segment in item.segments:
            if int(segment.extinf_s + segment.extinf_s.__class__("0.5")) > item.target_s:
                yield Finding("H5", segment.uri, f"EXTINF {segment.extinf_s} rounds above {item.target_s}")
        if item.has_media and any(segment.duration_s * 2 > item.target_s * 2 + 1 for segment in item.segments):
            yield Finding("H5", item.uri, "has a segment that is half a second longer than the target")


def h7(lesson: Lesson) -> Iterator[Finding]:
    """A finished lesson is VOD with an end; a growing one is EVENT."""
    kinds = ("EVENT",) if lesson.growing else ("VOD",)
    for item in lesson.lists:
        if (item.model.playlist_type or "").upper() not in kinds:
            yield Finding("H7", item.uri, f"EXT-X-PLAYLIST-TYPE is {item.model.playlist_type!r}, not {kinds[0]}")
        if not lesson.growing and not item.model.is_endlist:
            yield Finding("H7", item.uri, "has no EXT-X-ENDLIST")


def h10(lesson: Lesson) -> Iterator[Finding]:
    """One EXT-X-MAP, before the first segment."""
    for item in lesson.lists:
        before_first = item.text.split("#EXTINF", 1)[0]
        if len(lines_of(item.text, "#EXT-X-MAP")) != 1 or not lines_of(before_first, "#EXT-X-MAP"):
            yield Finding("H10", item.uri, "does not have one EXT-X-MAP before its first segment")


def h13(lesson: Lesson) -> Iterator[Finding]:
    """EXT-X-INDEPENDENT-SEGMENTS in the multivariant playlist, or in every video playlist."""
    everywhere = all(lines_of(item.text, "#EXT-X-INDEPENDENT-SEGMENTS") for item in lesson.video)
    if not lines_of(lesson.text, "#EXT-X-INDEPENDENT-SEGMENTS") and not (lesson.video and everywhere):
        yield Finding("H13", lesson.uri, "nothing says that segments are independent")


def h14(lesson: Lesson) -> Iterator[Finding]:
    """Chunks join without a break: no EXT-X-DISCONTINUITY."""
    for item in lesson.lists:
        if "#EXT-X-DISCONTINUITY" in item.text:
            yield Finding("H14", item.uri, "has a discontinuity")


def h15(lesson: Lesson) -> Iterator[Finding]:
    """Nothing is missing: no EXT-X-GAP, and segments to play."""
    for item in lesson.lists:
        if lines_of(item.text, "#EXT-X-GAP"):
            yield Finding("H15", item.uri, "has a gap")
        if not item.segments:
            yield Finding("H15", item.uri, "lists no segment")


def h16(lesson: Lesson) -> Iterator[Finding]:
    """A byte range lies inside its object."""
    for item in lesson.lists:
        for segment in item.segments:
            if segment.byterange and sum(segment.byterange) > len(segment.answer.body):
                yield Finding("H16", segment.uri, f"range {segment.byterange} of {len(segment.answer.body)} bytes")


def h18(lesson: Lesson) -> Iterator[Finding]:
    """Media is never answered with a redirect."""
    for uri, answer in all_answers(lesson):
        if 300 <= answer.status < 400:
            yield Finding("H18", uri, f"answers {answer.status}")


def h19(lesson: Lesson) -> Iterator[Finding]:
    """Every variant says BANDWIDTH, AVERAGE-BANDWIDTH and CODECS, and of pictures RESOLUTION and FRAME-RATE."""
    lines = lines_of(lesson.text, "#EXT-X-STREAM-INF")
    for line in lines:
        given = attributes(line)
        needed = {"BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS"}
        if re.search(r"avc|hvc|hev|av01|vp09", given.get("CODECS", "")):
            needed |= {"RESOLUTION", "FRAME-RATE"}
        if needed - given.keys():
            yield Finding("H19", lesson.uri, f"lacks {sorted(needed - given.keys())} in {line!r}")
    if not lines:
        yield Finding("H19", lesson.uri, "has no variant")


def h25(lesson: Lesson) -> Iterator[Finding]:
    """SCORE on all variants or on none, positive; no HDCP-LEVEL, no ALLOWED-CPC."""
    variants = [attributes(line) for line in lines_of(lesson.text, "#EXT-X-STREAM-INF")]
    scores = [given["SCORE"] for given in variants if "SCORE" in given]
    if len(scores) not in (0, len(variants)) or not all(
        re.fullmatch(r"0*[1-9]\d*(\.\d+)?|0?\.\d*[1-9]\d*", s) for s in scores
    ):
        yield Finding("H25", lesson.uri, f"scores are {scores}")
    if any({"HDCP-LEVEL", "ALLOWED-CPC"} & given.keys() for given in variants):
        yield Finding("H25", lesson.uri, "asks for copy protection")


def h26(lesson: Lesson) -> Iterator[Finding]:
    """Our own order in place of Apple's: the lowest variant of the first family comes first."""
    variants = lesson.model.playlists
    first = [item for item in variants if family_of(item.stream_info.codecs) == _first_family(lesson)]
    if not first or variants[0] is not min(first, key=lambda item: item.stream_info.bandwidth or 0):
        yield Finding("H26", lesson.uri, "the lowest variant of the first family is not the first")


def h27(lesson: Lesson) -> Iterator[Finding]:
    """Some variant needs at most 192 kbit/s at its peak."""
    if min((item.stream_info.bandwidth or 0 for item in lesson.model.playlists), default=0) > LOW_DATA_BPS:
        yield Finding("H27", lesson.uri, "no variant fits into 192 kbit/s")


def h28(lesson: Lesson) -> Iterator[Finding]:
    """Several bit rates, unless one that every line carries is all that can be seen, or there is only sound."""
    for family in FAMILIES:
        own = [item.stream_info for item in lesson.model.playlists if family_of(item.stream_info.codecs) == family]
        alone = own[0] if len(own) == 1 and own[0].resolution else None
        if alone and (alone.bandwidth or 0) > LOW_DATA_BPS and not lesson.growing:
            yield Finding("H28", lesson.uri, f"has one {family} variant only, for {alone.bandwidth} bit/s")


def h29(lesson: Lesson) -> Iterator[Finding]:
    """Sound beside pictures is a rendition of its own."""
    for item in lesson.model.playlists:
        codecs = item.stream_info.codecs or ""
        if re.search("avc1|av01", codecs) and re.search("mp4a|opus", codecs, re.I) and not item.stream_info.audio:
            yield Finding("H29", lesson.uri, f"{item.uri} has sound inside")


def h30(lesson: Lesson) -> Iterator[Finding]:
    """EXT-X-MEDIA is complete, its names are unique in their group."""
    seen = set()
    for line in lines_of(lesson.text, "#EXT-X-MEDIA"):
        given = attributes(line)
        needed = {"TYPE", "GROUP-ID", "NAME", "LANGUAGE", "URI"} | (
            {"CHANNELS"} if given.get("TYPE") == "AUDIO" else set()
        )
        if needed - given.keys():
            yield Finding("H30", lesson.uri, f"lacks {sorted(needed - given.keys())} in {line!r}")
        if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", given.get("LANGUAGE", "und")):
            yield Finding("H30", lesson.uri, f"LANGUAGE {given['LANGUAGE']!r} is no language tag")
        if given.get("DEFAULT") == "YES" and given.get("AUTOSELECT") != "YES":
            yield Finding("H30", lesson.uri, f"DEFAULT without AUTOSELECT in {line!r}")
        name = (given.get("TYPE"), given.get("GROUP-ID"), given.get("NAME"))
        if name in seen:
            yield Finding("H30", lesson.uri, f"names {name} twice")
        seen.add(name)


def h31(lesson: Lesson) -> Iterator[Finding]:
    """Every group that a variant names exists, all of a type have the same members; CLOSED-CAPTIONS on all or none."""
    groups = {(item.type, item.group_id) for item in lesson.model.media}
    variants = [attributes(line) for line in lines_of(lesson.text, "#EXT-X-STREAM-INF")]
    for given in variants:
        for kind in ("AUDIO", "SUBTITLES"):
            if kind in given and (kind, given[kind]) not in groups:
                yield Finding("H31", lesson.uri, f"there is no {kind} group {given[kind]!r}")
    members: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for item in lesson.model.media:
        members.setdefault((item.type, item.group_id), set()).add((item.name, item.language))
    for kind in {kind for kind, _ in members}:
        if len({frozenset(own) for (other, _), own in members.items() if other == kind}) > 1:
            yield Finding("H31", lesson.uri, f"{kind} groups have different members")
    if len({given.get("CLOSED-CAPTIONS") == "NONE" for given in variants}) > 1:
        yield Finding("H31", lesson.uri, "only some variants say CLOSED-CAPTIONS=NONE")


def h35(lesson: Lesson) -> Iterator[Finding]:
    """Every picture rendition has an I-frame playlist whose ranges hold the moof and the first picture, no more."""
    if lesson.growing:
        return
    if len(lesson.iframes) < len(lesson.video):
        yield Finding("H35", lesson.uri, f"{len(lesson.iframes)} I-frame playlists for {len(lesson.video)} renditions")
    for line in lines_of(lesson.text, "#EXT-X-I-FRAME-STREAM-INF"):
        given = attributes(line)
        lacking = {"URI", "BANDWIDTH", "CODECS", "RESOLUTION"} - given.keys()
        if lacking or {"FRAME-RATE", "AUDIO", "SUBTITLES", "CLOSED-CAPTIONS"} & given.keys():
            yield Finding("H35", lesson.uri, f"wrong attributes in {line!r}")
    for item in lesson.iframes.values():
        yield from _iframe_ranges(item)


def _iframe_ranges(item: MediaList) -> Iterator[Finding]:
    if not lines_of(item.text, "#EXT-X-I-FRAMES-ONLY"):
        yield Finding("H35", item.uri, "does not say EXT-X-I-FRAMES-ONLY")
    for segment in item.segments if item.has_media else ():
        if segment.byterange != (segment.first_picture_end, 0):
            yield Finding(
                "H35", segment.uri, f"range {segment.byterange}, but a picture to {segment.first_picture_end}"
            )


def h40(lesson: Lesson) -> Iterator[Finding]:
    """Every URI resolves, stays on its server, and is answered whole under its type."""
    playlists = {uri for uri, _, _ in all_texts(lesson)}
    for uri, answer in all_answers(lesson):
        if answer.status != 200 or not answer.body:
            yield Finding("H40", uri, f"answers {answer.status} with {len(answer.body)} bytes")
        elif lesson.served:
            if answer.headers.get("content-length", "-") != answer.headers.get("x-received-bytes"):
                yield Finding("H40", uri, f"Content-Length is {answer.headers.get('content-length')}")
            if uri not in playlists and answer.headers.get("content-type") not in SEGMENT_TYPES:
                yield Finding("H40", uri, f"is served as {answer.headers.get('content-type')!r}")
        if urlsplit(uri).netloc != urlsplit(lesson.uri).netloc:
            yield Finding("H40", uri, "lies on another server")
