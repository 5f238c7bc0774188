"""Walking ISO base media boxes (ISO/IEC 14496-12 section 4.2) without trusting their lengths. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from transcoder.errors import OutputInvalid


@dataclass(frozen=True, slots=True)
class Box:
    """A box's name, where it starts, and where its payload lies."""

    kind: str
    start: int
    payload: int
    end: int


def malformed(text: str) -> OutputInvalid:
    return OutputInvalid(text, rule="C1")


def uint(data: bytes, offset: int, size: int, end: int) -> int:
    """An unsigned big-endian number that must lie before `end`."""
    if offset < 0 or offset + size > min(end, len(data)):
        raise malformed(f"{size} bytes at {offset} end behind {min(end, len(data))}")
    return int.from_bytes(data[offset : offset + size], "big")


def sint(data: bytes, offset: int, size: int, end: int) -> int:
    """A signed big-endian number that must lie before `end`."""
    value = uint(data, offset, size, end)
    return value - (1 << 8 * size) if value >> (8 * size - 1) else value


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes that lie side by side in `[start, end)`; a box that claims more than is there is refused."""
    while start < end:
        size, header = uint(data, start, 4, end), 8
        kind = uint(data, start + 4, 4, end).to_bytes(4, "big").decode("latin-1")
        if size == 1:
            size, header = uint(data, start + 8, 8, end), 16
        if size == 0:
            size = end - start
        if size < header or start + size > end:
            raise malformed(f"box {kind!r} at {start} claims {size} of {end - start} bytes")
        yield Box(kind, start, start + header, start + size)
        start += size


def only(data: bytes, start: int, end: int, kind: str) -> Box:
    """The one box of this kind in `[start, end)`; none or two are refused."""
    found = [box for box in boxes(data, start, end) if box.kind == kind]
    if len(found) != 1:
        raise malformed(f"{len(found)} boxes {kind!r} where one belongs")
    return found[0]


def child(data: bytes, parent: Box, *path: str) -> Box:
    """The one box at `path` below `parent`."""
    for kind in path:
        parent = only(data, parent.payload, parent.end, kind)
    return parent


def optional_child(data: bytes, parent: Box, kind: str) -> Box | None:
    """The first box of this kind in `parent`, if there is one."""
    return next((box for box in boxes(data, parent.payload, parent.end) if box.kind == kind), None)
