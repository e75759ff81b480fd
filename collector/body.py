"""Reading a body without being flooded: the limit counts the bytes after unpacking, so a gzip bomb does not get past it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from collector.connection import Deadline
from collector.errors import SourceUnavailableError, UnreadablePageError

ACCEPT_ENCODING = "gzip, deflate"
_STEP = 65_536
_GZIP = b"\x1f\x8b"
_KINDS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


def read_body(chunks: Iterable[bytes], encoding: str, max_bytes: int, deadline: Deadline, *, cut: bool = False) -> bytes:
    """Return the unpacked body, at most `max_bytes` long; with `cut` a longer one is cut instead of refused.

    Raises:
        UnreadablePageError: too long, broken compression, or a compression that was not asked for.
        SourceUnavailableError: the deadline passed.
    """
    kept = bytearray()
    for piece in _unpacked(_in_time(chunks, deadline), encoding):
        kept += piece
        if len(kept) > max_bytes:
            if cut:
                return bytes(kept[:max_bytes])
            raise UnreadablePageError(f"the answer is larger than {max_bytes:,} bytes and was not read further")
    return bytes(kept)


def _in_time(chunks: Iterable[bytes], deadline: Deadline) -> Iterator[bytes]:
    for chunk in chunks:
        if deadline.passed:
            raise SourceUnavailableError("the answer took too long and was given up")
        yield chunk


def _unpacked(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return chunks
    if name not in _KINDS:
        raise UnreadablePageError(f"the answer is packed as '{name[:20]}', which was not asked for")
    return _inflated(chunks, _KINDS[name])


def _inflated(chunks: Iterator[bytes], window: int) -> Iterator[bytes]:
    unpacker = None
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if unpacker is None or (unpacker.eof and rest.startswith(_GZIP)):  # a gzip file may have several members (RFC 1952)
                    unpacker = _unpacker_for(rest, window)
                piece = unpacker.decompress(rest, _STEP)
                yield piece
                rest = _left_over(unpacker)
    except zlib.error as error:
        raise UnreadablePageError("the answer's compression is broken") from error
    if unpacker:
        yield from _tail(unpacker)


def _left_over(unpacker: zlib._Decompress) -> bytes:
    """What of the chunk is still to be unpacked; bytes after the end that begin no new member are padding."""
    if unpacker.eof:
        return unpacker.unused_data if unpacker.unused_data.startswith(_GZIP) else b""
    return unpacker.unconsumed_tail


def _tail(unpacker: zlib._Decompress) -> Iterator[bytes]:
    """Unpack what zlib held back; raises UnreadablePageError when the stream has no end."""
    while not unpacker.eof:
        piece = unpacker.decompress(b"", _STEP)
        if not piece:
            raise UnreadablePageError("the answer's compression is cut off")
        yield piece


def _unpacker_for(chunk: bytes, window: int) -> zlib._Decompress:
    """Some servers send raw deflate where RFC 9110 §8.4.1.2 asks for zlib's wrapping."""
    raw = window == zlib.MAX_WBITS and (chunk[0] & 0x0F) != 8  # noqa: PLR2004 - RFC 1950: method 8
    return zlib.decompressobj(-zlib.MAX_WBITS if raw else window)
