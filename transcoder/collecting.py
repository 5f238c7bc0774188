"""Take stock of what a tool has written: sizes, digests, exact times, read back from the bytes."""

from hashlib import sha256
from pathlib import Path

from transcoder.boxes import Fragment, InitSegment, fragment, init_segment
from transcoder.media import Made

INIT_NAME = "init.mp4"


def segment_name(number: int) -> str:
    return f"{number}.m4s"


def collect_init(folder: Path) -> tuple[Made, InitSegment]:
    data = (folder / INIT_NAME).read_bytes()
    init = init_segment(data)
    return Made("init", folder.name, INIT_NAME, len(data), sha256(data).hexdigest(), codec=init.codec), init


def collect_segment(folder: Path, number: int, init: InitSegment) -> tuple[Made, Fragment]:
    name = segment_name(number)
    data = (folder / name).read_bytes()
    found = fragment(data, init)
    made = Made(
        kind="segment",
        rendition=folder.name,
        name=name,
        bytes=len(data),
        sha256=sha256(data).hexdigest(),
        number=number,
        start_s=found.start_s,
        duration_s=found.duration_s,
        iframe_bytes=found.first_sample_end if init.type == "video" else 0,
    )
    return made, found


def collect_still(path: Path) -> Made:
    data = path.read_bytes()
    return Made("still", path.parent.name, path.name, len(data), sha256(data).hexdigest())
