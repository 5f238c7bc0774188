import pytest

from catalog.errors import BadUnit, UnitMissing
from catalog.organizations import child_kind, create_unit, ensure_unit, unit_by_path


def test_the_tree_has_four_levels():
    """
    Ministry, oblast, district, school: nothing stands below a school.
    """
    assert [child_kind(kind) for kind in (None, "ministry", "oblast", "district")] == [
        "ministry",
        "oblast",
        "district",
        "school",
    ]
    with pytest.raises(BadUnit):
        child_kind("school")


def test_a_path_is_made_of_all_ancestors(session, now):
    unit = ensure_unit(session, "kz/almaty/bostandyk/s25", now=now)

    assert unit.kind == "school"
    assert unit_by_path(session, "kz/almaty").kind == "oblast"
    assert unit_by_path(session, "kz/almaty/bostandyk").parent_id == unit_by_path(session, "kz/almaty").id


def test_making_a_path_twice_changes_nothing(session, now):
    first = ensure_unit(session, "kz/almaty", now=now)

    assert ensure_unit(session, "kz/almaty", now=now) is first


@pytest.mark.parametrize("slug", ["", "Kz", "a/b", "..", "-a", "a b", "қ", "a" * 61, "%"])
def test_a_slug_cannot_leave_its_place_in_the_path(session, now, slug):
    """
    A path decides what a curator may see, so a slug never brings a separator or a pattern into it.
    """
    with pytest.raises(BadUnit):
        create_unit(session, slug, name="X", parent=None, now=now)


def test_a_taken_path_is_refused(session, now):
    create_unit(session, "kz", name="Ministry", parent=None, now=now)

    with pytest.raises(BadUnit):
        create_unit(session, "kz", name="Another", parent=None, now=now)


@pytest.mark.parametrize("path", ["", "kz//x", "/kz", "kz/a/b/c/d"])
def test_a_path_that_is_no_path_is_refused(session, now, path):
    with pytest.raises(BadUnit):
        ensure_unit(session, path, now=now)


def test_an_unknown_path_is_missing(session):
    with pytest.raises(UnitMissing):
        unit_by_path(session, "kz")
