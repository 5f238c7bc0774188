"""Pseudonyms: xAPI actors without names, addresses or logins (X7). Pure."""

import hashlib
import hmac
from uuid import UUID


def pseudonym(key: bytes, person_id: UUID) -> str:
    """The same person gives the same 32 hex digits under one key; without the key nobody finds the way back."""
    return hmac.new(key, b"trace-actor:" + person_id.bytes, hashlib.sha256).hexdigest()[:32]


def actor(home_page: str, name: str) -> dict[str, object]:
    """An Agent with exactly one identifier, an account (X7)."""
    return {"objectType": "Agent", "account": {"homePage": home_page, "name": name}}
