"""A missing Debian package is installed or named; nothing is skipped in silence."""

import os

import pytest

from tests import system_packages
from tests.system_packages import PackageMissing, SystemPackage, required

ABSENT = SystemPackage("sabaq-no-such-package", "sabaq-no-such-program")


def test_what_is_missing_names_the_command():
    with pytest.raises(PackageMissing, match=r"sudo apt-get install --yes .* sabaq-no-such-package"):
        required(ABSENT)


def test_a_program_outside_the_path_is_found_newest_first(tmp_path):
    for version in ("14", "15"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "sabaq-tool").touch()

    package = SystemPackage("any", "sabaq-tool", (f"{tmp_path}/*/bin",))

    assert required(package) == tmp_path / "15" / "bin" / "sabaq-tool"


def test_without_root_the_command_is_said_and_the_end_is_not_zero(monkeypatch, capsys):
    monkeypatch.setattr(system_packages, "PACKAGES", (ABSENT,))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert system_packages.main() == 1
    assert "apt-get install" in capsys.readouterr().err


def test_nothing_missing_is_quiet(monkeypatch, capsys):
    monkeypatch.setattr(system_packages, "PACKAGES", ())

    assert system_packages.main() == 0
    assert capsys.readouterr() == ("", "")
