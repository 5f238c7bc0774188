from xml.etree import ElementTree

from benchmarks.ladders.bdrate import Point
from benchmarks.ladders.judging import Measured
from benchmarks.ladders.picture import draw

SVG = "{http://www.w3.org/2000/svg}"


def test_every_ladder_of_every_clip_has_its_curve():
    ladders = {"PeerTube": [Point(50, 30), Point(90, 60)], "small av1": [Point(30, 60), Point(60, 95)]}
    found = [Measured(f"<{clip}>", "board", False, ladders, ladders) for clip in ("one", "two", "three")]

    picture = ElementTree.fromstring(draw(found, peers=["PeerTube"]))

    curves = [line.get("points", "").split() for line in picture.iter(f"{SVG}polyline")]
    assert [len(curve) for curve in curves] == [2] * 6
    assert len(list(picture.iter(f"{SVG}circle"))) == 12
    assert "<one> (board)" in {text.text for text in picture.iter(f"{SVG}text")}


def test_better_is_higher_and_dearer_is_farther_right():
    ladders = {"small av1": [Point(30, 60), Point(60, 95)]}

    picture = ElementTree.fromstring(draw([Measured("one", "board", False, ladders, ladders)], peers=[]))

    low, high = ((float(dot.get("cx", 0)), float(dot.get("cy", 0))) for dot in picture.iter(f"{SVG}circle"))
    assert low[0] < high[0]
    assert low[1] > high[1]
