"""How a lesson is encoded, asked over the API: figures, words, and who may know."""

import pytest

from tests.functional.app_fixtures import run_app
from tests.functional.app_states import make_lesson
from tests.functional.explained_lesson import STARTER_PLAN, make_explained_lesson
from tests.openapi_rules import faults

pytestmark = pytest.mark.functional


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with run_app(tmp_path_factory.mktemp("plans") / "var") as served:
        yield served


def ask(app, lesson_id, *, login="teacher", language="en"):
    return app.request("GET", f"/api/v1/lessons/{lesson_id}/plan", login=login, headers={"Accept-Language": language})


def test_a_plan_has_the_described_shape(app):
    description = app.request("GET", "/api/v1/openapi.json", login=None).json()
    schema = {"$ref": "#/components/schemas/Plan"}

    for plan in (ask(app, make_explained_lesson(app)), ask(app, make_explained_lesson(app, plan=STARTER_PLAN))):
        assert (plan.status, faults(plan.json(), schema, description)) == (200, [])
    assert ask(app, make_lesson(app)).json()["rungs"] == []


def test_a_plan_tells_what_was_found_and_expected_and_measured(app):
    plan = ask(app, make_explained_lesson(app)).json()

    assert (plan["settled"], plan["duration_s"], plan["still_share"], plan["text_lines"]) == (True, 2400.0, 0.885, 24)
    assert plan["kinds"] == [{"kind": "slides", "share": 0.75}, {"kind": "talking", "share": 0.25}]
    assert plan["heard"] == {
        "kind": "speech", "lufs": -23.1, "peak_db": -6.0, "floor_db": -51.5, "hum_hz": 50, "lone_channel": 1
    }  # fmt: skip
    rung = plan["rungs"][3]
    assert (rung["name"], rung["line_kbps"], rung["fps"], rung["sound"]) == ("av1-50", 50, 1.0, "opus-16")
    assert rung["expected"] == {"kbps": 14.5, "vmaf": 93.9}
    assert rung["measured"] == {
        "average_bps": 13_500, "peak_bps": 20_250, "bytes": 4_050_000, "vmaf": 93.4, "vmaf_low": 89.9
    }  # fmt: skip
    assert [sound["name"] for sound in plan["sounds"]] == ["aac-40", "opus-16"]


def test_a_plan_speaks_the_readers_language(app):
    lesson_id = make_explained_lesson(app)
    plans = {language: ask(app, lesson_id, language=language).json() for language in ("kk", "ru", "en")}

    assert "one frame a second is enough" in plans["en"]["rungs"][1]["why"]
    assert "720 lines, VMAF 84.0" in plans["en"]["rungs"][1]["why"]
    assert "720 строк" in plans["ru"]["rungs"][1]["why"]
    assert [passage["about"] for passage in plans["en"]["passages"]] == ["lesson", "sound", "rungs", "left_out"]
    assert len({plan["passages"][0]["heading"] for plan in plans.values()}) == 3


def test_a_plan_that_is_not_settled_has_its_first_rung(app):
    """
    Nothing is measured before all of a rung is there.
    """
    plan = ask(app, make_explained_lesson(app, plan=STARTER_PLAN)).json()

    assert (plan["settled"], plan["kinds"], plan["still_share"]) == (False, [], None)
    assert [(rung["name"], rung["measured"]) for rung in plan["rungs"]] == [("avc-96", None)]


@pytest.mark.parametrize(
    ("login", "status"),
    [("teacher", 200), ("curator", 200), ("admin", 200), ("pupil", 404), ("other_teacher", 404), (None, 401)],
)
def test_only_the_owner_and_staff_see_a_plan(app, login, status):
    assert ask(app, make_explained_lesson(app), login=login).status == status


@pytest.mark.parametrize("state", ["uploading", "waiting"])
def test_before_the_probe_there_is_no_plan(app, state):
    answer = ask(app, make_lesson(app, state=state))

    assert (answer.status, answer.json()["code"]) == (409, "media_not_ready")
