"""Pictures made ready to be looked at: a tile in which nothing can be recognised, a light blur, the picture itself (evidence.md §8.6).

What leaves here is drawn anew from the pixels: no bytes of the file itself, so no hidden place, no second file behind the picture and no
trick of a format reaches a browser. Nothing is decoded before its size in pixels is known and bearable.
"""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache

from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from evidence.errors import NotDrawableError

MOST_PIXELS = 50_000_000  # a telephone's largest ordinary photograph; decoded 150 MB
TALLEST, WIDEST = 16_000, 2_000  # pixels of what is shown
MEDIA_TYPE = "image/png"
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_BOX = b"ftyp"  # what a HEIC begins with, after four bytes of length (ISO/IEC 14496-12 §4.3)
_SPOTS = 24  # the longer side of a tile before it is blown up: fewer dots than a face needs
_TILE = 240  # pixels
_LIGHT = 9  # radius of the light blur: shapes stay, faces and words do not
_SCALABLE = frozenset({"I", "F", "I;16"})  # the library's names for deep greys that it can calculate with
_WHITE = 65_535.0  # of 16 bits
UNREADABLE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    OSError,
    SyntaxError,  # what Pillow raises for a broken PNG
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    EOFError,
    struct.error,
    zlib.error,
    OverflowError,
    MemoryError,
    RuntimeError,  # the words of a HEIC's decoder
)


class Sharpness(StrEnum):
    """How much of a picture is shown."""

    LIGHT = "light"
    SHARP = "sharp"


@contextlib.contextmanager
def head_of(content: bytes) -> Iterator[Image.Image]:
    """Open a picture without decoding it; raises one of UNREADABLE for what is none, or has too many pixels to be decoded."""
    if content[:4] == b"RIFF" and _webp_pixels(content) > MOST_PIXELS:  # the library would make room for all of them at once
        raise NotDrawableError
    with Image.open(io.BytesIO(content), formats=_heif() if content[4:8] == _BOX else _FORMATS) as picture:
        yield picture


@cache
def _heif() -> tuple[str, ...]:
    """Let the library read a HEIC: the picture alone, never the small one inside it, which may show something else."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    return ("HEIF",)


def _webp_pixels(content: bytes) -> int:
    """Return the pixels that a WebP's head promises (RFC 9649 §2.5 to 2.7); 0 where it promises nothing that can be read."""
    kind, body = content[12:16], content[20:30]
    if len(body) < 10:  # noqa: PLR2004 - bytes of the longest head
        return 0
    if kind == b"VP8X":
        return (1 + int.from_bytes(body[4:7], "little")) * (1 + int.from_bytes(body[7:10], "little"))
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (1 + (bits & 0x3FFF)) * (1 + (bits >> 14 & 0x3FFF))
    return (int.from_bytes(body[6:8], "little") & 0x3FFF) * (int.from_bytes(body[8:10], "little") & 0x3FFF)


def tile(content: bytes, *, greyscale: bool = False) -> bytes:
    """Return a small PNG of some blurred colours; raises NotDrawableError for what cannot be drawn."""
    with _decoded(content, small=True) as picture:
        spots = picture.copy()
        spots.thumbnail((_SPOTS, _SPOTS), Image.Resampling.BOX)
        spots = spots.filter(ImageFilter.GaussianBlur(1.5))
        longer = max(spots.size)
        size = (max(1, spots.width * _TILE // longer), max(1, spots.height * _TILE // longer))
        return _png(spots.resize(size, Image.Resampling.BICUBIC), greyscale=greyscale)


def shown(content: bytes, sharpness: Sharpness, *, greyscale: bool = False) -> bytes:
    """Return the picture as PNG: at most 2,000 wide, cut after 16,000 pixels of height; raises NotDrawableError."""
    with _decoded(content) as picture:
        wide = picture
        if picture.width > WIDEST:
            wide = picture.resize((WIDEST, max(1, picture.height * WIDEST // picture.width)), Image.Resampling.LANCZOS, reducing_gap=2.0)
        cut = wide.crop((0, 0, wide.width, min(wide.height, TALLEST)))
        drawn = cut.filter(ImageFilter.GaussianBlur(_LIGHT)) if sharpness is Sharpness.LIGHT else cut
        return _png(drawn, greyscale=greyscale)


@contextlib.contextmanager
def _decoded(content: bytes, *, small: bool = False) -> Iterator[Image.Image]:
    """Decode the first frame, turned upright, on white; raises NotDrawableError."""
    try:
        with head_of(content) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise NotDrawableError
            wanted = _TILE if small else WIDEST
            picture.draft("RGB", (wanted, wanted * picture.height // picture.width))  # a JPEG is decoded no larger than needed
            yield _on_white(ImageOps.exif_transpose(picture))
    except UNREADABLE as error:
        raise NotDrawableError from error


def eight_bit(picture: Image.Image) -> Image.Image:
    """Return a grey picture of more than 8 bits scaled to 8; the library alone cuts them off, so that nearly all of it turns white.

    A file counts in 16 bits; values beyond them, and fractions, are spread from the darkest to the lightest. What such a file calls
    transparent is drawn, for scaled the mark would fit other greys as well.
    """
    if not picture.mode.startswith(("I", "F")):
        return picture
    wide = picture if picture.mode in _SCALABLE else picture.convert("I")
    lowest, highest = _reach(wide)
    scale = 255 / (highest - lowest)
    grey = wide.point(lambda value: value * scale + -lowest * scale).convert("L")
    grey.info.pop("transparency", None)
    return grey


def _reach(picture: Image.Image) -> tuple[float, float]:
    """Return which values stand for black and white."""
    lowest, highest = (float(str(one)) for one in picture.getextrema())
    if picture.mode != "F" and lowest >= 0 and highest <= _WHITE:
        return 0.0, _WHITE
    return lowest, max(highest, lowest + 1e-6)


def _on_white(picture: Image.Image) -> Image.Image:
    """Return it without transparency: what lies behind it would depend on the reader's screen."""
    picture = eight_bit(picture)
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    ground = Image.new("RGB", seen.size, "white")
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground


def _png(picture: Image.Image, *, greyscale: bool) -> bytes:
    kept = io.BytesIO()
    (ImageOps.grayscale(picture) if greyscale else picture).save(kept, "PNG", compress_level=1)
    return kept.getvalue()
