"""The peers' ladders, encoded by the same ffmpeg as ours."""

from dataclasses import dataclass

from benchmarks.ladders.clips import Clip
from benchmarks.ladders.peers import Peer, Rung, Shape
from benchmarks.ladders.running import Cache, ffmpeg
from benchmarks.ladders.scoring import Score, score


@dataclass(frozen=True, slots=True)
class TheirRung:
    name: str
    total_kbps: float
    """The mean of the pictures, and the sound as the peer sets it."""
    score: Score


def ladder(clip: Clip, peer: Peer, cache: Cache, *, threads: int = 1) -> list[TheirRung]:
    return [_rung(clip, rung, cache, threads) for rung in peer.rungs(shape_of(clip))]


def shape_of(clip: Clip) -> Shape:
    source = clip.reference
    kbps = source.path.stat().st_size * 8 / 1000 / source.duration_s
    return Shape(source.width, source.height, source.fps, kbps)


def _rung(clip: Clip, rung: Rung, cache: Cache, threads: int) -> TheirRung:
    coded = cache.file(
        ["peer", clip.reference.said, rung.options],
        ".mp4",
        # One thread, as PeerTube encodes; bytes that do not depend on the machine.
        lambda out: ffmpeg(
            ["-threads", "1", "-i", str(clip.path), "-map", "0:v:0", *rung.options, "-threads", "1", str(out)]
        ),
    )
    found = score(coded, clip.reference, cache, threads=threads)
    return TheirRung(rung.name, round(found.kbps + rung.sound_kbps, 3), found)
