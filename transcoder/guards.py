"""
What ffmpeg and ffprobe may do with a hostile file: the options before every `-i`. Pure.

One demuxer (recognised by us, not guessed), local files only, the decoders that lessons need, and bounded sizes.
"""

from pathlib import Path

MAX_STREAMS = 16
MAX_PIXELS = 33_177_600
"""8K UHD."""
MAX_ALLOC_BYTES = 512 * 1024**2
PROBE_BYTES = 5_000_000
ANALYZE_US = 5_000_000

VIDEO_CODECS = frozenset(
    {"h264", "hevc", "mpeg4", "h263", "mpeg2video", "mpeg1video", "mjpeg", "vp8", "vp9", "av1", "prores"}
)
SOUND_CODECS = frozenset(
    {"aac", "mp3", "mp2", "ac3", "eac3", "opus", "vorbis", "flac", "alac", "amr_nb", "amr_wb"}
    | {"pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be"}
    | {"pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw"}
)
# The decoders that stand behind those codecs, where their names differ.
DECODERS = VIDEO_CODECS | SOUND_CODECS | {"libdav1d", "mp3float", "mp2float", "amrnb", "amrwb"}


def guarded_input(demuxer: str) -> dict[str, str]:
    """Options of one input, as ffmpeg-python and `ffprobe_options` take them."""
    return {
        "protocol_whitelist": "file",
        "format_whitelist": FORMAT_NAMES.get(demuxer, demuxer),
        "codec_whitelist": ",".join(sorted(DECODERS)),
        "max_streams": str(MAX_STREAMS),
        "max_pixels": str(MAX_PIXELS),
        "max_alloc": str(MAX_ALLOC_BYTES),
        "probesize": str(PROBE_BYTES),
        "analyzeduration": str(ANALYZE_US),
    }


FORMAT_NAMES = {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}
"""The whitelist compares a demuxer's whole name."""


def local_file(path: Path) -> str:
    """A name that can be neither an option, nor a protocol, nor a pattern."""
    return f"file:{path.absolute()}"
