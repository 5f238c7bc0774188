"""Absolute addresses, and where a request came from."""

from types import SimpleNamespace

import pytest

from streamsvc.web.addresses import absolute, client_address, is_loopback
from streamsvc.web.requests import SERVICES


def request(*, host="127.0.0.1:8080", public_url="http://127.0.0.1:8080", proxies=0, forwarded=None, remote="10.0.0.9"):
    settings = SimpleNamespace(public_url=public_url, trusted_proxies=proxies)
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    app = {SERVICES: SimpleNamespace(settings=settings)}
    return SimpleNamespace(host=host, headers=headers, remote=remote, app=app)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("::1", True),
        ("[::1]", True),
        ("", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("0.0.0.0", False),
    ],
)
def test_this_very_machine(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("host", "public_url", "expected"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080", "http://127.0.0.1:8080/x"),
        ("localhost:8080", "http://127.0.0.1:8080", "http://localhost:8080/x"),
        ("localhost:9999", "http://127.0.0.1:8080", "http://localhost:9999/x"),
        ("evil.example", "http://127.0.0.1:8080", "http://127.0.0.1:8080/x"),
        ("evil.example", "https://sabaq.example.kz", "https://sabaq.example.kz/x"),
        ("localhost", "https://sabaq.example.kz", "https://sabaq.example.kz/x"),
    ],
)
def test_only_another_name_of_this_machine_changes_an_address(host, public_url, expected):
    assert absolute(request(host=host, public_url=public_url), "/x") == expected


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "10.0.0.9"),
        (0, "1.2.3.4", "10.0.0.9"),
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.9"),
        (1, " , ", "10.0.0.9"),
        (1, "x" * 500, "x" * 64),
    ],
)
def test_only_our_own_proxies_are_believed(proxies, forwarded, expected):
    """
    Else a guesser would come from a new address with each attempt.
    """
    assert client_address(request(proxies=proxies, forwarded=forwarded)) == expected
