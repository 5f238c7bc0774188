"""Fixtures for every test. Servers stand in `tests/functional/conftest.py`."""

import os
import signal

import pytest
from hypothesis import settings

# The machine may be busy: timings decide nothing.
settings.register_profile("sabaq", deadline=None)
settings.load_profile("sabaq")


def pytest_configure() -> None:
    """
    Let Ctrl-C mean Ctrl-C in all that tests start.

    A run in the background of a script inherits an ignored SIGINT and would hand it on to every process.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own `SABAQ_…`, `WEED_…` and `AWS_…` names must not decide a test."""
    for name in list(os.environ):
        if name.startswith(("SABAQ_", "WEED_", "AWS_")):
            monkeypatch.delenv(name)
