"""What a node does with its uploads between requests: renew leases, finish, hand over, tidy up, and stop."""

import asyncio
import logging
import shutil
import time
from contextlib import ExitStack
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from cdn.errors import CdnError
from streamsvc.errors import StreamsvcError
from streamsvc.uploads import transfers
from streamsvc.uploads.errors import StorageFull, UploadGone, UploadTakenOver
from streamsvc.uploads.holding import Held
from streamsvc.uploads.receiving import Receiver
from streamsvc.uploads.spool import NodeSpool
from streamsvc.uploads.tables import Upload
from streamsvc.uploads.transfers import Holder

log = logging.getLogger(__name__)


def every_s(receiver: Receiver) -> float:
    """How often `renew` must run for leases to stay; good for `keep` too."""
    return receiver.holding.limits.lease_s / 3


async def renew(receiver: Receiver) -> None:
    """Tell the other nodes that we are alive. A round of its own: `keep` may wait for the store for minutes."""
    holding = receiver.holding
    ours = [upload.id for upload in await _held(receiver)]
    if ours:
        until = holding.services.now() + holding.lease
        await holding.write(transfers.renew, ours, node=holding.spool.node, until=until)


async def keep(receiver: Receiver) -> None:
    """
    One round over all uploads that we hold: send on what rests.

    An upload whose bytes are all here is completed (a store that was down is back, or we were killed between the last
    byte and the commit). One that nobody has sent to for half a lease goes to the store as far as it has come and is
    let go, so that any node may continue it. Folders of uploads that are no longer ours are removed.
    """
    await inherit(receiver)
    for upload_id in [upload.id for upload in await _held(receiver)]:
        if not receiver.lines.busy(upload_id):
            async with receiver.lines.alone(upload_id):
                await _rest(receiver, upload_id)
    await _tidy(receiver)


async def inherit(receiver: Receiver) -> None:
    """
    Go on with what dead nodes left on our disk: after fewer processes were started than ran before, say.

    Also done before the first request is served, so that a takeover which a crash cut in two is completed.
    """
    with ExitStack() as locks:
        orphans = await receiver.holding.on_disk(receiver.holding.spool.orphans)
        for orphan in orphans:
            locks.callback(orphan.close)
        for orphan in orphans:
            await _inherit(receiver, orphan)


async def _inherit(receiver: Receiver, orphan: NodeSpool) -> None:
    holding = receiver.holding
    for (upload_id, epoch), folder in orphan.present().items():
        holder = Holder(holding.spool.node, epoch, holding.lease)
        async with receiver.lines.alone(upload_id):
            now = holding.services.now()
            before = await holding.write(transfers.inherit, upload_id, holder, dead=orphan.node, now=now)
            if before == orphan.node:
                await holding.let_fall(upload_id)
            if before is not None:
                await holding.on_disk(holding.spool.take, folder, replace=before == orphan.node)
    await holding.on_disk(orphan.remove)


async def stop(receiver: Receiver, *, within_s: float) -> None:
    """End all requests that wait for bytes, and hand over what we can in that time; the spool keeps the rest."""
    receiver.lines.end_all()
    try:
        async with asyncio.timeout(within_s):
            for upload_id in list(receiver.holding.all):
                async with receiver.lines.alone(upload_id):
                    held = receiver.holding.all.get(upload_id)
                    if held is not None:
                        await _hand_over(receiver, held)
    except (TimeoutError, CdnError, StreamsvcError, SQLAlchemyError, OSError) as error:
        log.warning("uploads stay in the spool until the next start: %s", error)


async def _held(receiver: Receiver, upload_id: UUID | None = None) -> list[Upload]:
    holding = receiver.holding
    return await holding.services.database.read(transfers.held_by, holding.spool.node, upload_id=upload_id)


async def _rest(receiver: Receiver, upload_id: UUID) -> None:
    held = receiver.holding.all.get(upload_id)
    if held is None:
        # Read again: it may have been completed since the round began.
        rows = await _held(receiver, upload_id)
        held = await receiver.holding.adopt(rows[0]) if rows else None
    if held is not None:
        await _send_on(receiver, held)


async def _send_on(receiver: Receiver, held: Held) -> None:
    idle_s = time.monotonic() - held.used_at
    try:
        if held.missing == 0:
            await receiver.finish(held)
        elif idle_s >= receiver.holding.limits.lease_s / 2:
            await _hand_over(receiver, held)
    except (UploadGone, UploadTakenOver):
        await receiver.holding.let_fall(held.upload_id)
    except (CdnError, StorageFull) as error:
        log.warning("upload %s waits for the store: %s", held.upload_id, error)


async def _hand_over(receiver: Receiver, held: Held) -> None:
    await receiver.finish(held)
    await receiver.holding.write(transfers.let_go, held.upload_id, holder=held.holder)
    await receiver.holding.let_fall(held.upload_id)


async def _tidy(receiver: Receiver) -> None:
    """Remove what lies in the spool of uploads that ended, or that another node has taken over."""
    holding = receiver.holding
    present = await holding.on_disk(holding.spool.present)
    # Asked after the folders were listed: a folder newer than this answer cannot be among them.
    held = {upload.id: upload.epoch for upload in await _held(receiver)}
    for (upload_id, epoch), folder in present.items():
        if held.get(upload_id) != epoch and not receiver.lines.busy(upload_id):
            async with receiver.lines.alone(upload_id):
                known = holding.all.get(upload_id)
                if known is not None and known.holder.epoch == epoch:
                    await holding.let_fall(upload_id)
                await holding.on_disk(shutil.rmtree, folder, ignore_errors=True)
