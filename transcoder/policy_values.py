"""What each value of a ladder's file may be, and why another one is refused. Pure."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from transcoder.policy import DEFAULT_POLICY, LOWEST_AVC_KBPS, CpuClass, Family

LEAST_LINE_KBPS, MOST_LINE_KBPS = 50, 20_000
MOST_LINES = 16
"""More rungs are more playlists to load and fewer objects that two pupils share."""
SLOW_LINE_KBPS = 192
"""A device that knows only H.264 needs a rung that a cellular line carries (Apple's authoring rule 9.21)."""
LOWEST_HEIGHTS, HIGHEST_HEIGHTS = (144, 480), (144, 1080)
"""The starter rung, which is made before anything is known of the pictures, has 480 lines."""
CEILINGS_VMAF = (60, 100)
GAINS_VMAF = (0, 20)
GRADES = (0, 12)

OTHER_WORDS = {"codecs": "families", "quality": "ceiling_vmaf", "bitrates": "lines_kbps", "preset": "cpu"}
"""What people write who know other encoders."""


class Refused(Exception):
    """A value that cannot be: the code of the sentence that says why, and what stands in it."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def reader_of(name: str, known: tuple[str, ...]) -> Callable[[object], Any]:
    """What reads the value of a key. Raises Refused for a key that is none of `known`."""
    if name in known:
        return READERS[name]
    near = OTHER_WORDS.get(name) or next(iter(get_close_matches(name, known, n=1, cutoff=0.5)), "")
    raise Refused("unknown_key", near=near) if near else Refused("strange_key", known=", ".join(known))


def _lines(value: object) -> tuple[int, ...]:
    rates = _wholes(value)
    if not rates or len(rates) > MOST_LINES:
        raise Refused("lines_count", most=MOST_LINES, example=list(DEFAULT_POLICY.lines_kbps))
    outside = [rate for rate in rates if not LEAST_LINE_KBPS <= rate <= MOST_LINE_KBPS]
    if outside:
        raise Refused("line_outside", value=outside[0], least=LEAST_LINE_KBPS, most=MOST_LINE_KBPS)
    if rates != sorted(set(rates)):
        raise Refused("lines_unordered", example=sorted(set(rates)))
    if not any(LOWEST_AVC_KBPS <= rate <= SLOW_LINE_KBPS for rate in rates):
        example = sorted([*rates, LOWEST_AVC_KBPS])
        raise Refused("no_slow_avc_line", least=LOWEST_AVC_KBPS, most=SLOW_LINE_KBPS, example=example)
    return tuple(rates)


def _families(value: object) -> tuple[Family, ...]:
    known = get_args(Family)
    if not isinstance(value, list) or not value:
        raise Refused("families_no_list", example=list(known))
    for name in value:
        _one_of(name, known)
    if "avc" not in value:
        raise Refused("avc_missing", example=["avc", *value])
    return tuple(family for family in known if family in value)


def _cpu(value: object) -> CpuClass:
    _one_of(value, get_args(CpuClass))
    return value  # type: ignore[return-value]  # it is one of them


def _one_of(value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        near = next(iter(get_close_matches(str(value).lower(), known, n=1, cutoff=0.4)), "")
        raise Refused("no_such_value", value=value, known=", ".join(known), example=near or known[0])


def _between(least: float, most: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        if not _is_number(value):
            raise Refused("no_number", value=value, least=least, most=most)
        assert isinstance(value, int | float)
        if not least <= value <= most:
            raise Refused("outside", value=value, least=least, most=most)
        return float(value)

    return read


def _height(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        height = _between(least, most)(value)
        if height % 2:
            raise Refused("height_odd", value=value, example=int(height // 2 * 2))
        return int(height)

    return read


def _subject(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Refused("no_text", value=value)
    return value.strip()


def _grades(value: object) -> tuple[int, ...]:
    grades = _wholes(value)
    outside = [grade for grade in grades if not GRADES[0] <= grade <= GRADES[1]]
    if outside or not grades:
        raise Refused("outside", value=outside[0] if outside else value, least=GRADES[0], most=GRADES[1])
    return tuple(sorted(set(grades)))


def _wholes(value: object) -> list[int]:
    if not isinstance(value, list) or not all(_is_number(item) and isinstance(item, int) for item in value):
        raise Refused("no_whole_numbers", value=value)
    return list(value)


def _is_number(value: object) -> bool:
    """To Python, `true` is a number too."""
    return isinstance(value, int | float) and not isinstance(value, bool)


READERS: Mapping[str, Callable[[object], Any]] = {
    "lines_kbps": _lines,
    "families": _families,
    "cpu": _cpu,
    "least_gain_vmaf": _between(*GAINS_VMAF),
    "ceiling_vmaf": _between(*CEILINGS_VMAF),
    "lowest_height": _height(*LOWEST_HEIGHTS),
    "highest_height": _height(*HIGHEST_HEIGHTS),
    "subject": _subject,
    "grades": _grades,
}
