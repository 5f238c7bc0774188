"""
What the tests need from Debian: `python -m tests.system_packages` installs it (as root) or names the command to run.

Nothing is skipped in silence: without a package the tests that need it fail, with that command as the reason.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SystemPackage:
    """A Debian package and the program in it that we start."""

    name: str
    program: str
    places: tuple[str, ...] = ("/usr/bin", "/usr/local/bin")
    """Where it may lie, besides PATH; a `*` stands for a version."""

    def find(self) -> Path | None:
        if found := shutil.which(self.program):
            return Path(found)
        lying = [path for place in self.places for path in Path("/").glob(f"{place[1:]}/{self.program}")]
        return max(lying, default=None)


CHROMIUM = SystemPackage("chromium", "chromium")
POSTGRESQL = SystemPackage("postgresql", "initdb", ("/usr/lib/postgresql/*/bin",))
RABBITMQ = SystemPackage("rabbitmq-server", "rabbitmq-server", ("/usr/lib/rabbitmq/bin",))
REDIS = SystemPackage("redis-server", "redis-server")
PACKAGES = (CHROMIUM, POSTGRESQL, RABBITMQ, REDIS)


class PackageMissing(Exception):
    """A Debian package is not installed; the message is the command that installs it."""


def required(package: SystemPackage) -> Path:
    """Return the program's path. Raises PackageMissing."""
    found = package.find()
    if found is None:
        raise PackageMissing(f"{package.program} is missing; run: {command([package])}")
    return found


def command(packages: list[SystemPackage]) -> str:
    return f"sudo apt-get install --yes --no-install-recommends {' '.join(package.name for package in packages)}"


def install(packages: list[SystemPackage]) -> None:
    """As root. The packages' own services are not started: the tests run servers of their own, on free ports."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    names = [package.name for package in packages]
    install_names = ["apt-get", "install", "--yes", "--no-install-recommends", *names]
    for line in (["apt-get", "update", "--quiet"], install_names):
        subprocess.run(line, check=True, env=environment, stdout=sys.stderr)


def main() -> int:
    missing = [package for package in PACKAGES if package.find() is None]
    if not missing:
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.stderr.write(f"The tests need more of the system. Run:\n  {command(missing)}\n")
        return 1
    sys.stderr.write(f"installing {', '.join(package.name for package in missing)}\n")
    install(missing)
    left = [package for package in missing if package.find() is None]
    if left:
        sys.stderr.write(f"Still missing. Run:\n  {command(left)}\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
