"""The playlists of a publication, and what its status shows."""

from dataclasses import replace
from uuid import UUID

from cdn.directory import DirectoryStore
from tests.transcoder.queue_fixtures import made_of, plan_of
from transcoder.publishing import put_playlists, summary, written

ASSET, PUBLICATION = UUID(int=1), UUID(int=2)


def everything(plan):
    stored = [item for one in plan.renditions for item in made_of(plan, one.name, range(plan.segment_count))]
    made = {}
    for item in stored:
        made.setdefault(item.made.rendition, []).append(item.made)
    keys = {f"media/{ASSET}/{plan.digest}/{item.made.rendition}/{item.made.name}": item.made for item in stored}
    return made, keys


def test_a_publication_has_a_playlist_for_everything():
    plan = plan_of(20)
    made, keys = everything(plan)

    names = {file.name for file in written(plan, made, keys, ASSET, PUBLICATION)}

    assert names == {
        "avc.m3u8",
        "av1.m3u8",
        "all.m3u8",
        *(f"{one.name}.m3u8" for one in plan.renditions),
        *(f"{one.name}-iframes.m3u8" for one in plan.video),
    }


def test_each_multivariant_playlist_lists_its_families():
    plan = plan_of(20)
    made, keys = everything(plan)

    texts = {file.name: file.body.decode() for file in written(plan, made, keys, ASSET, PUBLICATION)}

    for name, families in {"avc.m3u8": ("avc",), "av1.m3u8": ("av1",), "all.m3u8": ("avc", "av1")}.items():
        rungs = [rung.name for rung in plan.video if rung.family in families]
        assert [line for line in texts[name].splitlines() if not line.startswith("#")] == [f"{n}.m3u8" for n in rungs]
        assert texts[name].count("-iframes.m3u8") == len(rungs)


def test_a_lesson_in_one_family_has_no_playlist_for_the_other():
    """`all.m3u8` is there all the same, for players that do not say what they know."""
    plan = plan_of(20)
    plan = replace(plan, video=tuple(r for r in plan.video if r.family == "avc"), audio=plan.audio[:1])
    made, keys = everything(plan)

    texts = {file.name: file.body for file in written(plan, made, keys, ASSET, PUBLICATION)}

    assert "av1.m3u8" not in texts
    assert texts["all.m3u8"] == texts["avc.m3u8"]


def test_its_playlists_stand_in_a_folder_of_their_own():
    plan = plan_of(20)
    made, keys = everything(plan)

    found = {file.key.rpartition("/")[0] for file in written(plan, made, keys, ASSET, PUBLICATION)}

    assert found == {f"media/{ASSET}/{PUBLICATION}"}


def test_a_second_attempts_object_is_named_where_it_stands():
    plan = plan_of(24)
    made, keys = everything(plan)
    name = plan.video[0].name
    plain = f"media/{ASSET}/{plan.digest}/{name}/1.m4s"
    keys[plain.replace("1.m4s", "a2/1.m4s")] = keys.pop(plain)

    texts = {file.name: file.body.decode() for file in written(plan, made, keys, ASSET, PUBLICATION)}

    assert [line for line in texts[f"{name}.m3u8"].splitlines() if line.endswith(".m4s")][:3] == [
        f"../{plan.digest}/{name}/0.m4s",
        f"../{plan.digest}/{name}/a2/1.m4s",
        f"../{plan.digest}/{name}/2.m4s",
    ]
    assert "#EXT-X-ENDLIST" in texts[f"{name}.m3u8"]


def test_the_status_of_a_published_rendition_is_measured():
    plan = plan_of(70.4)
    made, _ = everything(plan)

    row = summary(plan, made)[0]

    assert (row["state"], row["average_bps"], row["peak_bps"]) == ("ready", 12_500, 20_000)
    assert row["bytes"] == 700 + 11 * 10_000


def test_a_published_rung_of_few_pictures_says_so():
    plan = plan_of(20)
    plan = replace(plan, video=(replace(plan.video[0], frame_step=25), *plan.video[1:]))
    made, _ = everything(plan)

    assert [row["fps"] for row in summary(plan, made)[:2]] == [1.0, 25.0]


def test_a_request_whose_answer_got_lost_is_no_failure(tmp_path):
    """The store's client sends it again, and then meets what the first one has put."""
    plan = plan_of(20)
    made, keys = everything(plan)
    files = written(plan, made, keys, ASSET, PUBLICATION)
    store = DirectoryStore(tmp_path)
    put_playlists(store, files[:1])

    put_playlists(store, files)

    assert {info.key: store.read(info.key) for info in store.list("media/")} == {file.key: file.body for file in files}
