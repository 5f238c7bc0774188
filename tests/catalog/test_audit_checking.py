"""Whatever is changed in the log is found, and where."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, text

from catalog import audit_checking, audit_cutting
from catalog.audit import AuditEntry, chain_of
from catalog.audit_checking import check, head, parse_head
from catalog.errors import AuditBroken, AuditHeadLost, BadAuditHead
from tests.catalog.audit_log import AT, ROOT, SCHOOL, entries, fill, write_anew

CHAIN = chain_of(SCHOOL)
YEAR = timedelta(days=365)

CHANGES = {
    "chain": 99,
    "sequence": 50,
    "encoding": 2,
    "at": AT + timedelta(microseconds=1),
    "actor_id": UUID(int=9),
    "actor_login": "os:nobody",
    "unit_path": "kz/almaty",
    "action": "person.disabled",
    "subject_kind": "unit",
    "subject_id": None,
    "details": "{} ",
    "address": "192.0.2.0/24",
    "digest": bytes(32),
    "previous": bytes(32),
}


@pytest.fixture
def log(session):
    """Five entries of a school and two of no unit."""
    fill(session, 5)
    fill(session, 2, unit_path="")
    return session


def broken_at(session, **more):
    with pytest.raises(AuditBroken) as found:
        check(session, **more)
    return found.value.params["entry"]


def entry(session, sequence, chain=CHAIN):
    return session.get_one(AuditEntry, (chain, sequence))


def test_a_log_that_nobody_touched_is_whole(log):
    found = check(log)

    assert (found.entries, found.chains, found.removed) == (7, 2, 0)


def test_an_empty_log_is_whole(session):
    assert check(session).entries == 0


def test_every_column_is_tried():
    assert set(CHANGES) == set(AuditEntry.__table__.columns.keys())


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_column_is_found(log, column):
    changed = entry(log, 3)
    assert getattr(changed, column) != CHANGES[column]
    setattr(changed, column, CHANGES[column])
    log.commit()

    assert broken_at(log) == f"{CHAIN}.3"


@pytest.mark.parametrize("column", sorted(CHANGES))
def test_a_value_that_is_none_of_its_column_is_found(log, column):
    """
    SQLite lets anything stand anywhere.
    """
    log.execute(text(f"UPDATE catalog_audit_entry SET {column} = 'zz' WHERE chain = {CHAIN} AND sequence = 3"))
    log.commit()

    with pytest.raises(AuditBroken):
        check(log)


@pytest.mark.parametrize("sequence", [1, 3])
def test_a_removed_entry_is_found(log, sequence):
    log.delete(entry(log, sequence))
    log.commit()

    assert broken_at(log) == f"{CHAIN}.{sequence}"


def test_an_entry_that_was_put_in_between_is_found(log):
    values = {name: getattr(entry(log, 5), name) for name in CHANGES}
    log.execute(insert(AuditEntry.__table__), [{**values, "sequence": 6}])
    log.commit()

    assert broken_at(log) == f"{CHAIN}.6"


def test_two_entries_that_changed_places_are_found(log):
    third, fourth = entry(log, 3), entry(log, 4)
    third.details, fourth.details = fourth.details, third.details
    third.digest, fourth.digest = fourth.digest, third.digest
    log.commit()

    assert broken_at(log) == f"{CHAIN}.3"


def test_an_entry_with_a_new_digest_does_not_lead_to_the_next(log):
    changed = entry(log, 3)
    changed.actor_login = "os:nobody"
    log.flush()
    write_anew(log, changed)
    log.execute(delete(AuditEntry).where(AuditEntry.chain == CHAIN, AuditEntry.sequence > 3))
    fill(log, 1)
    assert check(log)
    entry(log, 4).previous = bytes(32)
    log.commit()

    assert broken_at(log) == f"{CHAIN}.4"


@pytest.mark.parametrize("chain", [0, CHAIN])
def test_removed_last_entries_are_found_by_a_head_that_was_kept(log, chain):
    kept = head(log)
    last = max(item.sequence for item in entries(log) if item.chain == chain)
    log.delete(entry(log, last, chain))
    log.commit()

    assert check(log)
    with pytest.raises(AuditHeadLost, match=f"chain {chain} ends at {last - 1}"):
        check(log, kept=kept)


def test_a_log_that_was_written_anew_is_found_by_a_head_that_was_kept(log):
    kept = head(log)
    changed = entry(log, 2)
    changed.actor_login = "os:nobody"
    log.flush()
    write_anew(log, changed)

    assert check(log)
    with pytest.raises(AuditHeadLost, match="anew"):
        check(log, kept=kept)


def test_a_log_that_is_gone_is_found_by_a_head_that_was_kept(log):
    kept = head(log)
    log.execute(delete(AuditEntry))
    log.commit()

    assert check(log)
    with pytest.raises(AuditHeadLost):
        check(log, kept=kept)


def test_a_head_stays_good_while_the_log_grows(log):
    kept = parse_head(str(head(log)))
    fill(log, 3)
    fill(log, 1, unit_path="kz/astana")

    assert check(log, kept=kept).entries == 11


@pytest.mark.parametrize("line", ["", "5", "5:ab", f"-1:{'0' * 64}", f"1..2:{'0' * 64}", "x" * 10_000])
def test_what_is_no_head_is_refused(line):
    with pytest.raises(BadAuditHead):
        parse_head(line)


def cut(session, before, portions=100):
    for chain in audit_checking.chains(session):
        audit_cutting.seal_older(session, chain, before=before, who=ROOT, now=AT)
        session.commit()
        for _ in range(portions):
            audit_cutting.remove_sealed(session, chain)
            session.commit()


@pytest.fixture
def aged(session):
    """Four entries of five years ago, and three of today."""
    fill(session, 4, at=AT - 5 * YEAR)
    fill(session, 3)
    return session


def test_what_is_left_after_a_cut_is_whole(aged):
    assert audit_cutting.too_old(aged, CHAIN, AT - YEAR) == 4

    cut(aged, AT - YEAR)

    assert [item.sequence for item in entries(aged)] == [5, 6, 7, 8]
    assert entries(aged)[-1].action == "log.sealed"
    found = check(aged)
    assert (found.entries, found.removed) == (4, 4)
    assert audit_cutting.too_old(aged, CHAIN, AT - YEAR) == 0


def test_cutting_again_changes_nothing(aged):
    cut(aged, AT - YEAR)
    cut(aged, AT - YEAR)

    assert [item.sequence for item in entries(aged)] == [5, 6, 7, 8]


def test_a_second_cut_takes_the_first_seal_along(aged):
    cut(aged, AT - YEAR)
    fill(aged, 1, at=AT + YEAR)
    cut(aged, AT + YEAR)

    assert [item.sequence for item in entries(aged)] == [9, 10]
    assert check(aged).removed == 8


def test_the_newest_entry_always_stays(aged):
    cut(aged, AT + YEAR)

    assert [item.sequence for item in entries(aged)] == [7, 8]
    assert check(aged)


def test_a_cut_that_broke_off_leaves_a_whole_log(aged, monkeypatch):
    monkeypatch.setattr(audit_cutting, "PORTION", 1)
    cut(aged, AT - YEAR, portions=2)

    assert [item.sequence for item in entries(aged)] == [3, 4, 5, 6, 7, 8]
    assert check(aged).removed == 2


def test_more_than_the_seal_says_is_found(aged):
    cut(aged, AT - YEAR)
    aged.delete(entry(aged, 5))
    aged.commit()

    assert broken_at(aged) == f"{CHAIN}.5"


def test_a_beginning_without_a_seal_is_found(aged):
    aged.execute(delete(AuditEntry).where(AuditEntry.sequence <= 4))
    aged.commit()

    assert broken_at(aged) == f"{CHAIN}.1"


def test_a_half_cut_beginning_that_was_written_anew_is_found(aged, monkeypatch):
    """
    The first entry that is there has nothing before it to compare with; the seal is what it must lead to.
    """
    monkeypatch.setattr(audit_cutting, "PORTION", 1)
    cut(aged, AT - YEAR, portions=2)
    third = entry(aged, 3)
    third.actor_login = "os:nobody"
    aged.flush()
    write_anew(aged, third)

    assert broken_at(aged) == f"{CHAIN}.4"


def test_a_head_that_was_cut_is_told_apart(aged):
    log = aged
    log.execute(delete(AuditEntry).where(AuditEntry.sequence > 2))
    log.commit()
    kept = head(log)
    fill(log, 2, at=AT - 5 * YEAR)
    edge = head(log)
    fill(log, 1)
    cut(log, AT - YEAR)

    assert check(log, kept=edge)
    with pytest.raises(AuditHeadLost, match="too old"):
        check(log, kept=kept)
