"""`sabaq worker` with real ffmpeg: from parts in the store to a publication, and the ways to stop."""

import pytest

from tests.functional import worker_fixtures
from transcoder import jobs

pytestmark = pytest.mark.functional
works, clips = worker_fixtures.works, worker_fixtures.clips


def test_a_lesson_goes_from_parts_to_a_publication(works, clips):
    asset_id = works.submit(clips(20))
    works.start_worker()

    status = works.wait_ready(asset_id)

    assert (status.playable, status.progress, status.error) == (True, 1.0, None)
    assert status.duration_s == pytest.approx(20, abs=0.3)
    assert {rendition.state for rendition in status.renditions} == {"ready"}
    assert works.damaged(asset_id) == []
    publication = works.read(jobs.current_publication, asset_id)
    assert not publication.growing
    assert works.store.head(f"media/{asset_id}/{publication.id}/avc.m3u8").size > 0
