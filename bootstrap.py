"""
Makes the environment that everything else runs in, on a machine with no more than Python 3.11.

    python3 bootstrap.py [--lock FILE …] [--into DIRECTORY] [--bare]

Stock Debian ships `venv` without `ensurepip`, so the environment is made without pip, and the pip wheel, fetched from
the package index and checked against the digest below, installs itself straight from its zip. Only what a lock file
names by sha256 is installed. A second run with the same locks starts no pip at all.

Only the standard library, and syntax that an old Python 3 still parses, so that it can say it is too old.
"""

import argparse
import configparser
import contextlib
import fcntl
import hashlib
import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

OLDEST, TOO_NEW = (3, 11), (3, 15)
ROOT = Path(__file__).resolve().parent
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
DEFAULT_INDEX = "https://pypi.org/simple"
PIP_SETTINGS = (Path("/etc/pip.conf"), Path("~/.pip/pip.conf"), Path("~/.config/pip/pip.conf"))
SECONDS_BETWEEN_LINES = 10


class Stopped(Exception):
    """The environment cannot be made; the message says why and what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the environment that Sabaq runs in.")
    parser.add_argument("--lock", action="append", type=Path, help="lock files; the first one names all packages")
    parser.add_argument("--into", type=Path, default=ROOT / ".venv", help="the environment (default .venv)")
    parser.add_argument("--bare", action="store_true", help="do not install the project itself")
    options = parser.parse_args()
    locks = options.lock or [ROOT / "requirements.lock"]
    try:
        check_python(sys.version_info[:2])
        make(options.into.absolute(), locks, bare=options.bare)
    except Stopped as stopped:
        say(f"\n{stopped}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. The next run goes on from here.")
        return 130
    return 0


def check_python(version: "tuple[int, int]") -> None:
    if not OLDEST <= version < TOO_NEW:
        raise Stopped(
            f"Sabaq needs Python {dotted(OLDEST)} or newer, below {dotted(TOO_NEW)}; this one is {dotted(version)}.\n"
            "Install one (Debian 12 and Ubuntu 24.04 have it as python3) and name it: make demo PYTHON=python3.12"
        )


def dotted(version: "tuple[int, int]") -> str:
    return ".".join(str(part) for part in version)


def make(environment: Path, locks: "list[Path]", *, bare: bool) -> None:
    """Bring the environment up to what the locks say; nothing to do is found out in milliseconds."""
    environment.mkdir(parents=True, exist_ok=True)
    with (environment / "bootstrap.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # `make demo` and `make test` may start side by side
        stamp = environment / "bootstrap.json"
        wanted = digests(locks, bare=bare)
        if python_works(environment) and set(wanted.items()) <= set(stamped(stamp).items()):
            return
        stamp.unlink(missing_ok=True)
        create(environment)
        wheel = fetch_pip(environment)
        pip = [str(python_of(environment)), "-m", "pip"]
        install(environment, [pip[0], str(wheel / "pip")], ["--no-index", str(wheel)])
        install(environment, pip, ["--require-hashes", "--only-binary", ":all:", "-r", str(locks[0])], locks[0])
        if not bare:
            install(environment, pip, ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
        stamp.write_text(json.dumps(wanted, indent=1))


def digests(locks: "list[Path]", *, bare: bool) -> "dict[str, str]":
    """What decides whether an environment is up to date, by name."""
    files = [*locks, *([] if bare else [ROOT / "pyproject.toml"])]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def stamped(stamp: Path) -> "dict[str, str]":
    try:
        return dict(json.loads(stamp.read_text()))
    except (OSError, ValueError):
        return {}


def python_of(environment: Path) -> Path:
    return environment / "bin" / "python"


def python_works(environment: Path) -> bool:
    """Tell whether the environment's Python starts and still belongs to this place (it may have been moved)."""
    question = [str(python_of(environment)), "-c", "import sys; print(sys.prefix)"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return False
    return answer.returncode == 0 and Path(answer.stdout.strip()).resolve() == environment.resolve()


def create(environment: Path) -> None:
    if python_works(environment):
        return
    say(f"Making an environment in {environment}")
    command = [sys.executable, "-m", "venv", "--without-pip", "--upgrade", str(environment)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode or not python_works(environment):
        raise Stopped(
            f"Python could not make an environment in {environment}:\n{(made.stderr or made.stdout).strip()}\n"
            f"If the directory is left over from another Python, remove it: rm -rf {environment}"
        )


def fetch_pip(environment: Path) -> Path:
    """The pip wheel, from the cache of an earlier run or from the package index; never another than the pinned one."""
    wheel = environment / PIP_WHEEL
    if wheel.exists() and hashlib.sha256(wheel.read_bytes()).hexdigest() == PIP_SHA256:
        return wheel
    index = (pip_setting("index-url") or DEFAULT_INDEX).rstrip("/") + "/pip/"
    say("Fetching pip")
    page = read_url(index).decode("utf-8", "replace")
    found = re.search(r'href="([^"]*' + re.escape(PIP_WHEEL) + r'[^"]*)"', page)
    if found is None:
        raise Stopped(f"{index} does not offer {PIP_WHEEL}. Set PIP_INDEX_URL to an index that does.")
    body = read_url(urllib.parse.urljoin(index, found.group(1).replace("&amp;", "&")))
    if hashlib.sha256(body).hexdigest() != PIP_SHA256:
        raise Stopped(f"{index} gave another {PIP_WHEEL} than the pinned one (sha256 differs). Nothing was run.")
    wheel.write_bytes(body)
    return wheel


def pip_setting(name: str) -> "str | None":
    """A setting as pip would find it: environment first, then pip's files, the last one winning."""
    named = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if named:
        return named
    parser = configparser.RawConfigParser()
    parser.read([str(path.expanduser()) for path in PIP_SETTINGS], encoding="utf-8")
    return parser.get("global", name, fallback=None)


def read_url(url: str) -> bytes:
    try:
        context = ssl.create_default_context(cafile=pip_setting("cert"))  # SSL_CERT_FILE is honoured by OpenSSL itself
        with urllib.request.urlopen(url, timeout=60, context=context) as answer:  # noqa: S310  # the operator's index
            return bytes(answer.read())
    except (urllib.error.URLError, OSError) as error:
        raise Stopped(no_network(url, getattr(error, "reason", error))) from error


def no_network(what: str, reason: object) -> str:
    return (
        f"Cannot reach {what}: {reason}.\n"
        "Sabaq's packages come from PyPI, so the first run needs the network. Behind a proxy set https_proxy;\n"
        "for another index set PIP_INDEX_URL, for another certificate authority PIP_CERT or SSL_CERT_FILE."
    )


def install(environment: Path, pip: "list[str]", arguments: "list[str]", lock: "Path | None" = None) -> None:
    """Run pip behind a progress display; its own words go to `pip.log` and are shown only when it fails."""
    log = environment / "pip.log"
    command = [*pip, "install", "--no-input", "--progress-bar", "raw"]
    surroundings = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}
    progress = Progress(0 if lock is None else count(lock))
    with log.open("w" if lock else "a") as words:
        run = subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=surroundings, text=True, errors="replace",
        )  # fmt: skip
        with run, contextlib.closing(progress):
            for line in run.stdout or ():
                if not line.startswith("Progress "):
                    words.write(line)
                progress.hear(line)
    if run.returncode:
        raise Stopped(why_pip_failed(log))


def count(lock: Path) -> int:
    return len(re.findall(r"^[A-Za-z0-9][\w.\-]*==", lock.read_text(), re.MULTILINE))


def why_pip_failed(log: Path) -> str:
    text = log.read_text()
    if re.search(r"NewConnectionError|ConnectTimeout|name resolution|Network is unreachable|SSLError", text):
        return no_network("the package index", "see " + str(log))
    if "No space left on device" in text:
        return "The disk is full: Sabaq's packages need about 1.5 GB."
    return "pip could not install Sabaq's packages:\n" + "\n".join(text.splitlines()[-15:]) + f"\n(all of it: {log})"


class Progress:
    """Turns pip's words into one moving line, or into a line now and then where nobody watches."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.doing = total, 0, "the project itself"
        self.moving, self.written = sys.stderr.isatty(), -float(SECONDS_BETWEEN_LINES)

    def hear(self, line: str) -> None:
        word, _, rest = line.strip().partition(" ")
        if word == "Ignoring":
            self.total -= 1  # meant for another system
        elif word == "Collecting":
            self.done, self.doing = self.done + 1, rest.split(" ")[0]
            self.show()
        elif word == "Progress":
            got, _, size = rest.partition(" of ")
            self.show(f" {int(got) >> 20} of {int(size or 0) >> 20} MB" if int(size or 0) >> 20 > 1 else "")
        elif line.startswith("Installing collected"):
            self.doing = "unpacking all of them"
            self.show(now=True)

    def show(self, extra: str = "", *, now: bool = False) -> None:
        if self.total == 0 or (not self.moving and not now and time.monotonic() - self.written < SECONDS_BETWEEN_LINES):
            return
        self.written = time.monotonic()
        filled = 24 * self.done // max(1, self.total)
        text = f"Installing {self.done:>3} of {self.total} [{'#' * filled:<24}] {self.doing}{extra}"
        say(f"\r\033[K{text[:110]}" if self.moving else text, end="" if self.moving else "\n")

    def close(self) -> None:
        if self.moving:
            say("\r\033[K", end="")


def say(text: str, *, end: str = "\n") -> None:
    sys.stderr.write(text + end)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
