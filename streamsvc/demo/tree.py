"""The parts of the embedded system: which programs, with which settings, in which order."""

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from streamsvc import embedded_store
from streamsvc.children import Child, answers
from streamsvc.demo.files import write_private
from streamsvc.embedded_store import Credentials
from streamsvc.errors import BadSetting
from streamsvc.instance import is_claimed

STORE_FOLDER = "seaweedfs"
DEFAULTS = {"SABAQ_LEASE_S": "20"}
"""On one machine a worker that went silent is dead: nobody should wait a minute after a power cut."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Everything that runs, and the settings that any other command needs to work with it."""

    children: tuple[Child, ...]
    settings: Mapping[str, str]
    """`SABAQ_…` names."""
    notice: str
    """What a person should know, or empty."""


def embedded_tree(settings: Mapping[str, str], *, environment: Mapping[str, str], var: Path, url: str) -> Tree:
    """
    The store unless `SABAQ_STORAGE_URL` names another, then the worker and the service.

    They are stopped the other way round: the service first, so that nobody asks for what is going away.
    """
    settings = {**DEFAULTS, **settings}
    children: list[Child] = []
    notice = ""
    if "SABAQ_STORAGE_URL" not in settings:
        binary = embedded_store.seaweed_binary()
        if binary is None:
            notice = "There is no SeaweedFS for this machine, so objects are kept as plain files."
        else:
            store, storage_url = _store(var, binary)
            children.append(store)
            settings = {**settings, "SABAQ_STORAGE_URL": storage_url}
    theirs = {**environment, **settings, "PYTHONUNBUFFERED": "1"}
    children.append(Child(name="worker", command=sabaq("worker"), environment=theirs, grace_s=15.0))
    children.append(
        Child(name="service", command=sabaq("serve"), environment=theirs, ready=lambda: answers(f"{url}/healthz"))
    )
    return Tree(tuple(children), settings, notice)


def sabaq(command: str) -> tuple[str, ...]:
    """Our own command line, in this very environment."""
    return (sys.executable, "-m", "streamsvc.cli", command)


def _store(var: Path, binary: Path) -> tuple[Child, str]:
    folder, credentials = var / STORE_FOLDER, _credentials(var / "secrets" / "store.json")
    ports = embedded_store.free_ports()
    embedded_store.prepare(folder, credentials)
    storage_url = embedded_store.storage_url(ports, credentials)
    command = embedded_store.seaweed_command(folder, ports, binary)
    store = Child(
        name="store",
        command=command.args,
        environment=command.env,
        directory=command.cwd,
        ready=lambda: embedded_store.ready(storage_url),
        alive=lambda: answers(f"http://{embedded_store.LOOPBACK}:{ports.s3}/"),
        # Nobody writes any more when its turn comes, and it survives worse; left alone it would take a quarter minute.
        grace_s=3.0,
    )
    return store, storage_url


def _credentials(path: Path) -> Credentials:
    """Those of the first start: the objects outlive it."""
    if path.exists():
        try:
            return msgspec.json.decode(path.read_bytes(), type=Credentials)
        except msgspec.MsgspecError as exc:
            raise BadSetting(f"{path}: {exc}", name=str(path), reason=str(exc)) from exc
    made = embedded_store.new_credentials()
    write_private(path, msgspec.json.encode(made))
    return made


def write_environment(var: Path, settings: Mapping[str, str]) -> None:
    """
    Leave the settings where another command finds them, as `NAME='value'` lines for a shell.

    set -a; . var/secrets/environment; set +a; sabaq trace export
    """
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(settings.items())]
    write_private(var / "secrets" / "environment", "".join(lines).encode())


def settings_of_running(var: Path) -> dict[str, str]:
    """The settings of the tree that runs under `var`; empty when none does."""
    try:
        lines = (var / "secrets" / "environment").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    if not is_claimed(var):
        return {}
    pairs = (line.partition("=") for line in lines)
    return {name: shlex.split(value)[0] for name, _, value in pairs}
