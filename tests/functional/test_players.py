"""Players of others play what we publish: both families in one playlist, and each alone."""

import pytest

from streamsvc.pages.assets import FOLDER
from tests.players import SHAKA, VIDEO_JS

pytest_plugins = ["tests.functional.browser_fixtures"]
pytestmark = pytest.mark.functional

PLAYERS = {
    "hls.js": ((FOLDER / "vendor/hls.min.js").read_bytes, """
        const hls = new Hls();
        hls.loadSource(address);
        hls.attachMedia(video);
        window.codec = () => hls.levels[hls.currentLevel]?.videoCodec;
    """),
    "shaka-player": (SHAKA.read, """
        const player = new shaka.Player();
        player.attach(video).then(() => player.load(address));
        window.codec = () => player.getVariantTracks().find((track) => track.active)?.videoCodec;
    """),
    "video.js": (VIDEO_JS.read, """
        const player = videojs(video, { muted: true, html5: { vhs: { overrideNative: true } } });
        player.src({ src: address, type: "application/vnd.apple.mpegurl" });
        window.codec = () => player.tech({ IWillNotUseThisInPlugins: true }).vhs?.playlists.media()?.attributes.CODECS;
    """),
}  # fmt: skip


def address_of(school, lesson_id, body):
    answer = school.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions", login="pupil", json_body=body)
    assert answer.status == 201, answer.body
    return answer.json()["url"]


@pytest.fixture
def play_with(school, open_tab):
    """Opens a page of nothing but a player; returns the codec that it plays, once two seconds have been played."""

    def played(player, address):
        script, code = PLAYERS[player]
        tab = open_tab(login=None)
        video = "<video muted autoplay playsinline width=640 height=360></video>"
        body = f"<!doctype html>{video}<script src=player.js></script>"
        tab.page.route(f"{school.base_url}/player", lambda route: route.fulfill(content_type="text/html", body=body))
        tab.page.route(
            f"{school.base_url}/player.js",
            lambda route: route.fulfill(content_type="text/javascript", body=script()),
        )
        tab.open("/player")
        tab.page.evaluate(f"(address) => {{ const video = document.querySelector('video'); {code} }}", address)
        tab.wait_for("v.currentTime > 2")
        assert tab.video("videoWidth") > 0
        return tab.page.evaluate("window.codec()")

    return played


@pytest.mark.parametrize("player", PLAYERS)
def test_both_families_in_one_playlist_play(school, lesson_id, play_with, player):
    """For a player that did not say what it decodes. Two choose AV1 where they can; video.js looks at rates alone."""
    address = address_of(school, lesson_id, None)
    assert address.endswith("/all.m3u8")

    codec = play_with(player, address)

    assert codec.startswith("av01") or (player == "video.js" and codec.startswith("avc1"))


@pytest.mark.parametrize("player", PLAYERS)
@pytest.mark.parametrize(
    ("decodes", "codec"), [(["avc1", "mp4a"], "avc1"), (["av01", "opus"], "av01")], ids=["avc", "av1"]
)
def test_one_family_plays(school, lesson_id, play_with, player, decodes, codec):
    address = address_of(school, lesson_id, {"decodes": decodes})

    assert play_with(player, address).startswith(codec)
