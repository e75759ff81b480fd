"""Fingerprints of a page's pictures, to find re-uploads and re-compressions of the same picture again (evidence.md §5).

In memory only, of pictures that a capture was allowed to load; never for stopped material. Needs the extra `images`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from evidence.web_archive import Exchange

SMALLEST = 64  # pixels; below that it is an icon
MOST_PIXELS = 40_000_000
MOST_PICTURES = 500
HASH_SIZE = 16
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")


def image_prints(exchanges: Iterable[Exchange]) -> dict[str, Any] | None:
    """Return what stands in `imagehash.json`, or None where the extra `images` is not installed. What cannot be read is left out."""
    try:
        import imagehash
    except ImportError:
        return None
    found: list[dict[str, Any]] = []
    for exchange in _pictures(exchanges):
        line = _print(exchange, imagehash.phash)
        if line is not None and len(found) < MOST_PICTURES:
            found.append(line)
    return {"algorithm": "phash", "hash_size": HASH_SIZE, "made_with": f"imagehash {imagehash.__version__}", "images": found}


def _pictures(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    """Yield each picture once."""
    known: set[str] = set()
    for exchange in exchanges:
        kind = next((value for name, value in exchange.response_headers if name.lower() == "content-type"), "")
        if exchange.body and kind.lower().startswith("image/") and exchange.address not in known:
            known.add(exchange.address)
            yield exchange


def _print(exchange: Exchange, phash: Any) -> dict[str, Any] | None:
    body = exchange.body or b""
    try:
        with Image.open(io.BytesIO(body), formats=_FORMATS) as picture:
            width, height = picture.size
            if min(width, height) < SMALLEST or width * height > MOST_PIXELS:
                return None
            mark = str(phash(picture.convert("L"), hash_size=HASH_SIZE))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return {"address": exchange.address[:4000], "sha256": hashlib.sha256(body).hexdigest(), "width": width, "height": height, "phash": mark}
