"""Expected figures come from scipy's PCHIP and from the package `bjontegaard` (method `pchip`)."""

import pytest

from benchmarks.ladders.bdrate import Point, bd_rate, curve, kbps_at

PEER = [Point(*pair) for pair in ((80, 31.4), (162, 56.9), (252, 72.0), (432, 86.6), (734, 94.2))]
OURS = [Point(*pair) for pair in ((50, 32.0), (64, 48.0), (96, 63.0), (150, 75.0), (250, 86.0), (420, 92.5))]
FLAT = [Point(*pair) for pair in ((100, 30.0), (200, 50.0), (400, 50.5), (800, 95.0))]
STEEP = [Point(*pair) for pair in ((90, 32.0), (150, 60.0), (420, 61.0), (500, 90.0))]


@pytest.mark.parametrize(
    ("anchor", "test", "per_cent"), [(PEER, OURS, -45.966718780865), (FLAT, STEEP, -41.672056621808)]
)
def test_the_delta_is_that_of_known_implementations(anchor, test, per_cent):
    assert bd_rate(anchor, test) == pytest.approx(per_cent, rel=1e-9)


def test_half_the_bits_for_the_same_qualities_is_minus_fifty_per_cent():
    halved = [Point(point.kbps / 2, point.vmaf) for point in PEER]

    assert bd_rate(PEER, halved) == pytest.approx(-50)
    assert bd_rate(halved, PEER) == pytest.approx(100)


@pytest.mark.parametrize(("vmaf", "kbps"), [(40, 100.946583972582), (80, 327.702448173683), (90, 531.395002301310)])
def test_the_rate_of_a_quality_is_that_of_pchip(vmaf, kbps):
    assert kbps_at(PEER, vmaf) == pytest.approx(kbps, rel=1e-9)


def test_a_rung_has_its_own_rate():
    assert [kbps_at(PEER, point.vmaf) for point in PEER] == pytest.approx([point.kbps for point in PEER])


def test_a_rung_that_costs_more_and_shows_less_does_not_count():
    with_waste = [*PEER, Point(300, 71.0), Point(900, 94.2)]

    assert curve(with_waste) == curve(PEER)


def test_qualities_that_are_not_reached_have_no_rate():
    assert kbps_at(PEER, 95) is None
    assert kbps_at(PEER, 30) is None


def test_an_anchor_with_one_rung_is_compared_at_its_quality():
    assert bd_rate([Point(400, 80.0)], PEER) == pytest.approx((327.702448173683 / 400 - 1) * 100)
    assert bd_rate([Point(400, 95.0)], PEER) is None


def test_ladders_without_a_common_quality_are_not_compared():
    assert bd_rate(PEER, [Point(10, 10.0), Point(20, 31.0)]) is None
    assert bd_rate(PEER, [Point(100, 60.0)]) is None
