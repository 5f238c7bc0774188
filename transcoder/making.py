"""Make the files of a lesson: chunks of video, the whole sound, the stills. Short and dull on purpose."""

from collections.abc import Callable, Sequence
from pathlib import Path

from transcoder.media import Chunk, Made, Plan, VideoRendition
from transcoder.runner import Limits, nobody_cancels


def make_chunk(
    plan: Plan,
    chunk: Chunk,
    renditions: Sequence[VideoRendition],
    source: Path,
    out: Path,
    *,
    on_frames: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] = nobody_cancels,
    limits: Limits | None = None,
) -> list[Made]:
    """
    Encode one chunk in all `renditions` with one decode, as finished segments `out/{rendition}/{n}.m4s`.

    Every rendition's `init.mp4` is made too, the same for each chunk. `on_frames` hears, about twice a second, how
    many frames are done, counted from 0 in every chunk. Raises EncodeCancelled soon after `cancelled()` says so,
    EncodeFailed, BadSource, WorkspaceFull.
    """
    raise NotImplementedError


def make_audio(
    plan: Plan,
    source: Path,
    out: Path,
    *,
    on_seconds: Callable[[float], None] | None = None,
    on_made: Callable[[list[Made]], None] | None = None,
    cancelled: Callable[[], bool] = nobody_cancels,
    limits: Limits | None = None,
) -> list[Made]:
    """
    Encode the whole sound in all audio renditions, `out/{rendition}/init.mp4` and `{n}.m4s`.

    `on_made` hears of new files as they appear (the init segment first), each once; all are returned at the end.
    """
    raise NotImplementedError


def make_stills(
    plan: Plan,
    source: Path,
    out: Path,
    *,
    cancelled: Callable[[], bool] = nobody_cancels,
    limits: Limits | None = None,
) -> list[Made]:
    """
    Make `out/stills/poster.jpg` and, for video, `storyboard.vtt` with its pictures `storyboard-{n}.jpg`.

    The VTT names the pictures relative to itself.
    """
    raise NotImplementedError
