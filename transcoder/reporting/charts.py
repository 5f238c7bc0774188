"""Drawings of a report, as SVG that stands in the page. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

WIDTH, HEIGHT = 400, 280
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 8, 30
TICKS_KBPS = (20, 50, 100, 200, 500, 1000, 2000, 5000)
STRIP_HEIGHT = 44
MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Dot:
    """A rung on a curve."""

    label: str
    kbps: float
    vmaf: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A ladder on the chart."""

    name: str
    style: str
    """A class of the page's style sheet, which gives its colour."""
    dots: tuple[Dot, ...]


def rate_quality(curves: Sequence[Curve], *, x_title: str, y_title: str) -> str:
    """Quality over the total rate, on a logarithmic scale: twice the bits are always as far apart."""
    dots = [dot for curve in curves for dot in curve.dots]
    low, high = min(dot.kbps for dot in dots) / 1.15, max(dot.kbps for dot in dots) * 1.15
    floor = min(90.0, max(0.0, min(dot.vmaf for dot in dots) // 10 * 10))

    def x(kbps: float) -> float:
        return LEFT + (log10(kbps) - log10(low)) / (log10(high) - log10(low)) * (WIDTH - LEFT - RIGHT)

    def y(vmaf: float) -> float:
        return TOP + (100 - vmaf) / (100 - floor) * (HEIGHT - TOP - BOTTOM)

    drawn = [
        *(_across(y(vmaf), f"{vmaf}") for vmaf in range(int(floor), 101, 10)),
        *(_upward(x(kbps), f"{kbps}") for kbps in TICKS_KBPS if low <= kbps <= high),
        *(_curve(curve, x, y) for curve in curves),
        f'<text class="axis" x="{WIDTH - RIGHT}" y="{HEIGHT - 3}" text-anchor="end">{escape(x_title)}</text>',
        f'<text class="axis" x="{LEFT + 4}" y="{TOP + 10}">{escape(y_title)}</text>',
    ]
    return _svg("".join(drawn), HEIGHT, f"{y_title} / {x_title}")


def _curve(curve: Curve, x: Callable[[float], float], y: Callable[[float], float]) -> str:
    ordered = sorted(curve.dots, key=lambda dot: dot.kbps)
    places = " ".join(f"{x(dot.kbps):.1f},{y(dot.vmaf):.1f}" for dot in ordered)
    marks = "".join(
        f'<circle cx="{x(dot.kbps):.1f}" cy="{y(dot.vmaf):.1f}" r="3.2">'
        f"<title>{escape(curve.name)} {escape(dot.label)}: {dot.kbps:.0f} → {dot.vmaf:.1f}</title></circle>"
        for dot in ordered
    )
    return f'<g class="{curve.style}"><polyline points="{places}"/>{marks}</g>'


def _across(y: float, label: str) -> str:
    line = f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return f'{line}<text class="axis" x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'


def _upward(x: float, label: str) -> str:
    line = f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
    return f'{line}<text class="axis" x="{x:.1f}" y="{HEIGHT - BOTTOM + 13}" text-anchor="middle">{label}</text>'


@dataclass(frozen=True, slots=True)
class Span:
    """What a segment, or several, take of the line."""

    start_s: float
    duration_s: float
    kbps: float


def bits_over_time(spans: Sequence[Span], *, cap_kbps: float | None, style: str, label: str) -> str:
    """A strip as high as its own peak or cap; one of a long lesson is drawn in a few hundred steps."""
    drawn = merged(spans)
    top = max([*(span.kbps for span in drawn), cap_kbps or 0.0, 1.0])
    length_s = max(spans[-1].start_s + spans[-1].duration_s, 0.001)

    def x(moment_s: float) -> float:
        return moment_s / length_s * WIDTH

    def y(kbps: float) -> float:
        return 1 + (1 - kbps / top) * (STRIP_HEIGHT - 2)

    path = "".join(
        f"L{x(span.start_s):.1f} {y(span.kbps):.1f}H{x(span.start_s + span.duration_s):.1f}" for span in drawn
    )
    line = f'<line class="cap" x1="0" x2="{WIDTH}" y1="{y(cap_kbps):.1f}" y2="{y(cap_kbps):.1f}"/>' if cap_kbps else ""
    return _svg(
        f'<path class="{style}" d="M0 {STRIP_HEIGHT}{path}V{STRIP_HEIGHT}Z"/>{line}', STRIP_HEIGHT, label, "strip"
    )


def merged(spans: Sequence[Span], most: int = MOST_STEPS) -> list[Span]:
    """Neighbours put together until there are few enough; their bits stay what they are."""
    each = -(-len(spans) // most)
    groups = [spans[first : first + each] for first in range(0, len(spans), each)]
    return [_together(group) for group in groups]


def _together(spans: Sequence[Span]) -> Span:
    seconds = sum(span.duration_s for span in spans)
    kbit = sum(span.kbps * span.duration_s for span in spans)
    return Span(spans[0].start_s, seconds, kbit / seconds if seconds else 0.0)


def _svg(inside: str, height: int, label: str, style: str = "chart") -> str:
    stretch = ' preserveAspectRatio="none"' if style == "strip" else ""
    return (
        f'<svg class="{style}" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}"{stretch}>'
        f"{inside}</svg>"
    )
