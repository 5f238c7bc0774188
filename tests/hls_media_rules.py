"""Rules about the media itself: times, pictures, rates, codecs (standards digest H8–H12, H20–H24, H32, C1, C2)."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate

from tests.hls_lesson import Finding, Lesson, MediaList, number, payloads

H264_LEVELS = (
    # level × 10, macroblocks per second, macroblocks per frame, decoded picture buffer in macroblocks (table A-1)
    (10, 1485, 99, 396),
    (11, 3000, 396, 900),
    (12, 6000, 396, 2376),
    (13, 11880, 396, 2376),
    (20, 11880, 396, 2376),
    (21, 19800, 792, 4752),
    (22, 20250, 1620, 8100),
    (30, 40500, 1620, 8100),
    (31, 108000, 3600, 18000),
    (32, 216000, 5120, 20480),
    (40, 245760, 8192, 32768),
    (41, 245760, 8192, 32768),
    (42, 522240, 8704, 34816),
    (50, 589824, 22080, 110400),
    (51, 983040, 36864, 184320),
    (52, 2073600, 36864, 184320),
)
AV1_LEVELS = (
    # seq_level_idx, samples of a picture, width, height, samples shown per second (AV1 section A.3)
    (0, 147_456, 2048, 1152, 4_423_680),
    (1, 278_784, 2816, 1584, 8_363_520),
    (4, 665_856, 4352, 2448, 19_975_680),
    (5, 1_065_024, 5504, 3096, 31_950_720),
    (8, 2_359_296, 6144, 3456, 70_778_880),
    (9, 2_359_296, 6144, 3456, 141_557_760),
    (12, 8_912_896, 8192, 4352, 267_386_880),
)
SMALLEST_LEVEL = 20
"""Below it the rate that an encoder is allowed decides too, which no playlist tells; every device plays it."""
PROFILES = {"Constrained Baseline", "Baseline", "Main", "High"}
AV1_PROFILES = {"Main"}
OBU_SEQUENCE_HEADER, OBU_FRAME_HEADER, OBU_FRAME = 1, 3, 6
SDR_TRANSFERS = {None, "unknown", "bt709", "smpte170m", "bt470m", "bt470bg", "iec61966-2-1", "bt2020-10", "bt2020-12"}
NON_SYNC = 0x10000
LIP_SYNC_S = Fraction(40, 1000)


def h8(lesson: Lesson) -> Iterator[Finding]:
    """EXTINF over any run of segments is within one picture of the real time."""
    for item in _judged(lesson):
        said = accumulate((Fraction(segment.extinf_s) for segment in item.segments), initial=Fraction(0))
        real = accumulate((segment.duration_s for segment in item.segments), initial=Fraction(0))
        drift = [left - right for left, right in zip(said, real, strict=True)]
        if max(drift) - min(drift) > lesson.frame_s:
            yield Finding("H8", item.uri, f"EXTINF is {float(max(drift) - min(drift)):.3f} s off over some run")


def h9(lesson: Lesson) -> Iterator[Finding]:
    """One target duration, one length, one grid: rungs of all families exactly, sound to one of its packets."""
    if len({item.target_s for item in lesson.lists}) > 1:
        yield Finding("H9", lesson.uri, "target durations differ")
    video, audio = [i for i in lesson.video if i.has_media], [i for i in lesson.audio if i.has_media]
    grids = {tuple((segment.start_s, segment.duration_s) for segment in item.segments) for item in video}
    if len(grids) > 1 and not lesson.growing:
        yield Finding("H9", lesson.uri, "segment boundaries differ between rungs")
    for item in audio if video else ():
        yield from _sound_beside(lesson, item, video[0])


def _sound_beside(lesson: Lesson, sound: MediaList, picture: MediaList) -> Iterator[Finding]:
    for left, right in zip(sound.segments, picture.segments, strict=False):
        if abs(left.start_s - right.start_s) > sound.sample_s:
            yield Finding(
                "H9", left.uri, f"starts {float(left.start_s - right.start_s):.3f} s from the picture's segment"
            )
    difference = abs(_end_s(sound) - _end_s(picture))
    if difference > max(lesson.frame_s, sound.sample_s) and not lesson.growing:
        yield Finding("H9", sound.uri, f"differs from the pictures' length by {float(difference):.3f} s")


def h11(lesson: Lesson) -> Iterator[Finding]:
    """Each segment's tfdt is where the one before ended, and the first is at zero."""
    for item in _judged(lesson):
        expected = Fraction(0)
        for segment in item.segments:
            for moof in segment.moofs:
                start = Fraction(moof.decode_time, segment.timescale)
                if start != expected:
                    yield Finding("H11", segment.uri, f"tfdt is {float(start):.6f} s, not {float(expected):.6f} s")
                expected = start + Fraction(sum(moof.durations), segment.timescale)


def h12(lesson: Lesson) -> Iterator[Finding]:
    """Every video segment starts with an IDR or key picture, which the container calls a sync sample."""
    for item in _judged(lesson):
        if not item.is_video:
            continue
        for segment in item.segments:
            if segment.moofs[0].first_flags & NON_SYNC:
                yield Finding("H12", segment.uri, "does not start with a sync sample")
            if item.entry == "avc1" and not _has_idr(segment.first_picture, _nal_length_bytes(item)):
                yield Finding("H12", segment.uri, "does not start with an IDR picture")
            if item.entry == "av01" and not _is_key(segment.first_picture):
                yield Finding("H12", segment.uri, "does not start with a key picture that is shown")


def h20(lesson: Lesson) -> Iterator[Finding]:
    """BANDWIDTH is not below the measured peak, of I-frame playlists neither."""
    for place, said, measured in _rates(lesson):
        if said[0] < measured[0] and not lesson.growing:
            yield Finding("H20", place, f"BANDWIDTH is {said[0]}, the measured peak {measured[0]}")


def h21(lesson: Lesson) -> Iterator[Finding]:
    """BANDWIDTH and AVERAGE-BANDWIDTH are within 10 % of what is measured."""
    for place, said, measured in _rates(lesson) if not lesson.growing else ():
        for name, promised, real in zip(("BANDWIDTH", "AVERAGE-BANDWIDTH"), said, measured, strict=True):
            if abs(promised - real) * 10 > real:
                yield Finding("H21", place, f"{name} is {promised}, measured {real}")


def h22(lesson: Lesson) -> Iterator[Finding]:
    """CODECS is what the init segments say, with avc1 and never avc3."""
    sound = {item.group_id: lesson.at(item.uri) for item in lesson.model.media if item.uri}
    for variant in lesson.model.playlists:
        lists = [lesson.at(variant.uri), sound.get(variant.stream_info.audio)]
        real = sorted(_codec(item) for item in lists if item is not None)
        if sorted((variant.stream_info.codecs or "").split(",")) != real:
            yield Finding(
                "H22", lesson.uri, f"CODECS of {variant.uri} is {variant.stream_info.codecs!r}, bytes say {real}"
            )
    for variant in lesson.model.iframe_playlists:
        item = lesson.at(variant.uri)
        if item is not None and variant.iframe_stream_info.codecs != _codec(item):
            yield Finding("H22", lesson.uri, f"CODECS of {variant.uri} is not {_codec(item)}")


def h23(lesson: Lesson) -> Iterator[Finding]:
    """High or Main profile, no higher level than needed, some to 4.1, at most 60 fps, progressive, one aspect ratio."""
    levels, rates = [], set()
    for variant in lesson.model.playlists:
        item = lesson.at(variant.uri)
        if item is None or not item.is_video:
            continue
        stream = item.stream
        if item.entry == "avc1":
            levels.append(stream.get("level", 99))
        yield from _picture_findings(item, stream)
        if variant.stream_info.resolution != (stream.get("width"), stream.get("height")):
            yield Finding("H23", item.uri, f"RESOLUTION {variant.stream_info.resolution} is not the picture's size")
        said, real = Fraction(str(variant.stream_info.frame_rate or 0)), 1 / item.sample_s
        rates.add(said)
        if abs(said - real * max(1, round(said / real))) > Fraction(1, 1000) * max(1, round(said / real)) or real > 60:
            yield Finding("H23", item.uri, f"FRAME-RATE {float(said)} for {float(real):.3f} pictures a second")
    if len(rates) > 1:
        yield Finding(
            "H23", lesson.uri, "variants of one lesson name different rates, and some players never change between them"
        )
    if levels and min(levels) > 41:
        yield Finding("H23", lesson.uri, "no variant keeps to level 4.1")
    yield from _aspect_findings(lesson)


def _picture_findings(item: MediaList, stream: dict) -> Iterator[Finding]:
    if stream.get("profile") not in (AV1_PROFILES if item.entry == "av01" else PROFILES):
        yield Finding("H23", item.uri, f"profile {stream.get('profile')!r}")
    if stream.get("pix_fmt") not in ("yuv420p", "yuvj420p"):
        yield Finding("H23", item.uri, f"pictures are {stream.get('pix_fmt')!r}")
    level, needed = stream.get("level", 99), max(_level_needed(stream, item), SMALLEST_LEVEL)
    if item.entry == "av01":
        level, needed = number(_config(item, b"av1C"), 1, 1) & 31, _av1_level_needed(stream, item)
    if level > needed:
        yield Finding("H23", item.uri, f"level {level} where {needed} is enough")
    if stream.get("field_order", "progressive") not in ("progressive", "unknown"):
        yield Finding("H23", item.uri, "is interlaced")
    if stream.get("sample_aspect_ratio", "1:1") not in ("1:1", "0:1"):
        yield Finding("H23", item.uri, f"pixels are {stream.get('sample_aspect_ratio')}")


def _aspect_findings(lesson: Lesson) -> Iterator[Finding]:
    """Sizes are whole and even numbers, so a rung may be two pixels off the others' shape."""
    sizes = [item.stream_info.resolution for item in lesson.model.playlists if item.stream_info.resolution]
    if sizes:
        width, height = max(sizes)
        if any(abs(w * height - h * width) > 2 * max(width, height) for w, h in sizes):
            yield Finding("H23", lesson.uri, f"shapes differ: {sizes}")


def h24(lesson: Lesson) -> Iterator[Finding]:
    """All pictures are SDR, so no VIDEO-RANGE is needed."""
    for item in lesson.video:
        if item.stream.get("color_transfer") not in SDR_TRANSFERS:
            yield Finding("H24", item.uri, f"transfer is {item.stream.get('color_transfer')!r}")


def h32(lesson: Lesson) -> Iterator[Finding]:
    """One or two channels to at most 160 kbit/s, and CHANNELS says which."""
    for item in lesson.audio:
        average_bps = _measured(item)[1] if item.has_media else 0
        if item.stream.get("channels") not in (1, 2) or average_bps > 160_000:
            yield Finding("H32", item.uri, f"{item.stream.get('channels')} channels at {average_bps} bit/s")
    for member in lesson.model.media:
        item = lesson.at(member.uri or "")
        if item is not None and member.channels != str(item.stream.get("channels")):
            yield Finding("H32", lesson.uri, f"CHANNELS {member.channels!r} for {item.stream.get('channels')}")


def c1(lesson: Lesson) -> Iterator[Finding]:
    """CMAF: one track, one traf, tfdt version 1, moof-relative data, equal timescales, picture and sound in step."""
    for item in lesson.lists:
        if len(payloads(item.init.body, "moov", "trak")) != 1:
            yield Finding("C1", item.uri, "its init segment does not have exactly one track")
        for segment in item.segments:
            if not segment.moofs:
                yield Finding("C1", segment.uri, "has no movie fragment")
            for moof in segment.moofs:
                if moof.traf_count != 1 or moof.tfdt_version != 1 or not moof.tfhd_flags & 0x020000:
                    yield Finding("C1", segment.uri, "its fragment is no CMAF fragment")
    for entry in {item.entry for item in lesson.video}:
        if len({item.segments[0].timescale for item in lesson.video if item.segments and item.entry == entry}) > 1:
            yield Finding("C1", lesson.uri, f"timescales of the rungs in {entry} differ")
    starts = [item.segments[0].shown_s - _edit_s(item) for item in (*lesson.video, *lesson.audio) if item.has_media]
    if starts and max(starts) - min(starts) > LIP_SYNC_S:
        yield Finding("C1", lesson.uri, f"renditions start {float(max(starts) - min(starts)):.3f} s apart")


def c2(lesson: Lesson) -> Iterator[Finding]:
    """Sample entries and brands that CMAF names; AV1 has one profile, level and size in its init and media segments."""
    for item in lesson.lists:
        if item.entry not in ("avc1", "av01", "mp4a", "Opus"):
            yield Finding("C2", item.uri, f"sample entry {item.entry!r}")
        brands = b"".join(payloads(item.init.body, "ftyp"))
        if b"cmfc" not in brands and b"iso6" not in brands:
            yield Finding("C2", item.uri, f"brands {brands!r}")
        for segment in item.segments if item.entry == "av01" and item.has_media else ():
            if _sequence(segment.first_picture) != _sequence(_config(item, b"av1C")[4:]):
                yield Finding("C2", segment.uri, "begins with another profile, level or size than its init segment's")


def _judged(lesson: Lesson) -> list[MediaList]:
    return [item for item in lesson.media.values() if item.has_media]


def _end_s(item: MediaList) -> Fraction:
    return item.segments[-1].start_s + item.segments[-1].duration_s


def _edit_s(item: MediaList) -> Fraction:
    """How far the init segment's edit list pulls everything forward."""
    lists = payloads(item.init.body, "moov", "trak", "edts", "elst")
    if not lists or number(lists[0], 4, 4) == 0:
        return Fraction(0)
    wide = lists[0][0]
    return Fraction(number(lists[0], 16 if wide else 12, 8 if wide else 4, signed=True), item.segments[0].timescale)


def _nal_length_bytes(item: MediaList) -> int:
    return (item.init.body[item.init.body.index(b"avcC") + 8] & 3) + 1


def _has_idr(picture: bytes, length_bytes: int) -> bool:
    types, at = [], 0
    while at + length_bytes < len(picture):
        types.append(picture[at + length_bytes] & 31)
        at += length_bytes + number(picture, at, length_bytes)
    slices = [kind for kind in types if 1 <= kind <= 5]
    return bool(slices) and set(slices) == {5}


def _is_key(picture: bytes) -> bool:
    """The first frame header tells (AV1 section 5.9.2): a key frame, shown, and none that was shown before."""
    headers = [body for kind, body in _obus(picture) if kind in (OBU_FRAME_HEADER, OBU_FRAME)]
    # show_existing_frame, two bits of frame_type (0 is a key frame), show_frame
    return bool(headers and headers[0]) and headers[0][0] >> 4 == 0b0001


def _sequence(units: bytes) -> tuple[int, ...]:
    """Profile, level, width and height as the sequence header says (AV1 section 5.5); empty where there is none."""
    header = next((body for kind, body in _obus(units) if kind == OBU_SEQUENCE_HEADER), b"")
    bits = "".join(f"{byte:08b}" for byte in header)
    # One operating point, no timing: profile (3), still, reduced, timing, delay, points (5), layers (12), level (5).
    if len(bits) < 38 or bits[3:6] + bits[7:12] != "0" * 8:
        return ()
    level = int(bits[24:29], 2)
    at = 30 if level > 7 else 29
    if bits[6] == "1":
        at += 5 if bits[at] == "1" else 1
    wide, high = int(bits[at : at + 4], 2) + 1, int(bits[at + 4 : at + 8], 2) + 1
    at += 8
    width, height = bits[at : at + wide], bits[at + wide : at + wide + high]
    return int(bits[:3], 2), level, int(width, 2) + 1, int(height, 2) + 1


def _obus(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, payload) of each open bitstream unit (AV1 section 5.3)."""
    at = 0
    while at < len(data):
        kind, extended, sized = data[at] >> 3 & 15, data[at] >> 2 & 1, data[at] >> 1 & 1
        at += 1 + extended
        length, shift = 0, 0
        while sized and at < len(data):
            length |= (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 128:
                break
        length = length if sized else len(data) - at
        yield kind, data[at : at + length]
        at += length


def _config(item: MediaList, kind: bytes) -> bytes:
    """Payload of the decoder's configuration box in an init segment."""
    body = item.init.body
    if kind not in body:
        return b""
    at = body.index(kind)
    return body[at + 4 : at - 4 + number(body, at - 4, 4)]


def _codec(item: MediaList) -> str:
    """RFC 6381 string from the bytes; of Opus as browsers ask for it."""
    avc, av1, opus = (_config(item, kind) for kind in (b"avcC", b"av1C", b"dOps"))
    if item.entry in ("avc1", "avc3") and len(avc) > 3:
        return f"{item.entry}.{avc[1:4].hex()}"
    if item.entry == "av01" and len(av1) > 3:
        depth = {0: 8, 2: 10, 3: 12}.get(av1[2] >> 5 & 3, 0)
        return f"av01.{av1[1] >> 5}.{av1[1] & 31:02}{'MH'[av1[2] >> 7]}.{depth:02}"
    if item.entry == "Opus" and opus[:1] == b"\0":
        return "opus"
    if item.entry == "mp4a" and item.stream.get("profile") == "LC":
        return "mp4a.40.2"
    return item.entry


def _level_needed(stream: dict, item: MediaList) -> int:
    blocks = -(-int(stream.get("width", 0)) // 16) * -(-int(stream.get("height", 0)) // 16)
    held = blocks * max(int(stream.get("refs", 1)), 1)
    fits = (
        level
        for level, rate, size, buffer in H264_LEVELS
        if blocks <= size and blocks / item.sample_s <= rate and held <= buffer
    )
    return next(fits, 52)


def _av1_level_needed(stream: dict, item: MediaList) -> int:
    width, height = int(stream.get("width", 0)), int(stream.get("height", 0))
    fits = (
        level
        for level, samples, widest, highest, rate in AV1_LEVELS
        if width * height <= samples
        and width <= widest
        and height <= highest
        and width * height / item.sample_s <= rate
    )
    return next(fits, 12)


def _measured(item: MediaList) -> tuple[int, int]:
    """(peak, average) in bits per second; the peak over runs of 0.5 to 1.5 targets, without a short last segment."""
    sized = [(segment.size * 8, segment.duration_s) for segment in item.segments]
    average = sum(bits for bits, _ in sized) / sum(length for _, length in sized)
    if sized[-1][1] * 2 < item.target_s:
        sized = sized[:-1]
    peak = average
    for first in range(len(sized)):
        bits, length = 0, Fraction(0)
        for more_bits, more_length in sized[first:]:
            bits, length = bits + more_bits, length + more_length
            if length * 2 > item.target_s * 3:
                break
            if length * 2 >= item.target_s:
                peak = max(peak, bits / length)
    return int(peak), int(average)


def _rates(lesson: Lesson) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    """(place, rates as said, rates as measured) of each variant with its sound, and of each I-frame playlist."""
    for variant in lesson.model.playlists:
        picture = lesson.at(variant.uri)
        sounds = [lesson.at(i.uri) for i in lesson.model.media if i.uri and i.group_id == variant.stream_info.audio]
        heard = [_measured(item) for item in sounds if item is not None and item.has_media]
        if picture is None or not picture.has_media:
            continue
        loudest = (max((rate[0] for rate in heard), default=0), max((rate[1] for rate in heard), default=0))
        alone = _measured(picture)
        said = (variant.stream_info.bandwidth or 0, variant.stream_info.average_bandwidth or 0)
        yield f"{lesson.uri} {variant.uri}", said, (alone[0] + loudest[0], alone[1] + loudest[1])
    for variant in lesson.model.iframe_playlists:
        item, info = lesson.at(variant.uri), variant.iframe_stream_info
        if item is not None and item.has_media:
            real = _measured(item)
            yield f"{lesson.uri} {variant.uri}", (info.bandwidth or 0, info.average_bandwidth or real[1]), real
