import pytest

from transcoder.errors import OutputInvalid
from transcoder.key_frames import starts_with_key_frame

SEQUENCE = bytes([1 << 3 | 2, 3, 0, 0, 0])
DELIMITER = bytes([2 << 3 | 2, 0])
KEY, HIDDEN_KEY, INTER, SHOWN_AGAIN = 0b0001_0000, 0b0000_0000, 0b0011_0000, 0b1000_0000


def frame(first: int, *, kind: int = 6, sized: bool = True, extended: bool = False) -> bytes:
    header = bytes([kind << 3 | 4 * extended | 2 * sized]) + b"\x00" * extended
    return header + (b"\x02" if sized else b"") + bytes([first, 0])


def found(sample: bytes) -> bool:
    return starts_with_key_frame(sample, 0, len(sample))


@pytest.mark.parametrize(
    "sample",
    [
        SEQUENCE + frame(KEY),
        DELIMITER + SEQUENCE + frame(KEY, kind=3),
        SEQUENCE + frame(KEY, sized=False),
        SEQUENCE + frame(KEY, extended=True),
        bytes([1 << 3 | 2, 0x83, 0x00, 0, 0, 0]) + frame(KEY),
    ],
    ids=["frame", "header apart", "no size", "extension", "size of two bytes"],
)
def test_a_key_frame_behind_a_sequence_header(sample):
    assert found(sample)


@pytest.mark.parametrize(
    "sample",
    [
        frame(KEY),
        SEQUENCE + frame(INTER),
        SEQUENCE + frame(HIDDEN_KEY),
        SEQUENCE + frame(SHOWN_AGAIN),
        SEQUENCE + frame(INTER) + frame(KEY),
        SEQUENCE,
        b"",
    ],
    ids=["no sequence header", "inter", "hidden", "an old one again", "too late", "no frame", "empty"],
)
def test_anything_else_is_no_place_to_begin(sample):
    assert not found(sample)


@pytest.mark.parametrize("sample", [b"\x0a", b"\x0a" + b"\xff" * 9, SEQUENCE + b"\x32\x05"])
def test_damaged_units_are_refused(sample):
    with pytest.raises(OutputInvalid):
        found(sample)
