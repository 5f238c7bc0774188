"""An S3 bucket as one URL. Pure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from cdn.errors import BadStorageUrl

Style = Literal["path", "virtual"]
_OPTIONS = {"style", "region", "tls", "ca", "timeout_s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Address:
    """Where a bucket is and how to speak to it."""

    bucket: str
    endpoint: str | None = None
    """`https://host:port`; None for Amazon's own."""
    access_key: str | None = None
    """None takes the default chain (environment, shared file, machine role)."""
    secret_key: str | None = None
    style: Style = "path"
    region: str = "us-east-1"
    ca: Path | None = None
    """Certificates to trust instead of the system's."""
    timeout_s: float = 10.0
    """Silence after which the store counts as dead."""


def s3_address(url: str) -> S3Address:
    """
    Read `s3://KEY:SECRET@HOST:PORT/BUCKET?style=path|virtual&region=…&tls=0|1&ca=/path/ca.pem&timeout_s=10`.

    KEY and SECRET are percent-encoded; without them the default chain of credentials is asked. Without HOST it is
    Amazon S3. TLS is on unless `tls=0`. Raises BadStorageUrl that says what to write.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise _bad(str(exc)) from exc
    bucket = unquote(parts.path.strip("/"))
    if parts.scheme != "s3" or not bucket or "/" in bucket or parts.fragment:
        raise _bad("write s3://KEY:SECRET@HOST:PORT/BUCKET")
    if (parts.username is None) != (parts.password is None):
        raise _bad("give both the key and the secret, or neither")
    options = _options(parts.query)
    return S3Address(
        bucket=bucket,
        endpoint=_endpoint(parts.hostname, port, tls=options.get("tls", "1")),
        access_key=unquote(parts.username) if parts.username else None,
        secret_key=unquote(parts.password) if parts.password else None,
        style=_style(options.get("style", "path" if parts.hostname else "virtual")),
        region=options.get("region", "us-east-1"),
        ca=Path(options["ca"]) if "ca" in options else None,
        timeout_s=_seconds(options.get("timeout_s", "10")),
    )


def _options(query: str) -> dict[str, str]:
    try:
        options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    except ValueError as exc:
        raise _bad(f"{query!r} cannot be read") from exc
    for name in options:
        if name not in _OPTIONS:
            raise _bad(f"{name!r} is no option; there are {', '.join(sorted(_OPTIONS))}")
    return options


def _endpoint(host: str | None, port: int | None, *, tls: str) -> str | None:
    if tls not in {"0", "1"}:
        raise _bad("tls is 0 or 1")
    if not host:
        return None
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if tls == '1' else 'http'}://{name}{f':{port}' if port else ''}"


def _style(text: str) -> Style:
    if text == "path":
        return "path"
    if text == "virtual":
        return "virtual"
    raise _bad("style is path or virtual")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as exc:
        raise _bad("timeout_s is a number of seconds") from exc
    if not 0 < seconds < 3600:
        raise _bad("timeout_s lies between 0 and 3600")
    return seconds


def _bad(reason: str) -> BadStorageUrl:
    return BadStorageUrl(f"storage URL: {reason}", reason=reason)
