"""Picture and sound are in step at the end of a long lesson, whatever clocks its recorder had."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from tests.functional.media_samples import ffmpeg
from transcoder.making import make_chunk
from transcoder.media import Made, Plan
from transcoder.plan import starter_plan
from transcoder.probe import probe
from transcoder.settings import TranscoderSettings
from transcoder.soundtrack import make_audio
from transcoder.tools import find_tools

pytestmark = [pytest.mark.functional, pytest.mark.ffmpeg]

IN_STEP_S = 0.040
TIMES = 45
"""The clip lasts about a minute, and is played this often."""
HEARD_RATE, LOUD, WHITE = 8000, 3000, 128


@dataclass(frozen=True)
class Recorder:
    fps: str
    frames: int
    """Of the clip: as long as a whole number of samples."""
    sound_rate: int
    dropped: str = "0"
    """Expression over the frame's number `n`: a phone leaves out frames when it is dark."""
    both: bool = False
    """Measure the sound of both families."""


RECORDERS = {
    "25": Recorder("25", 1500, 44_100),
    "29.97": Recorder("30000/1001", 1800, 48_000, both=True),
    "30": Recorder("30", 1800, 44_100),
    "phone": Recorder("30", 1800, 48_000, dropped="between(mod(n,30),19,27)"),
}


def recording(recorder: Recorder, folder: Path) -> Path:
    """A flash with a beep in every second of the clip, and the clip again and again."""
    clip, long = folder / "clip.mov", folder / "long.mov"
    rate = f"({recorder.fps})"
    lit = f"between(mod(N/{rate},1),0.3-0.0001,0.5-0.0001)*lt(N,{recorder.frames}-30)"
    picture = f"color=black:s=32x16:r={recorder.fps},format=gray,geq=lum='if({lit},235,16)',format=yuv420p"
    length = f"{recorder.frames}/{rate}"
    # The first picture that is lit is shown at the next whole frame.
    onset = f"ceil((floor(t)+0.3-0.0001)*{rate})/{rate}"
    beep = f"if(between(t-{onset},0,0.1)*lt(t,{length}-1),0.6*sin(2*PI*1000*(t-{onset})),0)"
    inputs = ("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"aevalsrc='{beep}':s={recorder.sound_rate}")
    samples = round(recorder.frames / Fraction(recorder.fps) * recorder.sound_rate)
    kept = ("-vf", f"trim=end_frame={recorder.frames},select='not({recorder.dropped})'", "-fps_mode", "vfr")
    coded = shlex.split("-c:v libx264 -preset ultrafast -g 250 -c:a pcm_alaw -video_track_timescale 90000")
    ffmpeg(*inputs, *kept, "-af", f"atrim=end_sample={samples}", *coded, str(clip))
    ffmpeg("-stream_loop", str(TIMES - 1), "-i", str(clip), "-c", "copy", str(long))
    return long


def joined(made: Sequence[Made], folder: Path) -> Path:
    whole = folder / "whole.mp4"
    whole.write_bytes(b"".join((folder / made[0].rendition / item.name).read_bytes() for item in made))
    return whole


def flashes_s(plan: Plan, source: Path, folder: Path) -> list[float]:
    """When the last chunk's pictures turn white, by the times that its segments carry."""
    chunk, rung = plan.chunks[-1], plan.video[0]
    whole = joined(make_chunk(plan, chunk, [rung], source, folder), folder)
    raw = ffmpeg("-i", str(whole), "-fps_mode", "passthrough", "-vf", "scale=1:1,format=gray", "-f", "rawvideo", "-")
    white = [value > WHITE for value in raw]
    begins = [at for at, (before, now) in enumerate(pairwise(white), 1) if now and not before]
    return [float((chunk.start_frame + at) / plan.fps) for at in begins]


def beeps_s(made: Sequence[Made], folder: Path, *, after_s: float) -> list[float]:
    whole = joined(made, folder)
    raw = ffmpeg("-ss", f"{after_s:.6f}", "-i", str(whole), "-f", "s16le", "-ar", str(HEARD_RATE), "-ac", "1", "-")
    samples = memoryview(raw).cast("h")
    loud = [at for at, value in enumerate(samples) if abs(value) > LOUD]
    return [after_s + now / HEARD_RATE for before, now in pairwise([-HEARD_RATE, *loud]) if now - before > 800]


@pytest.mark.parametrize("name", RECORDERS)
def test_the_end_of_a_lesson_of_45_minutes_is_in_step(name: str, tmp_path: Path) -> None:
    source = recording(RECORDERS[name], tmp_path)
    plan = starter_plan(
        probe(source, settings=TranscoderSettings(workspace=tmp_path)), threads=1, encoder=find_tools().build
    )
    lowest = [next(each for each in plan.audio if each.family == family) for family in ("avc", "av1")]
    plan = replace(plan, audio=tuple(lowest[: 2 if RECORDERS[name].both else 1]))

    sound = make_audio(plan, source, tmp_path)
    flashes = flashes_s(plan, source, tmp_path)

    assert plan.duration_s > 2690
    assert len(flashes) >= 5
    after_s = flashes[0] - 0.2
    for rendition in plan.audio:
        mine = [item for item in sound if item.rendition == rendition.name]
        beeps = beeps_s(mine, tmp_path, after_s=after_s)
        assert len(beeps) == len(flashes)
        assert max(abs(flash - beep) for flash, beep in zip(flashes, beeps, strict=True)) <= IN_STEP_S
        length_s = sum(item.duration_s for item in mine)
        assert abs(length_s - plan.frame_count / plan.fps) <= 1 / rendition.sample_rate
