"""Make the whole sound of a lesson in one go, and tell of its segments as they appear."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from transcoder.boxes import InitSegment
from transcoder.collecting import INIT_NAME, collect_init, collect_segment, segment_name
from transcoder.encode_sound import EVEN_SOUND, audio_arguments, even_sound_arguments, with_even_sound
from transcoder.encoder import Cancelled, emptied, encode, forget_playlists
from transcoder.errors import EncodeFailed
from transcoder.full_disk import full_disk_told
from transcoder.loudness import SoundReport, corrected, measure_command, measured, parse_report, silence_db
from transcoder.media import AudioRendition, Made, Plan
from transcoder.runner import Limits, nobody_cancels, run
from transcoder.tools import find_tools

WHOLE_SOUND = "whole.mp4"
CHANGING_SOUND = "Changing audio frame properties on the fly"
"""ffmpeg's words for a stream that goes from one channel to two."""


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
    tracks = [_GrowingTrack(emptied(out / rendition.name)) for rendition in plan.audio]
    listen = _Listeners(on_seconds, on_made)
    with full_disk_told(out):
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


def measure_sound(
    plan: Plan, out: Path, *, cancelled: Cancelled = nobody_cancels, limits: Limits | None = None
) -> tuple[SoundReport, ...]:
    """
    Measure what `make_audio` has put into `out`: the lowest rendition of each family, silences in the first.

    Raises EncodeFailed where a rendition cannot be heard.
    """
    reports: list[SoundReport] = []
    with full_disk_told(out):
        for rendition in measured(plan):
            whole = _joined(out / rendition.name, out / WHOLE_SOUND)
            reports.append(
                measure_joined(plan, rendition, whole, with_silences=not reports, cancelled=cancelled, limits=limits)
            )
            whole.unlink()
    return tuple(reports)


def measure_joined(
    plan: Plan,
    rendition: AudioRendition,
    whole: Path,
    *,
    with_silences: bool = True,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
) -> SoundReport:
    """Measure a finished rendition, joined in one file. Raises EncodeFailed where it cannot be heard."""
    heard = plan.source.audio.heard if plan.source.audio else None
    quiet_db = silence_db(heard, rendition)
    command = measure_command(find_tools().ffmpeg, whole, silence_db=quiet_db, with_silences=with_silences)
    finished = run(command, limits=limits or Limits(), cancelled=cancelled)
    report = parse_report(rendition, finished.complaint, duration_s=plan.duration_s)
    if report is None:
        raise EncodeFailed(f"{rendition.name} cannot be measured: {finished.complaint[:200]}")
    return report


def make_level_audio(
    plan: Plan,
    source: Path,
    out: Path,
    *,
    on_seconds: Callable[[float], None] | None = None,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
) -> tuple[list[Made], tuple[SoundReport, ...]]:
    """Like `make_audio`, and once again where the loudness has missed its target: for a lesson nobody plays yet."""
    made = make_audio(plan, source, out, on_seconds=on_seconds, cancelled=cancelled, limits=limits)
    reports = measure_sound(plan, out, cancelled=cancelled, limits=limits)
    better = corrected(plan, reports, renamed=False)
    if better is None:
        return made, reports
    made = make_audio(better, source, out, cancelled=cancelled, limits=limits)
    return made, measure_sound(better, out, cancelled=cancelled, limits=limits)


def _joined(folder: Path, whole: Path) -> Path:
    """One file of an init segment and all segments behind it."""
    with whole.open("wb") as file:
        number = 0
        file.write((folder / INIT_NAME).read_bytes())
        while (path := folder / segment_name(number)).exists():
            file.write(path.read_bytes())
            number += 1
    return whole


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
    encode(audio_arguments(plan, source), folder, limits, cancelled, None, lambda: listen.tell(tracks))
    listen.tell(tracks, ended=True)
    forget_playlists([track.folder for track in tracks])


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
        track.continue_from(emptied(again / track.place.name))
    encode(even_sound_arguments(plan, source), again, limits, cancelled)
    _encode_sound(with_even_sound(plan), again / EVEN_SOUND, again, tracks, listen, cancelled, limits)
    forget_playlists([track.place for track in tracks])
    shutil.rmtree(again)


def _require_length(plan: Plan, rendition: AudioRendition, track: _GrowingTrack) -> None:
    wanted_s = plan.frame_count / plan.fps if plan.frame_count else Fraction(plan.duration_s)
    got_s = sum((made.duration_s for made in track.made), Fraction(0))
    if abs(got_s - wanted_s) > rendition.frame_s:
        raise EncodeFailed(f"{float(got_s):.3f} s of sound in {rendition.name}, not {float(wanted_s):.3f}")
