"""One run of ffmpeg in a folder, and what its end means."""

from collections.abc import Callable, Sequence
from pathlib import Path

from transcoder.encode import UNREAD_PLAYLIST
from transcoder.errors import EncodeFailed, WorkspaceFull
from transcoder.runner import Finished, Limits, run
from transcoder.tools import find_tools

Cancelled = Callable[[], bool]


def encode(
    arguments: list[str],
    folder: Path,
    limits: Limits | None,
    cancelled: Cancelled,
    on_line: Callable[[str], None] | None = None,
    on_tick: Callable[[], None] | None = None,
) -> Finished:
    """Run ffmpeg. Raises EncodeFailed with its own words, WorkspaceFull, EncodeCancelled."""
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


def frames_told(line: str) -> int | None:
    """How many frames of its first output ffmpeg says are done; None in any other line of its progress."""
    name, _, value = line.partition("=")
    return int(value) if name == "frame" and value.strip().isdigit() else None


def encode_frames(arguments: list[str], folder: Path, limits: Limits | None, cancelled: Cancelled) -> int:
    """As `encode`; returns how many frames of its first output were made."""
    frames = 0

    def on_line(line: str) -> None:
        nonlocal frames
        told = frames_told(line)
        frames = frames if told is None else told

    encode(arguments, folder, limits, cancelled, on_line)
    return frames


def emptied(folder: Path) -> Path:
    """A folder without what an earlier, killed run may have left."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return folder


def forget_playlists(folders: Sequence[Path]) -> None:
    """ffmpeg's own, which knows nothing of the other chunks."""
    for folder in folders:
        (folder / UNREAD_PLAYLIST).unlink(missing_ok=True)
