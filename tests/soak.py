"""
`python -m tests.soak`: the journey under fire again and again, with one seed after the other. `make soak` runs it.

Prints a line for each seed; ends with 1 when a lesson did not become ready, an object was damaged or a process ran on.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.functional.chaos import journey, make_film


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many journeys (default 20)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--kills", type=int, default=12, help="at most so many kills in one journey (default 12)")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sabaq-soak-"))
    try:
        film = make_film(folder / "film.mp4", 60)
        seeds = range(args.first, args.first + args.seeds)
        good = sum(one(folder / str(seed), film, seed=seed, kills=args.kills) for seed in seeds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{good} of {args.seeds} journeys ended well")
    return 0 if good == args.seeds else 1


def one(directory: Path, film: bytes, *, seed: int, kills: int) -> bool:
    directory.mkdir()
    try:
        print(journey(directory, film, seed=seed, kills=kills), flush=True)
    except AssertionError as error:
        print(f"BROKEN {error}", flush=True)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
