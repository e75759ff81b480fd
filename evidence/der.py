"""As much of DER (ITU-T X.690) as the replies of time-stamping authorities ask for: take an element apart, put one together."""

from __future__ import annotations

from collections.abc import Iterable

_LONG, _MOST = 0x80, 4  # lengths of more than four bytes are no token's
_HIGH_TAG = 0x1F


def split(content: bytes) -> list[bytes]:
    """Return the elements that stand one after another, each with its head; raises ValueError for what is no DER."""
    found, at = list[bytes](), 0
    while at < len(content):
        end = at + _whole(content[at : at + 2 + _MOST])
        if end > len(content):
            raise ValueError("cut off")
        found.append(content[at:end])
        at = end
    return found


def inside(element: bytes) -> bytes:
    """Return an element's content; raises ValueError for what is no DER."""
    if not element or _whole(element) != len(element):
        raise ValueError("not one element")
    return element[_head(element) :]


def parts(element: bytes) -> list[bytes]:
    """Return the elements inside one; raises ValueError for what is no DER."""
    return split(inside(element))


def wrap(tag: int, *content: bytes) -> bytes:
    """Return an element of this tag."""
    whole = b"".join(content)
    if len(whole) < _LONG:
        return bytes([tag, len(whole)]) + whole
    size = len(whole).to_bytes((len(whole).bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG | len(size)]) + size + whole


def again(element: bytes, content: Iterable[bytes]) -> bytes:
    """Return an element of the same tag with other content."""
    return wrap(element[0], *content)


def _head(start: bytes) -> int:
    """Return how long the head is: tag and length."""
    if len(start) < 2 or start[0] & _HIGH_TAG == _HIGH_TAG:  # noqa: PLR2004 - tag and length
        raise ValueError("no element")
    count = start[1] & ~_LONG if start[1] & _LONG else 0
    if start[1] == _LONG or count > _MOST or len(start) < 2 + count:
        raise ValueError("no length that DER has")
    return 2 + count


def _whole(start: bytes) -> int:
    head = _head(start)
    return head + (int.from_bytes(start[2:head], "big") if start[1] & _LONG else start[1])
