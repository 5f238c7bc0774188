"""Make the files of a lesson: its pictures chunk by chunk, its sound, and the stills."""

from pathlib import Path

from transcoder.chunk_pictures import make_chunk
from transcoder.collecting import collect_still
from transcoder.encoder import Cancelled, emptied, encode
from transcoder.full_disk import full_disk_told
from transcoder.media import Made, Plan
from transcoder.runner import Limits, nobody_cancels
from transcoder.soundtrack import make_audio
from transcoder.stills import (
    POSTER_NAME,
    STILLS_FOLDER,
    STORYBOARD_NAME,
    drawn_poster_arguments,
    poster_arguments,
    poster_begin_s,
    sheet_count,
    sheet_name,
    storyboard_arguments,
    storyboard_text,
)

__all__ = ["make_audio", "make_chunk", "make_stills"]


def make_stills(
    plan: Plan,
    source: Path,
    out: Path,
    *,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
) -> list[Made]:
    """
    Make `out/stills/poster.jpg` and, for video, `storyboard.vtt` with its pictures `storyboard-{n}.jpg`.

    The VTT names the pictures relative to itself.
    """
    folder = emptied(out / STILLS_FOLDER)
    with full_disk_told(folder):
        if plan.source.video is None:
            encode(drawn_poster_arguments(plan, source), folder, limits, cancelled)
            return [collect_still(folder / POSTER_NAME)]
        for at_s in (poster_begin_s(plan), None):
            encode(poster_arguments(plan, source, at_s=at_s), folder, limits, cancelled)
            if (folder / POSTER_NAME).exists():
                break
        encode(storyboard_arguments(plan, source), folder, limits, cancelled)
        (folder / STORYBOARD_NAME).write_text(storyboard_text(plan), "utf-8")
        names = [POSTER_NAME, STORYBOARD_NAME, *(sheet_name(sheet) for sheet in range(sheet_count(plan)))]
        return [collect_still(folder / name) for name in names]
