"""One connection to exactly the address that the gate checked, and one deadline for the whole of it.

httpcore asks a network backend for each connection. This backend never looks a name up: it takes the addresses that were
admitted, while the `Host` header, the TLS server name and the certificate check keep the site's name. Each read and write gets
at most the time that is left, so a server that drips a byte now and then (in its headers too) does not hold us for ever.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore


@dataclass(frozen=True)
class Deadline:
    """The moment, on the monotonic scale, at which a request ends whatever its state."""

    ends: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline that lies `seconds` ahead."""
        return cls(time.monotonic() + seconds)

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.ends

    def cap(self, timeout: float | None) -> float:
        """Return `timeout`, but no more than what is left; raises httpcore.ReadTimeout when nothing is."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole request took too long")
        return left if timeout is None else min(timeout, left)


class Allowance:
    """The seconds that one request may take over all its redirects; standing in line for a host does not count."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @contextmanager
    def spent(self) -> Iterator[Deadline]:
        """Give the deadline of the next hop, and take off what it used."""
        started = time.monotonic()
        try:
            yield Deadline.after(self._left)
        finally:
            self._left -= time.monotonic() - started


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to the given addresses in turn, whatever name it is asked for."""

    def __init__(self, addresses: Iterable[str], deadline: Deadline) -> None:
        self._addresses = tuple(addresses)
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the name was resolved by the gate; it is not looked up a second time
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a stream to the first address that answers; raises httpcore.ConnectError or ConnectTimeout."""
        failure: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError("no address to connect to")
        for address in self._addresses:
            try:
                stream = self._sockets.connect_tcp(address, port, self._deadline.cap(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return TimedStream(stream, self._deadline)
        raise failure


class TimedStream(httpcore.NetworkStream):
    """A stream whose every step counts against one deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read at most `max_bytes`."""
        return self._stream.read(max_bytes, self._deadline.cap(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of `buffer`."""
        self._stream.write(buffer, self._deadline.cap(timeout))

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Begin TLS for the site's name."""
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, self._deadline.cap(timeout)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Pass on what the socket knows."""
        return self._stream.get_extra_info(info)
