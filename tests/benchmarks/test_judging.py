import pytest

from benchmarks.ladders.bdrate import Point
from benchmarks.ladders.judging import (
    Measured,
    Verdict,
    bd_verdicts,
    cost_at,
    goal_verdicts,
    long_verdicts,
    lowest_verdicts,
    mean_over_kinds,
)

PEER = [Point(100, 40.0), Point(200, 60.0), Point(400, 80.0)]


def measured(clip: str, kind: str, share: float) -> Measured:
    """A lesson of which ours takes this share of the peer's bits."""
    ours = [Point(point.kbps * share, point.vmaf) for point in PEER]
    ladders = {"PeerTube": PEER, "small avc": ours}
    return Measured(clip, kind, kind == "motion", ladders, ladders)


def test_every_kind_counts_once_and_high_motion_not_at_all():
    found = [
        measured("slides-1", "slides", 0.5),
        measured("slides-2", "slides", 0.7),
        measured("board", "board", 0.8),
        measured("sport", "motion", 2.0),
    ]

    assert mean_over_kinds(found, ladder="small avc", peer="PeerTube") == pytest.approx((-40 - 20) / 2)


def test_only_the_class_that_saves_most_is_bound_by_the_limits():
    verdicts = bd_verdicts([measured("board", "board", 0.5)], cpus=["small", "fast"], peers=["PeerTube"])

    assert {(verdict.what, verdict.kept, verdict.binding) for verdict in verdicts} == {
        ("BD-rate of small avc against PeerTube, %", True, True),
        ("BD-rate of small av1 against PeerTube, %", False, True),
        ("BD-rate of fast avc against PeerTube, %", False, False),
        ("BD-rate of fast av1 against PeerTube, %", False, False),
    }


def test_a_ladder_that_begins_above_the_target_costs_its_lowest_rung():
    assert cost_at(PEER, 30) == (100, 40.0)
    assert cost_at(PEER, 60) == (pytest.approx(200), 60)
    assert cost_at(PEER, 81) == (None, 81)
    assert cost_at([], 80) == (None, 80)


def test_goals_are_those_of_the_lesson_s_kind():
    verdicts = goal_verdicts([measured("lecture", "slides", 0.2), measured("my-lesson", "other", 0.2)], cpus=["small"])

    assert [(verdict.what, verdict.limit, verdict.kept) for verdict in verdicts if verdict.value] == [
        ("lecture: total kbit/s of small avc at VMAF 80", 100, True)
    ]


def test_the_lowest_variant_must_be_slow_enough_and_good_enough():
    kept = lowest_verdicts("board", "small", moves=False, lowest=(63_999, 60.0), lowest_avc=96_000)
    broken = lowest_verdicts("board", "small", moves=False, lowest=(64_001, 59.9), lowest_avc=96_001)

    assert [verdict.kept for verdict in kept] == [True, True, True]
    assert [verdict.kept for verdict in broken] == [False, False, False]


def test_a_figure_that_could_not_be_had_keeps_no_limit():
    assert not Verdict("1", "BD-rate", None, -45).kept


def test_a_shorter_lesson_has_its_share_of_the_bytes():
    size, vmaf = long_verdicts("small", minutes=9, size=1_900_000, vmaf=94.9)

    assert (size.limit, size.kept) == (2_000_000, True)
    assert (vmaf.limit, vmaf.kept) == (95, False)
