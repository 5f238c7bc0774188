from uuid import uuid4

import pytest

from catalog import people
from catalog.errors import BadPerson, PersonExists, PersonMissing


def test_a_person_is_found_by_login_and_id(session, add, school):
    person = add("aigerim")

    assert people.person_by_login(session, "aigerim") is person
    found = people.person_view(session, person.id)
    assert (found.login, found.role, found.unit_path) == ("aigerim", "teacher", school.path)


def test_a_view_carries_no_secret(session, add):
    """
    What leaves the catalogue cannot leak a hash, whoever prints it.
    """
    person = add("aigerim", password_hash="$argon2id$secret")

    assert "argon2id" not in repr(people.person_view(session, person.id))


def test_a_login_is_given_once(add):
    add("aigerim")

    with pytest.raises(PersonExists):
        add("aigerim")


@pytest.mark.parametrize("login", ["", "Ai", "a b", "a\n", "<b>", "a" * 101, ".a", "a."])
def test_a_login_is_plain(add, login):
    with pytest.raises(BadPerson):
        add(login)


@pytest.mark.parametrize(
    "values", [{"role": "king"}, {"language": "de"}, {"display_name": ""}, {"display_name": "a\r\nb"}]
)
def test_values_we_do_not_know_are_refused(add, values):
    with pytest.raises(BadPerson):
        add("aigerim", **values)


def test_nobody_is_missing(session):
    with pytest.raises(PersonMissing):
        people.person_by_login(session, "nobody")
    with pytest.raises(PersonMissing):
        people.person_view(session, uuid4())


def test_people_are_listed_by_login(session, add):
    add("daniyar", "pupil")
    add("aigerim")

    assert [one.login for one in people.all_people(session)] == ["aigerim", "daniyar"]


def test_names_are_looked_up_together(session, add):
    first, second = add("aigerim"), add("daniyar")

    assert people.display_names(session, {first.id, second.id, uuid4()}) == {
        first.id: "Aigerim",
        second.id: "Daniyar",
    }
