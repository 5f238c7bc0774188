"""What pages that change cost where everything else stands still. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from transcoder.analysis.values import Trial
from transcoder.policy import Family


def with_changes(moving: Sequence[Trial], still: Sequence[Trial], segment_frames: int) -> tuple[Trial, ...]:
    """
    Trials of every frame, with the changes that their short samples have hardly seen.

    A trial of one frame a second has seen a whole segment: what changes in it costs a rung of every frame its share.
    Between changes a frame costs what the cheapest sample says. Sizes that were not tried still are raised as much as
    the nearest one above.
    """
    seen = {(trial.family, trial.height, trial.crf): trial for trial in still}
    found: list[Trial] = []
    ratios: dict[tuple[Family, int], list[float]] = {}
    for trial in moving:
        other = seen.get((trial.family, trial.height, trial.crf))
        if other:
            changed = _changed(trial, other, segment_frames)
            ratios[trial.family, trial.crf] = [
                new / max(1.0, old) for new, old in zip(changed.key_bytes, trial.key_bytes, strict=True)
            ]
        else:
            changed = _raised(trial, ratios.get((trial.family, trial.crf)))
        found.append(changed)
    return tuple(found)


def _changed(trial: Trial, other: Trial, segment_frames: int) -> Trial:
    shown = -(-segment_frames // other.frame_step)
    quiet = min(trial.frame_bytes)
    # x264 spends more on a picture that is shown for a second, so that only the proportion is taken over; and a sample
    # that began with a change has that in its first picture.
    keys = (
        max(1.0, min(own, key) * (1 + max(0.0, frame - quiet) * (shown - 1) / max(1.0, key)))
        for own, key, frame in zip(trial.key_bytes, other.key_bytes, other.frame_bytes, strict=True)
    )
    return replace(trial, key_bytes=tuple(round(key, 1) for key in keys), frame_bytes=(quiet,) * len(trial.frame_bytes))


def _raised(trial: Trial, ratios: Sequence[float] | None) -> Trial:
    if ratios is None:
        return trial
    quiet = min(trial.frame_bytes)
    keys = tuple(round(key * ratio, 1) for key, ratio in zip(trial.key_bytes, ratios, strict=True))
    return replace(trial, key_bytes=keys, frame_bytes=(quiet,) * len(trial.frame_bytes))
