from itertools import product
from types import SimpleNamespace
from uuid import uuid4

import pytest

from catalog.permissions import ROLES, Can, can, may_create_lessons, may_see_encoding

OWNER = uuid4()
NOTHING = Can(play=False, edit=False, delete=False, retry=False, cancel=False)
PLAY = Can(play=True, edit=False, delete=False, retry=False, cancel=False)
ALL = Can(play=True, edit=True, delete=True, retry=True, cancel=True)


@pytest.mark.parametrize(
    ("role", "state", "owns"), [*product([*ROLES, "inspector"], ["draft", "published", "lost"], [False, True])]
)
def test_the_whole_table(role, state, owns):
    """
    Owner and admin: everything. Others: play what is published. Whatever is not named: nothing.
    """
    acting = SimpleNamespace(person_id=OWNER if owns else uuid4(), role=role)
    if owns or role == "admin":
        expected = ALL
    elif state == "published" and role in ROLES:
        expected = PLAY
    else:
        expected = NOTHING

    assert can(acting, owner_id=OWNER, state=state) == expected


def test_pupils_watch_and_all_others_may_teach():
    assert [role for role in ROLES if may_create_lessons(role)] == ["teacher", "curator", "admin"]
    assert not may_create_lessons("inspector")


def test_how_a_lesson_is_encoded_is_for_its_owner_and_staff():
    strangers = [SimpleNamespace(person_id=uuid4(), role=role) for role in [*ROLES, "inspector"]]

    assert [one.role for one in strangers if may_see_encoding(one, owner_id=OWNER)] == ["curator", "admin"]
    assert may_see_encoding(SimpleNamespace(person_id=OWNER, role="teacher"), owner_id=OWNER)
