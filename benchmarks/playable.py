"""
From the end of an upload to the first playable moment, for short and long lessons.

    python -m benchmarks.playable [--minutes 1 10 60] [--repeat N] [--ladder FILE] [--json]

One worker process with two slots on a small system (SQLite, a directory, a broker in a folder). The clock starts when
the last byte has come: that submits the job; it stops when a playback session would be answered. `plain` is ffmpeg
alone, in the same minutes, making the first chunk of the lowest rung with the same settings. Goals: the same for every
length within the noise, at most three times `plain`, and a smaller share of the lesson than Mux's published medians.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, run

from benchmarks.minutes import lesson_of, small_system, store_source, submit, wait_for_workers
from tests.functional.worker_fixtures import now
from transcoder import jobs
from transcoder.encode_video import video_arguments
from transcoder.plan import starter_plan
from transcoder.policy import DEFAULT_POLICY, Policy
from transcoder.policy_file import read_policy
from transcoder.probe import probe
from transcoder.settings import TranscoderSettings
from transcoder.tools import find_tools

MOST_TIMES_PLAIN = 3.0
MUX_MEDIANS_S = ((1, 2.0), (20, 9.0), (60, 46.0))
"""By length up to so many minutes: seconds from upload to playable."""
POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Start:
    """Of lessons of one length: medians in seconds."""

    minutes: int
    playable_s: float
    plain_s: float

    @property
    def times(self) -> float:
        return self.playable_s / self.plain_s

    @property
    def mux_s(self) -> float:
        return next(seconds for most, seconds in MUX_MEDIANS_S if self.minutes <= most)

    @property
    def holds(self) -> bool:
        return self.times <= MOST_TIMES_PLAIN and self.playable_s <= self.mux_s


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 10, 60])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--ladder", default="", help="a ladder's file; the policy that ships without it")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sabaq-playable-") as folder:
        starts = [measured(minutes, Path(folder), options) for minutes in options.minutes]
    report(starts, as_json=options.json)
    return 0 if all(start.holds for start in starts) else 1


def measured(minutes: int, folder: Path, options: argparse.Namespace) -> Start:
    """Plain and ours in turn, so that what else the machine does meets both."""
    path, policy = lesson_of(minutes, folder), _policy(options.ladder)
    ours, plain = [], []
    with small_system(folder / f"var-{minutes}", ladder=options.ladder) as works:
        works.start_worker(2)
        wait_for_workers(works, 2)
        for _ in range(options.repeat):
            plain.append(plain_s(path, folder / "plain", policy))
            asset_id, parts = store_source(works, path)
            started = time.monotonic()
            submit(works, asset_id, parts)
            while not works.status(asset_id).playable:
                time.sleep(POLL_S)
            ours.append(time.monotonic() - started)
            works.write(jobs.cancel, asset_id, now())
    return Start(minutes, median(ours), median(plain))


def plain_s(source: Path, out: Path, policy: Policy) -> float:
    """ffmpeg alone: the first chunk of the lowest rung; nobody counts what is decided before."""
    settings = TranscoderSettings(workspace=out)
    plan = starter_plan(probe(source, settings=settings), threads=1, encoder=find_tools().build, policy=policy)
    command = video_arguments(plan, plan.chunks[0], plan.video[:1], source, begin_s=None)
    (out / plan.video[0].name).mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    run([str(find_tools().ffmpeg), *command], check=True, cwd=out, stdout=DEVNULL)
    return time.monotonic() - started


def _policy(path: str) -> Policy:
    return read_policy(Path(path).read_text("utf-8")) if path else DEFAULT_POLICY


def report(starts: list[Start], *, as_json: bool) -> None:
    if as_json:
        rows = [{**asdict(start), "times": start.times, "mux_s": start.mux_s, "holds": start.holds} for start in starts]
        json.dump(rows, sys.stdout, indent=2)
        return
    print("minutes  playable s  plain s  times  share of the lesson  Mux's median s")
    for start in starts:
        share = start.playable_s / (60 * start.minutes)
        figures = f"{start.playable_s:10.2f}  {start.plain_s:7.2f}  {start.times:5.2f}  {share:19.3%}"
        print(f"{start.minutes:7d}  {figures}  {start.mux_s:14.1f}  {'holds' if start.holds else 'MISSED'}")


if __name__ == "__main__":
    sys.exit(main())
