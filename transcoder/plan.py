"""
All decisions about one source, and the digest that names them. Pure: the same source gives the same plan.

They are made in two steps, so that the lesson can be played soon: what the probe tells is enough for the grid, the
sound and the starter rung; the other rungs wait for the analysis.
"""

import json
from dataclasses import asdict, replace
from fractions import Fraction
from hashlib import sha256
from math import ceil

from transcoder.analysis.values import Analysis
from transcoder.chunks import cut, grid
from transcoder.ladder import rungs, starter_rung
from transcoder.media import Plan
from transcoder.policy import DEFAULT_POLICY, Policy
from transcoder.sound import sound_renditions
from transcoder.source import Source, VideoTrack

RECIPE = 5
"""Raised with every change of `transcoder.encode` that changes bytes: the digest must change with them."""

MAX_FPS = 30
FPS_TOLERANCE = Fraction(1, 50)
SLOWEST_FPS = 1
LARGEST_DENOMINATOR = 1001
"""The mean rate of a long recording is a fraction of eight digits, which no time base holds: its segments would lie
off the grid. 30000/1001 is kept; what is rounded off is less than a hundredth of a picture in an hour."""
SENSIBLE_FPS = tuple(Fraction(rate) for rate in (5, 10, 12, 15, 20, 24, 25, 30))
DIGEST_DIGITS = 32


def starter_plan(source: Source, *, threads: int, encoder: str, policy: Policy = DEFAULT_POLICY) -> Plan:
    """
    What can be decided from the probe alone. `encoder` names ffmpeg's build (`transcoder.tools`).

    A lesson of sound alone needs no analysis: it is settled at once.
    """
    fps = output_fps(source.video) if source.video else Fraction(1)
    frames = max(1, round(Fraction(source.duration_s) * fps)) if source.video else 0
    found = grid(frames, fps)
    bare = Plan(
        source=source,
        fps=fps,
        frame_count=frames,
        segment_frames=found.segment_frames,
        opening=found.opening,
        opening_frames=found.opening_frames,
        duration_s=float(frames / fps) if frames else source.duration_s,
        chunks=cut(frames, found),
        video=(),
        audio=sound_renditions(source, policy),
        threads=threads,
        encoder=encoder,
        digest="",
        settled=source.video is None,
        policy=policy,
    )
    whole = replace(bare, video=(starter_rung(bare, policy),)) if source.video else bare
    return replace(whole, digest=_digest(whole, policy))


def settle(plan: Plan, analysis: Analysis, *, policy: Policy = DEFAULT_POLICY) -> Plan:
    """
    The plan with all its rungs. Nothing that the starter plan said is changed but the starter rung's quality.

    The digest stays: the analysis follows from what it was made of.
    """
    return replace(plan, video=rungs(plan, analysis, policy), analysis=analysis, settled=True)


def plan(source: Source, *, threads: int, encoder: str, policy: Policy = DEFAULT_POLICY) -> Plan:
    """A whole plan without a look at the lesson: rungs by size alone."""
    started = starter_plan(source, threads=threads, encoder=encoder, policy=policy)
    return started if started.settled else settle(started, Analysis(doubt="not_asked"), policy=policy)


def output_fps(video: VideoTrack) -> Fraction:
    """
    The constant rate of every rendition.

    Up to 30 it is the source's own, above it a whole division (50 → 25, 120 → 30), so that motion stays even. A
    variable rate becomes the next usual one. Less than one frame a second is multiplied up to that.
    """
    fps = video.fps
    if fps > MAX_FPS * (1 + FPS_TOLERANCE):
        fps /= ceil(fps / (MAX_FPS * (1 + FPS_TOLERANCE)))
    if video.variable_frame_rate:
        return next((rate for rate in SENSIBLE_FPS if rate * (1 + FPS_TOLERANCE) >= fps), SENSIBLE_FPS[-1])
    return (fps * ceil(SLOWEST_FPS / fps) if fps < SLOWEST_FPS else fps).limit_denominator(LARGEST_DENOMINATOR)


def _digest(undigested: Plan, policy: Policy) -> str:
    said = json.dumps({"recipe": RECIPE, "policy": asdict(policy), **asdict(undigested)}, sort_keys=True, default=str)
    return sha256(said.encode()).hexdigest()[:DIGEST_DIGITS]
