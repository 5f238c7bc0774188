"""A plan and what was made of it, as plain values: 9.48 s at 25 pictures a second, rungs and sound of two families."""

from fractions import Fraction

from transcoder.media import Made

AUDIO_FRAME_S = Fraction(1024, 48000)
AUDIO_FRAMES = 188, 187, 70
AVC, AV1 = "avc1.64000b", "av01.0.00M.08"


def video(name: str, sizes: tuple[int, ...] = (40_000, 50_000, 16_000), codec: str = AVC) -> list[Made]:
    lengths = (Fraction(4), Fraction(4), Fraction(37, 25))
    return [_init(name, codec), *_segments(name, sizes, lengths, iframe_bytes=3000)]


def audio(name: str, sizes: tuple[int, ...] = (24_000, 24_500, 9_000)) -> list[Made]:
    lengths = tuple(count * AUDIO_FRAME_S for count in AUDIO_FRAMES)
    return [_init(name, "mp4a.40.2"), *_segments(name, sizes, lengths, iframe_bytes=0)]


def opus(name: str, sizes: tuple[int, ...] = (8_000, 8_100, 3_000)) -> list[Made]:
    lengths = (Fraction(402, 100), Fraction(402, 100), Fraction(144, 100))
    return [_init(name, "Opus"), *_segments(name, sizes, lengths, iframe_bytes=0)]


def whole_lesson() -> dict[str, list[Made]]:
    """All that the plan of `good_tree` asks for."""
    return {
        "v144": video("v144"),
        "v288": video("v288", (120_000, 140_000, 40_000), "avc1.640015"),
        "w288": video("w288", (20_000, 24_000, 8_000), AV1),
        "w144": video("w144", (32_000, 36_000, 12_000), AV1),
        "a48": audio("a48"),
        "o16": opus("o16"),
    }


def _init(name: str, codec: str) -> Made:
    return Made("init", name, "init.mp4", 700, "a" * 64, codec=codec)


def _segments(name: str, sizes: tuple[int, ...], lengths: tuple[Fraction, ...], *, iframe_bytes: int) -> list[Made]:
    starts = [sum(lengths[:number], Fraction(0)) for number in range(len(lengths))]
    return [
        Made("segment", name, f"{number}.m4s", size, "b" * 64, number, start, length, iframe_bytes)
        for number, (size, start, length) in enumerate(zip(sizes, starts, lengths, strict=True))
    ]
