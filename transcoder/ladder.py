"""
Which rungs a lesson gets: those of its analysis, or without one a ladder by size alone. Pure.

Text must stay legible, so a rung gives up quality before pixels: at every rate above about 60 kbit/s a screen of
1080 lines at a high CRF is read better than one of 480 lines at a low one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transcoder.analysis.values import Analysis
from transcoder.fitting import Fit, Offer, best_fits, cheapest, choice_of, highest_crf, legible_first, offers
from transcoder.media import AudioRendition, Plan, Rival, VideoRendition, Why
from transcoder.pictures import track_of
from transcoder.policy import LOWEST_AVC_KBPS, Family, Policy
from transcoder.presets import preset_for
from transcoder.sizes import level_name, scaled_size
from transcoder.sound import sound_for, sound_peak_kbps

LEAST_KBPS = 12
"""What pictures take at least, however much the sound needs of a line."""
GOOD_VMAF = 80.0
MUCH_BETTER_VMAF = 4.0
"""Where even the slowest line carries so much more than good pictures, one more rung spares the bytes of those who pay
for each."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a line gets in one family: a size, a frame step and a CRF."""

    height: int
    """Of the shorter side, so that portrait lessons get the same ladder."""
    crf: int
    frame_step: int = 1


STARTER = {96: Choice(480, 32), 192: Choice(480, 29), 300: Choice(720, 31), 900: Choice(1080, 30)}
"""By line, the next lower one; moderate for every kind of lesson, as nothing is known of it yet."""
FIXED: dict[Family, dict[int, Choice]] = {
    "avc": {
        128: Choice(480, 31),
        192: Choice(720, 33),
        300: Choice(720, 30),
        500: Choice(1080, 32),
        900: Choice(1080, 29),
        1800: Choice(1080, 26),
        3000: Choice(1080, 23),
    },
    "av1": {
        50: Choice(360, 52),
        64: Choice(480, 52),
        96: Choice(480, 48),
        128: Choice(720, 48),
        192: Choice(720, 44),
        300: Choice(1080, 46),
        500: Choice(1080, 42),
        900: Choice(1080, 37),
        1800: Choice(1080, 30),
        3000: Choice(1080, 25),
    },
}


def starter_rung(plan: Plan, policy: Policy) -> VideoRendition:
    """The lowest H.264 rung, decided before anything is known of the pictures but their size."""
    line = lines_of("avc", policy)[0]
    return rendition(plan, policy, "avc", line, _nearest(STARTER, line))


def rungs(plan: Plan, analysis: Analysis, policy: Policy) -> tuple[VideoRendition, ...]:
    """All rungs of a lesson whose starter rung is planned: by family, H.264 first, each from low to high."""
    known = offers(plan, analysis)
    made: list[VideoRendition] = []
    for family in policy.families:
        own = [offer for offer in known if offer.curve.family == family]
        legible = analysis.legible_height(track_of(plan).shorter_side)
        made += _measured(plan, policy, family, own, legible) if own else _fixed(plan, policy, family)
    return tuple(made)


def _measured(
    plan: Plan, policy: Policy, family: Family, known: Sequence[Offer], legible_height: int
) -> list[VideoRendition]:
    """On each line the best that fits it, as far as it is worth a rung, up to the policy's ceiling."""
    legible = [offer for offer in known if offer.curve.height >= legible_height] or known
    found: list[VideoRendition] = []
    reached = 0.0
    if family == "avc":
        found, reached = _started(plan, policy, known)
    for line in lines_of(family, policy):
        max_kbps = pictures_kbps(plan, family, line)[0]
        fits = best_fits(known, max_kbps)
        if not fits:
            continue
        enough = cheapest(legible, max_kbps, policy.ceiling_vmaf)
        chosen = enough or choice_of(legible_first(fits, legible_height))
        sparing = None if found else cheapest(legible, max_kbps, GOOD_VMAF)
        wanted = [sparing, chosen] if sparing and chosen.vmaf - sparing.vmaf >= MUCH_BETTER_VMAF else [chosen]
        for fit in wanted:
            if not found or fit.vmaf - reached >= policy.least_gain_vmaf:
                made = replace(_rendition_of(plan, policy, family, line, fit), why=_why(fit, fits))
                found.append(_named_apart(made, found))
                reached = fit.vmaf
        if enough:
            break
    found += _moving(plan, policy, family, known, found)
    return found or _fixed(plan, policy, family)[:1]


def _moving(
    plan: Plan, policy: Policy, family: Family, known: Sequence[Offer], found: Sequence[VideoRendition]
) -> list[VideoRendition]:
    """
    One rung of every frame above a top rung of few frames: samples do not see everything that moves.
    """
    top = found[-1] if found else None
    if top is None or top.frame_step == 1 or top.why is None:
        return []
    moving = [offer for offer in known if offer.curve.frame_step == 1]
    for line in (line for line in lines_of(family, policy) if line > top.line_kbps):
        max_kbps = pictures_kbps(plan, family, line)[0]
        fits = best_fits(known, max_kbps)
        own = best_fits(moving, max_kbps)
        chosen = cheapest(moving, max_kbps, policy.ceiling_vmaf) or (own[0] if own else None)
        if chosen and chosen.vmaf >= top.why.vmaf and chosen.average_kbps > top.why.average_kbps:
            return [replace(_rendition_of(plan, policy, family, line, chosen), why=_why(chosen, fits))]
    return []


def _started(plan: Plan, policy: Policy, known: Sequence[Offer]) -> tuple[list[VideoRendition], float]:
    """The starter rung as it was planned, at the CRF that its line needs, and the quality that it gives."""
    starter = plan.video[0]
    own = [offer for offer in known if (offer.curve.height, offer.curve.frame_step) == (starter.shorter_side, 1)]
    within = starter.max_kbps
    fit = cheapest(own, within, policy.ceiling_vmaf) or next(iter(best_fits(own, within)), None)
    if fit is None:
        # Nothing is known to fit: each segment begins its search for a CRF that does where that is near.
        return [replace(starter, crf=highest_crf(own[0])) if own else starter], 0.0
    return [replace(starter, crf=fit.crf, why=_why(fit, [fit]))], fit.vmaf


def _rendition_of(plan: Plan, policy: Policy, family: Family, line_kbps: int, fit: Fit) -> VideoRendition:
    choice = Choice(fit.curve.height, fit.crf, fit.curve.frame_step)
    return rendition(plan, policy, family, line_kbps, choice)


def _why(chosen: Fit, fits: Sequence[Fit]) -> Why:
    others = [Rival(*fit.size, vmaf=fit.vmaf) for fit in fits if fit.size != chosen.size]
    return Why(chosen.average_kbps, chosen.vmaf, tuple(others))


def _named_apart(made: VideoRendition, found: Sequence[VideoRendition]) -> VideoRendition:
    """The starter rung's own line may deserve a second rung, of another size."""
    taken = any(rung.name == made.name for rung in found)
    return replace(made, name=f"{made.name}-{made.shorter_side}") if taken else made


def lines_of(family: Family, policy: Policy) -> tuple[int, ...]:
    """The lines of a policy that a family serves: never none for H.264."""
    if family != "avc":
        return policy.lines_kbps
    served = tuple(line for line in policy.lines_kbps if line >= LOWEST_AVC_KBPS)
    return served or (LOWEST_AVC_KBPS,)


def rendition(plan: Plan, policy: Policy, family: Family, line_kbps: int, choice: Choice) -> VideoRendition:
    """A choice as it is encoded: no larger than the source and the policy allow, within its line and its level."""
    video = track_of(plan)
    height = min(choice.height, max(policy.highest_height, 1))
    width, height = scaled_size(video.width, video.height, height)
    fps = plan.fps / choice.frame_step
    max_kbps, sound = pictures_kbps(plan, family, line_kbps)
    return VideoRendition(
        name=f"{family}-{line_kbps}",
        family=family,
        width=width,
        height=height,
        frame_step=choice.frame_step,
        preset=preset_for(family, policy.cpu),
        crf=choice.crf,
        max_kbps=max_kbps,
        # A page of text is a large key frame and little after it: a whole segment's bits may go into one picture.
        buffer_kbit=round(max_kbps * min(float(plan.segment_s), 8.0)),
        level=level_name(family, width, height, fps=fps, kbps=max_kbps),
        line_kbps=line_kbps,
        sound=sound.name if sound else "",
    )


def pictures_kbps(plan: Plan, family: Family, line_kbps: int) -> tuple[int, AudioRendition | None]:
    """What the pictures of a line may take at their peak, and the sound that takes the rest."""
    sound = sound_for(line_kbps, family, plan.audio)
    rest = line_kbps - (sound_peak_kbps(sound) if sound else 0.0)
    return max(LEAST_KBPS, int(rest)), sound


def _fixed(plan: Plan, policy: Policy, family: Family) -> list[VideoRendition]:
    """Rungs by size alone: at sizes below the source's as the tables have them, above it one at each end."""
    found = [plan.video[0]] if family == "avc" else []
    for line in lines_of(family, policy)[len(found) :]:
        made = rendition(plan, policy, family, line, _nearest(FIXED[family], line))
        if not found or (made.height, -made.crf) > (found[-1].height, -found[-1].crf):
            found.append(made)
    return found


def _nearest(table: dict[int, Choice], line: int) -> Choice:
    """Of the highest line that is not above this one, or the lowest there is."""
    return table[max((known for known in table if known <= line), default=min(table))]
