"""Fingerprints of a page's pictures, to find re-uploads and re-compressions of the same picture again (evidence.md §5).

In memory only, of pictures that a capture was allowed to load; never for stopped material. The print is pHash with 256 bits, computed
here: the same bits as the library `imagehash` gives (a test asks it), without the second that its numerical libraries take to load.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from operator import mul
from statistics import median
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from evidence.web_archive import Exchange

SMALLEST = 64  # pixels; below that it is an icon
MOST_PIXELS = 40_000_000
MOST_PICTURES = 500
HASH_SIZE = 16
_SIDE = 4 * HASH_SIZE  # pixels that the print is taken of, each way
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_WAVES = [[math.cos(math.pi * wave * (2 * place + 1) / (2 * _SIDE)) for place in range(_SIDE)] for wave in range(HASH_SIZE)]


def image_prints(exchanges: Iterable[Exchange]) -> dict[str, Any]:
    """Return what stands in `imagehash.json`, each picture once; what cannot be read or is an icon is left out."""
    found: list[dict[str, Any]] = []
    for exchange in _pictures(exchanges):
        line = _print(exchange)
        if line is not None and len(found) < MOST_PICTURES:
            found.append(line)
    return {"algorithm": "phash", "hash_size": HASH_SIZE, "images": found}


def phash(picture: Image.Image) -> str:
    """Return the print of a picture in hexadecimal: which of the slow waves in it (DCT-II) are stronger than the middle one."""
    pixels = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS).tobytes()
    rows = [pixels[start : start + _SIDE] for start in range(0, len(pixels), _SIDE)]
    across = [[_strength(row, wave) for row in rows] for wave in _WAVES]  # by wave across, then by row
    strengths = [round(_strength(column, wave), 6) for wave in _WAVES for column in across]
    middle = median(strengths)
    bits = "".join("1" if strength > middle else "0" for strength in strengths)
    return f"{int(bits, 2):0{HASH_SIZE * HASH_SIZE // 4}x}"


def _strength(values: Sequence[float], wave: Sequence[float]) -> float:
    strength: float = 2 * sum(map(mul, values, wave))
    return strength


def _pictures(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    """Yield each picture once."""
    known: set[str] = set()
    for exchange in exchanges:
        kind = next((value for name, value in exchange.response_headers if name.lower() == "content-type"), "")
        if exchange.body and kind.lower().startswith("image/") and exchange.address not in known:
            known.add(exchange.address)
            yield exchange


def _print(exchange: Exchange) -> dict[str, Any] | None:
    body = exchange.body or b""
    try:
        with Image.open(io.BytesIO(body), formats=_FORMATS) as picture:
            width, height = picture.size
            if min(width, height) < SMALLEST or width * height > MOST_PIXELS:
                return None
            mark = phash(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return {"address": exchange.address[:4000], "sha256": hashlib.sha256(body).hexdigest(), "width": width, "height": height, "phash": mark}
