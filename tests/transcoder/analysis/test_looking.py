"""Real looks at tiny lessons of a few seconds, and what ladders follow."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.media_samples import ffmpeg
from transcoder.analysis.looking import look
from transcoder.analysis.values import Analysis
from transcoder.errors import EncodeCancelled
from transcoder.media import Plan
from transcoder.plan import settle, starter_plan
from transcoder.policy import Policy
from transcoder.probe import probe
from transcoder.settings import TranscoderSettings
from transcoder.tools import find_tools

pytestmark = pytest.mark.ffmpeg

QUICK = Policy(cpu="fast", lowest_height=120)
PAGE = "color=white:s=320x180:r=10:d=4,drawgrid=w=40:h=12:c=black"
NOISE = "color=gray:s=160x90:r=10:d=4,noise=alls=100:allf=t:all_seed=3"
LESSONS = {
    "slides": PAGE,
    "screen": f"{PAGE}[page];color=blue:s=40x40:r=10:d=4[box];[page][box]overlay=x=mod(n*7\\,280):y=60",
    "motion": NOISE,
}


def planned(folder: Path, pictures: str) -> tuple[Plan, Path]:
    path = folder / "lesson.mp4"
    ffmpeg("-f", "lavfi", "-i", pictures, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", str(path))
    found = probe(path, settings=TranscoderSettings(workspace=folder))
    return starter_plan(found, threads=1, encoder=find_tools().build, policy=QUICK), path


@pytest.fixture
def seen(tmp_path: Path) -> Callable[[str], tuple[Plan, Analysis]]:
    def seen(pictures: str) -> tuple[Plan, Analysis]:
        plan, path = planned(tmp_path, pictures)
        folder = tmp_path / "look"
        folder.mkdir(exist_ok=True)
        analysis = look(plan, path, folder, policy=QUICK)
        assert list(folder.iterdir()) == []
        return plan, analysis

    return seen


@pytest.mark.parametrize("kind", LESSONS)
def test_a_lesson_is_known_for_what_it_is_and_gets_its_ladder(
    kind: str, seen: Callable[[str], tuple[Plan, Analysis]]
) -> None:
    plan, analysis = seen(LESSONS[kind])

    assert [part.kind for part in analysis.parts] == [kind]
    made = settle(plan, analysis, policy=QUICK)
    assert all(rung.why and 0 < rung.why.vmaf <= 100 for rung in made.video[1:])
    assert {rung.family for rung in made.video} == {"avc", "av1"}
    assert (10 in {trial.frame_step for trial in analysis.trials}) == (kind == "slides")


def test_pages_that_stand_still_cost_next_to_nothing_and_movement_costs_much(
    seen: Callable[[str], tuple[Plan, Analysis]],
) -> None:
    _, still = seen(LESSONS["slides"])
    _, moving = seen(LESSONS["motion"])

    assert still.still_share > 0.99
    assert moving.still_share < 0.7
    assert largest_frame(still, height=180) * 10 < largest_frame(moving, height=90)


def largest_frame(analysis: Analysis, *, height: int) -> float:
    tried = [trial for trial in analysis.trials if (trial.height, trial.frame_step) == (height, 1)]
    return max(trial.frame_bytes[0] for trial in tried)


def test_a_second_look_finds_the_same(seen: Callable[[str], tuple[Plan, Analysis]]) -> None:
    _, first = seen(NOISE)
    _, second = seen(NOISE)

    assert first == second
    assert first.doubt == ""


def test_progress_rises_to_the_whole(tmp_path: Path) -> None:
    plan, path = planned(tmp_path, NOISE)
    heard: list[float] = []
    (tmp_path / "look").mkdir()

    look(plan, path, tmp_path / "look", policy=QUICK, on_progress=heard.append)

    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0)


def test_a_look_can_be_cancelled_and_leaves_nothing(tmp_path: Path) -> None:
    plan, path = planned(tmp_path, NOISE)
    (tmp_path / "look").mkdir()

    with pytest.raises(EncodeCancelled):
        look(plan, path, tmp_path / "look", policy=QUICK, cancelled=lambda: True)

    assert list((tmp_path / "look").iterdir()) == []


def test_a_source_that_cannot_be_decoded_gives_a_doubt_and_a_ladder(tmp_path: Path) -> None:
    """
    A lesson never fails for the look at it.
    """
    plan, path = planned(tmp_path, NOISE)
    path.write_bytes(path.read_bytes()[:200])
    (tmp_path / "look").mkdir()

    analysis = look(plan, path, tmp_path / "look", policy=QUICK)

    assert analysis == Analysis(doubt="failed")
    assert len(settle(plan, analysis, policy=QUICK).video) > 1


def test_three_frames_are_too_few_to_look_at(tmp_path: Path) -> None:
    plan, path = planned(tmp_path, "color=gray:s=160x90:r=10:d=0.3")

    assert look(plan, path, tmp_path, policy=QUICK).doubt == "too_short"
