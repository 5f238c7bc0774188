"""What ffmpeg tells of a sound, as values."""

from math import inf

from transcoder.media import AudioRendition
from transcoder.reporting.hearing import heard_in

AAC = AudioRendition("aac-40", "aac", 40, 48_000, 1)
TOLD = """\
[silencedetect @ 0x1] silence_start: -0.0213333
[silencedetect @ 0x1] silence_end: 4.5 | silence_duration: 4.52133
[silencedetect @ 0x1] silence_start: 50.25
[Parsed_ebur128_1 @ 0x2] Summary:

  Integrated loudness:
    I:         -16.3 LUFS
    Threshold: -26.5 LUFS

  True peak:
    Peak:       -1.6 dBFS
"""


def test_loudness_peak_and_silences():
    """
    A silence that begins before the sound begins with it; one without an end lasts to the end of the lesson.
    """
    heard = heard_in(TOLD, AAC, 60.0)

    assert (heard.lufs, heard.peak_db) == (-16.3, -1.6)
    assert heard.silences_s == ((0.0, 4.5), (50.25, 60.0))


def test_what_cannot_be_told_is_silence():
    heard = heard_in("I: nan LUFS\n", AAC, 60.0)

    assert (heard.lufs, heard.peak_db, heard.silences_s) == (-inf, -inf, ())
