"""The script that makes the environment: what it decides, what it says, what it refuses."""

import ast
import hashlib
import re
import tomllib
from pathlib import Path

import pytest

import bootstrap

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9][\w.\-]*)==([^ ;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text()))


def test_an_old_python_can_still_read_the_script_and_be_told():
    ast.parse((ROOT / "bootstrap.py").read_text(), feature_version=(3, 6))


@pytest.mark.parametrize("version", [(3, 6), (3, 10), (3, 15)])
def test_a_python_outside_the_range_is_refused_by_its_number(version):
    with pytest.raises(bootstrap.Stopped, match=rf"this one is {version[0]}\.{version[1]}") as refused:
        bootstrap.check_python(version)

    assert "3.11" in str(refused.value)
    assert "PYTHON=" in str(refused.value)


def test_the_range_is_that_of_the_project():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]

    assert wanted == f">={bootstrap.dotted(bootstrap.OLDEST)},<{bootstrap.dotted(bootstrap.TOO_NEW)}"


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = lambda texts: {re.match(r"[\w.\-]+", text)[0] for text in texts}  # noqa: E731

    assert named(project["project"]["dependencies"]) <= set(pins("requirements.lock"))
    assert named(project["dependency-groups"]["dev"]) <= set(pins("requirements-dev.lock"))
    assert named(project["build-system"]["requires"]) <= set(pins("requirements.lock"))


def test_the_developers_lock_holds_the_same_versions_and_more():
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "tests/requirements-judge.lock"])
def test_every_pin_names_its_digests(name):
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / name).read_text())
    pinned = [block for block in blocks if PIN.match(block)]

    assert len(pinned) == bootstrap.count(ROOT / name) > 5
    assert [block.split()[0] for block in pinned if "--hash=sha256:" not in block] == []


def test_a_changed_lock_is_noticed(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("one==1\n")
    before = bootstrap.digests([lock], bare=True)

    lock.write_text("one==2\n")

    assert bootstrap.digests([lock], bare=True) != before


def test_a_broken_stamp_means_installing_again(tmp_path):
    (tmp_path / "stamp").write_text("{half")

    assert bootstrap.stamped(tmp_path / "stamp") == {}
    assert bootstrap.stamped(tmp_path / "missing") == {}


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A package index made of files; returns what puts a pip wheel into it."""
    (tmp_path / "pip").mkdir()
    monkeypatch.setenv("PIP_INDEX_URL", tmp_path.as_uri())
    monkeypatch.setattr(bootstrap, "read_url", lambda url: _read_file(url))

    def put(body: bytes) -> None:
        (tmp_path / bootstrap.PIP_WHEEL).write_bytes(body)
        page = f'<a href="../{bootstrap.PIP_WHEEL}#sha256=abc">{bootstrap.PIP_WHEEL}</a>'
        (tmp_path / "pip" / "index.html").write_text(page)

    return put


def _read_file(url: str) -> bytes:
    path = Path(url.removeprefix("file://").split("#")[0])
    return (path / "index.html" if path.is_dir() else path).read_bytes()


def test_pip_is_taken_from_the_index_when_its_digest_fits(tmp_path, monkeypatch, index):
    index(b"a wheel")
    monkeypatch.setattr(bootstrap, "PIP_SHA256", hashlib.sha256(b"a wheel").hexdigest())
    (tmp_path / "venv").mkdir()

    assert bootstrap.fetch_pip(tmp_path / "venv").read_bytes() == b"a wheel"


def test_another_pip_than_the_pinned_one_is_never_run(tmp_path, index):
    index(b"something else")
    (tmp_path / "venv").mkdir()

    with pytest.raises(bootstrap.Stopped, match="sha256 differs"):
        bootstrap.fetch_pip(tmp_path / "venv")

    assert list((tmp_path / "venv").iterdir()) == []


def test_an_index_without_our_pip_is_named(tmp_path, index):
    (tmp_path / "pip" / "index.html").write_text("<a href='pip-1.0.whl'>pip-1.0.whl</a>")

    with pytest.raises(bootstrap.Stopped, match="PIP_INDEX_URL"):
        bootstrap.fetch_pip(tmp_path)


def test_pips_own_settings_are_honoured_and_the_environment_wins(tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://mirror.example/simple\ncert = /ca.pem\n")
    monkeypatch.setattr(bootstrap, "PIP_SETTINGS", (tmp_path / "pip.conf",))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_CERT", "/other.pem")

    assert bootstrap.pip_setting("index-url") == "https://mirror.example/simple"
    assert bootstrap.pip_setting("cert") == "/other.pem"
    assert bootstrap.pip_setting("proxy") is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("NewConnectionError: [Errno 111] Connection refused", "needs the network"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "DO NOT MATCH"),
    ],
)
def test_a_failure_of_pip_is_put_into_words(tmp_path, words, said):
    (tmp_path / "pip.log").write_text(words)

    assert said in bootstrap.why_pip_failed(tmp_path / "pip.log")


def test_progress_is_a_few_lines_where_nobody_watches(tmp_path, capsys):
    progress = bootstrap.Progress(60)

    for line in ["Ignoring colorama: markers\n", *(f"Collecting package-{n}==1 (from -r x)\n" for n in range(59))]:
        progress.hear(line)
    progress.hear("Installing collected packages: many\n")

    assert capsys.readouterr().err.splitlines() == [
        "Installing   1 of 59 [                        ] package-0==1",
        "Installing  59 of 59 [########################] unpacking all of them",
    ]


def test_a_long_download_shows_how_far_it_is(capsys):
    progress = bootstrap.Progress(1)
    progress.doing = "imageio-ffmpeg==0.8.1"

    progress.hear("Progress 10485760 of 71303168\n")

    assert capsys.readouterr().err.endswith("imageio-ffmpeg==0.8.1 10 of 68 MB\n")
