"""
The embedded S3 server: every door it has, asked without credentials.

Two instances run side by side. What listens is read from the kernel, not from our own list of ports.
"""

import http.client
import json
import os
import socket
import ssl
import stat
from dataclasses import astuple
from ipaddress import ip_address
from itertools import product

import pytest

from cdn.errors import StoreUnavailable
from cdn.stores import open_store
from streamsvc import embedded_store
from streamsvc.store_certificates import make_certificates
from tests.functional import servers
from tests.functional.listeners import tcp_listeners, udp_sockets, unix_listeners

pytestmark = pytest.mark.functional

BODY = b"an object that only its owner may read " * 50
KEY = "media/asset/secret.m4s"
TYPE = "video/iso.segment"
BUCKET = embedded_store.BUCKET

PATHS = [
    "/",
    f"/{BUCKET}/{KEY}",
    f"/{BUCKET}?list-type=2",
    f"/{BUCKET}?delete",
    f"/buckets/{BUCKET}/{KEY}",
    f"/buckets/{BUCKET}/?recursive=true",
    "/etc/iam/identity.json",
    "/etc/?pretty=y",
    "/dir/status",
    "/dir/assign",
    f"/dir/assign?collection={BUCKET}",
    "/dir/lookup?volumeId=1",
    "/vol/status",
    "/vol/grow?count=1",
    "/vol/vacuum?garbageThreshold=0",
    f"/col/delete?collection={BUCKET}",
    "/cluster/status",
    "/cluster/healthz",
    "/submit",
    "/admin/assign_volume?volume=9",
    "/admin/volume/delete?volume=1",
    "/status",
    "/metrics",
    "/stats/counter",
    "/ui/index.html",
    "/debug/pprof/heap",
    "/debug/vars",
    "/.tus/x",
]
HARMLESS = {"/status", "/healthz"}
"""Of the S3 port: they answer 200 and nothing else."""
METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE"]


@pytest.fixture(scope="module")
def instances():
    with (
        servers.short_directory("sabaq-doors-a") as first,
        servers.short_directory("sabaq-doors-b") as second,
        servers.seaweed(first) as one,
        servers.seaweed(second) as two,
    ):
        for server in (one, two):
            open_store(server.url()).put(KEY, BODY, content_type=TYPE)
        yield [one, two]


@pytest.fixture(scope="module")
def ports(instances):
    return sorted({listener.port for server in instances for listener in tcp_listeners(server.child.pid)})


@pytest.fixture(scope="module")
def stores(instances):
    return [open_store(server.url()) for server in instances]


@pytest.fixture(autouse=True)
def _intact(stores):
    """Whatever a test has tried, the objects are as they were."""
    yield
    for store in stores:
        assert store.read(KEY) == BODY
        assert [item.key for item in store.list("")] == [KEY]


def fids(server):
    """File ids of every needle, as an attacker who knows everything but the keys would ask for them."""
    names = {path.stem for path in (server.directory / "data").glob("*.dat")}
    volumes = sorted({name.rpartition("_")[2] for name in names})
    return [
        f"/{volume},{needle:02x}{cookie}" for volume in volumes for needle in range(1, 8) for cookie in ("00000000",)
    ]


def real_fid(server):
    """A true file id with its cookie, read from the volume's own file on disk."""
    for path in (server.directory / "data").glob(f"{BUCKET}_*.dat"):
        raw = path.read_bytes()
        place = raw.find(BODY[:40])
        if place > 0:
            # A needle: cookie (4), id (8), size (4), data size (4), data.
            cookie, needle = raw[place - 20 : place - 16].hex(), int.from_bytes(raw[place - 16 : place - 8])
            return f"/{path.stem.rpartition('_')[2]},{needle:x}{cookie}"
    raise AssertionError("the object lies in no volume")


def ask(port, method, path, *, tls=False, certificate=None):
    """The status and body of an answer; None where the connection is refused or cut before one."""
    context = None
    if tls:
        context = ssl._create_unverified_context()
        if certificate:
            context.load_cert_chain(certificate / "store.pem", certificate / "store.key")
    kind = http.client.HTTPSConnection if tls else http.client.HTTPConnection
    connection = kind("127.0.0.1", port, timeout=10, **({"context": context} if tls else {}))
    try:
        connection.request(method, path, body=b"intruder" if method in {"PUT", "POST"} else None)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def test_nothing_listens_outside_loopback_and_every_port_was_chosen(instances):
    for server in instances:
        listeners = tcp_listeners(server.child.pid)

        assert {listener.address for listener in listeners} == {ip_address("127.0.0.1")}
        assert {listener.port for listener in listeners} == set(astuple(server.ports))
        assert udp_sockets(server.child.pid) == 0


def test_two_instances_share_no_port(instances):
    one, two = (tcp_listeners(server.child.pid) for server in instances)

    assert not one & two


def test_without_credentials_no_port_gives_changes_or_deletes_anything(instances, ports):
    paths = PATHS + [real_fid(server) for server in instances] + fids(instances[0])
    s3_ports = {server.ports.s3 for server in instances}
    opened = []
    # TLS ends at the handshake, whatever is asked, so a few questions show it.
    asking = [*product(ports, (False,), paths, METHODS), *product(ports, (True,), paths[:2], METHODS)]
    for port, tls, path, method in asking:
        answer = ask(port, method, path, tls=tls)
        # Go's TLS server answers 400 to plain HTTP, before any handler.
        closed = answer is None or answer[0] in {400, 401, 403, 404, 405}
        harmless = port in s3_ports and path in HARMLESS and answer is not None and answer[1] == b""
        if not (closed or harmless):
            opened.append((port, tls, method, path, answer))

    assert opened == []


def test_every_port_but_s3_wants_a_certificate_of_this_start(instances, ports, tmp_path):
    """One from another authority, with the same names in it, is no better than none."""
    make_certificates(tmp_path)
    s3_ports = {server.ports.s3 for server in instances}
    for port in set(ports) - s3_ports:
        assert ask(port, "GET", "/", tls=True) is None
        assert ask(port, "GET", "/", tls=True, certificate=tmp_path) is None


def test_the_certificate_of_one_instance_opens_no_door_of_the_other(instances):
    one, two = instances

    assert ask(one.ports.master, "GET", "/dir/status", tls=True, certificate=one.directory / "home")[0] == 200
    assert ask(two.ports.master, "GET", "/dir/status", tls=True, certificate=one.directory / "home") is None


def test_grpc_without_a_certificate(instances):
    """The filer's gRPC could delete every object: not even HTTP/2's first frame is answered."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
    for server in instances:
        for port in (server.ports.filer_grpc, server.ports.master_grpc, server.ports.volume_grpc, server.ports.s3_grpc):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
                plain.sendall(preface)
                assert received(plain) == b""
            context = ssl._create_unverified_context()
            context.set_alpn_protocols(["h2"])
            with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
                assert received_over_tls(context, line, preface) == b""


def received_over_tls(context, line, message):
    """Empty when the handshake fails; in TLS 1.3 that shows at the first read only."""
    try:
        with context.wrap_socket(line) as wrapped:
            wrapped.sendall(message)
            return wrapped.recv(1000)
    except OSError:
        return b""


def received(line):
    try:
        return line.recv(1000)
    except ConnectionResetError:
        return b""


def test_unix_sockets_ask_for_the_same(instances):
    for server in instances:
        for name in unix_listeners(server.child.pid):
            path = server.directory / name
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(os.path.relpath(path))
                line.settimeout(10)
                line.sendall(f"GET /buckets/{BUCKET}/{KEY} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                answer = received(line)
            assert answer == b"" or answer.split()[1] in {b"400", b"403", b"404"}, name


def test_unix_sockets_open_to_their_owner_only(instances):
    for server in instances:
        for name in unix_listeners(server.child.pid):
            mode = (server.directory / name).stat().st_mode
            assert not mode & (stat.S_IWGRP | stat.S_IWOTH), name


def test_s3_refuses_a_wrong_secret_and_an_unsigned_request(instances):
    url = instances[0].url()
    wrong = url.replace(f":{instances[0].credentials.secret_key}@", ":wrong@")

    with pytest.raises(StoreUnavailable):
        open_store(wrong).read(KEY)
    assert ask(instances[0].ports.s3, "GET", f"/{BUCKET}/{KEY}")[0] == 403


def test_s3_has_no_administration_on_its_port(instances):
    """Even the owner's signature makes no further account."""
    import boto3
    from botocore.exceptions import ClientError
    from botocore.parsers import ResponseParserError

    credentials = instances[0].credentials
    iam = boto3.session.Session().client(
        "iam",
        endpoint_url=f"http://127.0.0.1:{instances[0].ports.s3}",
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        region_name="us-east-1",
    )

    with pytest.raises((ClientError, ResponseParserError)):  # 405 with an empty body
        iam.create_user(UserName="intruder")


def test_what_lies_on_disk_belongs_to_its_owner(instances):
    for server in instances:
        assert server.directory.stat().st_mode & 0o077 == 0
        for path in (server.directory / "home").rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, path


def test_the_authoritys_key_is_kept_nowhere(instances):
    keys = [
        path for path in instances[0].directory.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()
    ]

    assert [path.name for path in keys] == ["store.key"]


def test_the_command_line_shows_no_secret(instances):
    server = instances[0]

    assert server.credentials.secret_key not in " ".join(server.child.args)
    assert server.credentials.secret_key not in repr(server.credentials)
    identities = json.loads((server.directory / "home" / "s3.json").read_text())["identities"]
    assert [identity["name"] for identity in identities] == ["sabaq"]
