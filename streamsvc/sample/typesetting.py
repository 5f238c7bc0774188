"""Text and school formulas on a picture: italic letters, fractions and roots, in a font that ships beside this file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Literal

from PIL import ImageDraw, ImageFont

from streamsvc.sample.script import Part, Ratio, Root

FONTS = Path(__file__).parent / "fonts"
Style = Literal["Regular", "Bold", "Italic"]
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Extent:
    """Room that a part takes: its width, and how far it reaches above and below the baseline."""

    width: float
    above: float
    below: float


@cache
def font(style: Style, size: int) -> ImageFont.FreeTypeFont:
    """Basic layout, so that a picture does not depend on which shaping library Pillow finds."""
    return ImageFont.truetype(str(FONTS / f"NotoSans-{style}.ttf"), size, layout_engine=ImageFont.Layout.BASIC)


def text_width(text: str, style: Style, size: int) -> float:
    return font(style, size).getlength(text)


def draw_text(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, *, style: Style, size: int, colour: Colour
) -> None:
    """Text whose baseline begins at `at`."""
    draw.text(at, text, font=font(style, size), fill=colour, anchor="ls")


def extent(parts: Sequence[Part], size: int) -> Extent:
    """Room of a whole formula."""
    found = [_extent(part, size) for part in parts]
    return Extent(
        sum(part.width for part in found), max(part.above for part in found), max(part.below for part in found)
    )


def draw_formula(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], parts: Sequence[Part], *, size: int, colour: Colour
) -> None:
    """A formula whose baseline begins at `at`."""
    x, y = at
    for part in parts:
        if isinstance(part, Root):
            _draw_root(draw, (x, y), part, size, colour)
        elif isinstance(part, Ratio):
            _draw_ratio(draw, (x, y), part, size, colour)
        else:
            _draw_letters(draw, (x, y), part, size, colour)
        x += _extent(part, size).width


def _extent(part: Part, size: int) -> Extent:
    if isinstance(part, Root):
        inside = extent((part.inside,), size)
        return Extent(inside.width + size * 0.75, inside.above + size * 0.16, inside.below)
    if isinstance(part, Ratio):
        above, below = extent(part.above, size), extent((part.below,), size)
        gap = size * 0.16
        width = max(above.width, below.width) + size * 0.5
        return Extent(
            width, size * 0.32 + gap + above.above + above.below, below.above + below.below + gap - size * 0.32
        )
    return Extent(sum(text_width(run, style, size) for run, style in _runs(part)), size * 0.8, size * 0.22)


def _runs(text: str) -> Iterator[tuple[str, Style]]:
    """Letters of variables are italic, all else upright."""
    for is_letter, characters in groupby(text, key=lambda character: character.isascii() and character.isalpha()):
        yield "".join(characters), "Italic" if is_letter else "Regular"


def _draw_letters(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, colour: Colour) -> None:
    x, y = at
    for run, style in _runs(text):
        draw_text(draw, (x, y), run, style=style, size=size, colour=colour)
        x += text_width(run, style, size)


def _draw_root(draw: ImageDraw.ImageDraw, at: tuple[float, float], part: Root, size: int, colour: Colour) -> None:
    x, y = at
    inside = extent((part.inside,), size)
    top, width = y - inside.above - size * 0.06, max(2, size // 16)
    hook = [(x + size * 0.05, y - size * 0.32), (x + size * 0.17, y - size * 0.40), (x + size * 0.33, y + size * 0.08)]
    bar = [(x + size * 0.52, top), (x + size * 0.68 + inside.width, top)]
    draw.line([*hook, *bar], fill=colour, width=width, joint="curve")
    draw_formula(draw, (x + size * 0.58, y), (part.inside,), size=size, colour=colour)


def _draw_ratio(draw: ImageDraw.ImageDraw, at: tuple[float, float], part: Ratio, size: int, colour: Colour) -> None:
    x, y = at
    whole, above, below = _extent(part, size), extent(part.above, size), extent((part.below,), size)
    bar_y, gap = y - size * 0.32, size * 0.16
    draw.line([(x + size * 0.1, bar_y), (x + whole.width - size * 0.1, bar_y)], fill=colour, width=max(2, size // 16))
    above_at = (x + (whole.width - above.width) / 2, bar_y - gap - above.below)
    draw_formula(draw, above_at, part.above, size=size, colour=colour)
    below_at = (x + (whole.width - below.width) / 2, bar_y + gap + below.above)
    draw_formula(draw, below_at, (part.below,), size=size, colour=colour)
