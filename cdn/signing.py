"""
Signed media prefixes. Pure.

A token says "this asset, this publication, until then" and names no person. Its form is fixed, so there is no
algorithm to choose and nothing optional to forget:

    version (1) · key id (4) · asset (16) · publication (16) · expiry, Unix seconds (8) · Ed25519 signature (64)

written in base64url without padding. The signature covers everything before it (RFC 8032). The same arguments give
the same token, so that two sessions of one publication may share a cache.
"""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cdn.errors import LinkExpired, LinkRefused

VERSION = 1
LEEWAY = timedelta(seconds=60)
"""How far the clocks of the signing and the verifying machine may lie apart."""

_CLAIMS = struct.Struct(">B4s16s16sq")
_SIGNATURE_BYTES = 64
_TOKEN_BYTES = _CLAIMS.size + _SIGNATURE_BYTES


@dataclass(frozen=True, slots=True)
class Claims:
    """What a genuine token allows."""

    asset_id: UUID
    publication_id: UUID
    expires_at: datetime


def new_private_key() -> bytes:
    """32 random bytes that `Signer` accepts; keep them secret (0600)."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def key_id(public_key: bytes) -> bytes:
    """Names a public key inside a token, so that old and new keys live side by side."""
    return hashlib.sha256(public_key).digest()[:4]


class Verifier:
    """
    Holds every public key that is trusted just now; checks tokens offline.

    For a rotation trust the old and the new key until the last token of the old one has expired.
    """

    def __init__(self, *public_keys: bytes) -> None:
        self.public_keys = public_keys
        self._keys = {key_id(raw): Ed25519PublicKey.from_public_bytes(raw) for raw in public_keys}

    def verify(self, token: str, now: datetime) -> Claims:
        """Return what the token allows. Raises LinkRefused when it is not ours, LinkExpired when it was."""
        raw = _decoded(token)
        version, signed_by, asset, publication, expiry_s = _CLAIMS.unpack(raw[: _CLAIMS.size])
        key = self._keys.get(signed_by)
        if version != VERSION or key is None:
            raise LinkRefused("signed with a key or in a form that is not trusted")
        try:
            key.verify(raw[_CLAIMS.size :], raw[: _CLAIMS.size])
        except InvalidSignature as exc:
            raise LinkRefused("the signature does not fit") from exc
        claims = Claims(UUID(bytes=asset), UUID(bytes=publication), datetime.fromtimestamp(expiry_s, UTC))
        if now > claims.expires_at + LEEWAY:
            raise LinkExpired(f"expired at {claims.expires_at.isoformat()}")
        return claims


class Signer:
    """Makes tokens with one private key; `retired` are public keys whose tokens still count."""

    def __init__(self, private_key: bytes, *, retired: tuple[bytes, ...] = ()) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self._public = self._key.public_key().public_bytes_raw()
        self.verifier = Verifier(self._public, *retired)

    @property
    def public_key(self) -> bytes:
        """What another server of bytes needs in order to check our tokens."""
        return self._public

    def token(self, asset_id: UUID, publication_id: UUID, expires_at: datetime) -> str:
        """Allow reading one publication of one asset. Part of a second in `expires_at` is dropped."""
        expiry_s = int(expires_at.timestamp())
        claims = _CLAIMS.pack(VERSION, key_id(self._public), asset_id.bytes, publication_id.bytes, expiry_s)
        return base64.urlsafe_b64encode(claims + self._key.sign(claims)).rstrip(b"=").decode("ascii")


def _decoded(token: str) -> bytes:
    """The token's bytes. There is one spelling only: padding, other alphabets and spare bits are refused."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise LinkRefused("no token") from exc
    if len(raw) != _TOKEN_BYTES or base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != token:
        raise LinkRefused("no token")
    return raw
