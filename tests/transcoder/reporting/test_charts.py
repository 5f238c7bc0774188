"""Drawings are well-formed, stay inside their frame, and say what they show."""

from xml.etree import ElementTree

import pytest

from transcoder.reporting.charts import HEIGHT, WIDTH, Curve, Dot, Span, bits_over_time, merged, rate_quality

OURS = Curve("Ours & <best>", "avc", (Dot("avc-96", 60.0, 70.0), Dot("avc-500", 300.0, 94.9)))
THEIRS = Curve("Peer", "peertube", (Dot("240p", 208.0, 31.4), Dot("1080p", 862.0, 94.2)))


def places_of(svg: str, tag: str, *names: str) -> list[tuple[float, ...]]:
    return [tuple(float(element.get(name)) for name in names) for element in ElementTree.fromstring(svg).iter(tag)]


def test_every_rung_is_a_dot_inside_the_frame():
    svg = rate_quality([OURS, THEIRS], x_title="kbit/s", y_title="VMAF")

    dots = places_of(svg, "circle", "cx", "cy")
    assert len(dots) == 4
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in dots)


def test_better_is_higher_and_cheaper_is_farther_left():
    cheap, dear = places_of(rate_quality([OURS], x_title="x", y_title="y"), "circle", "cx", "cy")

    assert cheap[0] < dear[0]
    assert cheap[1] > dear[1]


def test_twice_the_bits_are_always_as_far_apart():
    curve = Curve("c", "avc", tuple(Dot("d", kbps, 80.0) for kbps in (50.0, 100.0, 200.0)))

    (first, _), (second, _), (third, _) = places_of(
        rate_quality([curve], x_title="x", y_title="y"), "circle", "cx", "cy"
    )
    assert second - first == pytest.approx(third - second, abs=0.11)


def test_names_are_text_and_no_markup():
    titles = [
        element.text for element in ElementTree.fromstring(rate_quality([OURS], x_title="x", y_title="y")).iter("title")
    ]

    assert titles == ["Ours & <best> avc-96: 60 → 70.0", "Ours & <best> avc-500: 300 → 94.9"]


def test_a_strip_is_as_high_as_its_cap_and_as_long_as_the_lesson():
    spans = [Span(0.0, 4.0, 50.0), Span(4.0, 4.0, 25.0)]

    svg = bits_over_time(spans, cap_kbps=100.0, style="avc", label="avc-96")
    assert places_of(svg, "line", "y1") == [(1.0,)]
    assert ElementTree.fromstring(svg).find("path").get("d") == "M0 44L0.0 22.0H200.0L200.0 32.5H400.0V44Z"


def test_a_long_lesson_is_drawn_in_few_steps_with_all_its_bits():
    spans = [Span(index * 8.0, 8.0, 10.0 + index % 7) for index in range(5400)]

    drawn = merged(spans)
    assert len(drawn) <= 200
    assert sum(span.kbps * span.duration_s for span in drawn) == pytest.approx(
        sum(span.kbps * span.duration_s for span in spans)
    )
    assert drawn[-1].start_s + drawn[-1].duration_s == 5400 * 8.0
