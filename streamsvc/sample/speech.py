"""The spoken part of the sample lesson, or silence of the same length where no voice can be had."""

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from transcoder.runner import Limits, run

log = logging.getLogger(__name__)

SILENT_RATE = 22050
CHARACTERS_PER_S = 14.0
"""How fast a teacher reads: the length of a sentence that nobody can speak."""
SAMPLE_BYTES = 2
LIMITS = Limits(wall_s=300.0, cpu_s=300)


@dataclass(frozen=True, slots=True)
class Speech:
    """Sentences as sound: 16-bit mono samples, one byte string for each."""

    sample_rate: int
    sentences: tuple[bytes, ...]
    spoken: bool
    """False: silence stands in for the voice."""

    def duration_s(self, number: int) -> float:
        return len(self.sentences[number]) / SAMPLE_BYTES / self.sample_rate


def say(sentences: Sequence[str], *, language: str, workspace: Path) -> Speech:
    """Speak the sentences in `language` (kk, ru, en); where espeak-ng is not to be had, keep silent as long."""
    if find_spec("espeakng_loader") is None:
        log.warning("the sample lesson is silent: the package espeakng-loader does not exist on this platform")
        return silence(sentences)
    with TemporaryDirectory(dir=workspace) as folder:
        request = Path(folder, "request.json")
        request.write_text(json.dumps({"language": language, "sentences": list(sentences)}), "utf-8")
        finished = run([sys.executable, "-I", "-m", "streamsvc.sample.voice", str(request), folder], limits=LIMITS)
        result = Path(folder, "voice.json")
        if not finished.ok or not result.exists():
            log.warning("the sample lesson is silent: espeak-ng ended with %s", finished.complaint[-500:])
            return silence(sentences)
        sample_rate = json.loads(result.read_text("utf-8"))["sample_rate"]
        spoken = tuple(Path(folder, f"{number}.pcm").read_bytes() for number in range(len(sentences)))
    return Speech(sample_rate, spoken, spoken=True)


def silence(sentences: Sequence[str]) -> Speech:
    """As long as a person would speak."""
    lengths = (int(len(sentence) / CHARACTERS_PER_S * SILENT_RATE) for sentence in sentences)
    return Speech(SILENT_RATE, tuple(bytes(length * SAMPLE_BYTES) for length in lengths), spoken=False)
