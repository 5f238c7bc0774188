"""The page of a report: whole, without a request to anywhere, and nobody's markup but ours."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from streamsvc.texts import LANGUAGES, load_texts
from tests.transcoder.sources import planned
from transcoder.explain import explained
from transcoder.loudness import SoundReport
from transcoder.media import Why
from transcoder.reporting.charts import Curve, Dot, Span
from transcoder.reporting.material import Score
from transcoder.reporting.page import page
from transcoder.reporting.snapshots import Moment, Shown
from transcoder.reporting.values import Report, Row, our_curves

PLAN = planned()
RUNG = PLAN.video[0]
ROW = Row(RUNG, 41.4, 90.0, 2_500_000, Score(81.26, 64.0))
JPEG = b"\xff\xd8picture"


class Tags(HTMLParser):
    """Every tag is closed in its turn, and every address is collected."""

    EMPTY = frozenset({"meta", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "action"}]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def told(language: str = "en", **changes: object) -> str:
    texts = load_texts()
    found = Report(
        title="Fractions",
        plan=PLAN,
        passages=explained(PLAN, texts.about("plan", language)),
        rows=[ROW],
        curves=[*our_curves([ROW]), Curve("PeerTube", "peertube", (Dot("240p", 208.0, 31.4),))],
        peers_measured=False,
        strips=[(RUNG, [Span(0.0, 4.0, 40.0)]), (PLAN.audio[0], [Span(0.0, 4.0, 43.0)])],
        moments=[Moment(62.0, JPEG, (Shown("", JPEG), Shown(RUNG.name, JPEG)))],
        sounds=[SoundReport("aac-40", -16.2, -1.7, ((3.0, 29.0),))],
    )
    return page(replace(found, **changes), texts.about("report", language), language=language)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_and_asks_for_nothing(language):
    tags = Tags()
    tags.feed(told(language))

    assert tags.open == []
    assert tags.addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in tags.addresses)
    assert f'<html lang="{language}">' in told(language)
    assert "{" not in told(language).split("</style>")[1]


def test_figures_are_told_as_they_were_measured():
    shown = told()

    for words in (
        "Fractions",
        "81.3",
        "64.0",
        "14.0",
        "41",
        "loudness −16.2 LUFS, true peak −1.7 dBTP",
        "0:03–0:29",
        "1:02",
    ):
        assert words in shown, words


def test_typical_figures_of_others_are_not_passed_off_as_measured():
    assert "typical figures" in told()
    assert "typical figures" not in told(peers_measured=True)
    assert "no figures of other systems are known" in told(curves=our_curves([ROW]))


def test_an_expected_quality_is_marked():
    row = Row(replace(RUNG, why=Why(40.0, 77.7)), 41.4, 90.0, 2_500_000, None)

    shown = told(rows=[row], curves=our_curves([row]))
    assert "77.7 *" in shown
    assert "what the look at the lesson expects" in shown


def test_without_any_quality_the_page_says_how_to_measure_it():
    row = Row(replace(RUNG, why=None), 41.4, 90.0, 2_500_000, None)

    assert "--source" in told(rows=[row], curves=our_curves([row]))


def test_a_lesson_of_sound_alone_has_a_page_too():
    shown = told(rows=[], curves=[], moments=[], strips=[(PLAN.audio[0], [Span(0.0, 4.0, 43.0)])])

    assert "Bits and quality" not in shown
    assert "Bits over time" in shown


def test_a_title_is_text_and_no_markup():
    shown = told(title='<script>alert(1)</script>"')

    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_silence_lies_below_the_gate():
    assert "loudness −70" in told(sounds=[SoundReport("aac-40", -70.0, -120.0)])
