"""Pictures of the sample lesson: a slide with what is shown so far, and the pointer above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

from streamsvc.sample.plot import curve, draw_plot, place
from streamsvc.sample.script import Bullet, Formula, Item, Plot, Script, Slide
from streamsvc.sample.typesetting import Colour, draw_formula, draw_text, extent, text_width

WIDTH, HEIGHT = 1280, 720
PAPER: Colour = (250, 249, 245)
INK: Colour = (33, 43, 65)
TITLE: Colour = (17, 62, 120)
ACCENT: Colour = (0, 136, 145)
GREY: Colour = (112, 122, 138)
PANEL: Colour = (231, 241, 247)
MARGIN = 84
FIRST_LINE_Y = 190
LINE_GAP = 34
TEXT_SIZE, FORMULA_SIZE, FRAMED_SIZE = 34, 40, 54


@dataclass(frozen=True, slots=True)
class Line:
    """An item on its slide: where it lies, from its top left to its bottom right."""

    item: Item
    left: float
    top: float
    right: float
    bottom: float

    def under(self, part: float) -> tuple[float, float]:
        """Where the pointer is when it has followed the first `part` of the line."""
        if isinstance(self.item, Plot):
            return _on_plot(self.item, part)
        return self.left + (self.right - self.left) * (0.15 + 0.8 * part), self.bottom - 6


class Slides:
    """Draws the slides of one script; what does not change between pictures is drawn once."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._base = lru_cache(maxsize=4)(self._draw_base)
        self._pointer = _pointer()

    def lines(self, slide: int, shown: int) -> list[Line]:
        """What is visible after `shown` steps, in order."""
        return _laid_out(self.script.slides[slide], shown)

    def picture(self, slide: int, shown: int, part: float, pointer: tuple[int, int] | None) -> Image.Image:
        """One frame; `part` (0 to 1) is how much of a curve is drawn."""
        image = self._base(slide, shown, part).copy()
        if pointer is not None:
            x, y = pointer
            image.paste(self._pointer, (x, y), self._pointer)
        return image

    def _draw_base(self, slide: int, shown: int, part: float) -> Image.Image:
        image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
        draw = ImageDraw.Draw(image)
        page = self.script.slides[slide]
        (_draw_cover if page.cover else _draw_title)(draw, page)
        lines = self.lines(slide, shown)
        for number, line in enumerate(lines):
            _draw_line(draw, line, newest=number == len(lines) - 1)
        layers = [line.item.layer for line in lines if isinstance(line.item, Plot)]
        draw_plot(image, layers, part if layers[-1:] == ["curve"] else 1.0)
        _draw_footer(draw, self.script, slide)
        return image


def _laid_out(slide: Slide, shown: int) -> list[Line]:
    y = 404.0 if slide.cover else float(FIRST_LINE_Y)
    lines = []
    for item in (item for step in slide.steps[:shown] for item in step.shows):
        width, height = _size(item)
        lines.append(Line(item, MARGIN, y, MARGIN + width, y + height))
        if not isinstance(item, Plot):
            y += height + (LINE_GAP - 26 if slide.cover else LINE_GAP)
    return lines


def _size(item: Item) -> tuple[float, float]:
    if isinstance(item, Plot):
        return 0.0, 0.0
    if isinstance(item, Formula):
        size = FRAMED_SIZE if item.framed else FORMULA_SIZE
        room, padding = extent(item.parts, size), 28 if item.framed else 8
        return room.width + 2 * padding, room.above + room.below + 2 * padding
    formula = extent(item.formula, FORMULA_SIZE).width if item.formula else 0.0
    return 40 + _text_room(item) + formula, 52.0


def _text_room(item: Bullet) -> float:
    return text_width(item.text, "Regular", TEXT_SIZE) + (18 if item.formula and item.text else 0)


def _draw_line(draw: ImageDraw.ImageDraw, line: Line, *, newest: bool) -> None:
    item = line.item
    if isinstance(item, Formula):
        _draw_formula_line(draw, line, item)
    elif isinstance(item, Bullet):
        middle, colour = line.top + 27, ACCENT if newest else GREY
        draw.ellipse((line.left + 2, middle - 7, line.left + 16, middle + 7), fill=colour)
        at = (line.left + 40, line.top + 39)
        draw_text(draw, at, item.text, style="Regular", size=TEXT_SIZE, colour=INK)
        if item.formula:
            formula_at = (at[0] + _text_room(item), at[1])
            draw_formula(draw, formula_at, item.formula, size=FORMULA_SIZE, colour=TITLE)


def _draw_formula_line(draw: ImageDraw.ImageDraw, line: Line, item: Formula) -> None:
    size, padding = (FRAMED_SIZE, 28) if item.framed else (FORMULA_SIZE, 8)
    if item.framed:
        draw.rounded_rectangle((line.left, line.top, line.right, line.bottom), radius=16, fill=PANEL)
        draw.rounded_rectangle((line.left, line.top, line.left + 8, line.bottom), radius=4, fill=ACCENT)
    at = (line.left + padding, line.top + padding + extent(item.parts, size).above)
    draw_formula(draw, at, item.parts, size=size, colour=TITLE if item.framed else INK)


def _draw_title(draw: ImageDraw.ImageDraw, slide: Slide) -> None:
    draw_text(draw, (MARGIN, 104), slide.title, style="Bold", size=48, colour=TITLE)
    draw.rounded_rectangle((MARGIN, 130, MARGIN + 96, 137), radius=3, fill=ACCENT)


def _draw_cover(draw: ImageDraw.ImageDraw, slide: Slide) -> None:
    draw.rectangle((0, 0, WIDTH, 372), fill=TITLE)
    draw.rectangle((0, 372, WIDTH, 380), fill=ACCENT)
    draw_text(draw, (MARGIN, 222), slide.title, style="Bold", size=84, colour=PAPER)
    draw_text(draw, (MARGIN + 4, 296), slide.subtitle, style="Regular", size=32, colour=(190, 214, 236))


def _draw_footer(draw: ImageDraw.ImageDraw, script: Script, slide: int) -> None:
    page = f"{slide + 1} / {len(script.slides)}"
    draw.line((MARGIN, 668, WIDTH - MARGIN, 668), fill=(223, 224, 222), width=2)
    draw_text(draw, (MARGIN, 698), script.course, style="Regular", size=22, colour=GREY)
    left = WIDTH - MARGIN - text_width(page, "Regular", 22)
    draw_text(draw, (left, 698), page, style="Regular", size=22, colour=GREY)


def _on_plot(plot: Plot, part: float) -> tuple[float, float]:
    if plot.layer == "curve":
        return curve(part)[-1]
    if plot.layer == "zeros":
        x, y = place(2 + part, 0)
        return x, y + 12
    return place(6 * part, 0)


def _pointer() -> Image.Image:
    """An arrow with a soft shadow; its tip is its top left corner."""
    arrow: Sequence[tuple[int, int]] = ((4, 3), (4, 33), (12, 26), (17, 38), (23, 35), (18, 24), (28, 23))
    shadow = Image.new("RGBA", (40, 48))
    ImageDraw.Draw(shadow).polygon([(x + 3, y + 4) for x, y in arrow], fill=(0, 0, 0, 110))
    image = shadow.filter(ImageFilter.GaussianBlur(2))
    top = Image.new("RGBA", (160, 192))
    scaled = [(x * 4, y * 4) for x, y in arrow]
    draw = ImageDraw.Draw(top)
    draw.polygon(scaled, fill=(20, 24, 34, 255))
    draw.line([*scaled, scaled[0], scaled[1]], fill=(255, 255, 255, 255), width=7, joint="curve")
    image.alpha_composite(top.resize((40, 48), Image.Resampling.LANCZOS))
    return image
