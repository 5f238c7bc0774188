"""Make the files of a lesson: chunks of video, the whole sound, the stills. Short and dull on purpose."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from transcoder.boxes import InitSegment
from transcoder.collecting import collect_init, collect_segment, collect_still, segment_name
from transcoder.encode import (
    EVEN_SOUND,
    UNREAD_PLAYLIST,
    audio_arguments,
    beginnings,
    even_sound_arguments,
    video_arguments,
    with_even_sound,
)
from transcoder.errors import EncodeFailed, WorkspaceFull
from transcoder.full_disk import full_disk_told
from transcoder.media import AudioRendition, Chunk, Made, Plan, VideoRendition
from transcoder.runner import Finished, Limits, nobody_cancels, run
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
from transcoder.tools import find_tools

Cancelled = Callable[[], bool]
CHANGING_SOUND = "Changing audio frame properties on the fly"
"""ffmpeg's words for a stream that goes from one channel to two."""


def make_chunk(
    plan: Plan,
    chunk: Chunk,
    renditions: Sequence[VideoRendition],
    source: Path,
    out: Path,
    *,
    on_frames: Callable[[int], None] | None = None,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
) -> list[Made]:
    """
    Encode one chunk in all `renditions` with one decode, as finished segments `out/{rendition}/{n}.m4s`.

    Every rendition's `init.mp4` is made too, the same for each chunk. `on_frames` hears, about twice a second, how
    many frames are done, counted from 0 in every chunk. Raises EncodeCancelled soon after `cancelled()` says so,
    EncodeFailed, WorkspaceFull.
    """
    folders = [_emptied(out / rendition.name) for rendition in renditions]
    with full_disk_told(out):
        for begin_s in beginnings(plan, chunk):
            command = video_arguments(plan, chunk, renditions, source, begin_s=begin_s)
            finished = _encode(command, out, limits, cancelled, _frame_listener(on_frames))
            if _begins_in_time(plan, chunk, folders[0]):
                _forget_playlists(folders)
                return [made for folder in folders for made in _chunk_files(plan, chunk, folder)]
        raise EncodeFailed(f"no picture at the start of chunk {chunk.index}: {finished.complaint[:200]}")


def make_audio(
    plan: Plan,
    source: Path,
    out: Path,
    *,
    on_seconds: Callable[[float], None] | None = None,
    on_made: Callable[[list[Made]], None] | None = None,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
) -> list[Made]:
    """
    Encode the whole sound in all audio renditions, `out/{rendition}/init.mp4` and `{n}.m4s`.

    `on_made` hears of new files as they appear (the init segment first), each once; all are returned at the end.
    `on_seconds` hears how much of the lesson is done.
    """
    tracks = [_GrowingTrack(_emptied(out / rendition.name)) for rendition in plan.audio]
    listen = _Listeners(on_seconds, on_made)
    try:
        _encode_sound(plan, source, out, tracks, listen, cancelled, limits)
    except EncodeFailed as error:
        if CHANGING_SOUND not in str(error):
            raise
        _encode_changing_sound(plan, source, out, tracks, listen, cancelled, limits)
    for track, rendition in zip(tracks, plan.audio, strict=True):
        _require_length(plan, rendition, track)
    if on_seconds:
        on_seconds(plan.duration_s)
    return [made for track in tracks for made in track.made]


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
    folder = _emptied(out / STILLS_FOLDER)
    if plan.source.video is None:
        _encode(drawn_poster_arguments(plan, source), folder, limits, cancelled)
        return [collect_still(folder / POSTER_NAME)]
    for at_s in (poster_begin_s(plan), None):
        _encode(poster_arguments(plan, source, at_s=at_s), folder, limits, cancelled)
        if (folder / POSTER_NAME).exists():
            break
    _encode(storyboard_arguments(plan, source), folder, limits, cancelled)
    (folder / STORYBOARD_NAME).write_text(storyboard_text(plan), "utf-8")
    names = [POSTER_NAME, STORYBOARD_NAME, *(sheet_name(sheet) for sheet in range(sheet_count(plan)))]
    return [collect_still(folder / name) for name in names]


def _emptied(folder: Path) -> Path:
    """A folder without what an earlier, killed run may have left."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return folder


def _forget_playlists(folders: Sequence[Path]) -> None:
    """ffmpeg's own, which knows nothing of the other chunks."""
    for folder in folders:
        (folder / UNREAD_PLAYLIST).unlink(missing_ok=True)


def _encode(
    arguments: list[str],
    folder: Path,
    limits: Limits | None,
    cancelled: Cancelled,
    on_line: Callable[[str], None] | None = None,
    on_tick: Callable[[], None] | None = None,
) -> Finished:
    command = [str(find_tools().ffmpeg), *arguments]
    finished = run(
        command, folder=folder, limits=limits or Limits(), cancelled=cancelled, on_line=on_line, on_tick=on_tick
    )
    if "No space left on device" in finished.complaint:
        raise WorkspaceFull("no room for the segments")
    if not finished.ok:
        why = "out of time" if finished.timed_out else f"ended with {finished.returncode}"
        raise EncodeFailed(f"ffmpeg {why}: {finished.complaint[:300]}")
    return finished


def _frame_listener(on_frames: Callable[[int], None] | None) -> Callable[[str], None] | None:
    def on_line(line: str) -> None:
        name, _, value = line.partition("=")
        if on_frames and name == "frame" and value.strip().isdigit():
            on_frames(int(value))

    return on_line if on_frames else None


def _numbers(plan: Plan, chunk: Chunk) -> range:
    return range(chunk.start_frame // plan.segment_frames, -(-chunk.end_frame // plan.segment_frames))


def _begins_in_time(plan: Plan, chunk: Chunk, folder: Path) -> bool:
    """Whether the demuxer landed before the chunk; else its first pictures are missing."""
    first = _numbers(plan, chunk)[0]
    if not (folder / segment_name(first)).exists():
        return False
    _, init = collect_init(folder)
    made, _ = collect_segment(folder, first, init)
    return made.start_s == chunk.start_frame / plan.fps


def _chunk_files(plan: Plan, chunk: Chunk, folder: Path) -> list[Made]:
    """The init segment and the chunk's segments, each on the grid to the frame."""
    init_made, init = collect_init(folder)
    made = [init_made, *(_on_grid(plan, folder, number, init) for number in _numbers(plan, chunk))]
    frames = sum((item.duration_s for item in made), Fraction(0)) * plan.fps
    if frames != chunk.end_frame - chunk.start_frame:
        raise EncodeFailed(f"{frames} frames in chunk {chunk.index} of {folder.name}")
    return made


def _on_grid(plan: Plan, folder: Path, number: int, init: InitSegment) -> Made:
    try:
        made, found = collect_segment(folder, number, init)
    except FileNotFoundError as error:
        raise EncodeFailed(f"segment {number} of {folder.name} was not written") from error
    if not (made.start_s == found.presentation_s == number * plan.segment_s and found.idr):
        raise EncodeFailed(f"segment {number} of {folder.name} is off the grid")
    return made


class _GrowingTrack:
    """One audio rendition whose segments appear in a folder while ffmpeg runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.place = folder, folder
        self.made: list[Made] = []
        self.length_s = 0.0
        self._init: InitSegment | None = None

    def fresh(self, *, ended: bool) -> list[Made]:
        """
        What appeared since the last call.

        While ffmpeg runs the newest segment is held back: should it fail, it ends that one early.
        """
        before, ahead = len(self.made), 0 if ended else 1
        while (self.folder / segment_name(max(0, len(self.made) - 1) + ahead)).exists():
            self._take_next()
        return self.made[before:]

    def continue_from(self, folder: Path) -> None:
        """Take what comes next from another run, which begins anew; what was told of stays as it is."""
        self.folder = folder

    def _take_next(self) -> None:
        if self._init is None:
            made, self._init = collect_init(self.folder)
            self._keep(made)
        made, _ = collect_segment(self.folder, len(self.made) - 1, self._init)
        self._keep(made)
        self.length_s = float(made.start_s + made.duration_s)

    def _keep(self, made: Made) -> None:
        (self.folder / made.name).rename(self.place / made.name)
        self.made.append(made)


@dataclass(frozen=True, slots=True)
class _Listeners:
    on_seconds: Callable[[float], None] | None
    on_made: Callable[[list[Made]], None] | None

    def tell(self, tracks: Sequence[_GrowingTrack], *, ended: bool = False) -> None:
        fresh = [made for track in tracks for made in track.fresh(ended=ended)]
        if fresh and self.on_made:
            self.on_made(fresh)
        if fresh and self.on_seconds:
            self.on_seconds(min(track.length_s for track in tracks))


def _encode_sound(
    plan: Plan,
    source: Path,
    folder: Path,
    tracks: Sequence[_GrowingTrack],
    listen: _Listeners,
    cancelled: Cancelled,
    limits: Limits | None,
) -> None:
    _encode(audio_arguments(plan, source), folder, limits, cancelled, None, lambda: listen.tell(tracks))
    listen.tell(tracks, ended=True)
    _forget_playlists([track.folder for track in tracks])


def _encode_changing_sound(
    plan: Plan,
    source: Path,
    out: Path,
    tracks: Sequence[_GrowingTrack],
    listen: _Listeners,
    cancelled: Cancelled,
    limits: Limits | None,
) -> None:
    """Make the sound even first, then encode it; of the segments only those that nobody was told of are taken."""
    again = out / "again"
    for track in tracks:
        track.continue_from(_emptied(again / track.place.name))
    _encode(even_sound_arguments(plan, source), again, limits, cancelled)
    _encode_sound(with_even_sound(plan), again / EVEN_SOUND, again, tracks, listen, cancelled, limits)
    _forget_playlists([track.place for track in tracks])
    shutil.rmtree(again)


def _require_length(plan: Plan, rendition: AudioRendition, track: _GrowingTrack) -> None:
    wanted_s = plan.frame_count / plan.fps if plan.frame_count else Fraction(plan.duration_s)
    got_s = sum((made.duration_s for made in track.made), Fraction(0))
    if abs(got_s - wanted_s) > Fraction(1024, rendition.sample_rate):
        raise EncodeFailed(f"{float(got_s):.3f} s of sound in {rendition.name}, not {float(wanted_s):.3f}")
