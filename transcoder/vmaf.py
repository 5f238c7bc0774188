"""How pictures of ours are compared with those of the source: one way for the analysis and for the report. Pure."""

from typing import Any

import ffmpeg

LOSSLESS = {"c:v": "libx264", "qp": 0, "preset": "ultrafast", "threads": 1, "fps_mode": "passthrough"}
"""How a reference is kept."""


def compared(shown: Any, reference: Any, *, held: int, size: tuple[int, int], every: int, log: str) -> Any:
    """
    The output of ffmpeg that writes VMAF of every `every`-th frame to `log`; the sense of motion sees all of them.

    `reference` counts its frames by seconds. A frame that is shown stands for `held` of them.
    """
    shown = shown.filter("setpts", f"N*{held}/TB")
    shown = shown.filter("scale", *size, flags="bicubic").filter("format", "yuv420p")
    if held > 1:
        shown = shown.filter("fps", fps=1, eof_action="pass").filter("tpad", stop=held, stop_mode="clone")
    scoring = {"n_subsample": every, "n_threads": 1, "log_fmt": "json", "log_path": log, "shortest": 1}
    return ffmpeg.output(ffmpeg.filter([shown, reference], "libvmaf", **scoring), "-", f="null")
