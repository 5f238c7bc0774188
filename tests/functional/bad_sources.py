"""Files that are no lesson, each with what a teacher must be told about it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.functional.media_samples import ffmpeg

HOURS = 13
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=128x72:r=5:d=6")
SOUND = ("-f", "lavfi", "-i", "sine=d=6")
CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-c:a", "aac")


@dataclass(frozen=True)
class Bad:
    """One file: how it is made at a path, the code of its error, and a word of each sentence."""

    make: Callable[[Path], object]
    code: str
    kk: str
    ru: str
    en: str


def lesson(path: Path) -> None:
    """A good one of six seconds."""
    ffmpeg(*PICTURE, *SOUND, *CODED, str(path))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("Бөлшектерді қосу.\n" * 100)


def half_with_index_at_the_end(path: Path) -> None:
    """As an interrupted copy leaves it: the index (moov) was to come last."""
    _halved(path)


def half_with_index_first(path: Path) -> None:
    """The index promises pictures that are missing."""
    _halved(path, "-movflags", "+faststart")


def _halved(path: Path, *options: str) -> None:
    ffmpeg(*PICTURE, *SOUND, *CODED, *options, str(path))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def without_tracks(path: Path) -> None:
    """A recorder that was stopped at once."""
    ffmpeg(*PICTURE, "-t", "0", str(path))


def sound_of_no_length(path: Path) -> None:
    """A track, and nothing in it."""
    ffmpeg(*SOUND, "-t", "0", "-f", "wav", str(path))


def one_picture_long(path: Path) -> None:
    """A fortieth of a second."""
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=128x72:r=40", "-frames:v", "1", *CODED, str(path))


def thirteen_hours(path: Path) -> None:
    """One picture in a minute keeps it small."""
    ffmpeg("-f", "lavfi", "-i", f"color=s=64x48:r=1/60:d={HOURS * 3600}", *CODED, str(path))


def jpeg(path: Path) -> None:
    ffmpeg(*PICTURE, "-frames:v", "1", "-f", "mjpeg", str(path))


def png(path: Path) -> None:
    ffmpeg(*PICTURE, "-frames:v", "1", "-c:v", "png", "-f", "image2pipe", str(path))


def m3u8(path: Path) -> None:
    """Would play a neighbour's lesson."""
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nfile://{_neighbour(path)}\n#EXT-X-ENDLIST\n")


def ffconcat(path: Path) -> None:
    path.write_text(f"ffconcat version 1.0\nfile {_neighbour(path).name}\n")


def _neighbour(path: Path) -> Path:
    found = path.with_name("neighbour.mp4")
    if not found.exists():
        lesson(found)
    return found


_TRUNCATED = ("source_truncated", "толық емес", "неполный", "incomplete")
_TOO_SHORT = ("source_too_short", "нөл секунд", "ноль секунд", "zero seconds")
_PICTURE = ("source_is_picture", "сурет", "картинка", "picture")
_PLAYLIST = ("source_is_playlist", "сілтемелер тізімі", "список ссылок", "list of links")

BAD: dict[str, Bad] = {
    "empty.mp4": Bad(empty, "source_empty", "бос", "пуст", "empty"),
    "text.mp4": Bad(text, "source_not_media", "бейне де, дыбыс", "не видео и не звукозапись", "neither video nor"),
    "half-moov-last.mp4": Bad(half_with_index_at_the_end, *_TRUNCATED),
    "half-moov-first.mp4": Bad(half_with_index_first, *_TRUNCATED),
    "no-tracks.mp4": Bad(without_tracks, *_TOO_SHORT),
    "no-sound.wav": Bad(sound_of_no_length, *_TOO_SHORT),
    "one-picture.mp4": Bad(one_picture_long, *_TOO_SHORT),
    "13-hours.mp4": Bad(thirteen_hours, "source_too_long", "13.0 сағатқа", "13.0 ч", "13.0 hours"),
    "jpeg.mp4": Bad(jpeg, *_PICTURE),
    "png.mp4": Bad(png, *_PICTURE),
    "m3u8.mp4": Bad(m3u8, *_PLAYLIST),
    "ffconcat.mp4": Bad(ffconcat, *_PLAYLIST),
}


def made(folder: Path, name: str) -> Path:
    """The bad file of this name, made in the folder unless it is there."""
    path = folder / name
    if not path.exists():
        BAD[name].make(path)
    return path
