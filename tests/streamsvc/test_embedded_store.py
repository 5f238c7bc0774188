"""What is prepared for the embedded S3 server, without starting it."""

import socket
import ssl
import threading
import tomllib
from dataclasses import astuple
from pathlib import Path

import pytest

from cdn.s3_address import s3_address
from streamsvc import embedded_store
from streamsvc.embedded_store import Credentials, Ports
from streamsvc.store_certificates import make_certificates

CREDENTIALS = Credentials("key/+", "secret:@/%")
PORTS = Ports(11001, 11002, 11003, 11004, 11005, 11006, 11007, 11008)


def test_ports_are_free_different_and_out_of_the_way_of_outgoing_connections():
    ports = astuple(embedded_store.free_ports())

    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert len(set(ports)) == 8
    assert all(embedded_store.LOWEST_PORT <= port < first_outgoing for port in ports)
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


def test_the_address_carries_any_secret():
    address = s3_address(embedded_store.storage_url(PORTS, CREDENTIALS))

    assert (address.access_key, address.secret_key) == (CREDENTIALS.access_key, CREDENTIALS.secret_key)
    assert (address.endpoint, address.bucket) == ("http://127.0.0.1:11001", "sabaq")


def test_secrets_are_not_shown():
    assert "secret" not in repr(CREDENTIALS)
    assert embedded_store.new_credentials() != embedded_store.new_credentials()


def test_every_port_is_named_and_nothing_of_the_surroundings_is_passed_on(tmp_path, monkeypatch):
    monkeypatch.setenv("WEED_JWT_SIGNING_KEY", "intruder")

    command = embedded_store.seaweed_command(tmp_path, PORTS, Path("/bin/weed"))

    named = {argument.rpartition("=")[2] for argument in command.args if ".port" in argument}
    assert {str(port) for port in astuple(PORTS)} | {"0"} == named
    assert command.env.keys() == {"HOME", "PATH", "TMPDIR"}
    assert command.cwd == tmp_path
    assert "-ip.bind=127.0.0.1" in command.args
    assert "-master.telemetry=false" in command.args
    assert not any(CREDENTIALS.secret_key in argument for argument in command.args)


def test_what_is_prepared_can_be_read_by_its_owner_only(tmp_path):
    embedded_store.prepare(tmp_path / "store", CREDENTIALS)

    found = list((tmp_path / "store").rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in found if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in found if path.is_dir()} == {0o700}


def test_every_part_wants_a_certificate_and_a_signature(tmp_path):
    embedded_store.prepare(tmp_path, CREDENTIALS)

    security = tomllib.loads((tmp_path / "home" / ".seaweedfs" / "security.toml").read_text())

    for part in ("master", "volume", "filer", "s3", "client"):
        assert security["grpc"][part].keys() == {"cert", "key"}
    for part in ("master", "volume", "filer"):
        assert Path(security["https"][part]["ca"]).is_file()
    assert security["https"]["client"]["enabled"] is True
    keys = [security["jwt"][name]["key"] for name in ("signing", "filer_signing")]
    keys += [security["jwt"][name]["read"]["key"] for name in ("signing", "filer_signing")]
    assert len(set(keys)) == 4
    assert min(map(len, keys)) >= 64


def test_preparing_again_changes_the_keys_and_keeps_the_data(tmp_path):
    embedded_store.prepare(tmp_path, CREDENTIALS)
    (tmp_path / "data" / "sabaq_1.dat").write_bytes(b"objects")
    (tmp_path / "names" / "00").write_bytes(b"names")
    (tmp_path / "master" / "m9333").mkdir()
    before = (tmp_path / "home" / "store.key").read_bytes()

    embedded_store.prepare(tmp_path, CREDENTIALS)

    assert (tmp_path / "data" / "sabaq_1.dat").read_bytes() == b"objects"
    assert (tmp_path / "names" / "00").read_bytes() == b"names"
    assert list((tmp_path / "master").iterdir()) == []
    assert (tmp_path / "home" / "store.key").read_bytes() != before


def test_nothing_that_does_not_listen_is_ready():
    assert not embedded_store.ready(embedded_store.storage_url(embedded_store.free_ports(), CREDENTIALS))


@pytest.mark.parametrize(("trusted", "works"), [("one", True), ("other", False)])
def test_certificates_are_good_for_their_own_authority_only(tmp_path, trusted, works):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        make_certificates(tmp_path / name)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tmp_path / "one" / "ca.pem")
    server.load_cert_chain(tmp_path / "one" / "store.pem", tmp_path / "one" / "store.key")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=tmp_path / trusted / "ca.pem")
    client.load_cert_chain(tmp_path / "one" / "store.pem", tmp_path / "one" / "store.key")

    assert handshake(server, client) is works


def handshake(server, client):
    ours, theirs = socket.socketpair()

    def serve():
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(ours, server_hostname="127.0.0.1").close()
    except ssl.SSLError:
        ours.close()
        return False
    finally:
        thread.join()
    return True
