"""When each step of the sample lesson happens, and where the pointer is meanwhile. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from streamsvc.sample.script import Script, lesson, steps

LEAD_S = 0.3
"""From a step's beginning to its first spoken word: the eye finds the new line first."""
PAUSE_S = 0.4
"""After a sentence."""
TURN_S = 0.6
"""More before the first step of a slide."""
EXAMPLE_SLIDE = 4
"""Index of the first worked example in a lesson."""
LONGER_EXAMPLE = 1.1
"""Examples with larger numbers take longer to say."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One step in time."""

    slide: int
    shown: int
    """How many steps of the slide are visible, this one included."""
    sentence: int
    start_s: float
    speech_s: float
    """Beginning of the sentence."""
    speech_end_s: float
    end_s: float

    @property
    def shows_s(self) -> float:
        """When its line appears: a moment before the voice."""
        return self.speech_s - LEAD_S


def beats(script: Script, lengths_s: Sequence[float], *, pause_s: float = PAUSE_S) -> list[Beat]:
    """All steps one after the other, as long as their sentences."""
    found: list[Beat] = []
    time_s, shown, before = 0.0, 0, -1
    for sentence, (slide, _) in enumerate(steps(script)):
        shown = shown + 1 if slide == before else 1
        speech_s = time_s + LEAD_S + (TURN_S if slide != before else 0.0)
        speech_end_s = speech_s + lengths_s[sentence]
        found.append(Beat(slide, shown, sentence, time_s, speech_s, speech_end_s, speech_end_s + pause_s))
        time_s, before = found[-1].end_s, slide
    return found


def fitted(script: Script, lengths_s: Sequence[float], *, seconds: float) -> list[Beat]:
    """
    The steps that fit into `seconds`, the pauses stretched to fill them.

    The first step is always there, even if its sentence must be cut.
    """
    fitting = [beat for beat in beats(script, lengths_s) if beat.speech_end_s <= seconds]
    if not fitting:
        return beats(script, lengths_s)[:1]
    spare_s = max(0.0, seconds - fitting[-1].end_s) / len(fitting)
    return beats(script, lengths_s, pause_s=PAUSE_S + spare_s)[: len(fitting)]


def exercises_for(language: str, lengths_s: Sequence[float], *, seconds: float) -> int:
    """How many more worked examples bring a lesson that has none to about `seconds`, by the length of the first."""
    plain = beats(lesson(language), lengths_s)
    example_s = sum(beat.end_s - beat.start_s for beat in plain if beat.slide == EXAMPLE_SLIDE)
    return max(0, int((seconds - plain[-1].end_s) / (example_s * LONGER_EXAMPLE)))
