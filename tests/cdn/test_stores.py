"""Storage URLs."""

from pathlib import Path

import pytest

from cdn.directory import DirectoryStore
from cdn.errors import BadStorageUrl
from cdn.s3 import S3Store
from cdn.s3_address import S3Address, s3_address
from cdn.stores import open_store


def test_a_directory():
    store = open_store("file:///srv/the%20store")

    assert isinstance(store, DirectoryStore)
    assert store.root == Path("/srv/the store")


def test_a_bucket_is_opened_without_asking_the_network():
    store = open_store("s3://key:secret@192.0.2.1:9/bucket?tls=0")

    assert isinstance(store, S3Store)
    assert store.address.endpoint == "http://192.0.2.1:9"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "s3://k%2Fe%40y:s%3Ae%2Bcret@127.0.0.1:8333/lessons?style=path&region=kz-1&tls=0&ca=/etc/ca.pem&timeout_s=2.5",
            S3Address(
                bucket="lessons",
                endpoint="http://127.0.0.1:8333",
                access_key="k/e@y",
                secret_key="s:e+cret",
                style="path",
                region="kz-1",
                ca=Path("/etc/ca.pem"),
                timeout_s=2.5,
            ),
        ),
        (
            "s3://store.example/b?style=virtual",
            S3Address(bucket="b", endpoint="https://store.example", style="virtual"),
        ),
        ("s3://[::1]:9000/b", S3Address(bucket="b", endpoint="https://[::1]:9000")),
        (
            "s3://KEY:SECRET@/b?region=eu-north-1",
            S3Address(bucket="b", access_key="KEY", secret_key="SECRET", style="virtual", region="eu-north-1"),
        ),
        ("s3:///b?region=eu-north-1", S3Address(bucket="b", endpoint=None, style="virtual", region="eu-north-1")),
    ],
)
def test_s3_addresses(url, address):
    assert s3_address(url) == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://host/bucket", "s3:// or file:///"),
        ("", "s3:// or file:///"),
        ("file://relative/path", "file:///full/path"),
        ("file:///", "file:///full/path"),
        ("file:///srv/store?x=1", "file:///full/path"),
        ("s3://key:secret@host:9000/", "KEY:SECRET@HOST:PORT/BUCKET"),
        ("s3://key:secret@host:9000/bucket/folder", "KEY:SECRET@HOST:PORT/BUCKET"),
        ("s3://key@host:9000/bucket", "both the key and the secret"),
        ("s3://key:secret@host:port/bucket", "Port"),
        ("s3://key:secret@host:70000/bucket", "Port"),
        ("s3://host/bucket?styel=path", "'styel' is no option"),
        ("s3://host/bucket?style=dns", "path or virtual"),
        ("s3://host/bucket?tls=yes", "0 or 1"),
        ("s3://host/bucket?timeout_s=soon", "number of seconds"),
        ("s3://host/bucket?timeout_s=0", "between"),
        ("s3://host/bucket?tls", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_used_says_what_to_write(url, reason):
    with pytest.raises(BadStorageUrl) as refused:
        open_store(url)

    assert reason in str(refused.value.params["reason"])


def test_an_error_never_shows_the_secret():
    with pytest.raises(BadStorageUrl) as refused:
        open_store("s3://key:verysecret@host/bucket?style=dns")

    assert "verysecret" not in f"{refused.value}{refused.value.params}"
