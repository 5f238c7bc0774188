"""Makes the sample lesson: speech, slides that build up with it, and one run of ffmpeg."""

import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from streamsvc.sample.frames import FPS, looks
from streamsvc.sample.script import Script, lesson, sentences
from streamsvc.sample.slides import Slides
from streamsvc.sample.speech import SAMPLE_BYTES, Speech, say
from streamsvc.sample.timeline import Beat, exercises_for, fitted
from transcoder.errors import EncodeFailed
from transcoder.runner import Limits, run
from transcoder.tools import find_tools

Progress = Callable[[float], None]
DRAWING_PART = 0.6
"""Of the whole work; the rest is encoding."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was made."""

    path: Path
    title: str
    duration_s: float
    spoken: bool
    """False where no voice could be had, and the lesson is silent."""


def make_sample(
    path: Path, *, seconds: float = 90.0, language: str = "kk", on_progress: Progress | None = None
) -> Sample:
    """
    Write a lesson on quadratic equations to `path` (mp4, H.264 and AAC, 1280×720, 15 pictures a second).

    It lasts `seconds`: a short one stops early, a long one adds worked examples. `language` (kk, ru, en) is that of
    voice and slides. The same arguments give the same bytes under the same ffmpeg. `on_progress` hears 0.0 to 1.0.
    """
    tell = on_progress or _ignore
    with TemporaryDirectory(dir=path.absolute().parent, prefix="sample-") as name:
        workspace = Path(name)
        script, speech = _spoken_script(language, seconds, workspace)
        lengths_s = [speech.duration_s(number) for number in range(len(speech.sentences))]
        beats = fitted(script, lengths_s, seconds=seconds)
        frame_count = round(seconds * FPS)
        _write_sound(workspace / "voice.wav", speech, beats, duration_s=frame_count / FPS)
        _write_pictures(workspace, script, beats, frame_count, lambda part: tell(part * DRAWING_PART))
        _encode(workspace, path.absolute(), frame_count, lambda part: tell(DRAWING_PART + part * (1 - DRAWING_PART)))
    tell(1.0)
    return Sample(path, script.title, frame_count / FPS, speech.spoken)


def _ignore(_part: float) -> None:
    """Nobody listens."""


def _spoken_script(language: str, seconds: float, workspace: Path) -> tuple[Script, Speech]:
    """The script of about the wished length, with its voice."""
    script = lesson(language)
    speech = say(sentences(script), language=language, workspace=workspace)
    lengths_s = [speech.duration_s(number) for number in range(len(speech.sentences))]
    more = exercises_for(language, lengths_s, seconds=seconds)
    if more == 0:
        return script, speech
    script = lesson(language, more)
    return script, say(sentences(script), language=language, workspace=workspace)


def _write_sound(path: Path, speech: Speech, beats: Sequence[Beat], *, duration_s: float) -> None:
    """Every sentence at its own moment, silence between."""
    sound = bytearray(round(duration_s * speech.sample_rate) * SAMPLE_BYTES)
    for beat in beats:
        start = round(beat.speech_s * speech.sample_rate) * SAMPLE_BYTES
        room = max(0, len(sound) - start)
        spoken = speech.sentences[beat.sentence][:room]
        sound[start : start + len(spoken)] = spoken
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(speech.sample_rate)
        file.writeframes(bytes(sound))


def _write_pictures(workspace: Path, script: Script, beats: Sequence[Beat], frame_count: int, tell: Progress) -> None:
    """A picture for each run of equal frames, and ffmpeg's list of how long each stands."""
    slides, done = Slides(script), 0
    entries = ["ffconcat version 1.0"]
    for look, frames in groupby(looks(beats, slides, frame_count=frame_count)):
        name, count = f"{done:06d}.jpg", len(list(frames))
        picture = slides.picture(look.slide, look.shown, look.part, look.pointer)
        picture.save(workspace / name, quality=95, subsampling="4:2:0")
        entries += [f"file {name}", f"duration {count / FPS:.6f}"]
        done += count
        tell(done / frame_count)
    # The list ends with a picture whose length ffmpeg ignores.
    entries.append(entries[-2])
    (workspace / "pictures.txt").write_text("\n".join(entries) + "\n", "utf-8")


def _encode(workspace: Path, path: Path, frame_count: int, tell: Progress) -> None:
    def on_line(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "frame" and value.isdigit():
            tell(min(1.0, int(value) / frame_count))

    finished = run(_arguments(workspace, path, frame_count), limits=Limits(), on_line=on_line)
    if not finished.ok:
        raise EncodeFailed(f"the sample lesson was not encoded: {finished.complaint[-500:]}")


def _arguments(workspace: Path, path: Path, frame_count: int) -> list[str]:
    pictures = ["-f", "concat", "-protocol_whitelist", "file", "-i", str(workspace / "pictures.txt")]
    sound = ["-f", "wav", "-protocol_whitelist", "file", "-i", str(workspace / "voice.wav")]
    # JPEG pictures have another colour matrix and range than players expect of 720 lines.
    filters = f"fps={FPS},scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
    colours = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
    coding = ["-c:v", "libx264", "-preset", "superfast", "-tune", "stillimage", "-crf", "20", "-g", str(10 * FPS)]
    voice = ["-c:a", "aac", "-b:a", "64k", "-ar", "44100", "-t", f"{frame_count / FPS:.6f}"]
    # One thread and bit-exact headers: the same lesson is made of the same bytes.
    exact = ["-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
    return [
        *(str(find_tools().ffmpeg), "-v", "error", "-nostdin", "-y", "-progress", "pipe:1"),
        *(*pictures, *sound, "-map", "0:v", "-map", "1:a", "-map_metadata", "-1"),
        *("-vf", filters, *colours, "-frames:v", str(frame_count), *coding),
        *(*voice, *exact, "-movflags", "+faststart", "-f", "mp4", str(path)),
    ]
