"""
Is the audit log whole? Every digest is made again and compared, in constant memory, chain after chain.

A log that was written anew from some entry on is whole in itself. Only a head that was kept elsewhere tells it from
the true one: one digest for the ends of all chains, with how long each was.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.audit import BEGINNING, AuditEntry, Link, Record, digest_of, last_link
from catalog.audit_cutting import Sealed, last_seal
from catalog.errors import AuditBroken, AuditHeadLost, BadAuditHead

BATCH = 1000
_HEAD = re.compile(r"(\d{1,18}(?:\.\d{1,18}){0,99}):([0-9a-f]{64})")
_COLUMNS = tuple(getattr(AuditEntry, field.name) for field in fields(Record))


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found whole."""

    entries: int
    chains: int
    removed: int
    """Older entries that are gone, with a seal that vouches for them."""


@dataclass(frozen=True, slots=True)
class Head:
    """How long each chain is, from chain 0 on, and one digest for their ends."""

    sequences: tuple[int, ...]
    digest: bytes

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.sequences))}:{self.digest.hex()}"


def parse_head(text: str) -> Head:
    """What `str` of a head gives. Raises BadAuditHead."""
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise BadAuditHead(f"{text[:100]!r} is no head of an audit log", head=text[:100])
    return Head(tuple(int(number) for number in found[1].split(".")), bytes.fromhex(found[2]))


def head(session: Session) -> Head:
    """The ends of all chains, for keeping elsewhere; read in one snapshot."""
    found = chains(session)
    links = [last_link(session, chain) for chain in range(found[-1] + 1 if found else 1)]
    return Head(tuple(link.sequence for link in links), _joined([link.digest for link in links]))


def chains(session: Session) -> list[int]:
    """The numbers of the chains that have entries."""
    found: list[int] = []
    while True:
        # One look into the index for each, where DISTINCT would read all of it.
        following = select(func.min(AuditEntry.chain))
        chain = session.scalar(following.where(AuditEntry.chain > found[-1]) if found else following)
        if chain is None:
            return found
        found.append(chain)


def check(session: Session, *, kept: Head | None = None) -> Checked:
    """
    Read the whole log in one snapshot. Raises AuditBroken at the first entry that is not as it was written.

    With `kept` also raises AuditHeadLost unless the log still contains that head.
    """
    counts = [_check_chain(session, chain) for chain in chains(session)]
    if kept is not None:
        _require(session, kept)
    return Checked(sum(entries for entries, _ in counts), len(counts), sum(removed for _, removed in counts))


def _check_chain(session: Session, chain: int) -> tuple[int, int]:
    """Entries that are there, and entries that a seal vouches for."""
    sealed = last_seal(session, chain)
    entries = _entries(session, chain)
    first = next(entries)
    link = _beginning(first[0], sealed)
    removed, entries_there = link.sequence, 0
    for record, digest in _again(first, entries):
        _compare(record, digest, link)
        if sealed is not None and record.sequence == sealed.up_to and digest != sealed.digest:
            raise broken(chain, record.sequence, "it is not the entry that the seal names")
        link, entries_there = Link(record.sequence, digest), entries_there + 1
    return entries_there, removed


def _again(first: tuple[Record, bytes], rest: Iterator[tuple[Record, bytes]]) -> Iterator[tuple[Record, bytes]]:
    yield first
    yield from rest


def _beginning(first: Record, sealed: Sealed | None) -> Link:
    """What stands before the first entry that is there."""
    if sealed is None or first.sequence == 1:
        return Link(0, BEGINNING)
    if first.sequence > sealed.up_to:
        return Link(sealed.up_to, sealed.digest)
    # A cut that is not finished: the seal is compared when its last entry comes by.
    return Link(first.sequence - 1, first.previous)


def _compare(record: Record, digest: bytes, link: Link) -> None:
    """Raises AuditBroken."""
    if record.sequence != link.sequence + 1:
        raise broken(record.chain, link.sequence + 1, "it is missing")
    try:
        made = digest_of(record)
    except (ValueError, TypeError, AttributeError) as exc:
        raise broken(record.chain, record.sequence, "it cannot be read") from exc
    if made != digest:
        raise broken(record.chain, record.sequence, "its content and its digest do not belong together")
    if record.previous != link.digest:
        raise broken(record.chain, record.sequence, "it does not follow from the entry before it")


def broken(chain: int, sequence: int, reason: str) -> AuditBroken:
    return AuditBroken(f"{chain}.{sequence}: {reason}", entry=f"{chain}.{sequence}", reason=reason)


def _entries(session: Session, chain: int) -> Iterator[tuple[Record, bytes]]:
    """All of a chain, in order. Raises AuditBroken where a value is none of its column's."""
    last, limit = -(2**62), BATCH
    query = select(*_COLUMNS, AuditEntry.digest).where(AuditEntry.chain == chain).order_by(AuditEntry.sequence)
    while True:
        try:
            rows = session.execute(query.where(AuditEntry.sequence > last).limit(limit)).all()
        except (ValueError, TypeError, AttributeError) as exc:
            if limit == 1:
                raise broken(chain, max(last, 0) + 1, "it cannot be read") from exc
            limit = 1  # One of these; they are read again one by one.
            continue
        if not rows:
            return
        for *values, digest in rows:
            yield Record(*values), digest
        last = rows[-1].sequence


def _require(session: Session, kept: Head) -> None:
    """Raises AuditHeadLost unless the entries that the head was made of are there."""
    digests = [_digest_at(session, chain, sequence) for chain, sequence in enumerate(kept.sequences)]
    if _joined(digests) != kept.digest:
        raise _head_lost("the log was written anew since")


def _digest_at(session: Session, chain: int, sequence: int) -> bytes:
    if sequence == 0:
        return BEGINNING
    digest = session.scalar(select(AuditEntry.digest).where(AuditEntry.chain == chain, AuditEntry.sequence == sequence))
    if digest is not None:
        return digest
    sealed = last_seal(session, chain)
    if sealed is not None and sealed.up_to == sequence:
        return sealed.digest
    if sealed is not None and sealed.up_to > sequence:
        raise _head_lost(f"entry {chain}.{sequence} was cut with what is too old; keep a newer head")
    raise _head_lost(f"chain {chain} ends at {last_link(session, chain).sequence}, before {sequence}")


def _head_lost(reason: str) -> AuditHeadLost:
    return AuditHeadLost(reason, reason=reason)


def _joined(digests: list[bytes]) -> bytes:
    return hashlib.sha256(b"sabaq-audit-head/1\n" + b"".join(digests)).digest()
