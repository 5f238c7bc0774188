from fractions import Fraction

import pytest

from benchmarks.ladders.peers import PEERS, Shape

FULL_HD = Shape(1920, 1080, Fraction(30), 100_000)


def options(peer: str, shape: Shape) -> dict[str, str]:
    return {rung.name: " ".join(rung.options) for rung in PEERS[peer].rungs(shape)}


def test_peertube_s_lowest_rung_is_as_it_ships():
    assert options("PeerTube", FULL_HD)["144p"] == (
        "-c:v libx264 -pix_fmt yuv420p -vf scale=w=-2:h=144 -preset veryfast -maxrate:v 210125 -bufsize:v 420250 "
        "-b_strategy 1 -bf 16 -r 30/1 -g:v 60"
    )


def test_mediacms_s_lowest_rung_is_as_it_ships():
    assert options("MediaCMS", FULL_HD)["144p"] == (
        "-c:v libx264 -filter:v scale=w=-2:h=144:flags=lanczos,fps=fps=30/1 -pix_fmt yuv420p -crf 23 -maxrate 225k "
        "-bufsize 225k -force_key_frames expr:gte(t,n_forced*4) -x264-params keyint=240:keyint_min=120 "
        "-preset medium -profile:v main -level 4.2"
    )


def test_peertube_s_caps_are_those_of_thirty_frames_a_second():
    found = [rung.options[rung.options.index("-maxrate:v") + 1] for rung in PEERS["PeerTube"].rungs(FULL_HD)]

    assert [int(cap) for cap in found] == [210125, 522240, 1036800, 1474560, 3041280, 6220800]


def test_peertube_gives_no_rung_much_more_than_the_source_has():
    slow = Shape(1920, 1080, Fraction(30), 1500)

    assert "-maxrate:v 1950000 " in options("PeerTube", slow)["1080p"]


@pytest.mark.parametrize("peer", PEERS)
def test_nobody_scales_up(peer):
    small = Shape(640, 480, Fraction(25), 500)

    assert {int(name[:-1]) for name in options(peer, small)} <= {144, 240, 360, 480}
    assert options(peer, Shape(176, 120, Fraction(25), 500))


def test_a_portrait_picture_is_scaled_by_its_width():
    assert "scale=w=720:h=-2" in options("MediaCMS", Shape(1080, 1920, Fraction(30), 5000))["720p"]
