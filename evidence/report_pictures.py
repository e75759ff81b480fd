"""Pictures of a report: decoded within limits, cut into pieces that fit a page, written anew without anything but their pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from evidence.errors import NotDrawableError
from evidence.viewing import UNREADABLE, eight_bit, head_of

LINE = 1_280  # pixels that fill the width of the page: a capture of ours, exactly
TALLEST = 1_300  # pixels of that width in one piece; with the band above, it fills a page
MAX_PIXELS = 60_000_000  # a picture of more than this is not decoded: our own captures have 10 million in a part


@dataclass(frozen=True)
class Piece:
    """A part of a picture: its PNG, its number among how many, the first and last row of pixels, and its share of the line in %."""

    png: bytes
    number: int
    of: int
    top: int
    bottom: int
    width: int


class NoPictureError(ValueError):
    """What cannot be printed; its words say why, in a few."""


def decoded(content: bytes) -> Image.Image:
    """Return the pixels alone, upright, transparent parts on white; raises NoPictureError for none, one too large, or a damaged file."""
    try:
        with head_of(content) as found:
            _bearable(found)
            found.load()
            return _flat(ImageOps.exif_transpose(found))  # as every viewer shows a photograph of a telephone
    except NotDrawableError as error:
        raise NoPictureError("it is too large to be printed") from error
    except NoPictureError:
        raise
    except UnidentifiedImageError as error:
        raise NoPictureError("it is no picture that can be printed here") from error
    except UNREADABLE as error:
        raise NoPictureError("the file is damaged, or not complete") from error


def _bearable(found: Image.Image) -> None:
    if found.width * found.height > MAX_PIXELS:
        raise NoPictureError(f"it is too large to be printed ({found.width:,} x {found.height:,} px)")


def _flat(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    flat, shown = Image.new("RGB", image.size, "white"), eight_bit(image).convert("RGBA")
    flat.paste(shown, mask=shown.getchannel("A"))
    return flat


def height(content: bytes) -> int:
    """Return how many rows of pixels a picture has; 0 for none."""
    try:
        with head_of(content) as found:
            return found.height
    except (*UNREADABLE, NotDrawableError):
        return 0


def pieces(content: bytes, most: int) -> Iterator[Piece]:
    """Yield the picture from top to bottom, `most` pieces of it; raises NoPictureError."""
    image = decoded(content)
    step = max(TALLEST * max(image.width, LINE) // LINE, 1)
    count = -(-image.height // step)
    for number in range(1, min(count, most) + 1):
        top, bottom = (number - 1) * step, min(number * step, image.height)
        share = max(1, min(100, round(100 * image.width / LINE)))
        yield Piece(png(image.crop((0, top, image.width, bottom))), number, count, top, bottom, share)


def png(image: Image.Image) -> bytes:
    """Return the pixels as PNG and nothing else: no profile, no times, no words."""
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    written = io.BytesIO()
    bare.save(written, "PNG", compress_level=1)
    return written.getvalue()
