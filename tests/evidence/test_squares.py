"""Lettered squares: what may be typed, which pixels are meant, what is shown."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from evidence.boxes import FILL, Box, RedactionError, cover
from evidence.squares import ACROSS, DRAWN, MOST_SHEETS, MOST_SIGNS, ROWS, Grid, named, sheets
from evidence.testing import CHILD, as_png
from evidence.viewing import Sharpness

PAGE = Grid(1_280, 2_400)
WHERE = "The post alone"
sizes = st.builds(Grid, st.integers(1, 400), st.integers(1, 400))


def letter(column: int) -> str:
    """Return the letter of a column, counted from 0."""
    return chr(ord("A") + column)


@pytest.mark.parametrize(
    "text",
    [
        "B3, C3-D5",
        "b3,c3-d5",
        " b 3 ;  C 3 - D 5 ",
        "B3\nC3\u2013D5",
        "B3 C3\u2014D5.",
        "B3, D5-C3",
        "B3 , C3 to D5,",
        "B3; C3:D5",
        "\uff22\uff13, C3\u00a0\u2212\u00a0D5",
        "B03, C5-D3",
        "B3, C3..D5",
        "B3. C3 ... D5.",
        "B3, C3\u2026D5",
        "B3, c3\u2025 d5",
        "B3, C3. . D5",
    ],
)
def test_a_hurried_hand_is_understood(text: str) -> None:
    """Small letters, blanks, any dash, any order of the corners, line ends and full-width signs."""
    assert named(text, PAGE, WHERE) == (Box(106, 213, 107, 107), Box(213, 213, 213, 320))


@pytest.mark.parametrize("text", ["", "  ", " , ;\n."])
def test_nothing_typed_names_nothing(text: str) -> None:
    """An empty field covers nothing."""
    assert named(text, PAGE, WHERE) == ()


@pytest.mark.parametrize(
    ("text", "word", "mend"),
    [
        ("B3, M3", "'M3'", "from A1 to L23"),
        ("B3, b24-b25", "'b24'", "from A1 to L23"),
        ("A0", "'A0'", "from A1 to L23"),
        ("B3 face D5", "'face'", "a letter and a number, B3, or a range, C3-D5"),
        ("3B", "'3B'", "a letter and a number"),
        ("C3-5", "'C3-5'", "a letter and a number"),
        ("B3x", "'B3x'", "a letter and a number"),
        ("B3-", "'B3-'", "a letter and a number"),
        ("B3..", "'..'", "a letter and a number"),
        ("B3, ..D5", "'..D5'", "or a range, C3-D5"),
        ("B3..C4..D5", "'..D5'", "or a range, C3-D5"),
        ("B3\u2026M3", "'M3'", "from A1 to L23"),
        ("B\u0663", "'B\u0663'", "a letter and a number"),
        ("x" * 500, f"'{'x' * 20}'", "a letter and a number"),
    ],
)
def test_a_wrong_word_is_named_with_the_mend(text: str, word: str, mend: str) -> None:
    """And the picture to which the field belongs."""
    with pytest.raises(RedactionError) as refused:
        named(text, PAGE, WHERE)

    assert str(refused.value).startswith(f"{WHERE}: {word}")
    assert mend in str(refused.value)


@pytest.mark.parametrize("text", ["A1 " * 501, "A1-L23 " * (MOST_SIGNS // 7 + 1)])
def test_too_much_is_refused(text: str) -> None:
    """A field holds some hundred squares; who needs more names ranges."""
    with pytest.raises(RedactionError, match="larger ranges"):
        named(text, PAGE, WHERE)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_is_squares_or_one_refusal(text: str) -> None:
    """Never a breakdown, and never a box outside the picture."""
    try:
        found = named(text, PAGE, WHERE)
    except RedactionError:
        return
    assert all(0 <= one.x < one.x + one.width <= PAGE.width and 0 <= one.y < one.y + one.height <= PAGE.height for one in found)


@given(sizes)
def test_squares_lie_side_by_side_and_cover_the_picture(grid: Grid) -> None:
    """Each pixel lies in exactly one square; none is larger than a twelfth of the width, rounded up."""
    columns = [grid.box(column, 0, column, 0) for column in range(grid.across)]
    rows = [grid.box(0, row, 0, row) for row in range(grid.down)]

    assert [x for one in columns for x in range(one.x, one.x + one.width)] == list(range(grid.width))
    assert [y for one in rows for y in range(one.y, one.y + one.height)] == list(range(grid.height))
    assert max(one.width for one in columns) <= -(-grid.width // ACROSS)
    assert max(one.height for one in rows) <= -(-grid.width // ACROSS)


@given(sizes, st.data())
@settings(max_examples=60, deadline=None)
def test_every_pixel_of_a_named_range_is_covered_and_none_beside_it(grid: Grid, chosen: st.DataObject) -> None:
    """Burned into a picture: inside the named squares the fill alone, outside not a pixel changed."""
    across, down = st.integers(0, grid.across - 1), st.integers(0, grid.down - 1)
    left, right = sorted((chosen.draw(across), chosen.draw(across)))
    top, bottom = sorted((chosen.draw(down), chosen.draw(down)))
    (box,) = named(f"{letter(right)}{top + 1}-{letter(left)}{bottom + 1}", grid, WHERE)
    made = Image.open(io.BytesIO(cover(as_png(Image.new("RGB", (grid.width, grid.height), CHILD)), [box])))

    # worked out the other way round: a pixel is of the square in which its last part lies
    columns = [x for x in range(grid.width) if left <= ((x + 1) * grid.across - 1) // grid.width <= right]
    rows = [y for y in range(grid.height) if top <= ((y + 1) * grid.across - 1) // grid.width <= bottom]
    inside = {(x, y) for x in columns for y in rows}
    dots = made.load()
    assert dots is not None
    assert {(x, y) for x in range(grid.width) for y in range(grid.height) if dots[x, y] == FILL} == inside


def opened(content: bytes) -> Image.Image:
    """Return a sheet's picture."""
    return Image.open(io.BytesIO(content)).convert("RGB")


def test_a_sheet_is_the_picture_with_names_over_it() -> None:
    """As wide as a screen takes; the middle of a square shows the picture; a long picture comes in pieces that meet."""
    tall = sheets(as_png(Image.new("RGB", (600, 50 * 90), CHILD)), Sharpness.SHARP)

    assert [(one.first, one.last) for one in tall] == [(1, ROWS), (ROWS + 1, 2 * ROWS), (2 * ROWS + 1, 90)]
    assert [opened(one.png).size for one in tall] == [(DRAWN, ROWS * 75), (DRAWN, ROWS * 75), (DRAWN, 10 * 75)]
    assert opened(tall[0].png).getpixel((75 + 60, 60)) == CHILD
    colours = opened(tall[0].png).getcolors(1 << 20)
    assert colours is not None
    assert {(27, 39, 51), (255, 255, 255)} <= {colour for _, colour in colours}


def test_each_square_bears_its_own_name() -> None:
    """Two squares differ by what is written in them; a last row of few pixels is named too."""
    (sheet,) = sheets(as_png(Image.new("RGB", (1_200, 310), CHILD)), Sharpness.SHARP)
    picture = opened(sheet.png)
    squares = {
        picture.crop((75 * column + 3, 75 * row + 3, 75 * column + 70, 75 * row + 70)).tobytes() for column in range(12) for row in range(3)
    }

    assert len(squares) == 36
    assert sheet.last == 4


def test_the_blurred_sheet_hides_words_and_keeps_the_squares() -> None:
    """Without colour for who chose that."""
    noise = Image.effect_noise((1_200, 600), 120).convert("RGB")
    sharp, light = (opened(sheets(as_png(noise), one)[0].png) for one in (Sharpness.SHARP, Sharpness.LIGHT))
    grey = opened(sheets(as_png(Image.new("RGB", (1_200, 600), CHILD)), Sharpness.SHARP, greyscale=True)[0].png)
    place = (20, 45, 70, 70)

    low, high = light.crop(place).convert("L").getextrema()
    assert int(high) - int(low) < 60  # type: ignore[arg-type]
    assert ImageChops.difference(sharp, light).getbbox() is not None
    red, green, blue = grey.crop(place).split()
    assert ImageChops.difference(red, green).getbbox() is None
    assert ImageChops.difference(green, blue).getbbox() is None


def test_a_sliver_ends_somewhere_and_what_is_none_is_said() -> None:
    """A picture one pixel wide and very long is not drawn for ever; a damaged file is refused in words."""
    assert len(sheets(as_png(Image.new("RGB", (1, 20_000))), Sharpness.SHARP)) == MOST_SHEETS
    with pytest.raises(RedactionError, match="cannot be drawn"):
        sheets(b"no picture", Sharpness.LIGHT)
