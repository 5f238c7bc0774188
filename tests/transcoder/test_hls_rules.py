"""The judge itself: it accepts a good lesson, and each rule finds the fault that was made for it."""

import gzip
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

from tests.hls_family_rules import CLIENTS, choice, skipped
from tests.hls_lesson import top_boxes
from tests.hls_rules import RULES, check
from tests.transcoder.good_tree import PLAN, made_in, make_media, make_tree
from transcoder.media import Made, Plan
from transcoder.media_playlists import media_playlist
from transcoder.playlists import multivariant

pytestmark = pytest.mark.ffmpeg

Break = Callable[[Path], None]


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    make_tree(folder)
    return folder


@pytest.fixture
def tree(good, tmp_path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "tree"))


def text(name: str, old: str, new: str, *, count: int = -1) -> Break:
    """Replace text in one playlist; it must have been there."""

    def apply(folder: Path) -> None:
        before = (folder / name).read_text("utf-8")
        assert old in before
        (folder / name).write_text(before.replace(old, new, count), "utf-8")

    return apply


def data(name: str, old: bytes, new: bytes) -> Break:
    """Replace bytes once in one file."""

    def apply(folder: Path) -> None:
        before = (folder / name).read_bytes()
        assert old in before
        (folder / name).write_bytes(before.replace(old, new, 1))

    return apply


def attribute(name: str, value: str | None, *, tag: str = "STREAM-INF", everywhere: bool = True) -> Break:
    """Set or remove an attribute on lines of one tag of the multivariant playlist."""

    def apply(folder: Path) -> None:
        path, lines, done = folder / "multivariant.m3u8", [], False
        for line in path.read_text("utf-8").splitlines():
            if line.startswith(f"#EXT-X-{tag}:") and (everywhere or not done):
                kept = [part for part in _parts(line.split(":", 1)[1]) if not part.startswith(f"{name}=")]
                line, done = f"#EXT-X-{tag}:" + ",".join([*kept, *([f"{name}={value}"] if value else [])]), True
            lines.append(line)
        path.write_text("\n".join(lines) + "\n", "utf-8")

    return apply


def _parts(value: str) -> list[str]:
    parts, quoted = [""], False
    for character in value:
        quoted ^= character == '"'
        if character == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def variants(change: Callable[[list[str]], list[str]]) -> Break:
    """Change the list of variants, each a STREAM-INF with its URI."""

    def apply(folder: Path) -> None:
        path = folder / "multivariant.m3u8"
        lines = path.read_text("utf-8").splitlines()
        at = [index for index, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF")]
        changed = change(["\n".join(lines[index : index + 2]) for index in at])
        path.write_text("\n".join([*lines[: at[0]], *changed, *lines[at[-1] + 2 :]]) + "\n", "utf-8")

    return apply


def without_lines(*words: str) -> Break:
    """Drop the multivariant playlist's lines that hold all the words."""

    def apply(folder: Path) -> None:
        path = folder / "multivariant.m3u8"
        lines = path.read_text("utf-8").splitlines()
        kept = [line for line in lines if not all(word in line for word in words)]
        assert len(kept) < len(lines)
        path.write_text("\n".join(kept) + "\n", "utf-8")

    return apply


def later_tfdt(rendition: str) -> Break:
    def apply(folder: Path) -> None:
        path = folder / rendition / "1.m4s"
        body = bytearray(path.read_bytes())
        body[body.index(b"tfdt") + 15] += 1
        path.write_bytes(body)

    return apply


def no_idr(folder: Path) -> None:
    """The first picture of segment 1 becomes a plain slice."""
    path = folder / "v144" / "1.m4s"
    body = bytearray(path.read_bytes())
    at = body.index(b"mdat") + 8
    assert body[at] & 31 == 5
    body[at] = body[at] & ~31 | 1
    path.write_bytes(body)


def no_key_picture(folder: Path) -> None:
    """The first picture of segment 1 in AV1 becomes one that refers to others."""
    path = folder / "w144" / "1.m4s"
    body = bytearray(path.read_bytes())
    header = body.index(b"mdat") + 4 + 13 + 1
    while body[header] >= 128:
        header += 1
    assert body[header + 1] >> 4 == 1
    body[header + 1] |= 0x20
    path.write_bytes(body)


def not_sync(folder: Path) -> None:
    """The container no longer says that segment 1 begins with a sync sample."""
    path = folder / "v144" / "1.m4s"
    body = bytearray(path.read_bytes())
    at = body.index(b"trun") + 16
    assert body[at : at + 4] == (0x02000000).to_bytes(4, "big")
    body[at : at + 4] = (0x01010000).to_bytes(4, "big")
    path.write_bytes(body)


def hdr_init(folder: Path) -> None:
    """The same pictures under an init segment that calls them PQ."""
    joined, marked = folder / "joined.mp4", folder / "marked.mp4"
    rung = folder / "v144"
    joined.write_bytes((rung / "init.mp4").read_bytes() + (rung / "0.m4s").read_bytes())
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(joined), "-c", "copy"]
    command += ["-bsf:v", "h264_metadata=transfer_characteristics=16:colour_primaries=9:matrix_coefficients=9"]
    command += ["-movflags", "empty_moov+default_base_moof", "-brand", "iso6", str(marked)]
    subprocess.run(command, check=True, timeout=60)
    body = marked.read_bytes()
    head = [body[start:end] for kind, start, _, end in top_boxes(body) if kind in ("ftyp", "moov")]
    (rung / "init.mp4").write_bytes(b"".join(head))


def late_sound(folder: Path) -> None:
    """All of the sound 100 ms later than the pictures."""
    for path in (folder / "a48").glob("*.m4s"):
        body = bytearray(path.read_bytes())
        at = body.index(b"tfdt") + 8
        body[at : at + 8] = (int.from_bytes(body[at : at + 8], "big") + 4800).to_bytes(8, "big")
        path.write_bytes(body)


def without_segment(folder: Path) -> None:
    (folder / "v288" / "1.m4s").unlink()


V144, V288, TOP = "v144/media.m3u8", "v288/media.m3u8", "multivariant.m3u8"

BROKEN: list[tuple[str, Break]] = [
    ("H1", data(TOP, b"#EXTM3U", b"\xef\xbb\xbf#EXTM3U")),
    ("H1", data(V144, b"0.m4s", b"\x000.m4s")),
    ("H2", text(V144, "#EXT-X-VERSION:7", "#EXT-X-VERSION:6")),
    ("H2", text(TOP, "#EXT-X-VERSION:7", "#EXT-X-VERSION:7\n#EXT-X-VERSION:7")),
    ("H3", text(TOP, 'NAME="Қазақша"', 'NAME="Қазақша\n#EXT-X-KEY:METHOD=NONE"')),
    ("H3", text(TOP, 'NAME="Қазақша"', 'NAME="Қа"зақша"')),
    ("H3", text(V144, "0.m4s", "javascript:0.m4s")),
    ("H5", text(V144, "TARGETDURATION:4", "TARGETDURATION:3")),
    ("H5", text(V144, "#EXT-X-TARGETDURATION:4\n", "#EXT-X-TARGETDURATION:4\n#EXT-X-TARGETDURATION:4\n")),
    ("H7", text(V144, "#EXT-X-ENDLIST", "")),
    ("H7", text(V144, "TYPE:VOD", "TYPE:EVENT")),
    ("H8", text(V144, "#EXTINF:4.000000", "#EXTINF:4.050000", count=1)),
    ("H9", text(V144, "TARGETDURATION:4", "TARGETDURATION:5")),
    ("H9", text(V288, "#EXTINF:1.480000,\n2.m4s\n", "")),
    ("H9", text("a48/media.m3u8", "2.m4s", "1.m4s")),
    ("H10", text(V144, '#EXT-X-MAP:URI="init.mp4"\n', "")),
    ("H9", text("w288/media.m3u8", "#EXTINF:1.480000,\n2.m4s\n", "")),
    ("H11", later_tfdt("v144")),
    ("H11", later_tfdt("w288")),
    ("H12", no_idr),
    ("H12", no_key_picture),
    ("H12", not_sync),
    ("H13", text(TOP, "#EXT-X-INDEPENDENT-SEGMENTS\n", "")),
    ("H14", text(V144, "#EXTINF:1.48", "#EXT-X-DISCONTINUITY\n#EXTINF:1.48")),
    ("H15", text(V144, "#EXTINF:1.48", "#EXT-X-GAP\n#EXTINF:1.48")),
    ("H16", text("v144/iframes.m3u8", "@0", "@9999999", count=1)),
    ("H19", attribute("FRAME-RATE", None)),
    ("H19", attribute("AVERAGE-BANDWIDTH", None)),
    ("H20", attribute("BANDWIDTH", "118000", everywhere=False)),
    ("H20", attribute("BANDWIDTH", "7000", tag="I-FRAME-STREAM-INF", everywhere=False)),
    ("H21", attribute("AVERAGE-BANDWIDTH", "150000", everywhere=False)),
    ("H21", attribute("BANDWIDTH", "150000", everywhere=False)),
    ("H22", attribute("CODECS", '"avc1.640028,mp4a.40.2"', everywhere=False)),
    ("H22", data("v144/init.mp4", b"avc1", b"avc3")),
    ("H22", data("w144/init.mp4", b"av1C\x81\x00", b"av1C\x81\x01")),
    ("H22", data("o16/init.mp4", b"dOps\x00", b"dOps\x01")),
    ("H23", attribute("RESOLUTION", "256x160", everywhere=False)),
    ("H23", attribute("FRAME-RATE", "30.000", everywhere=False)),
    ("H23", text(TOP, "FRAME-RATE=25,", "FRAME-RATE=12,")),
    ("H23", data("w144/init.mp4", b"av1C\x81\x00", b"av1C\x81\x08")),
    ("H23", data("v144/init.mp4", b"\x67\x64\x00\x0b", b"\x67\x64\x00\x33")),
    ("H24", hdr_init),
    ("H25", attribute("SCORE", None, everywhere=False)),
    ("H25", attribute("SCORE", "0", everywhere=False)),
    ("H26", variants(lambda lines: [lines[1], lines[0], *lines[2:]])),
    ("H27", attribute("BANDWIDTH", "400000")),
    ("H28", variants(lambda lines: lines[1:])),
    ("H29", attribute("AUDIO", None)),
    ("H30", attribute("LANGUAGE", None, tag="MEDIA")),
    ("H30", attribute("LANGUAGE", '"қазақша"', tag="MEDIA")),
    ("H30", attribute("AUTOSELECT", "NO", tag="MEDIA")),
    ("H31", attribute("AUDIO", '"sound"', everywhere=False)),
    ("H31", attribute("NAME", '"Another"', tag="MEDIA", everywhere=False)),
    ("H31", attribute("CLOSED-CAPTIONS", None, everywhere=False)),
    ("H32", attribute("CHANNELS", '"1"', tag="MEDIA")),
    ("H35", without_lines("I-FRAME")),
    ("H35", without_lines("I-FRAME", "w288")),
    ("H35", attribute("FRAME-RATE", "25", tag="I-FRAME-STREAM-INF")),
    ("H35", text("v144/iframes.m3u8", "@0", "0@0", count=1)),
    ("H35", text("v144/iframes.m3u8", "#EXT-X-I-FRAMES-ONLY\n", "")),
    ("H40", without_segment),
    ("H40", text(V144, "0.m4s", "//elsewhere/0.m4s")),
    ("C1", data("v144/1.m4s", b"tfhd\x00\x02", b"tfhd\x00\x00")),
    ("C1", data("v144/1.m4s", b"moof", b"free")),
    ("C1", late_sound),
    ("C1", data("v144/1.m4s", b"tfdt\x01", b"tfdt\x00")),
    ("C2", data("v144/init.mp4", b"iso6\x00\x00\x02\x00iso6", b"iso2\x00\x00\x02\x00iso2")),
    ("C2", data("w144/init.mp4", b"av1C\x81\x00\x0c\x00\x0a\x0b\x02", b"av1C\x81\x00\x0c\x00\x0a\x0b\x22")),
    ("C3", text(TOP, "BANDWIDTH=", "BANDWIDTH=9")),
    ("C4", attribute("CODECS", '"avc1.64000b,mp4a.40.2,opus"', everywhere=False)),
    ("C4", attribute("CODECS", '"avc1.64000b,opus"', everywhere=False)),
    ("C5", text(TOP, 'GROUP-ID="o16"', 'GROUP-ID="a48"')),
    ("C5", without_lines("#EXT-X-STREAM-INF", "a48")),
    ("C6", variants(lambda lines: [*lines[2:], *lines[:2]])),
    ("C6", attribute("SCORE", None)),
    ("C7", text(TOP, ",opus", ",Opus")),
    ("C7", text(TOP, "av01.0.00M.08", "av01.0.00")),
    ("C8", attribute("CODECS", '"hvc1.1.6.L93,mp4a.40.2"')),
    ("C8", without_lines("I-FRAME", "avc1")),
    ("C8", without_lines("I-FRAME", "av01")),
    ("C8", variants(lambda lines: lines[1:])),
    ("C8", variants(lambda lines: lines[2:])),
]
SERVED_ONLY = {"H4", "H18"}


def test_a_good_lesson_breaks_no_rule(good):
    assert check(good) == []


@pytest.mark.parametrize(("rule", "damage"), BROKEN, ids=[f"{rule}-{index}" for index, (rule, _) in enumerate(BROKEN)])
def test_a_broken_lesson_is_found_by_its_rule(rule, damage, tree):
    damage(tree)

    assert rule in {finding.rule for finding in check(tree)}


@pytest.fixture(scope="module")
def growing(tmp_path_factory) -> Path:
    """The same lesson as the service serves it in the midst of its encoding: one rung, two segments, no end."""
    folder = tmp_path_factory.mktemp("growing")
    made = make_media(folder / PLAN.digest)
    for later in ("v288", "w288", "w144", "o16"):
        del made[later]
    for name, files in made.items():
        begun = [item for item in files if item.number < 2]
        text = media_playlist(begun, target_s=4, uri=_in_plan_folder, kind="EVENT", ended=False)
        (folder / "job").mkdir(exist_ok=True)
        (folder / "job" / f"{name}.m3u8").write_text(text)
    top = multivariant(PLAN, made, uri=lambda name: f"{name}.m3u8", families=("avc",), measured=False)
    (folder / "job" / "avc.m3u8").write_text(top, "utf-8")
    return folder / "job"


def _in_plan_folder(item: Made) -> str:
    return f"../{PLAN.digest}/{item.rendition}/{item.name}"


def test_a_growing_lesson_breaks_no_rule(growing):
    assert check(growing, growing=True) == []


def test_a_growing_lesson_is_no_finished_one(growing):
    assert {finding.rule for finding in check(growing)} >= {"H7", "H21", "H35"}


def write_top(folder: Path, plan: Plan, **choice: Any) -> None:
    made = {rendition.name: made_in(folder / rendition.name) for rendition in plan.renditions}
    text = multivariant(
        plan,
        made,
        uri=lambda name: f"{name}/media.m3u8",
        iframes_uri=lambda name: f"{name}/iframes.m3u8",
        **choice,
    )
    (folder / "multivariant.m3u8").write_text(text, "utf-8")


def test_sound_alone_is_a_good_lesson(tree):
    write_top(tree, replace(PLAN, video=(), fps=Fraction(1), segment_frames=4, opening_frames=4))

    assert check(tree) == []


def test_pictures_without_sound_are_a_good_lesson(tree):
    write_top(tree, replace(PLAN, audio=()))

    assert check(tree) == []


def test_one_family_alone_is_a_good_lesson(tree):
    write_top(tree, PLAN, families=("avc",))

    assert check(tree) == []


def test_the_playlist_for_players_of_av1_needs_nothing_for_others(tree):
    write_top(tree, PLAN, families=("av1",))
    top = tree / "multivariant.m3u8"

    assert check(top.rename(tree / "av1.m3u8")) == []


@pytest.mark.parametrize(("client", "names"), [("avc", ["v144", "v288", "a48"]), ("av1", ["w288", "w144", "o16"])])
def test_a_client_of_one_family_keeps_a_whole_ladder(client, names, good):
    """An old player knows only H.264 and AAC; what it skips leaves nothing behind that it could stumble over."""
    text = skipped((good / "multivariant.m3u8").read_text("utf-8"), CLIENTS[client])
    left = good / f"{client}.m3u8"
    left.write_text(text, "utf-8")

    assert check(left) == []
    assert sorted({line.split("/")[0].split('"')[-1] for line in text.splitlines() if "media.m3u8" in line}) == sorted(
        names
    )


@pytest.mark.parametrize(
    ("client", "line_bps", "uri"),
    [
        ({"avc1", "mp4a"}, 130_000, "v144/media.m3u8"),
        ({"avc1", "mp4a"}, 900_000, "v288/media.m3u8"),
        ({"avc1", "mp4a"}, 10_000, "v144/media.m3u8"),
        ({"av01", "opus"}, 40_000, "w288/media.m3u8"),
        ({"avc1", "mp4a", "av01"}, 40_000, "v144/media.m3u8"),
        ({"avc1", "mp4a", "av01", "opus"}, 90_000, "w144/media.m3u8"),
        ({"avc1", "mp4a", "av01", "opus"}, 900_000, "v288/media.m3u8"),
    ],
)
def test_a_native_player_chooses_by_score_among_what_it_knows(client, line_bps, uri, good):
    assert choice((good / "multivariant.m3u8").read_text("utf-8"), client, line_bps) == uri


def test_every_rule_has_a_broken_lesson():
    assert {rule for rule, _ in BROKEN} | SERVED_ONLY == set(RULES)


@pytest.mark.parametrize("rubbish", [b"", b"\x00" * 64, b"\xff" * 64, b"\x00\x00\x00\x08moof" * 4])
def test_rubbish_in_a_segment_is_a_finding_and_no_crash(rubbish, tree):
    (tree / "v144" / "1.m4s").write_bytes(rubbish)

    assert check(tree)


class _Handler(BaseHTTPRequestHandler):
    """Serves a tree well, but for what the server's `faults` say."""

    def do_GET(self) -> None:
        path, faults = self.server.folder / self.path.lstrip("/"), self.server.faults
        body, playlist = path.read_bytes(), path.suffix == ".m3u8"
        if "redirect" in faults and path.suffix == ".m4s":
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        packed = playlist and "plain" not in faults
        body = gzip.compress(body) if packed else body
        self.send_response(200)
        kind = "application/vnd.apple.mpegurl" if playlist else "video/mp4"
        self.send_header("Content-Type", "text/plain" if "type" in faults else kind)
        self.send_header("Content-Length", str(len(body)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        """Quiet."""


@pytest.fixture
def served(good) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.folder, server.faults = good, set()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_well_served_lesson_breaks_no_rule(served):
    assert check(f"http://127.0.0.1:{served.server_port}/multivariant.m3u8") == []


@pytest.mark.parametrize(("fault", "rules"), [("plain", {"H4"}), ("type", {"H4", "H40"}), ("redirect", {"H18", "H40"})])
def test_a_badly_served_lesson_is_judged_by_its_headers(fault, rules, served):
    served.faults = {fault}

    findings = check(f"http://127.0.0.1:{served.server_port}/multivariant.m3u8")

    assert rules <= {finding.rule for finding in findings}
