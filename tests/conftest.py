"""Fixtures for every test. Servers stand in `tests/functional/conftest.py`."""

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own `SABAQ_…`, `WEED_…` and `AWS_…` names must not decide a test."""
    for name in list(os.environ):
        if name.startswith(("SABAQ_", "WEED_", "AWS_")):
            monkeypatch.delenv(name)
