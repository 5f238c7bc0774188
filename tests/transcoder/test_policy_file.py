"""A ministry's ladder file: what it means, and every mistake at once with its line."""

from dataclasses import replace
from pathlib import Path

import pytest

import transcoder
from transcoder.errors import PolicyInvalid
from transcoder.policy import DEFAULT_POLICY, Policy, Target, policy_for
from transcoder.policy_file import read_policy

SHIPPED = Path(transcoder.__file__).with_name("ladder.toml")
QUICK = Path(__file__).parents[1] / "data" / "ladders" / "quick.toml"


def findings_of(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(PolicyInvalid) as refused:
        read_policy(text)
    return [(finding.line, finding.key, finding.code) for finding in refused.value.findings]


def test_the_file_that_ships_says_what_holds_without_a_file():
    assert read_policy(SHIPPED.read_text("utf-8")) == DEFAULT_POLICY == read_policy("")


def test_the_quick_ladder_of_the_tests_is_two_rungs_for_every_device():
    assert read_policy(QUICK.read_text("utf-8")) == Policy(lines_kbps=(96, 300), families=("avc",), cpu="fast")


def test_families_are_kept_in_their_own_order():
    assert read_policy('families = ["av1", "avc"]').families == ("avc", "av1")


@pytest.mark.parametrize(
    ("text", "key", "code"),
    [
        ('cpu = "fats"', "cpu", "no_such_value"),
        ("cpu = 3", "cpu", "no_such_value"),
        ("linse_kbps = [96]", "linse_kbps", "unknown_key"),
        ('codecs = ["avc"]', "codecs", "unknown_key"),
        ("zzz = 1", "zzz", "strange_key"),
        ('families = ["av1"]', "families", "avc_missing"),
        ('families = ["avc", "hevc"]', "families", "no_such_value"),
        ('families = "avc"', "families", "families_no_list"),
        ("lines_kbps = [96, 64]", "lines_kbps", "lines_unordered"),
        ("lines_kbps = [96, 96]", "lines_kbps", "lines_unordered"),
        ("lines_kbps = [40, 96]", "lines_kbps", "line_outside"),
        ("lines_kbps = [96, 90000]", "lines_kbps", "line_outside"),
        ("lines_kbps = [64, 300]", "lines_kbps", "no_slow_avc_line"),
        ("lines_kbps = []", "lines_kbps", "lines_count"),
        ("lines_kbps = [true, 96]", "lines_kbps", "no_whole_numbers"),
        ('lines_kbps = ["96"]', "lines_kbps", "no_whole_numbers"),
        ("ceiling_vmaf = 101", "ceiling_vmaf", "outside"),
        ("ceiling_vmaf = nan", "ceiling_vmaf", "outside"),
        ("ceiling_vmaf = true", "ceiling_vmaf", "no_number"),
        ("least_gain_vmaf = -1", "least_gain_vmaf", "outside"),
        ("lowest_height = 241", "lowest_height", "height_odd"),
        ("highest_height = 2160", "highest_height", "outside"),
        ("lowest_height = 720", "lowest_height", "outside"),
        ("lowest_height = 480\nhighest_height = 360", "lowest_height", "heights_crossed"),
        ("highest_height = 200", "highest_height", "heights_crossed"),
        ("targets = 3", "targets", "targets_no_tables"),
        ('targets = [{cpu = "small"}]', "targets[1]", "target_for_all"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_key(text, key, code):
    assert findings_of(text) == [(1, key, code)]


def test_every_mistake_is_told_at_once_in_the_order_of_the_file():
    text = """\
cpu = "fats"
# a remark with cpu = "fast"
linse_kbps = [1]

[[targets]]
subject = "mathematics"
grades = [5, 13]
ceiling_vmaf = 93

[[targets]]
subject = "history"
"""
    assert findings_of(text) == [
        (1, "cpu", "no_such_value"),
        (3, "linse_kbps", "unknown_key"),
        (7, "targets[1].grades", "outside"),
        (10, "targets[2]", "target_without_change"),
    ]


def test_a_target_must_be_possible_together_with_what_holds_for_all():
    text = "lowest_height = 480\n\n[[targets]]\ngrades = [1]\nhighest_height = 360\n"

    assert findings_of(text) == [(3, "targets[1]", "heights_crossed")]


def test_a_file_that_is_no_toml_is_told_with_its_line():
    assert findings_of("cpu = 'fast'\nlines_kbps = [96\nfamilies") == [(3, "", "no_toml")]


def test_the_error_names_a_few_places_and_keeps_all_findings():
    with pytest.raises(PolicyInvalid) as refused:
        read_policy("a1 = 1\na2 = 1\na3 = 1\na4 = 1\n")

    assert len(refused.value.findings) == 4
    assert (
        refused.value.params["reason"] == "line 1, a1, strange_key; line 2, a2, strange_key; line 3, a3, strange_key; …"
    )


MATHS = Target(subject="mathematics", grades=(5, 6), ceiling_vmaf=93, cpu="small")
YOUNG = Target(grades=(5,), ceiling_vmaf=90)


def test_a_target_is_read_as_it_is_written():
    text = '[[targets]]\nsubject = "mathematics"\ngrades = [6, 5]\nceiling_vmaf = 93\ncpu = "small"\n'

    assert read_policy(text).targets == (MATHS,)


@pytest.mark.parametrize(
    ("subject", "grade", "cpu", "ceiling_vmaf"),
    [
        ("mathematics", 6, "small", 93),
        ("Mathematics", 6, "small", 93),
        ("mathematics", 7, "balanced", 95.5),
        ("history", 6, "balanced", 95.5),
        ("history", 5, "balanced", 90),
        ("mathematics", 5, "small", 90),
        (None, None, "balanced", 95.5),
        (None, 5, "balanced", 90),
        ("mathematics", None, "balanced", 95.5),
    ],
)
def test_a_lesson_gets_what_every_fitting_target_changes(subject, grade, cpu, ceiling_vmaf):
    """
    A later target wins over an earlier one; a lesson that does not say its grade is nobody's exception.
    """
    policy = Policy(targets=(MATHS, YOUNG))

    expected = replace(DEFAULT_POLICY, cpu=cpu, ceiling_vmaf=ceiling_vmaf)
    assert policy_for(policy, subject, grade) == expected
