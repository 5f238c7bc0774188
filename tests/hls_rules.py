"""
The judge of finished lessons: the rules of HLS and CMAF that our output must keep, each named by its number.

    python -m tests.hls_rules TREE|URL [--growing]

Waived on purpose: H6 (segments of 2 to 10 s), H12's IDR every 2 s, H26's first variant (ours is the lowest: `h26`
checks that), H32's stereo (a voice is mono), H35's one picture a second, H39 (TLS is in front of the service). H20's
window leaves out a last segment shorter than half the target. H17, H33, H34, H36, H37 and H41 are about tags that we
do not write: H3 refuses every tag that is not known here, so that the first playlist to hold one asks for its rule.
H38 forbids nothing.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import hls_family_rules as families
from tests import hls_media_rules as media
from tests import hls_playlist_rules as playlists
from tests.hls_lesson import Fetch, Finding, Lesson, load

Rule = Callable[[Lesson], Iterator[Finding]]

RULES: dict[str, Rule] = {
    "H1": playlists.h1,
    "H2": playlists.h2,
    "H3": playlists.h3,
    "H4": playlists.h4,
    "H5": playlists.h5,
    "H7": playlists.h7,
    "H8": media.h8,
    "H9": media.h9,
    "H10": playlists.h10,
    "H11": media.h11,
    "H12": media.h12,
    "H13": playlists.h13,
    "H14": playlists.h14,
    "H15": playlists.h15,
    "H16": playlists.h16,
    "H18": playlists.h18,
    "H19": playlists.h19,
    "H20": media.h20,
    "H21": media.h21,
    "H22": media.h22,
    "H23": media.h23,
    "H24": media.h24,
    "H25": playlists.h25,
    "H26": playlists.h26,
    "H27": playlists.h27,
    "H28": playlists.h28,
    "H29": playlists.h29,
    "H30": playlists.h30,
    "H31": playlists.h31,
    "H32": media.h32,
    "H35": playlists.h35,
    "H40": playlists.h40,
    "C1": media.c1,
    "C2": media.c2,
    "C3": families.c3,
    "C4": families.c4,
    "C5": families.c5,
    "C6": families.c6,
    "C7": families.c7,
    "C8": families.c8,
}


def check(place: str | Path, *, growing: bool = False, fetch: Fetch | None = None) -> list[Finding]:
    """
    Every rule that the lesson at a folder, file or URL breaks.

    `growing=True` judges the playlists of a lesson that is still being encoded. `fetch` replaces reading files or
    HTTP; with it the place is the multivariant playlist's URI.
    """
    lesson = load(place, growing=growing, fetch=fetch)
    return [finding for rule in RULES.values() for finding in rule(lesson)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Judge a finished HLS lesson.")
    parser.add_argument("place", help="folder, multivariant playlist or URL")
    parser.add_argument("--growing", action="store_true", help="the lesson is still being encoded")
    arguments = parser.parse_args()
    findings = check(arguments.place, growing=arguments.growing)
    for finding in findings:
        sys.stdout.write(f"{finding.rule:4} {finding.place}: {finding.text}\n")
    sys.stdout.write(f"{len(RULES)} rules, {len(findings)} findings\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
