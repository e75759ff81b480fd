"""Pictures made ready to be looked at: what a tile hides, what a blur hides, what is cut."""

from __future__ import annotations

import contextlib
import io
import random
import struct

import pillow_heif
import pytest
from PIL import Image, ImageChops, ImageDraw

from evidence.errors import NotDrawableError
from evidence.file_facts import facts_of
from evidence.file_kinds import GIF, HEIC, JPEG, PNG, WEBP, FileKind, kind_of
from evidence.report_pictures import decoded
from evidence.squares import sheets
from evidence.testing import square
from evidence.viewing import MOST_PIXELS, TALLEST, WIDEST, Sharpness, eight_bit, head_of, shown, tile


def png(picture: Image.Image, kind: str = "PNG", **more: object) -> bytes:
    """Return a picture's bytes."""
    kept = io.BytesIO()
    picture.save(kept, kind, **more)
    return kept.getvalue()


def opened(content: bytes) -> Image.Image:
    """Return the picture of some bytes."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def a_page(words: str, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Draw a page with words on it."""
    page = Image.new("RGB", size, "white")
    ImageDraw.Draw(page).text((60, 60), words, fill="black", font_size=28)
    return page


def difference(one: bytes, other: bytes) -> int:
    """Return the largest difference of one dot between two pictures, of 255."""
    extremes = ImageChops.difference(opened(one).convert("RGB"), opened(other).convert("RGB")).getextrema()
    return max(int(high) for _low, high in extremes)  # type: ignore[misc]


def test_two_pages_with_other_words_have_nearly_the_same_tile() -> None:
    """A tile says light or dark, here or there, and no word: the same page with other words looks alike."""
    one, other = png(a_page("meet me at the gate")), png(a_page("the bus is late today"))

    assert difference(one, other) > 200
    assert difference(tile(one), tile(other)) <= 12
    assert max(opened(tile(one)).size) == 240
    assert len(tile(one)) < 60_000


def test_a_tile_holds_no_more_than_some_hundred_dots() -> None:
    """Noise, the worst case, comes out as the average of large spots."""
    noise = Image.frombytes("RGB", (1280, 960), random.Random(7).randbytes(1280 * 960 * 3))  # noqa: S311 - noise, no secret
    spots = opened(tile(png(noise)))
    low, high = spots.convert("L").getextrema()

    assert int(high) - int(low) <= 12  # type: ignore[arg-type]


def test_the_light_blur_hides_words_and_the_sharp_view_is_the_picture() -> None:
    """First shapes, then every dot as it was sealed."""
    page = a_page("meet me at the gate")
    light, sharp = shown(png(page), Sharpness.LIGHT), shown(png(page), Sharpness.SHARP)

    assert difference(sharp, png(page)) == 0
    assert int(opened(light).convert("L").getextrema()[0]) > 120  # type: ignore[arg-type]
    assert opened(light).size == page.size


def test_greyscale_has_no_colour() -> None:
    """For who prefers that, tile and picture alike."""
    content = square((200, 30, 60))

    assert {opened(tile(content, greyscale=True)).mode, opened(shown(content, Sharpness.SHARP, greyscale=True)).mode} == {"L"}


def test_a_very_tall_picture_is_cut_and_a_very_wide_one_made_smaller() -> None:
    """Neither is refused; the sealed file keeps all of it."""
    tall = opened(shown(png(Image.new("RGB", (64, TALLEST + 4_000), "navy")), Sharpness.SHARP))
    wide = opened(shown(png(Image.new("RGB", (WIDEST * 2, 100), "navy")), Sharpness.SHARP))

    assert (tall.size, wide.size) == ((64, TALLEST), (WIDEST, 50))


def test_what_is_shown_holds_nothing_of_the_file_but_its_dots() -> None:
    """No place, no camera and nothing that hung behind the picture goes to a browser; it stands upright."""
    tags = Image.Exif()
    tags[0x0112], tags[0x010F] = 6, "Invented Camera"
    content = png(Image.new("RGB", (60, 40), "red"), "JPEG", exif=tags) + b"<script>alert(1)</script>"
    given = shown(content, Sharpness.SHARP)

    assert b"script" not in given
    assert b"Invented" not in given
    assert (opened(given).size, opened(given).info) == ((40, 60), {})


def test_transparent_parts_are_white() -> None:
    """What lies behind a picture does not depend on the reader's screen."""
    clear = opened(shown(png(Image.new("RGBA", (4, 4), (0, 0, 0, 0))), Sharpness.SHARP))

    assert clear.getpixel((1, 1)) == (255, 255, 255)


def test_a_moving_picture_shows_its_first_frame() -> None:
    """Nothing moves."""
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    kept = io.BytesIO()
    frames[0].save(kept, "GIF", save_all=True, append_images=frames[1:])

    assert opened(shown(kept.getvalue(), Sharpness.SHARP)).getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize("content", [b"", b"no picture", square((1, 2, 3))[:60], square((1, 2, 3))[:-30] + bytes(30), b"%PDF-1.7"])
def test_what_is_damaged_or_no_picture_is_said_in_words(content: bytes) -> None:
    """No traceback, whatever the bytes are."""
    with pytest.raises(NotDrawableError, match="sealed file is untouched"):
        tile(content)


@pytest.mark.parametrize("kind", [b"VP8X", b"VP8L", b"VP8 "])
def test_a_webp_that_promises_too_much_is_not_even_opened(kind: bytes) -> None:
    """Its reader makes room for every dot at once; so its head is read before (RFC 9649)."""
    body = {
        b"VP8X": bytes(4) + (16_382).to_bytes(3, "little") * 2,
        b"VP8L": b"\x2f" + (0x3FFF | 0x3FFF << 14).to_bytes(4, "little") + bytes(5),
        b"VP8 ": b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 16_383, 16_383),
    }[kind]
    content = b"RIFF" + struct.pack("<I", 30) + b"WEBP" + kind + struct.pack("<I", 10) + body

    with pytest.raises(NotDrawableError), head_of(content):
        pass
    assert MOST_PIXELS < 16_383 * 16_383


# --- greys of more than 8 bits ---

DEEP = (0, 1_000, 30_000, 65_535)
SCALED = (0, 3, 116, 255)


def a_deep_grey(mode: str = "I;16", values: tuple[float, ...] = DEEP) -> Image.Image:
    """Return four stripes, 16 dots wide each, from dark to light."""
    picture = Image.new(mode, (64, 16))
    for at in range(64 * 16):
        picture.putpixel((at % 64, at // 64), values[at % 64 // 16])
    return picture


def stripes(picture: Image.Image) -> list[int]:
    """Return how light each stripe is, of 255, in the middle of it."""
    grey = picture.convert("L")
    return [int(str(grey.getpixel((8 + 16 * number, 8)))) for number in range(4)]


@pytest.mark.parametrize("kind", ["PNG", "HEIF"])
def test_a_grey_of_sixteen_bits_is_shown_as_it_is(kind: str) -> None:
    """View, report and squares: no stripe of it turns white but the white one; also where the file calls one of them transparent."""
    pillow_heif.register_heif_opener()
    more = {"quality": -1} if kind == "HEIF" else {"transparency": 30_000}
    content = png(a_deep_grey(), kind, **more)

    assert opened(content).mode == "I;16"
    for drawn in (opened(shown(content, Sharpness.SHARP)), decoded(content)):
        assert all(abs(one - other) <= 1 for one, other in zip(stripes(drawn), SCALED, strict=True))
    assert min(stripes(opened(tile(content)).resize((64, 16)))) < 40
    (sheet,) = sheets(content, Sharpness.SHARP)
    assert opened(sheet.png).convert("L").getpixel((350, 60)) in range(30)  # of the second stripe, between lines and names


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I", "F"])
def test_every_deep_grey_is_scaled(mode: str) -> None:
    """Whatever the library calls it; from black to white."""
    scaled = eight_bit(a_deep_grey(mode))

    assert (scaled.mode, stripes(scaled)) == ("L", list(SCALED))


@pytest.mark.parametrize(
    ("mode", "values"), [("I", (-70_000, 0, 70_000, 140_000)), ("F", (0.25, 0.5, 0.75, 1.0)), ("F", (2.0, 2.0, 2.0, 2.0))]
)
def test_a_grey_beyond_sixteen_bits_is_spread(mode: str, values: tuple[float, ...]) -> None:
    """From its darkest to its lightest dot; one grey alone is black."""
    assert stripes(eight_bit(a_deep_grey(mode, values))) == ([0] * 4 if len(set(values)) == 1 else [0, 85, 170, 255])


def test_other_pictures_are_left_as_they_are() -> None:
    """Colours, and greys of 8 bits, are not touched."""
    picture = a_page("the same")

    assert eight_bit(picture) is picture


# --- photographs of iPhones ---


def a_heic(size: tuple[int, int] = (320, 240), *, lossless: bool = True, **more: object) -> bytes:
    """Return a HEIC: a red field, the upper half of its left part blue."""
    pillow_heif.register_heif_opener()
    picture = Image.new("RGB", size, (200, 40, 60))
    picture.paste((20, 40, 200), (0, 0, size[0] // 2, size[1] // 2))
    return png(picture, "HEIF", **({"quality": -1, "chroma": 444} if lossless else {"quality": 60}), **more)


def near(one: object, other: tuple[int, int, int]) -> bool:
    """Whether two colours are the same but for what a camera's format loses."""
    return isinstance(one, tuple) and max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 8


def test_a_photograph_of_an_iphone_is_drawn_anew() -> None:
    """Also one that is kept in tiles, as iPhones do: every dot, upright, and nothing of the file beside it."""
    tags = Image.Exif()
    tags[0x0112], tags[0x010F], tags[0x8825] = 6, "Invented Camera", {1: "N", 2: (51.0, 1.0, 2.0)}
    for content in (a_heic(exif=tags.tobytes()), a_heic(exif=tags.tobytes(), tile_size=128)):
        given = opened(shown(content, Sharpness.SHARP))

        assert kind_of(content) == HEIC
        assert (given.size, given.info) == ((240, 320), {})
        assert near(given.getpixel((200, 40)), (20, 40, 200))  # turned by a quarter: what was on the left is on top
        assert near(given.getpixel((40, 40)), (200, 40, 60))
        assert b"Invented" not in shown(content, Sharpness.SHARP)
        assert max(opened(tile(content)).size) == 240
        assert facts_of(HEIC, content) | {"width": 0, "height": 0} == {
            "width": 0,
            "height": 0,
            "holds_place": True,
            "camera": "Invented Camera",
        }


def test_the_small_picture_inside_an_iphones_photograph_is_never_shown() -> None:
    """It may show something else than the photograph; a tile, too, is made of the photograph."""
    pillow_heif.register_heif_opener()
    content = a_heic((1_024, 768), thumbnails=[320])
    with head_of(content) as picture:
        assert picture.info["thumbnails"] == []
        picture.draft("RGB", (240, 180))  # what a tile asks for: no larger than needed
        picture.load()

        assert picture.size == (1_024, 768)
    assert b"thmb" in content


def test_an_iphones_photograph_that_promises_too_much_is_not_decoded() -> None:
    """Its head says 9,000 by 9,000; a cut file and one that is only a head are refused in words too."""
    whole = a_heic()
    sizes = struct.pack(">II", 320, 240)
    assert whole.count(sizes) == 1
    promised = whole.replace(sizes, struct.pack(">II", 9_000, 9_000))

    with head_of(promised) as head:
        assert head.width * head.height > MOST_PIXELS
    for content in (promised, whole[:40], whole[: len(whole) // 2], whole[:-20], b"\0\0\0\x18ftypheic" + bytes(16)):
        with pytest.raises(NotDrawableError, match="sealed file is untouched"):
            shown(content, Sharpness.SHARP)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_photograph_of_an_iphone_is_drawn_or_refused_in_words(seed: int) -> None:
    """Two hundred files each: cut anywhere, with bytes changed in the head or anywhere, whole or in tiles."""
    chance = random.Random(seed)  # noqa: S311 - the same damage in every run
    sources = [a_heic((160, 120), lossless=False), a_heic((160, 120), lossless=False, tile_size=64)]
    outcomes = set()
    for number in range(200):
        broken = bytearray(sources[number % 2])
        for _ in range(chance.randint(1, 6)):
            broken[chance.randrange(len(broken) if number % 3 else min(600, len(broken)))] = chance.randrange(256)
        if number % 5 == 0:
            broken = broken[: chance.randrange(len(broken))]
        assert isinstance(facts_of(HEIC, bytes(broken)), dict)
        try:
            outcomes.add(opened(shown(bytes(broken), Sharpness.LIGHT)).width > 0)
        except NotDrawableError:
            outcomes.add(False)

    assert outcomes == {True, False}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # the picture reader warns of a damaged head, and goes on
@pytest.mark.parametrize("kind", [PNG, JPEG, WEBP, GIF], ids=lambda kind: kind.ending)
def test_a_picture_with_flipped_bits_is_drawn_or_refused_in_words(kind: FileKind) -> None:
    """A hundred damaged files of each kind: a picture, or the one refusal; what it says of itself is read either way."""
    tags = Image.Exif()
    tags[0x010F], tags[0x8825] = "Invented", {1: "N", 2: (51.0, 1.0, 2.0)}
    more = {} if kind == GIF else {"exif": tags}
    chance = random.Random(11)  # noqa: S311 - the same damage in every run
    noise = Image.frombytes("RGB", (40, 30), chance.randbytes(40 * 30 * 3))
    whole = png(noise, {"jpg": "JPEG"}.get(kind.ending, kind.ending.upper()), **more)
    for number in range(100):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            broken[chance.randrange(len(whole) if number % 2 else 120)] ^= 1 << chance.randrange(8)
        with contextlib.suppress(NotDrawableError):
            assert opened(shown(bytes(broken), Sharpness.LIGHT)).width > 0
        assert isinstance(facts_of(kind, bytes(broken)), dict)

    assert opened(shown(whole, Sharpness.SHARP)).size == (40, 30)
