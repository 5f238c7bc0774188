"""The parabola y = x² − 5x + 6 on squared paper, drawn step by step."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from streamsvc.sample.typesetting import Colour, draw_text

LEFT, TOP, WIDTH, HEIGHT = 690, 178, 530, 470
UNIT = 66
ORIGIN_X, ORIGIN_Y = LEFT + 90, TOP + 390
INK: Colour = (40, 52, 78)
GRID: Colour = (222, 228, 236)
CURVE: Colour = (26, 115, 190)
ZERO: Colour = (214, 69, 65)
PAPER: Colour = (255, 255, 255)
FIRST_X, LAST_X = -0.05, 5.05
CURVE_POINTS = 120


def place(x: float, y: float) -> tuple[float, float]:
    """Where a point of the plane lies on the slide."""
    return ORIGIN_X + x * UNIT, ORIGIN_Y - y * UNIT * 0.92


def curve(part: float) -> list[tuple[float, float]]:
    """The first `part` (0 to 1) of the parabola, as it is drawn from left to right."""
    count = max(2, round(CURVE_POINTS * part) + 1)
    step = (LAST_X - FIRST_X) / CURVE_POINTS
    xs = [FIRST_X + step * number for number in range(count)]
    return [place(x, x * x - 5 * x + 6) for x in xs]


def draw_plot(image: Image.Image, layers: Sequence[str], part: float) -> None:
    """The layers that are shown so far; the curve only its first `part`."""
    draw = ImageDraw.Draw(image)
    if "axes" in layers:
        _draw_axes(draw)
    if "curve" in layers:
        inside = [(x, y) for x, y in curve(part) if y >= TOP + 6]
        if len(inside) > 1:
            draw.line(inside, fill=CURVE, width=5, joint="curve")
    if "zeros" in layers:
        for zero in (2, 3):
            _draw_zero(draw, zero)


def _draw_axes(draw: ImageDraw.ImageDraw) -> None:
    right, bottom = LEFT + WIDTH, TOP + HEIGHT
    draw.rounded_rectangle((LEFT, TOP, right, bottom), radius=12, fill=PAPER, outline=GRID, width=2)
    for number in range(-1, 7):
        x, y = place(number, number)
        draw.line((x, TOP + 2, x, bottom - 2), fill=GRID, width=1)
        draw.line((LEFT + 2, y, right - 2, y), fill=GRID, width=1)
    draw.line((LEFT + 12, ORIGIN_Y, right - 14, ORIGIN_Y), fill=INK, width=3)
    draw.line((ORIGIN_X, bottom - 12, ORIGIN_X, TOP + 14), fill=INK, width=3)
    draw.polygon([(right - 8, ORIGIN_Y), (right - 22, ORIGIN_Y - 7), (right - 22, ORIGIN_Y + 7)], fill=INK)
    draw.polygon([(ORIGIN_X, TOP + 8), (ORIGIN_X - 7, TOP + 22), (ORIGIN_X + 7, TOP + 22)], fill=INK)
    draw_text(draw, (right - 26, ORIGIN_Y + 34), "x", style="Italic", size=26, colour=INK)
    draw_text(draw, (ORIGIN_X - 28, TOP + 30), "y", style="Italic", size=26, colour=INK)
    for number in range(1, 6):
        x, y = place(number, 0)
        draw.line((x, y - 6, x, y + 6), fill=INK, width=2)
        draw_text(draw, (x - 7, y + 32), str(number), style="Regular", size=22, colour=INK)
    for number in (2, 4, 6):
        x, y = place(0, number)
        if y > TOP + 30:
            draw.line((x - 6, y, x + 6, y), fill=INK, width=2)
            draw_text(draw, (x - 30, y + 8), str(number), style="Regular", size=22, colour=INK)


def _draw_zero(draw: ImageDraw.ImageDraw, zero: int) -> None:
    x, y = place(zero, 0)
    draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=ZERO, outline=PAPER, width=3)
