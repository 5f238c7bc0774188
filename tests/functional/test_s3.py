"""The store contract on a real S3 server, over TLS and in virtual style, and what happens when the line fails."""

import os
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from cdn.errors import ObjectMissing, StoreUnavailable
from cdn.storage import PIECE_BYTES
from cdn.stores import open_store
from streamsvc.store_certificates import make_certificates
from tests.cdn.store_contract import StoreContract
from tests.functional.fault_proxy import Fault, fault_proxy

pytestmark = pytest.mark.functional

BODY = os.urandom(5 * PIECE_BYTES)
KEY = "media/a/1.m4s"
TYPE = "video/iso.segment"


def through(url, port, **options):
    """The same bucket by another port."""
    changed = url.replace(f":{urlsplit(url).port}/", f":{port}/")
    for name, value in options.items():
        old = {"style": "style=path", "tls": "tls=0"}.get(name)
        changed = changed.replace(old, f"{name}={value}") if old else f"{changed}&{name}={value}"
    return changed


@pytest.fixture
def store(seaweed):
    return open_store(seaweed())


class TestSeaweed(StoreContract):
    def test_more_objects_than_a_page_holds(self, store):
        keys = [f"uploads/many/{number:015d}" for number in range(1010)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: store.put(key, b"x", content_type=TYPE), keys))

        assert [item.key for item in store.list("uploads/many/")] == keys
        store.delete(keys)
        assert list(store.list("uploads/")) == []


@pytest.fixture
def proxy(seaweed_server):
    with fault_proxy(seaweed_server.ports.s3) as proxy:
        yield proxy


@pytest.fixture
def faulty(seaweed, proxy):
    """The bucket through the proxy, holding BODY under KEY."""
    store = open_store(through(seaweed(), proxy.port, timeout_s=0.5))
    store.put(KEY, BODY, content_type=TYPE)
    # The pool would go on with connections that know no fault.
    store._client.close()
    return open_store(through(store_url(store), proxy.port))


def store_url(store):
    address = store.address
    host = address.endpoint.removeprefix("http://")
    return f"s3://{address.access_key}:{address.secret_key}@{host}/{address.bucket}?style=path&tls=0&timeout_s=0.5"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture
def tls_port(seaweed_server, certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "store.pem", certificates / "store.key")
    with fault_proxy(seaweed_server.ports.s3, tls=context) as proxy:
        yield proxy.port


def test_tls_with_an_authority_of_our_own(seaweed, tls_port, certificates):
    store = open_store(through(seaweed(), tls_port, tls=1, ca=certificates / "ca.pem"))

    store.put(KEY, BODY, content_type=TYPE)

    assert store.read(KEY) == BODY
    with pytest.raises(ObjectMissing):
        store.head("media/a/2.m4s")


def test_tls_refuses_a_certificate_of_an_unknown_authority(seaweed, tls_port):
    store = open_store(through(seaweed(), tls_port, tls=1))

    with pytest.raises(StoreUnavailable, match="certificate verify failed"):
        store.check()


def test_a_file_of_authorities_that_is_missing(seaweed, tls_port, tmp_path):
    store = open_store(through(seaweed(), tls_port, tls=1, ca=tmp_path / "none.pem"))

    with pytest.raises(StoreUnavailable):
        store.check()


def test_virtual_style(seaweed, seaweed_server, monkeypatch):
    """The bucket is the first part of the host's name, which no resolver here knows."""
    ask = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest: ask("127.0.0.1" if host.endswith(".localhost") else host, *rest)
    )
    plain = seaweed()
    store = open_store(through(plain, seaweed_server.ports.s3, style="virtual").replace("@127.0.0.1:", "@localhost:"))

    store.put(KEY, BODY, content_type=TYPE)

    assert store.read(KEY) == BODY
    assert open_store(plain).read(KEY) == BODY


def test_wrong_secret(seaweed):
    url = seaweed()
    open_store(url).put(KEY, BODY, content_type=TYPE)
    secret = urlsplit(url).password
    store = open_store(url.replace(f":{secret}@", ":wrong@"))

    for ask in (store.check, lambda: store.read(KEY), lambda: store.put("media/x", b"", content_type=TYPE)):
        with pytest.raises(StoreUnavailable):
            ask()


def test_without_any_credentials(seaweed, monkeypatch, tmp_path):
    url = seaweed()
    account = url.removeprefix("s3://").partition("@")[0]
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(StoreUnavailable):
        open_store(url.replace(f"{account}@", "")).check()


def test_credentials_of_the_default_chain(seaweed, monkeypatch):
    url = seaweed()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", urlsplit(url).username)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", urlsplit(url).password)
    account = url.removeprefix("s3://").partition("@")[0]

    store = open_store(url.replace(f"{account}@", ""))
    store.put(KEY, BODY, content_type=TYPE)

    assert store.read(KEY) == BODY


def test_a_dead_store(seaweed):
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    store = open_store(through(seaweed(), port, timeout_s=0.5))

    for ask in (
        store.check,
        lambda: store.read(KEY),
        lambda: store.stream(KEY),
        lambda: store.put(KEY, b"x", content_type=TYPE),
        lambda: store.delete([KEY]),
        lambda: list(store.list("")),
    ):
        with pytest.raises(StoreUnavailable):
            ask()


def test_a_store_that_swallows_requests(faulty, proxy):
    proxy.fault = Fault(silent=True)

    with pytest.raises(StoreUnavailable):
        faulty.head(KEY)


def test_a_store_that_is_too_slow(faulty, proxy):
    proxy.fault = Fault(delay_s=3)

    with pytest.raises(StoreUnavailable):
        faulty.read(KEY)


@pytest.mark.parametrize("answer_bytes", [10, PIECE_BYTES, 4 * PIECE_BYTES])
def test_an_answer_that_breaks_off_once_is_taken_up_where_it_broke(faulty, proxy, answer_bytes):
    proxy.fault = Fault(answer_bytes=answer_bytes, times=1)

    assert faulty.read(KEY) == BODY


def test_an_answer_that_always_breaks_off_is_never_taken_for_the_whole(faulty, proxy):
    proxy.fault = Fault(answer_bytes=2000)
    pieces = faulty.stream(KEY)

    with pytest.raises(StoreUnavailable):
        b"".join(pieces)


def test_an_object_replaced_meanwhile_is_never_mixed(faulty, proxy, seaweed_server):
    proxy.fault = Fault(answer_bytes=PIECE_BYTES * 2, times=1)
    pieces = faulty.stream(KEY)
    first = next(pieces)
    faulty.put(KEY, BODY[::-1], content_type=TYPE)

    with pytest.raises(StoreUnavailable):
        list(pieces)
    assert BODY.startswith(first)


class Nonsense(BaseHTTPRequestHandler):
    """A web server that is no S3, such as a proxy's error page."""

    def answer(self):
        page = b"<html><body>Welcome!"
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page)

    do_GET = do_PUT = do_HEAD = do_POST = answer  # noqa: N815  # the names that the class wants

    def log_message(self, *_args):
        return


def test_a_server_that_is_no_s3():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Nonsense)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    store = open_store(f"s3://key:secret@127.0.0.1:{server.server_port}/bucket?tls=0")
    try:
        for ask in (
            lambda: store.head(KEY),
            lambda: store.read(KEY, 5, 10),
            lambda: store.put(KEY, b"x", content_type=TYPE),
            lambda: list(store.list("")),
            lambda: store.delete([KEY]),
        ):
            with pytest.raises(StoreUnavailable):
                ask()
    finally:
        server.shutdown()
        server.server_close()


def test_bytes_changed_on_the_way_are_not_stored(faulty, proxy):
    proxy.fault = Fault(change_request=lambda piece: piece.replace(b"precious", b"precioux"))

    with pytest.raises(StoreUnavailable):
        faulty.put("media/a/2.m4s", b"precious" * 1000, content_type=TYPE)

    proxy.fault = Fault()
    with pytest.raises(ObjectMissing):
        faulty.head("media/a/2.m4s")
