"""
A plan in words and figures: what was found, and why every rung is what it is. Pure.

The words come in one language from whoever speaks to a person (`streamsvc.texts`, matter `plan`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from transcoder.analysis.values import Analysis
from transcoder.fitting import UNSEEN_VMAF
from transcoder.listening import TARGET_LUFS
from transcoder.media import AudioRendition, Plan, Rival, VideoRendition, Why
from transcoder.policy import LOWEST_AVC_KBPS, Family, Policy
from transcoder.sound import cleaning, gain_is_bounded
from transcoder.source import Heard

Words = Mapping[str, str]
CODECS: Mapping[str, str] = {"avc": "H.264", "av1": "AV1", "aac": "AAC", "opus": "Opus"}
ENCODERS: Mapping[Family, str] = {"avc": "x264", "av1": "SVT-AV1"}
LEAST_HUM_DB = -60.0
"""A hum below this is not worth a teacher's time."""
RIVALS_TOLD = 2


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences on one matter, fit for JSON, a terminal or a page."""

    about: Literal["lesson", "sound", "rungs", "left_out"]
    heading: str
    sentences: tuple[str, ...]


def explained(plan: Plan, words: Words) -> list[Passage]:
    """Everything that a person may want to know about a plan; passages without anything to say are left out."""
    say = _Sayer(words)
    passages = [
        Passage("lesson", words["heading_lesson"], tuple(_lesson(plan, say))),
        Passage("sound", words["heading_sound"], tuple(_sound(plan, say))),
        Passage("rungs", words["heading_rungs"], tuple(_rungs(plan, say))),
        Passage("left_out", words["heading_left_out"], tuple(_left_out(plan, say))),
    ]
    return [passage for passage in passages if passage.sentences]


def why(plan: Plan, rung: VideoRendition, words: Words) -> str:
    """Why one rung is what it is, beside a table that says the rest."""
    return " ".join(_why(plan, rung, _Sayer(words)))


@dataclass(frozen=True, slots=True)
class _Sayer:
    """Puts values into sentences, with numbers as the language writes them."""

    words: Words

    def __call__(self, key: str, **values: object) -> str:
        return self.words[key].format(**values)

    def number(self, value: float, digits: int = 0) -> str:
        """A minus sign is one, not a hyphen that a line may break at."""
        return f"{value:.{digits}f}".replace(".", self.words["decimal"]).replace("-", "−")

    def rate(self, value: float) -> str:
        """Whole where it is whole: 25, 29.97."""
        return f"{float(value):.2f}".rstrip("0").rstrip(".").replace(".", self.words["decimal"])


def _lesson(plan: Plan, say: _Sayer) -> Iterator[str]:
    video, found = plan.source.video, plan.analysis
    if video is None:
        yield say("doubt_no_pictures")
    elif not plan.settled:
        yield say("not_settled")
    elif found is None or not found.parts:
        yield say(f"doubt_{(found.doubt if found else '') or 'not_asked'}")
    else:
        yield from _found(found, video.shorter_side, say)


def _found(found: Analysis, source_height: int, say: _Sayer) -> Iterator[str]:
    shares = [
        say("kind_share", kind=say.words[f"kind_{kind}"], percent=say.number(share * 100))
        for kind, share in found.kinds
    ]
    yield say("kinds", kinds="; ".join(shares))
    yield say("still", percent=say.number(found.still_share * 100))
    yield say("text", lines=found.text_lines, height=source_height) if found.text_lines else say("no_text")
    yield say("samples", parts=len(found.parts), trials=len(found.trials))


def _sound(plan: Plan, say: _Sayer) -> Iterator[str]:
    track = plan.source.audio
    if track is None:
        yield say("no_sound")
        return
    if track.heard:
        yield from _heard(track.heard, plan.audio[0], say)
    if track.lone_channel is not None:
        yield say("lone_right" if track.lone_channel else "lone_left")
    yield say("sound_made", sounds="; ".join(sound_in_words(sound, say.words) for sound in plan.audio))


def _heard(heard: Heard, sound: AudioRendition, say: _Sayer) -> Iterator[str]:
    yield say(f"heard_{heard.kind}", lufs=say.number(heard.stereo_lufs, 1))
    if heard.kind != "silence":
        yield say("bounded" if gain_is_bounded(heard, sound) else "levelled", target=say.number(TARGET_LUFS))
    cleaned = {filter_.name for filter_ in cleaning(heard)}
    if heard.hum_hz and heard.hum_db > LEAST_HUM_DB:
        yield say("hum_cleaned" if "bandreject" in cleaned else "hum", hz=heard.hum_hz, db=say.number(heard.hum_db))
    if "afftdn" in cleaned:
        yield say("noise_cleaned", db=say.number(heard.floor_db))


def sound_in_words(sound: AudioRendition, words: Words) -> str:
    """`AAC 40 kbit/s, one channel`."""
    key = "sound_mono" if sound.channels == 1 else "sound_stereo"
    return words[key].format(codec=CODECS[sound.codec], kbps=sound.kbps)


def _rungs(plan: Plan, say: _Sayer) -> Iterator[str]:
    if plan.video:
        yield say("vmaf")
    for rung in plan.video:
        yield " ".join(_rung(plan, rung, say))


def _rung(plan: Plan, rung: VideoRendition, say: _Sayer) -> Iterator[str]:
    yield say(
        "rung",
        name=rung.name,
        line=rung.line_kbps,
        codec=CODECS[rung.family],
        width=rung.width,
        height=rung.height,
        fps=say.rate(float(plan.fps / rung.frame_step)),
        kbps=rung.max_kbps,
        encoder=f"{ENCODERS[rung.family]} {rung.preset}",
        crf=rung.crf,
    )
    if rung.sound:
        yield say("with_sound", sound=rung.sound)
    yield from _why(plan, rung, say)


def _why(plan: Plan, rung: VideoRendition, say: _Sayer) -> Iterator[str]:
    if rung is plan.video[0]:
        yield say("starter")
    if rung.frame_step > 1:
        yield say("still_rung")
    yield from _beside(plan, rung, say)
    if rung.why:
        yield say("expected", kbps=say.number(rung.why.average_kbps), vmaf=say.number(rung.why.vmaf, 1))
        rivals = [_rival(rival, say) for rival in rung.why.rivals[:RIVALS_TOLD]]
        if rivals:
            yield say("rivals", rivals="; ".join(rivals))
    video, found = plan.source.video, plan.analysis
    if video and found and found.text_lines:
        left = found.text_lines * rung.shorter_side / video.shorter_side
        yield say("legible", lines=say.number(left))
        if rung.why and _illegible_wins(rung.why, found.legible_height(video.shorter_side)):
            yield say("legible_first")


def _illegible_wins(why: Why, legible_height: int) -> bool:
    return any(rival.height < legible_height and rival.vmaf > why.vmaf + UNSEEN_VMAF for rival in why.rivals)


def _beside(plan: Plan, rung: VideoRendition, say: _Sayer) -> Iterator[str]:
    """What a rung is for that follows from its neighbours."""
    family = [other for other in plan.video if other.family == rung.family]
    place = family.index(rung)
    below = family[place - 1] if place else None
    if any(other.line_kbps == rung.line_kbps for other in family[place + 1 :]):
        yield say("sparing")
    if below and below.frame_step > 1 and rung.frame_step == 1:
        yield say("moving", name=below.name)


def _rival(rival: Rival, say: _Sayer) -> str:
    key = "rival" if rival.frame_step == 1 else "rival_still"
    return say(key, height=rival.height, vmaf=say.number(rival.vmaf, 1))


def _left_out(plan: Plan, say: _Sayer) -> Iterator[str]:
    """Lines that share a reason share a sentence."""
    if not plan.settled:
        return
    for family in plan.policy.families:
        rungs = [rung for rung in plan.video if rung.family == family]
        reasons: dict[tuple[str, str], list[int]] = {}
        for line in plan.policy.lines_kbps:
            if rungs and line not in {rung.line_kbps for rung in rungs}:
                below = [rung for rung in rungs if rung.line_kbps < line]
                key = _reason(line, below, rungs, plan.policy)
                reasons.setdefault((key, below[-1].name if below else ""), []).append(line)
        for (key, name), lines in reasons.items():
            vmaf = next((rung.why.vmaf for rung in rungs if rung.name == name and rung.why), 0.0)
            yield say(
                key,
                lines=", ".join(map(str, lines)),
                codec=CODECS[family],
                least=LOWEST_AVC_KBPS,
                name=name,
                vmaf=say.number(vmaf, 1),
                gain=say.rate(plan.policy.least_gain_vmaf),
            )


NEAR_CEILING_VMAF = 1.0
"""A rung this near to the ceiling is the top one: qualities come in steps of a CRF."""


def _reason(line_kbps: int, below: list[VideoRendition], rungs: list[VideoRendition], policy: Policy) -> str:
    if not below:
        too_slow_for_avc = rungs[0].family == "avc" and line_kbps < LOWEST_AVC_KBPS
        return "left_family" if too_slow_for_avc else "left_slow"
    why = below[-1].why
    if why is None:
        return "left_size"
    is_top = below[-1] is rungs[-1]
    return "left_ceiling" if is_top and why.vmaf >= policy.ceiling_vmaf - NEAR_CEILING_VMAF else "left_gain"
