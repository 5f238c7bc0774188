"""Other systems' ladders, as they ship."""

from fractions import Fraction

import pytest

from transcoder.reporting.commands import peer_arguments
from transcoder.reporting.peers import MEDIACMS, PEERS, PEERTUBE, TYPICAL, peer_rungs


def test_peertube_caps_a_rung_by_its_pixels():
    rungs = {rung.height: rung.options["maxrate"] for rung in peer_rungs(PEERTUBE, (1920, 1080), Fraction(30))}

    assert rungs == {144: 210_125, 240: 522_240, 360: 1_036_800, 480: 1_474_560, 720: 3_041_280, 1080: 6_220_800}


def test_mediacms_caps_a_rung_at_one_and_a_half_of_its_rate():
    rungs = {rung.height: rung.options["maxrate"] for rung in peer_rungs(MEDIACMS, (1280, 720), Fraction(25))}

    assert rungs == {144: "225k", 240: "450k", 360: "750k", 480: "1500k", 720: "3750k"}


@pytest.mark.parametrize("peer", PEERS)
def test_no_rung_is_larger_than_the_source(peer):
    assert [rung.height for rung in peer_rungs(peer, (640, 400), Fraction(30))] == [144, 240, 360]


def test_a_portrait_picture_is_scaled_by_its_shorter_side():
    arguments = peer_arguments(
        peer_rungs(MEDIACMS, (720, 1280), Fraction(25))[:1], fps=Fraction(25), size=(720, 1280), segment_s=4.0
    )

    assert any("scale=144:256" in word for word in arguments)
    assert arguments[arguments.index("-g") + 1] == "100"


def test_typical_figures_rise_with_the_height():
    for figures in TYPICAL.values():
        assert set(figures) == {peer.name for peer in PEERS}
        for rungs in figures.values():
            assert list(rungs) == sorted(rungs)
            assert [vmaf for _, _, vmaf in rungs] == sorted(vmaf for _, _, vmaf in rungs)
