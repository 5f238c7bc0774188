from dataclasses import replace
from fractions import Fraction

import pytest

from tests.transcoder import plans
from tests.transcoder.good_tree import PLAN, make_media
from transcoder.loudness import SoundReport
from transcoder.media import Made
from transcoder.verify import verify_asset


def made() -> dict[str, list[Made]]:
    return plans.whole_lesson()


def rules(by_rendition: dict[str, list[Made]]) -> set[str]:
    return {finding.rule for finding in verify_asset(PLAN, by_rendition)}


def test_a_whole_lesson_has_no_findings():
    assert verify_asset(PLAN, made()) == []


def test_the_same_init_segment_made_by_every_chunk_is_no_finding():
    by_rendition = made()
    by_rendition["v144"].append(by_rendition["v144"][0])

    assert verify_asset(PLAN, by_rendition) == []


def changed(name: str, position: int, **values: object) -> dict[str, list[Made]]:
    by_rendition = made()
    by_rendition[name][position] = replace(by_rendition[name][position], **values)
    return by_rendition


@pytest.mark.parametrize(
    ("by_rendition", "rule"),
    [
        ({**made(), "v288": []}, "H15"),
        ({**made(), "v144": plans.video("v144")[:2] + plans.video("v144")[3:]}, "H15"),
        ({**made(), "v144": plans.video("v144")[:3]}, "H9"),
        ({**made(), "v144": plans.video("v144")[1:]}, "H10"),
        ({**made(), "v144": [*plans.video("v144"), replace(plans.video("v144")[0], sha256="c" * 64)]}, "H10"),
        ({**made(), "v144": [*plans.video("v144"), plans.video("v144")[3]]}, "H11"),
        ({**made(), "a48": plans.audio("a48")[:3]}, "H9"),
        (changed("v144", 0, codec=""), "H22"),
        (changed("v144", 2, start_s=Fraction(4001, 1000)), "H11"),
        (changed("v288", 2, duration_s=Fraction(399, 100)), "H9"),
        (changed("v144", 1, iframe_bytes=0), "H35"),
        (changed("v144", 1, iframe_bytes=99_999), "H35"),
        (changed("v144", 1, bytes=0), "H40"),
        (changed("v144", 1, sha256=""), "H40"),
        (changed("a48", 2, start_s=Fraction(5)), "H9"),
        (changed("a48", 3, duration_s=Fraction(2)), "H9"),
        ({**made(), "w288": made()["w288"][:3]}, "H9"),
        (changed("w288", 3, duration_s=Fraction(2)), "H9"),
        (changed("w144", 0, codec="avc1.64000b"), "H22"),
        (changed("v144", 0, codec="av01.0.00M.08"), "H22"),
        (changed("o16", 0, codec="mp4a.40.2"), "H22"),
        (changed("o16", 2, start_s=Fraction(41, 10)), "H9"),
        (changed("v144", 0, codec="avc1.640014"), "H23"),
        (changed("w144", 0, codec="av01.0.01M.08"), "H23"),
        (changed("v144", 1, bytes=82_000), "H20"),
        (changed("w288", 2, bytes=46_000), "H20"),
    ],
)
def test_what_is_not_whole_is_found(by_rendition, rule):
    assert rule in rules(by_rendition)


@pytest.mark.parametrize(
    ("name", "position", "values"),
    [
        ("v144", 1, {"bytes": 79_000}),
        ("w288", 2, {"bytes": 43_000}),
        ("v144", 0, {"codec": "avc1.64000a"}),
        ("v288", 0, {"codec": "avc1.64000d"}),
    ],
)
def test_a_line_has_a_little_slack_and_a_level_may_be_lower(name, position, values):
    """Players allow for a tenth beside BANDWIDTH: v144 with its sound on a line of 192, w288 on one of 96."""
    assert verify_asset(PLAN, changed(name, position, **values)) == []


def test_a_last_segment_that_is_too_short_for_a_line_is_not_held_to_it():
    """It holds 1.48 s: a key picture takes most of it, and one like it is not far."""
    assert verify_asset(PLAN, changed("v144", 3, bytes=100_000)) == []


def heard(rendition: str, lufs: float, peak_db: float = -3.0) -> SoundReport:
    return SoundReport(rendition, lufs, peak_db)


@pytest.mark.parametrize(
    ("sound", "count"),
    [
        ((heard("a48", -16.4), heard("o16", -16.4)), 0),
        ((heard("a48", -16.4, peak_db=0.4),), 1),
        ((heard("a47", -16.4),), 1),
        ((heard("a48", -12.0),), 1),
        ((heard("a48", -12.0, peak_db=0.2), heard("o16", -12.0)), 1),
    ],
)
def test_sound_that_missed_its_loudness_is_not_published(sound, count):
    """Too loud and not made again; peaks that a decoder would clip; figures of another making."""
    found = verify_asset(PLAN, made(), sound=sound)

    assert [finding.rule for finding in found] == ["R128"] * count


def test_findings_name_the_place():
    (finding,) = verify_asset(PLAN, changed("v144", 1, iframe_bytes=0))

    assert (finding.rule, finding.place) == ("H35", "v144/0.m4s")


@pytest.mark.ffmpeg
def test_what_ffmpeg_makes_passes(tmp_path):
    assert verify_asset(PLAN, make_media(tmp_path)) == []
