"""What of a finished lesson is worth offering to players. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from transcoder.media import Made, Plan, VideoRendition
from transcoder.playlists import sound_of, variant_rate
from transcoder.rates import Rate


def offered(plan: Plan, made_by_rendition: Mapping[str, Sequence[Made]]) -> Plan:
    """
    The plan without rungs that are beaten by another of their family, and without sound that no rung is played with.

    The starter rung was chosen before anybody had looked: of slides that stand still, a larger picture may need fewer
    bits. A player that goes by rates alone would take the worse one for the better one.
    """
    if not plan.video:
        return plan
    rates = {rung.name: variant_rate(plan, rung, made_by_rendition) for rung in plan.video}
    video = tuple(rung for rung in plan.video if not any(_beats(other, rung, rates) for other in plan.video))
    heard = {sound.name for rung in video if (sound := sound_of(plan, rung))}
    return replace(plan, video=video, audio=tuple(audio for audio in plan.audio if audio.name in heard))


def _beats(one: VideoRendition, other: VideoRendition, rates: Mapping[str, Rate]) -> bool:
    """Better, as far as the analysis can tell, and cheaper, as was measured."""
    if one.family != other.family or one.why is None or other.why is None:
        return False
    costs, others = rates[one.name], rates[other.name]
    cheaper = costs.peak_bps <= others.peak_bps and costs.average_bps <= others.average_bps
    return cheaper and one.why.vmaf > other.why.vmaf
