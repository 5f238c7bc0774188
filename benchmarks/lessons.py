"""
Generated lessons of each kind, for measurements where nobody brings real ones.

    python -m benchmarks.lessons FOLDER [--long] [NAME …]

The same ffmpeg and the same Pillow give the same files. Camera noise comes from ffmpeg with a fixed seed, the voice
from espeak-ng. `--long` makes the lesson of 45 minutes: slides alone.
"""

import argparse
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks import lesson_drawing as drawing
from streamsvc.sample.speech import say
from transcoder.tools import find_tools

SPOKEN = (
    "Today we solve quadratic equations.",
    "First we bring everything to the left side and look at the three numbers a, b and c.",
    "Then we find the discriminant: b squared minus four a c.",
    "If it is greater than nought there are two roots, and if it is nought there is one.",
    "Write the formula down, and check each root by putting it back into the equation.",
    "Pause the lesson now and try the next example yourself.",
)
PAUSE_S = 0.6
LONG_S, LONG_FPS, LONG_STEP_S, LONG_VERSION = 2700, 25, 15, 1
STEPS = 8
COLOURS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")


@dataclass(frozen=True, slots=True)
class Lesson:
    name: str
    seconds: int
    fps: int
    size: tuple[int, int]
    frames: Callable[[int, int], Iterator[Image.Image]]
    """By the count of frames and their rate."""
    noise: int = 0
    """Strength of a camera's noise; a screen has none."""
    version: int = 1
    """Raised when its pictures change."""

    def make(self, path: Path) -> None:
        """Write the lesson. Raises CalledProcessError."""
        with TemporaryDirectory(dir=path.parent) as folder:
            voice = Path(folder, "voice.wav")
            write_voice(voice, seconds=self.seconds)
            pictures = self.frames(self.seconds * self.fps, self.fps)
            _encode(path, pictures, voice, size=self.size, fps=self.fps, noise=self.noise)


def _slides(frame_count: int, fps: int) -> Iterator[Image.Image]:
    """A step every second and a half, a new page after eight."""
    shown, picture = (-1, -1), drawing.slide(0, 0)
    for frame in range(frame_count):
        step = int(frame / fps / 1.5) + 2
        if (step // (STEPS + 1), step % (STEPS + 1)) != shown:
            shown = (step // (STEPS + 1), step % (STEPS + 1))
            picture = drawing.slide(*shown)
        yield picture


LESSONS = (
    Lesson("slides", 16, 25, drawing.FULL_HD, _slides),
    Lesson("screencast", 12, 30, drawing.FULL_HD, drawing.screencast),
    Lesson("board", 14, 25, drawing.HD, drawing.board, noise=2),
    Lesson("talking-head", 12, 25, drawing.HD, drawing.head, noise=2),
    Lesson("motion", 8, 25, drawing.HD, drawing.motion, noise=2),
)


def _encode(
    path: Path, pictures: Iterator[Image.Image], voice: Path, *, size: tuple[int, int], fps: int, noise: int
) -> None:
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(fps), "-i", "pipe:0"]
    grain = f",noise=alls={noise}:allf=t:all_seed=7,gblur=sigma=0.6" if noise else ""
    filters = f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p{grain}"
    command = [*_ffmpeg(), *raw, "-i", str(voice), "-vf", filters, *COLOURS, *_coding(fps), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for picture in pictures:
            process.stdin.write(picture.tobytes())
        process.stdin.close()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _ffmpeg() -> list[str]:
    return [str(find_tools().ffmpeg), "-nostdin", "-hide_banner", "-v", "error", "-y"]


def _coding(fps: int) -> list[str]:
    """Good enough to be the original; one thread and bit-exact headers, so that it is always the same."""
    pictures = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "19", "-g", str(fps * 10), "-threads", "1"]
    sound = ["-c:a", "aac", "-b:a", "96k", "-ar", "48000", "-shortest"]
    return [*pictures, *sound, "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]


def write_voice(path: Path, *, seconds: float) -> None:
    """A teacher's voice of this length; sentences come round again in a long lesson."""
    with TemporaryDirectory(dir=path.parent) as folder:
        speech = say(SPOKEN, language="en", workspace=Path(folder))
    pause = bytes(int(PAUSE_S * speech.sample_rate) * 2)
    round_ = b"".join(sentence + pause for sentence in speech.sentences)
    wanted = int(seconds * speech.sample_rate) * 2
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(speech.sample_rate)
        file.writeframes((round_ * (wanted // max(1, len(round_)) + 1))[:wanted])


def make_long(path: Path, *, seconds: int = LONG_S, fps: int = LONG_FPS) -> None:
    """Slides that build up, a step every 15 s: every picture is drawn and read once, however long it stands."""
    with TemporaryDirectory(dir=path.parent) as name:
        folder, entries = Path(name), ["ffconcat version 1.0"]
        for step in range(seconds // LONG_STEP_S):
            picture = drawing.slide(step // STEPS, step % STEPS + 1)
            picture.save(folder / f"{step}.png", compress_level=1)
            entries += [f"file {step}.png", f"duration {LONG_STEP_S}"]
        (folder / "pictures.txt").write_text("\n".join([*entries, entries[-2]]) + "\n", "utf-8")
        write_voice(folder / "voice.wav", seconds=seconds)
        inputs = ["-f", "concat", "-i", str(folder / "pictures.txt"), "-i", str(folder / "voice.wav")]
        filters = f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,fps={fps}"
        length = ["-t", str(seconds)]
        command = [*_ffmpeg(), *inputs, "-vf", filters, *COLOURS, *_coding(fps), *length, str(path)]
        subprocess.run(command, check=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(lesson.name for lesson in LESSONS))
    parser.add_argument("--long", action="store_true", help="the lesson of 45 minutes too")
    args = parser.parse_args(arguments)
    args.folder.mkdir(parents=True, exist_ok=True)
    for lesson in LESSONS:
        if not args.names or lesson.name in args.names:
            lesson.make(args.folder / f"{lesson.name}.mp4")
    if args.long:
        make_long(args.folder / "slides-45-minutes.mp4")
    return 0


if __name__ == "__main__":
    sys.exit(main())
