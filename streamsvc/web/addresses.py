"""Absolute addresses for answers, and the address a request came from."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from streamsvc.web.requests import services


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this very machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def absolute(request: web.Request, path: str) -> str:
    """
    The public address of a path.

    Somebody who came by another name of this very machine (localhost for 127.0.0.1) gets that name, because the
    other would be another origin to the browser. Nothing else in the request can change the answer.
    """
    public_url = services(request).settings.public_url
    public, asked = urlsplit(public_url), urlsplit(f"//{request.host}")
    if is_loopback(public.hostname or "") and is_loopback(asked.hostname or ""):
        return f"{public.scheme}://{request.host}{path}"
    return public_url + path


def client_address(request: web.Request) -> str:
    """
    Where the request came from, for counting failed sign-ins.

    Each of our own proxies appends the address it saw to X-Forwarded-For; what stands further left was written by
    the client and is worth nothing.
    """
    hops = services(request).settings.trusted_proxies
    forwarded = [item.strip() for item in request.headers.get("X-Forwarded-For", "").split(",") if item.strip()]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops][:64]
    return request.remote or ""
