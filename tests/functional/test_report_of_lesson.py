"""`sabaq report LESSON`: a page about a lesson of the service, from its database and its store."""

from uuid import uuid4

import pytest

from catalog import lessons
from streamsvc.cli import main
from tests.functional import worker_fixtures
from tests.functional.test_worker import measuring, station_of
from tests.functional.worker_fixtures import now
from transcoder.pipeline import work_once

pytestmark = pytest.mark.functional
works, clips = worker_fixtures.works, worker_fixtures.clips


def added(works, title, asset_id):
    values = {"owner_id": uuid4(), "unit_id": uuid4(), "unit_path": "kz/s25", "asset_id": asset_id, "now": now()}
    return works.write(lambda session: lessons.create(session, title, **values).id)


def test_a_published_lesson_has_a_page_with_what_was_measured(works, clips, tmp_path, monkeypatch, capsys):
    asset_id, station = works.submit(clips(8)), measuring(station_of(works))
    lesson_id = added(works, "Бөлшектер: 1/2", asset_id)
    monkeypatch.chdir(tmp_path)

    assert main(["report", str(lesson_id)], works.environ) == 1
    assert "[media_not_ready]" in capsys.readouterr().err
    while work_once(station):
        pass
    assert main(["report", str(lesson_id)], works.environ) == 0

    assert capsys.readouterr().out.strip() == "Бөлшектер-1-2-report.html"
    page = (tmp_path / "Бөлшектер-1-2-report.html").read_text("utf-8")
    for rendition in works.status(asset_id).renditions:
        assert rendition.name in page
        if rendition.vmaf is not None:
            assert f"<td>{rendition.vmaf:.1f}</td><td>{rendition.vmaf_low:.1f}</td>" in page
    assert "Бөлшектер: 1/2" in page
    assert page.count("data:image/jpeg") > 2


def test_a_lesson_that_never_was_is_bad_input(works, capsys):
    assert main(["report", str(uuid4())], works.environ) == 2
    assert "[lesson_missing]" in capsys.readouterr().err
