"""A TCP proxy that spoils connections on demand, and may speak TLS towards its clients."""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Fault:
    """What happens to the connections that begin from now on. The default lets everything pass."""

    answer_bytes: int | None = None
    """The connection is cut after so many bytes of the answer."""
    delay_s: float = 0.0
    """Before each piece of the answer."""
    silent: bool = False
    """Requests are swallowed."""
    times: int | None = None
    """How many connections; None means all."""
    change_request: Callable[[bytes], bytes] = field(default=lambda piece: piece)
    """Applied to each piece on its way to the server."""


class FaultProxy:
    """Listens on a free port of loopback; `fault` may be changed at any time."""

    def __init__(self, target_port: int, *, tls: ssl.SSLContext | None = None) -> None:
        self.target_port, self.tls = target_port, tls
        self.fault = Fault()
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def drop(self) -> None:
        """Cut every open connection: clients keep some in a pool that knows nothing of a later fault."""
        for line in list(self._open):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closing.set()
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        self._listener.settimeout(0.1)
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(client, self._next_fault()), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _next_fault(self) -> Fault:
        fault = self.fault
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.fault = Fault()
        return fault

    def _serve(self, client: socket.socket, fault: Fault) -> None:
        with contextlib.suppress(OSError), client:
            client.settimeout(30)
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
            with client, socket.create_connection(("127.0.0.1", self.target_port)) as server:
                self._open.add(client)
                try:
                    self._carry(client, server, fault)
                finally:
                    self._open.discard(client)

    def _carry(self, client: socket.socket, server: socket.socket, fault: Fault) -> None:
        left = fault.answer_bytes
        while not self._closing.is_set():
            pending = isinstance(client, ssl.SSLSocket) and client.pending()
            readable = [client] if pending else select.select([client, server], [], [], 0.1)[0]
            if client in readable:
                piece = client.recv(65536)
                if not piece:
                    return
                if not fault.silent:
                    server.sendall(fault.change_request(piece))
            if server in readable:
                piece = server.recv(65536)
                if not piece:
                    return
                self._closing.wait(fault.delay_s)
                client.sendall(piece if left is None else piece[:left])
                if left is not None:
                    left -= len(piece)
                    if left <= 0:
                        return


@contextlib.contextmanager
def fault_proxy(target_port: int, *, tls: ssl.SSLContext | None = None) -> Iterator[FaultProxy]:
    proxy = FaultProxy(target_port, tls=tls)
    try:
        yield proxy
    finally:
        proxy.close()
