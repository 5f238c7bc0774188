"""Builds init and media segments by hand, byte by byte, to say exactly what a parser is given."""


def box(kind: str, *payload: bytes) -> bytes:
    body = b"".join(payload)
    return (8 + len(body)).to_bytes(4, "big") + kind.encode("latin-1") + body


def full(kind: str, *payload: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, bytes([version]), flags.to_bytes(3, "big"), *payload)


def u(*values: int, size: int = 4) -> bytes:
    return b"".join((value % (1 << 8 * size)).to_bytes(size, "big") for value in values)


AVCC = box("avcC", bytes([1, 0x64, 0x00, 0x1F, 0xFF, 0xE0, 0]))
AV1C = box("av1C", bytes([0x81, 0x04, 0x0C, 0]))
DOPS = box("dOps", bytes([0, 2]), u(312, size=2), u(48000), bytes(3))


def esds(object_type: int = 0x40, specific: bytes = b"\x11\x90") -> bytes:
    decoder = bytes([object_type, 0x15]) + bytes(11) + bytes([5, len(specific)]) + specific
    stream = u(1, size=2) + b"\x00" + bytes([4, len(decoder)]) + decoder
    return full("esds", bytes([3, 0x80, 0x80, 0x80, len(stream)]), stream)


def visual_entry(kind: str, config: bytes, width: int = 640, height: int = 360) -> bytes:
    return box(kind, bytes(6), u(1, size=2), bytes(16), u(width, height, size=2), bytes(50), config)


def sound_entry(kind: str, config: bytes, channels: int = 2, rate: int = 48000) -> bytes:
    return box(kind, bytes(6), u(1, size=2), bytes(8), u(channels, 16, 0, 0, size=2), u(rate, 0, size=2), config)


AVC1 = visual_entry("avc1", AVCC)
AV01 = visual_entry("av01", AV1C)
MP4A = sound_entry("mp4a", esds())
OPUS = sound_entry("Opus", DOPS)


def init(entry: bytes, *, timescale: int = 90000, edit: bytes = b"", trex: bytes | None = None) -> bytes:
    table = full("stsd", u(1), entry)
    media = box("mdia", full("mdhd", u(0, 0, timescale, 0, 0)), box("minf", box("stbl", table)))
    track = box("trak", full("tkhd", u(0, 0, 1), bytes(68)), edit, media)
    defaults = trex if trex is not None else u(1, 1, 0, 0, 0)
    moov = box("moov", full("mvhd", bytes(96)), track, box("mvex", full("trex", defaults)))
    return box("ftyp", b"cmfc", u(0), b"iso6", b"mp41") + moov


def edit_list(media_time: int, *, version: int = 0) -> bytes:
    size = 8 if version else 4
    entry = u(0, media_time, size=size) + u(1, 0, size=2)
    return box("edts", full("elst", u(1), entry, version=version))


def nal(kind: int, length: int = 10) -> bytes:
    return u(length) + bytes([kind]) + bytes(length - 1)


KEY, NOT_KEY = 0x02000000, 0x01010000


def segment(
    samples: list[bytes],
    *,
    tfdt: int = 0,
    duration: int = 3600,
    offsets: list[int] | None = None,
    first_flags: int = KEY,
    before: bytes = b"",
    track: int = 1,
) -> bytes:
    """One moof with explicit sizes and offsets, a default duration and the first sample's flags, and its mdat."""
    cts = offsets or [0] * len(samples)
    sizes = b"".join(u(len(sample), offset) for sample, offset in zip(samples, cts, strict=True))

    def moof(data_offset: int) -> bytes:
        run = full("trun", u(len(samples), data_offset, first_flags), sizes, version=1, flags=0x000A05)
        header = full("tfhd", u(track, duration, NOT_KEY), flags=0x020028)
        time = full("tfdt", u(tfdt, size=8), version=1)
        return box("moof", full("mfhd", u(7)), box("traf", header, time, run))

    return before + moof(len(moof(0)) + 8) + box("mdat", *samples)
