"""
The poster and the storyboard: which pictures, and how ffmpeg makes them cheaply. Pure.

Outputs are named relative to the folder in which ffmpeg runs.
"""

from math import ceil
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.encode import arguments, guarded
from transcoder.guards import local_file
from transcoder.media import Plan
from transcoder.pictures import microseconds, on_paper, track_of, zero_s

STILLS_FOLDER = "stills"
POSTER_NAME = "poster.jpg"
STORYBOARD_NAME = "storyboard.vtt"
POSTER_SIDE = 1280
TILE_SIDE = 160
COLUMNS = ROWS = 5
MOST_PICTURES = 100
INTERVALS_S = (2, 4, 5, 10, 15, 20, 30, 60, 120, 300, 600)
POSTER_AT = 0.1
"""Of the lesson: title pages and black beginnings are over by then."""
POSTER_CANDIDATES = 12
SOUND_DRAWN_S = 300

JPEG = {"c:v": "mjpeg", "q:v": 5, "pix_fmt": "yuvj420p", "f": "image2", "map_metadata": -1, "flags": "+bitexact"}


def interval_s(duration_s: float) -> int:
    """One picture every so many seconds, so that there are about a hundred at most."""
    return next((step for step in INTERVALS_S if duration_s / step <= MOST_PICTURES), INTERVALS_S[-1])


def picture_count(duration_s: float) -> int:
    return max(1, ceil(duration_s / interval_s(duration_s)))


def tile_size(plan: Plan) -> tuple[int, int]:
    return _fitted(plan, TILE_SIDE)


def sheet_name(sheet: int) -> str:
    return f"storyboard-{sheet}.jpg"


def poster_arguments(plan: Plan, source: Path, *, at_s: float | None) -> list[str]:
    """The most usual of a few key frames from `at_s` of the file's own time on; from its beginning if None."""
    where = {} if at_s is None else {"ss": f"{at_s:.6f}", "seek_timestamp": 1, "noaccurate_seek": None}
    pictures = _keyframes(plan, source, where).filter("thumbnail", n=POSTER_CANDIDATES)
    pictures = on_paper(pictures, plan, *_fitted(plan, POSTER_SIDE))
    return arguments([ffmpeg.output(pictures, f"file:{POSTER_NAME}", **JPEG, **_ONE_PICTURE)])


def poster_begin_s(plan: Plan) -> float:
    return plan.source.start_s + plan.duration_s * POSTER_AT


def drawn_poster_arguments(plan: Plan, source: Path) -> list[str]:
    """For a lesson without pictures: the shape of its first minutes of sound."""
    assert plan.source.audio is not None
    # Where the channels change in mid-stream, what was heard before is drawn.
    options = {**guarded(plan), "reinit_filter": 1, "t": SOUND_DRAWN_S}
    sound = ffmpeg.input(local_file(source), **options)[str(plan.source.audio.stream)]
    wave = sound.filter("aformat", channel_layouts="mono")
    wave = wave.filter("showwavespic", s="1120x400", colors="0x8ecae6", scale="sqrt")
    ground = ffmpeg.input("color=c=0x16324f:s=1280x720", f="lavfi")
    drawn = ground.overlay(wave, x="(W-w)/2", y="(H-h)/2").filter("scale", out_range="pc")
    return arguments([ffmpeg.output(drawn, f"file:{POSTER_NAME}", **JPEG, **_ONE_PICTURE)])


def storyboard_arguments(plan: Plan, source: Path) -> list[str]:
    """Only key frames are decoded: a storyboard must not cost a second decode of the lesson."""
    step_s, count = interval_s(plan.duration_s), picture_count(plan.duration_s)
    width, height = tile_size(plan)
    pictures = _keyframes(plan, source, {}).filter("settb", "AVTB")
    pictures = pictures.filter("setpts", f"PTS-{microseconds(zero_s(plan))}")
    # `pass` keeps a last picture that is shorter than half a step: it may be the only one.
    pictures = pictures.filter("fps", fps=f"1/{step_s}", start_time=0, eof_action="pass")
    pictures = pictures.filter("tpad", stop=-1, stop_mode="clone").filter("trim", end_frame=count)
    pictures = on_paper(pictures, plan, width, height).filter("tile", layout=f"{COLUMNS}x{ROWS}")
    return arguments(
        [ffmpeg.output(pictures, "file:storyboard-%d.jpg", start_number=0, fps_mode="passthrough", **JPEG)]
    )


def storyboard_text(plan: Plan) -> str:
    """WebVTT whose cues name a rectangle of a picture (Media Fragments URI, `#xywh`)."""
    step_s, count = interval_s(plan.duration_s), picture_count(plan.duration_s)
    width, height = tile_size(plan)
    cues = ["WEBVTT"]
    for index in range(count):
        sheet, place = divmod(index, COLUMNS * ROWS)
        row, column = divmod(place, COLUMNS)
        end_s = min((index + 1) * step_s, plan.duration_s)
        times = f"{_clock(index * step_s)} --> {_clock(end_s)}"
        cues.append(f"{times}\n{sheet_name(sheet)}#xywh={column * width},{row * height},{width},{height}")
    return "\n\n".join(cues) + "\n"


def sheet_count(plan: Plan) -> int:
    return ceil(picture_count(plan.duration_s) / (COLUMNS * ROWS))


_ONE_PICTURE = {"frames:v": 1, "update": 1}


def _keyframes(plan: Plan, source: Path, where: dict[str, Any]) -> Any:
    given = ffmpeg.input(local_file(source), skip_frame="nokey", **guarded(plan), **where)
    return given[str(track_of(plan).stream)]


def _fitted(plan: Plan, longer: int) -> tuple[int, int]:
    """Even, of the picture's shape, its longer side at most `longer`."""
    video = track_of(plan)
    factor = min(1.0, longer / max(video.width, video.height))
    return max(2, int(video.width * factor) // 2 * 2), max(2, int(video.height * factor) // 2 * 2)


def _clock(time_s: float) -> str:
    milliseconds = round(time_s * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
