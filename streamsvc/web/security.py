"""Headers that every answer carries, so that a mistake elsewhere does less harm."""

from aiohttp import web

from streamsvc.web.requests import services

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        # hls.js plays through a blob address and decodes in a worker made of one.
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
OTHER_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set what the handler has not set itself. Answers of the API are never kept by caches unless they say so."""
    # What we run on is nobody's business.
    response.headers["Server"] = "Sabaq"
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/media/"):
        # Media may be embedded by our pages on another host; nothing else by anybody.
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if services(request).settings.public_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    is_page = response.content_type == "text/html"
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else OTHER_POLICY)
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
