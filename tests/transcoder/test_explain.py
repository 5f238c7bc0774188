"""A plan explains itself: what was found, why every rung is what it is, which lines have none."""

from dataclasses import replace
from fractions import Fraction

import pytest

from streamsvc.texts import LANGUAGES, load_texts
from transcoder.analysis.values import Analysis, Part, Trial
from transcoder.explain import Passage, explained
from transcoder.media import AudioRendition, Plan, Rival, VideoRendition, Why
from transcoder.policy import Policy
from transcoder.source import AudioTrack, Heard, Source, VideoTrack

VIDEO = VideoTrack("h264", 1920, 1080, Fraction(30), False, False, 8, "bt709", 0.0, 600.0)
HEARD = Heard(
    "speech", mono_lufs=-26.0, stereo_lufs=-23.14, peak_db=-6.0, floor_db=-60.0, alike=True, hum_hz=50, hum_db=-48
)
AUDIO = AudioTrack("aac", 2, "stereo", 48_000, 0.0, 600.0, lone_channel=1, heard=HEARD)
AAC = AudioRendition("aac-40", "aac", 40, 48_000, 1)
ANALYSIS = Analysis(
    parts=(Part(0, 90, 0.75, "slides", 0.98, 24), Part(9000, 90, 0.25, "screen", 0.6, 0)),
    trials=(Trial("avc", 1080, 1, 30, (1, 1), (1.0, 1.0), (90.0, 80.0)),),
)
STARTER = VideoRendition("avc-96", "avc", 854, 480, 1, "medium", 32, 52, 400, "3.0", 96, "aac-40", Why(40.2, 71.26))
TOP = VideoRendition(
    "avc-500", "avc", 1920, 1080, 30, "medium", 27, 456, 3600, "4.0", 500, "aac-40",
    Why(210.0, 95.1, (Rival(720, 1, 91.0), Rival(1080, 30, 90.5), Rival(480, 1, 80.0))),
)  # fmt: skip
POLICY = Policy(lines_kbps=(64, 96, 300, 500, 900, 1800), families=("avc",))


def planned(*rungs: VideoRendition, **changes: object) -> Plan:
    whole = Plan(
        source=Source(1, "mov", 600.0, VIDEO, AUDIO),
        fps=Fraction(30),
        frame_count=18_000,
        segment_frames=240,
        opening=3,
        opening_frames=120,
        duration_s=600.0,
        chunks=(),
        video=rungs,
        audio=(AAC,),
        threads=1,
        encoder="build",
        digest="d" * 32,
        settled=True,
        policy=POLICY,
        analysis=ANALYSIS,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # values of one call


def told(plan: Plan, language: str = "en") -> dict[str, Passage]:
    words = load_texts().about("plan", language)
    return {passage.about: passage for passage in explained(plan, words)}


def test_what_was_found_is_told_in_figures():
    assert told(planned(STARTER, TOP))["lesson"].sentences == (
        "Slides that stand still: 75 %; A screen with movement: 25 %.",
        "88 % of the picture stays as it is from one frame to the next.",
        "The smallest writing is 24 lines high in a picture of 1080.",
        "2 samples drawn over the whole lesson were looked at; trial encodes: 1.",
    )


def test_every_rung_says_what_it_was_weighed_against():
    _, starter, top = told(planned(STARTER, TOP))["rungs"].sentences

    assert starter == (
        "avc-96: for a line of 96 kbit/s, H.264, 854×480, 30 frames/s; pictures take at most 52 kbit/s "
        "(x264 medium, CRF 32). Its sound: aac-40. This rung was chosen before the look at the lesson, so that it "
        "plays at once. Expected: 40 kbit/s of pictures on the mean, VMAF 71.3. The smallest writing keeps 11 lines."
    )
    assert top == (
        "avc-500: for a line of 500 kbit/s, H.264, 1920×1080, 1 frames/s; pictures take at most 456 kbit/s "
        "(x264 medium, CRF 27). Its sound: aac-40. As the picture stands still, one frame a second is enough. "
        "Expected: 210 kbit/s of pictures on the mean, VMAF 95.1. The same bits spent otherwise: 720 lines, VMAF 91.0; "
        "1080 lines at one frame a second, VMAF 90.5. The smallest writing keeps 24 lines."
    )


def test_every_line_without_a_rung_has_a_reason():
    assert told(planned(STARTER, TOP))["left_out"].sentences == (
        "64 kbit/s, H.264: H.264 is no good on such lines, it begins at 96 kbit/s.",
        "300 kbit/s, H.264: would add less than 2 VMAF to avc-96.",
        "900, 1800 kbit/s, H.264: avc-500 reaches VMAF 95.1 already, and more cannot be seen.",
    )


def test_a_top_rung_far_below_the_ceiling_is_no_excuse():
    top = replace(TOP, why=Why(210.0, 88.0))

    assert told(planned(STARTER, top))["left_out"].sentences[-1] == (
        "900, 1800 kbit/s, H.264: would add less than 2 VMAF to avc-500."
    )


def test_a_family_whose_lowest_rung_is_above_the_lowest_line():
    rung = replace(STARTER, name="av1-96", family="av1")
    policy = replace(POLICY, families=("avc", "av1"))

    said = told(planned(STARTER, TOP, rung, policy=policy))["left_out"].sentences
    assert "64 kbit/s, AV1: beside the sound too little is left for pictures." in said


def test_nothing_left_out_is_no_passage():
    assert "left_out" not in told(planned(STARTER, TOP, policy=Policy(lines_kbps=(96, 500), families=("avc",))))


def test_sound_is_told_with_what_a_teacher_can_mend():
    assert told(planned(STARTER))["sound"].sentences == (
        "Speech was heard, at −23.1 LUFS.",
        "It is brought to −16 LUFS, so that all lessons are equally loud.",
        "The mains hum at 50 Hz (−48 dB), which is filtered out. Keep the microphone away from power cables.",
        "The noise of the room (−60 dB) is reduced.",
        "Only the right side has sound: it is given to both.",
        "What is made: AAC 40 kbit/s, one channel.",
    )


def test_a_rung_says_what_it_is_for_beside_its_neighbours():
    still = replace(STARTER, name="avc-96-1080", frame_step=30)
    moving = replace(TOP, frame_step=1)

    _, sparing, better, top = told(planned(STARTER, still, moving))["rungs"].sentences
    assert "for those who pay for every megabyte" in sparing
    assert "for those who pay" not in better
    assert "Unlike avc-96-1080 it shows every frame" in top


def test_a_voice_in_a_noisy_room_is_not_raised_without_end():
    far = replace(HEARD, mono_lufs=-40.0, stereo_lufs=-40.0, floor_db=-38.0, hum_hz=0)
    plan = planned(STARTER, source=Source(1, "mov", 600.0, VIDEO, replace(AUDIO, lone_channel=None, heard=far)))

    assert any("Bring the microphone nearer" in sentence for sentence in told(plan)["sound"].sentences)


def test_a_silent_track_is_told():
    silent = replace(HEARD, kind="silence", hum_hz=0)
    plan = planned(STARTER, source=Source(1, "mov", 600.0, VIDEO, replace(AUDIO, lone_channel=None, heard=silent)))

    assert told(plan)["sound"].sentences[0].startswith("There is a sound track, but nothing was heard on it.")
    assert len(told(plan)["sound"].sentences) == 2


def test_a_plan_that_is_not_settled_says_that_more_comes():
    plan = planned(STARTER, settled=False, analysis=None)

    assert told(plan)["lesson"].sentences == ("The lesson is still being looked at: the other rungs are chosen then.",)
    assert "left_out" not in told(plan)


@pytest.mark.parametrize("doubt", ["not_asked", "too_short", "failed"])
def test_a_doubt_is_told_and_rungs_follow_from_the_size(doubt):
    starter = replace(STARTER, why=None)

    said = told(planned(starter, analysis=Analysis(doubt=doubt)))
    assert len(said["lesson"].sentences) == 1
    assert "size of the picture alone" in said["lesson"].sentences[0]
    assert said["left_out"].sentences[-1].endswith("nothing better than avc-96 is known.")


def test_sound_alone():
    said = told(planned(source=Source(1, "mov", 600.0, None, AUDIO), analysis=None))

    assert set(said) == {"lesson", "sound"}
    assert said["lesson"].sentences == ("There are no pictures: only the sound is sent.",)


def test_pictures_alone():
    said = told(planned(STARTER, source=Source(1, "mov", 600.0, VIDEO, None), audio=()))

    assert said["sound"].sentences == ("The lesson has no sound.",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_passages_without_holes(language):
    said = told(planned(STARTER, TOP), language)

    english = told(planned(STARTER, TOP))
    assert {about: len(passage.sentences) for about, passage in said.items()} == {
        about: len(passage.sentences) for about, passage in english.items()
    }
    assert not [s for passage in said.values() for s in passage.sentences if "{" in s or "…" in s]


def test_numbers_are_written_as_the_language_writes_them():
    assert "95,1" in " ".join(told(planned(STARTER, TOP), "ru")["rungs"].sentences)
