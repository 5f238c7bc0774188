"""The curves of every clip in one SVG. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

from benchmarks.ladders.bdrate import Point
from benchmarks.ladders.judging import Measured

PANEL_WIDTH, PANEL_HEIGHT, COLUMNS = 620, 380, 2
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 44, 46
LEGEND_HEIGHT = 70
COLOURS = ("#0b7285", "#c2255c", "#5f3dc4", "#2b8a3e", "#1864ab", "#d9480f")
PEER_COLOURS = ("#868e96", "#495057", "#adb5bd", "#343a40")
TICKS_KBPS = (20, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 10_000)
TARGET_VMAF = (80, 90)


def draw(found: Sequence[Measured], *, peers: Sequence[str]) -> str:
    """A panel for each clip: VMAF over kbit/s of the pictures alone; peers are grey and dashed."""
    names = list(dict.fromkeys(name for measured in found for name in measured.pictures))
    colours = _colours(names, peers)
    width = PANEL_WIDTH * min(COLUMNS, max(1, len(found)))
    height = LEGEND_HEIGHT + PANEL_HEIGHT * ceil(len(found) / COLUMNS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="Noto Sans, DejaVu Sans, sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_legend(colours, peers),
    ]
    for number, measured in enumerate(found):
        row, column = divmod(number, COLUMNS)
        at = f"translate({column * PANEL_WIDTH} {LEGEND_HEIGHT + row * PANEL_HEIGHT})"
        parts += [f'<g transform="{at}">', *_panel(measured, colours, peers), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _colours(names: Sequence[str], peers: Sequence[str]) -> dict[str, str]:
    theirs = [name for name in names if name in peers]
    ours = [name for name in names if name not in peers]
    return {name: PEER_COLOURS[index % len(PEER_COLOURS)] for index, name in enumerate(theirs)} | {
        name: COLOURS[index % len(COLOURS)] for index, name in enumerate(ours)
    }


def _legend(colours: Mapping[str, str], peers: Sequence[str]) -> list[str]:
    parts = ['<text x="20" y="28" font-size="18" fill="#212529">VMAF over kbit/s of the pictures alone</text>']
    for number, (name, colour) in enumerate(colours.items()):
        x = 20 + number * 145
        parts.append(f'<path d="M{x} 50h26" stroke="{colour}" stroke-width="3"{_dash(name, peers)}/>')
        parts.append(f'<text x="{x + 33}" y="55" fill="#212529">{escape(name)}</text>')
    return parts


def _dash(name: str, peers: Sequence[str]) -> str:
    return ' stroke-dasharray="6 4"' if name in peers else ""


def _panel(measured: Measured, colours: Mapping[str, str], peers: Sequence[str]) -> list[str]:
    points = [point for ladder in measured.pictures.values() for point in ladder]
    low, high = _span([point.kbps for point in points])
    bottom = min([60.0, *(floor(point.vmaf / 10) * 10 for point in points)])

    def place(point: Point) -> tuple[float, float]:
        x = LEFT + (log10(point.kbps) - low) / (high - low) * (PANEL_WIDTH - LEFT - RIGHT)
        y = TOP + (100 - point.vmaf) / (100 - bottom) * (PANEL_HEIGHT - TOP - BOTTOM)
        return round(x, 1), round(y, 1)

    parts = [f'<text x="{LEFT}" y="28" font-size="15" fill="#212529">{escape(measured.clip)} ({measured.kind})</text>']
    floor_y = PANEL_HEIGHT - BOTTOM
    for kbps in TICKS_KBPS:
        if low <= log10(kbps) <= high:
            x, _ = place(Point(kbps, 100))
            parts.append(f'<path d="M{x} {TOP}V{floor_y}" stroke="#e9ecef"/>')
            parts.append(f'<text x="{x}" y="{floor_y + 20}" text-anchor="middle" fill="#495057">{kbps}</text>')
    for vmaf in range(int(bottom), 101, 10):
        _, y = place(Point(10**low, vmaf))
        colour = "#ced4da" if vmaf in TARGET_VMAF else "#e9ecef"
        parts.append(f'<path d="M{LEFT} {y}H{PANEL_WIDTH - RIGHT}" stroke="{colour}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end" fill="#495057">{vmaf}</text>')
    for name, ladder in measured.pictures.items():
        line = " ".join(f"{x},{y}" for x, y in map(place, sorted(ladder, key=lambda point: point.kbps)))
        style = f'fill="none" stroke="{colours[name]}" stroke-width="2.2"{_dash(name, peers)}'
        parts.append(f'<polyline points="{line}" {style}/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3.4" fill="{colours[name]}"/>' for x, y in map(place, ladder)]
    return parts


def _span(kbps: Sequence[float]) -> tuple[float, float]:
    """Of the logarithm, with room at both ends."""
    low, high = log10(min(kbps, default=10)), log10(max(kbps, default=1000))
    return low - 0.06, max(high, low + 0.3) + 0.06
