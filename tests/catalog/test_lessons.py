from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from catalog import lessons
from catalog.errors import BadCursor, BadTitle, LessonMissing, NotAllowed


@dataclass(frozen=True)
class Acting:
    person_id: UUID
    role: str


TEACHER, OTHER = Acting(uuid4(), "teacher"), Acting(uuid4(), "teacher")
PUPIL, ADMIN = Acting(uuid4(), "pupil"), Acting(uuid4(), "admin")


@pytest.fixture
def make(session, now):
    def maker(title="Бөлшектер", *, owner=TEACHER, state="published", at=now):
        return lessons.create(
            session,
            title,
            owner_id=owner.person_id,
            unit_id=uuid4(),
            unit_path="kz/almaty/bostandyk/s25",
            asset_id=uuid4(),
            now=at,
            state=state,
        )

    return maker


@pytest.mark.parametrize("acting", [TEACHER, OTHER, PUPIL, ADMIN])
def test_every_signed_in_person_may_play_a_published_lesson(session, make, acting):
    lesson = make()

    assert lessons.get(session, lesson.id, acting=acting) is lesson


@pytest.mark.parametrize("acting", [OTHER, PUPIL])
def test_a_draft_does_not_exist_for_others(session, make, acting):
    """
    Missing, not forbidden: nobody learns that it is there.
    """
    lesson = make(state="draft")

    with pytest.raises(LessonMissing):
        lessons.get(session, lesson.id, acting=acting)
    with pytest.raises(LessonMissing):
        lessons.rename(session, lesson.id, title="X", acting=acting, now=lesson.created_at)
    assert lessons.listed(session, acting=acting, own=False, cursor=None, limit=10).lessons == ()


@pytest.mark.parametrize("acting", [OTHER, PUPIL])
def test_only_the_owner_may_change_a_lesson(session, make, acting, now):
    lesson = make()

    with pytest.raises(NotAllowed):
        lessons.rename(session, lesson.id, title="X", acting=acting, now=now)
    with pytest.raises(NotAllowed):
        lessons.delete(session, lesson.id, acting=acting, now=now)


def test_an_admin_may_change_every_lesson(session, make, now):
    lesson = make(state="draft")

    assert lessons.rename(session, lesson.id, title="X", acting=ADMIN, now=now).title == "X"


def test_a_role_we_do_not_know_sees_nothing(session, make):
    lesson = make()

    with pytest.raises(LessonMissing):
        lessons.get(session, lesson.id, acting=Acting(uuid4(), "inspector"))


def test_a_deleted_lesson_is_gone_and_its_row_stays(session, make, now):
    """
    Viewing events point at it, so the row is kept for the trace.
    """
    lesson = make()

    lessons.delete(session, lesson.id, acting=TEACHER, now=now)

    with pytest.raises(LessonMissing):
        lessons.get(session, lesson.id, acting=TEACHER)
    with pytest.raises(LessonMissing):
        lessons.delete(session, lesson.id, acting=TEACHER, now=now)
    assert lessons.listed(session, acting=TEACHER, own=True, cursor=None, limit=10).lessons == ()
    assert lessons.by_asset(session, lesson.asset_id) is lesson
    assert lessons.living(session, [lesson.asset_id, uuid4()]) == set()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Бөлшектер \n 5-сынып ", "Бөлшектер 5-сынып"),
        ("a\r\n#EXT-X-KEY:URI=x", "a #EXT-X-KEY:URI=x"),
        ("\x1b[31mred\x00", "[31mred"),
        ("abc\u202egpj.exe", "abcgpj.exe"),
        ("x" * 500, "x" * 200),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("и\u0306", "й"),
    ],
)
def test_a_title_is_one_clean_line(typed, kept):
    """
    Control and direction characters go; escaping belongs to whoever shows it.
    """
    assert lessons.clean_title(typed) == kept


@pytest.mark.parametrize("typed", ["", "   ", "\n\t", "\u200b\u202e", "\x00", "\ud800"])
def test_a_title_that_nobody_can_see_is_refused(typed):
    with pytest.raises(BadTitle):
        lessons.clean_title(typed)


def test_pages_lead_to_every_lesson_once(session, make, now):
    """
    New ones first; lessons of one moment are told apart, and one that appears meanwhile shifts nothing.
    """
    made = [make(f"{number}", at=now + timedelta(seconds=number // 3)) for number in range(10)]
    seen, cursor = [], None
    while True:
        page = lessons.listed(session, acting=PUPIL, own=False, cursor=cursor, limit=3)
        seen.extend(page.lessons)
        make("newer", at=now + timedelta(days=1))
        cursor = page.next_cursor
        if cursor is None:
            break

    assert sorted(lesson.id for lesson in seen) == sorted(lesson.id for lesson in made)
    assert [lesson.created_at for lesson in seen] == sorted((one.created_at for one in made), reverse=True)


def test_own_lessons_are_own(session, make):
    mine = make(owner=TEACHER)
    make(owner=OTHER)

    assert lessons.listed(session, acting=TEACHER, own=True, cursor=None, limit=10).lessons == (mine,)


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "bm90aGluZw", "MjAyNi0xMS0yNHw", "қ"])
def test_a_cursor_that_is_not_ours_is_refused(session, cursor):
    with pytest.raises(BadCursor):
        lessons.listed(session, acting=TEACHER, own=False, cursor=cursor, limit=10)
