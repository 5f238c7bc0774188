"""The embedded S3 server under kill -9."""

import hashlib
import os
from pathlib import Path

import pytest

from cdn.errors import CdnError
from cdn.stores import open_store
from streamsvc import embedded_store
from tests.functional import servers

pytestmark = pytest.mark.functional

TYPE = "video/iso.segment"


def test_what_was_acknowledged_survives_kill_9_and_other_ports(tmp_path):
    with servers.short_directory("sabaq-survival") as directory:
        server = servers.Seaweed(directory)
        try:
            server.start()
            store, sums = open_store(server.url()), {}
            for number in range(30):
                body = os.urandom(1000 * number * number)
                store.put(f"media/a/{number}.m4s", body, content_type=TYPE)
                sums[f"media/a/{number}.m4s"] = hashlib.sha256(body).hexdigest()
            store.delete(["media/a/0.m4s"])
            del sums["media/a/0.m4s"]
            server.kill()

            old_ports, server.ports = server.ports, embedded_store.free_ports()
            left = set(Path("/tmp").glob("seaweedfs-*-grpc-*.sock"))
            ours = {path for path in left if str(old_ports.filer_grpc) in path.name}
            assert ours, "a killed server leaves its sockets"
            for path in ours:
                os.utime(path, (0, 0))
            server.start()
            again = open_store(server.url())

            assert not any(path.exists() for path in ours)
            assert {item.key for item in again.list("")} == set(sums)
            assert {key: hashlib.sha256(again.read(key)).hexdigest() for key in sums} == sums
        finally:
            server.stop()


def test_killed_in_the_middle_of_writing(tmp_path):
    """What was not acknowledged may be there or not, but never half."""
    with servers.short_directory("sabaq-survival") as directory:
        server = servers.Seaweed(directory)
        bodies = {f"media/a/{number}.m4s": os.urandom(300_000) for number in range(60)}
        try:
            server.start()
            store, stored = open_store(f"{server.url()}&timeout_s=1"), []
            for number, (key, body) in enumerate(bodies.items()):
                if number == 20:
                    server.child.kill()
                try:
                    store.put(key, body, content_type=TYPE)
                except CdnError:
                    break
                stored.append(key)
            server.kill()
            assert 20 <= len(stored) < 60

            server.start()
            again = open_store(server.url())
            found = {item.key for item in again.list("")}

            assert set(stored) <= found
            assert all(again.read(key) == bodies[key] for key in found)
        finally:
            server.stop()
