"""A plan and what was made of it, as plain values: 9.48 s at 25 pictures a second, two rungs and sound."""

from fractions import Fraction

from transcoder.media import Made

AUDIO_FRAME_S = Fraction(1024, 48000)
AUDIO_FRAMES = 188, 187, 70


def video(name: str, sizes: tuple[int, ...] = (40_000, 50_000, 16_000), codec: str = "avc1.64000b") -> list[Made]:
    lengths = (Fraction(4), Fraction(4), Fraction(37, 25))
    return [_init(name, codec), *_segments(name, sizes, lengths, iframe_bytes=3000)]


def audio(name: str, sizes: tuple[int, ...] = (24_000, 24_500, 9_000)) -> list[Made]:
    lengths = tuple(count * AUDIO_FRAME_S for count in AUDIO_FRAMES)
    return [_init(name, "mp4a.40.2"), *_segments(name, sizes, lengths, iframe_bytes=0)]


def _init(name: str, codec: str) -> Made:
    return Made("init", name, "init.mp4", 700, "a" * 64, codec=codec)


def _segments(name: str, sizes: tuple[int, ...], lengths: tuple[Fraction, ...], *, iframe_bytes: int) -> list[Made]:
    starts = [sum(lengths[:number], Fraction(0)) for number in range(len(lengths))]
    return [
        Made("segment", name, f"{number}.m4s", size, "b" * 64, number, start, length, iframe_bytes)
        for number, (size, start, length) in enumerate(zip(sizes, starts, lengths, strict=True))
    ]
