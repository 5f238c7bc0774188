"""Whether decoding can really start at a sample: read from the coded picture, not from the box's flags. Pure."""

from transcoder.box_tree import malformed, uint

NAL_SLICES = range(1, 6)
"""NAL unit types of coded slices (H.264 table 7-1): 5 is an IDR picture's, 1 to 4 are not."""
NAL_IDR = 5

OBU_SEQUENCE_HEADER, OBU_FRAME_HEADER, OBU_FRAME = 1, 3, 6
SHOWN_KEY_FRAME = 0b0001
"""show_existing_frame 0, frame_type KEY_FRAME, show_frame 1: the first bits of a frame's header (AV1 section 5.9.2)."""
MAX_LEB128_BYTES = 8


def starts_with_idr(data: bytes, start: int, end: int, length_bytes: int) -> bool:
    """The first coded slice decides: parameter sets and SEI may stand before it (H.264 section 7.4.1.2.3)."""
    offset = start
    while offset < end:
        length = uint(data, offset, length_bytes, end)
        offset += length_bytes
        unit_type = uint(data, offset, 1, end) & 0x1F
        if unit_type in NAL_SLICES:
            return unit_type == NAL_IDR
        offset += length
    return False


def starts_with_key_frame(data: bytes, start: int, end: int) -> bool:
    """A sequence header, then a key frame that is shown: a random access point (AV1 section 7.6.2)."""
    offset, headed = start, False
    while offset < end:
        kind, offset, size = _obu(data, offset, end)
        if kind in (OBU_FRAME, OBU_FRAME_HEADER):
            return headed and uint(data, offset, 1, end) >> 4 == SHOWN_KEY_FRAME
        headed = headed or kind == OBU_SEQUENCE_HEADER
        offset += size
    return False


def _obu(data: bytes, offset: int, end: int) -> tuple[int, int, int]:
    """Type, payload and size of an open bitstream unit; the last one of a sample may tell no size."""
    header = uint(data, offset, 1, end)
    extended, sized = header & 0x04, header & 0x02
    offset += 2 if extended else 1
    if not sized:
        return header >> 3 & 0x0F, offset, end - offset
    size = 0
    for index in range(MAX_LEB128_BYTES):
        byte = uint(data, offset + index, 1, end)
        size |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return header >> 3 & 0x0F, offset + index + 1, size
    raise malformed(f"an open bitstream unit at {offset} with an endless size")
