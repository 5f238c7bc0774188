"""Vendored libraries are exactly what their table says."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

import streamsvc.pages

VENDOR = Path(streamsvc.pages.__file__).parent / "vendor"
ROWS = re.findall(r"^\| `([a-z.]+)` \| .*? \| ([0-9.]+) \| .*?\(`([A-Za-z.]+)`\) \| `sha512-([A-Za-z0-9+/=]+)` \|$",
                  (VENDOR / "README.md").read_text("utf-8"), re.MULTILINE)  # fmt: skip


def test_the_table_lists_every_script():
    assert {row[0] for row in ROWS} == {path.name for path in VENDOR.glob("*.js")}


@pytest.mark.parametrize(("name", "version", "licence", "digest"), ROWS, ids=[row[0] for row in ROWS])
def test_a_vendored_file_is_the_published_one(name, version, licence, digest):
    body = (VENDOR / name).read_bytes()

    assert base64.b64encode(hashlib.sha512(body).digest()).decode() == digest
    assert (VENDOR / licence).stat().st_size > 500
    assert f"@{version}" in (VENDOR / "README.md").read_text("utf-8")


def test_hls_js_says_its_version():
    [version] = [row[1] for row in ROWS if row[0] == "hls.min.js"]

    assert f'"{version}"' in (VENDOR / "hls.min.js").read_text("utf-8")
