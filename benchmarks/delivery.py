"""
How fast the service delivers the segments of one lesson to a class, with and without its memory for hot objects.

    python -m benchmarks.delivery [--store file|s3] [--pupils 30] [--seconds 3]

Both ways run in turn, three times each, in the same minutes on the same machine; what counts is the ratio of their
medians. The load comes from another process of the same machine, so a server alone would reach more.
"""

import argparse
import asyncio
import multiprocessing
import os
import statistics
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp

from cdn.layout import SEGMENT_TYPE, address, made
from cdn.signing import Signer
from cdn.stores import open_store
from streamsvc.secrets_store import open_secrets
from streamsvc.services import utc_now
from tests.functional import servers
from tests.functional.app_fixtures import run_server

SIZES = (20_000, 200_000, 1_000_000)
SEGMENTS = 20
ROUNDS = 3


def load(base_url, paths, *, pupils, seconds, results):
    """In a process of its own: each pupil has one connection and asks again as soon as it is answered."""

    async def watch(session, number, until):
        count = 0
        while time.perf_counter() < until:
            async with session.get(base_url + paths[(number + count) % len(paths)]) as answer:
                await answer.read()
                assert answer.status == 200, answer.status
            count += 1
        return count

    async def run():
        connector = aiohttp.TCPConnector(limit=pupils)
        async with aiohttp.ClientSession(connector=connector) as session:
            began = time.perf_counter()
            counts = await asyncio.gather(*(watch(session, number, began + seconds) for number in range(pupils)))
            return sum(counts) / (time.perf_counter() - began)

    results.put(asyncio.run(run()))


def measure(served, paths, *, pupils, seconds):
    results = multiprocessing.Queue()
    options = {"pupils": pupils, "seconds": seconds, "results": results}
    worker = multiprocessing.Process(target=load, args=(served.base_url, paths), kwargs=options)
    worker.start()
    rate = results.get(timeout=60 + seconds)
    worker.join()
    return rate


def prepare_lesson(served, size):
    """Objects of one size in the service's store, and their signed paths."""
    store, asset_id, publication = open_store(served.settings.storage_url), uuid4(), uuid4()
    signer = Signer(open_secrets(served.settings.secrets).media_key)
    token = signer.token(asset_id, publication, utc_now() + timedelta(hours=1))
    keys = [made(asset_id, "0" * 32, "v480", f"{number}.m4s") for number in range(SEGMENTS)]
    for key in keys:
        store.put(key, os.urandom(size), content_type=SEGMENT_TYPE)
    return [address(token, key) for key in keys]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--store", choices=("file", "s3"), default="s3")
    parser.add_argument("--pupils", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    with ExitStack() as stack:
        directory = stack.enter_context(servers.short_directory("sabaq-bench"))
        url = f"file://{directory}/store"
        if options.store == "s3":
            (directory / "seaweed").mkdir()
            url = stack.enter_context(servers.seaweed(directory / "seaweed")).url()
        ways = {
            name: stack.enter_context(
                run_server(Path(directory) / name, SABAQ_STORAGE_URL=url, SABAQ_MEDIA_MEMORY_BYTES=memory)
            )
            for name, memory in (("without", "0"), ("with", "134217728"))
        }
        print(f"{options.store}, {options.pupils} pupils, {SEGMENTS} segments; requests per second, medians")
        for size in SIZES:
            report(size, ways, options)
    return 0


def report(size, ways, options):
    paths = {name: prepare_lesson(served, size) for name, served in ways.items()}
    rates = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, served in ways.items():
            rates[name].append(measure(served, paths[name], pupils=options.pupils, seconds=options.seconds))
    median = {name: statistics.median(found) for name, found in rates.items()}
    ratio = median["with"] / median["without"]
    print(f"{size:>9} bytes  without {median['without']:7.0f}  with {median['with']:7.0f}  ratio {ratio:.2f}")


if __name__ == "__main__":
    sys.exit(main())
