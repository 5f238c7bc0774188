"""
Speaks with espeak-ng out of its wheel, called through ctypes. Started by `speech`, as a program of its own.

    python -m streamsvc.sample.voice REQUEST OUT

The library keeps state that changes the samples of a second run in the same process, and may not be called by two
threads; in a process of its own the same sentences always give the same samples.
"""

import ctypes
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import espeakng_loader

RETRIEVAL = 1
"""The output mode that hands over samples and opens no sound device."""
CHARS_UTF8 = 1
RATE, PITCH, RANGE = 1, 3, 4
PARAMETERS = {"kk": {RATE: 164, PITCH: 40, RANGE: 55}, "ru": {RATE: 150, PITCH: 40}, "en": {RATE: 150, PITCH: 40}}
"""A teacher speaks slower than espeak's 175 words a minute."""
SAMPLE_BYTES = 2

SamplesArrived = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


def speak(sentences: Sequence[str], language: str) -> tuple[int, list[bytes]]:
    """Sample rate, and 16-bit mono samples of each sentence. OSError when the library or a voice does not load."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    sample_rate = int(library.espeak_Initialize(RETRIEVAL, 0, espeakng_loader.get_data_path().encode(), 0))
    if sample_rate <= 0 or library.espeak_SetVoiceByName(language.encode()) != 0:
        raise OSError(f"espeak-ng has no voice {language!r}")
    arrived: list[bytes] = []

    def take(samples: int | None, count: int, _events: object) -> int:
        if samples and count > 0:
            arrived.append(ctypes.string_at(samples, count * SAMPLE_BYTES))
        return 0

    callback = SamplesArrived(take)
    library.espeak_SetSynthCallback(callback)
    for parameter, value in PARAMETERS[language].items():
        library.espeak_SetParameter(parameter, value, 0)
    spoken = []
    for sentence in sentences:
        arrived.clear()
        text = sentence.encode() + b"\0"
        library.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 1, 0, CHARS_UTF8, None, None)
        library.espeak_Synchronize()
        spoken.append(b"".join(arrived))
    library.espeak_Terminate()
    return sample_rate, spoken


def main(request: Path, out: Path) -> None:
    """Read {"language", "sentences"}; write `{n}.pcm` for each sentence and last `voice.json` with the rate."""
    wanted = json.loads(request.read_text("utf-8"))
    sample_rate, spoken = speak(wanted["sentences"], wanted["language"])
    for number, samples in enumerate(spoken):
        (out / f"{number}.pcm").write_bytes(samples)
    (out / "voice.json").write_text(json.dumps({"sample_rate": sample_rate}), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
