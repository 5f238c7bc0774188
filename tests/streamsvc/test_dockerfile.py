"""The image, the compose file and the documents, as far as they can be judged without a container engine."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from streamsvc.settings import settings_from

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("sabaq:")}


class Asked(dict):
    """An environment that remembers which names were asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def get(self, name, default=None):
        self.names.append(name)
        return default


def setting_names() -> list[str]:
    asked = Asked()
    settings_from(asked)
    return asked.names


def documented_settings() -> list[str]:
    table = (ROOT / "docs" / "operations.md").read_text().split("## Every setting")[1].split("\n## ")[0]
    return re.findall(r"^\| `(SABAQ_\w+)`", table, re.MULTILINE)


def test_every_setting_is_documented_and_nothing_else():
    assert sorted(documented_settings()) == sorted(setting_names())


@pytest.mark.parametrize("place", ["README.md", "docs/operations.md", "Dockerfile", "compose.yaml", "Makefile"])
def test_no_document_names_a_setting_that_does_not_exist(place):
    named = set(re.findall(r"SABAQ_[A-Z_]*[A-Z]", (ROOT / place).read_text()))

    assert named <= set(setting_names())


def test_hadolint_has_no_complaint():
    hadolint = Path(sys.executable).with_name("hadolint")

    judged = subprocess.run([hadolint, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)

    assert (judged.returncode, judged.stdout) == (0, "")


def test_images_are_pinned_and_ours_does_not_run_as_root():
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert all(re.search(r":\d+\.\d+", image) for image in re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE))
    assert all(re.search(r":\d+\.\d+", service["image"]) for service in SERVICES.values())
    assert re.search(r"^USER \d+$", dockerfile, re.MULTILINE)


def test_what_the_image_copies_is_let_through():
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    wanted = {name for line in copied for name in line.split()}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert wanted == allowed
    assert all((ROOT / name).exists() for name in wanted)


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_services_have_settings_that_exist_and_are_understood(name):
    environment = {key: _filled(str(value)) for key, value in OURS[name]["environment"].items()}

    settings = settings_from(environment)

    assert settings.database_url.startswith("postgresql+psycopg://")
    assert settings.broker_url.startswith("amqp://")
    assert settings.storage_url.startswith("s3://")


def _filled(text: str) -> str:
    """As compose would: `${NAME:?}` from the environment, `${NAME:-default}`."""
    with_defaults = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    return re.sub(r"\$\{\w+:\?[^}]*\}", "secret", with_defaults)


def test_the_cluster_has_its_parts_and_each_waits_for_what_it_needs():
    assert set(OURS) == {"migrate", "service", "worker"}
    assert {name.split(":")[0].split("/")[-1] for name in (s["image"] for s in SERVICES.values())} == {
        "sabaq", "postgres", "rabbitmq", "seaweedfs",
    }  # fmt: skip
    for service in SERVICES.values():
        for needed, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "test" in SERVICES[needed]["healthcheck"]
            assert needed in SERVICES
    for name in ("service", "worker"):
        assert OURS[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_every_named_volume_is_declared():
    used = [volume.split(":")[0] for s in SERVICES.values() for volume in s["volumes"] if not volume.startswith("/")]

    assert set(used) == set(COMPOSE["volumes"])


def test_only_the_service_can_be_reached_from_outside_and_that_from_this_machine():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert list(published) == ["service"]
    assert all(port.startswith("127.0.0.1:") for port in published["service"])


def test_no_password_stands_in_the_compose_file():
    given = {key: value for service in SERVICES.values() for key, value in service.get("environment", {}).items()}
    secret = {key: value for key, value in given.items() if re.search("PASS|URL", key) and "PUBLIC" not in key}

    assert len(secret) == 5
    assert all(re.search(r"\$\{\w+:\?\}", value) for value in secret.values())
    assert re.findall(r'"(?:accessKey|secretKey)": "(.)', COMPOSE["configs"]["store"]["content"]) == ["$", "$"]


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Every instruction of a Dockerfile with its arguments, continuation lines joined."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", dockerfile, flags=re.MULTILINE))
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in joined.splitlines() if line.strip()]


@pytest.mark.functional
def test_the_steps_of_the_image_build_it_in_a_clean_directory(tmp_path):
    """Every COPY and RUN of the build stage, word for word but for the place of the environment and pip's cache."""
    source, environment = tmp_path / "src", tmp_path / "opt" / "sabaq"
    source.mkdir()
    python = _image_python(tmp_path / "image")
    build = (ROOT / "Dockerfile").read_text().split("\nFROM ")[1]
    done = []
    for word, arguments in instructions(build)[1:]:
        if word == "COPY":
            _copy(arguments, source)
        elif word == "RUN":
            command = arguments.replace("/opt/sabaq", str(environment)).replace(" --no-cache-dir", " --quiet")
            subprocess.run(
                ["/bin/sh", "-ec", command],
                cwd=source,
                env={**_network(), "PATH": f"{python.parent}:/usr/bin:/bin", "PIP_NO_COMPILE": "1"},
                check=True,
                timeout=500,
            )
            done.append(word)
    assert len(done) == 3

    installed = environment / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    tracked = subprocess.run(
        ["git", "ls-files", "streamsvc", "transcoder", "cdn", "catalog", "migrations"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert [name for name in tracked if not (installed / name).exists()] == []
    shown = subprocess.run(
        [environment / "bin" / "sabaq", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "serve" in shown.stdout


def _image_python(folder: Path) -> Path:
    """The image's `python`: ours under that name, which also brings the pip that Debian's leaves out."""
    folder.mkdir()
    python = folder / "python"
    pip = Path(sys.prefix) / "lib" / f"python3.{sys.version_info.minor}" / "site-packages" / "pip"
    python.write_text(
        "#!/bin/sh -e\n"
        f'[ "$1 $2" = "-m venv" ] || exec "{sys.executable}" "$@"\n'
        f'"{sys.executable}" -m venv --without-pip "$3"\n'
        f'cp -r "{pip}" "$3"/lib/python3.*/site-packages/\n'
    )
    python.chmod(0o755)
    return python


def _network() -> dict[str, str]:
    names = ("HOME", "PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "https_proxy", "HTTPS_PROXY", "no_proxy")
    return {name: os.environ[name] for name in names if name in os.environ}


def _copy(arguments: str, target: Path) -> None:
    *names, where = arguments.split()
    for name in names:
        place = (target / where).resolve() if (ROOT / name).is_dir() else (target / where / name).resolve()
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(ROOT / name, place)
