"""Errors that storage, signing and delivery raise on purpose."""

from typing import ClassVar


class CdnError(Exception):
    """Base of every error this package raises on purpose."""

    code: ClassVar[str] = "cdn_error"

    def __init__(self, message: str = "", **params: object) -> None:
        super().__init__(message or self.code)
        self.params = params


class ObjectMissing(CdnError):
    """The key has never been stored, or was purged."""

    code = "object_missing"

    def __init__(self, key: str) -> None:
        super().__init__(f"no object at {key!r}", key=key)
        self.key = key


class ObjectExists(CdnError):
    """`if_absent` was asked for and the key is taken."""

    code = "object_exists"

    def __init__(self, key: str) -> None:
        super().__init__(f"an object stands at {key!r} already", key=key)
        self.key = key


class BadKey(CdnError):
    """No object ever had, or can have, such a key."""

    code = "bad_key"

    def __init__(self, key: str) -> None:
        super().__init__(f"{key[:200]!r} is no object key", key=key[:200])
        self.key = key


class RangeUnsatisfiable(CdnError):
    """The range starts behind the object's end (RFC 9110 section 15.5.17); `bytes` is the object's size."""

    code = "range_unsatisfiable"


class StoreUnavailable(CdnError):
    """The store does not answer, refuses us, or answers nonsense. Try again later."""

    code = "store_unavailable"


class StoreFull(CdnError):
    """The store has no room for the object."""

    code = "store_full"


class BadStorageUrl(CdnError):
    """The storage URL cannot be understood; param `reason` says what to write."""

    code = "bad_storage_url"


class LinkRefused(CdnError):
    """The signed prefix is forged, or belongs to another asset."""

    code = "link_refused"


class LinkExpired(CdnError):
    """The signed prefix was good once."""

    code = "link_expired"


class AssetWithdrawn(CdnError):
    """The asset was deleted or withdrawn; no server of bytes gives it out any more."""

    code = "asset_withdrawn"
