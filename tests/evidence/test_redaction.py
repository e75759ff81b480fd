"""Working copies: what is covered is gone, from pixels, texts, metadata and the report; what was not chosen stays as it was."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from collector.testing import a_kept_post
from data.model.cases import Capacity, Case, CaseEvent, CaseItem, Ground, RemovalCheck, Route, TakedownRequest, Verdict
from data.model.evidence import Evidence, EvidenceKind
from data.model.watch import School
from evidence.boxes import AROUND, FILL, Box, Choice, Drawn, RedactionError, boxes, cover, page_map
from evidence.covering import MARK, PhraseError, cleaned, covered, covered_everywhere, holds
from evidence.redaction import (
    CUT,
    DIFFERS,
    MADE,
    MOVED,
    NO_MAP,
    NO_PLACE,
    NOTHING_KEPT,
    OTHERWISE,
    Copy,
    Original,
    copies_that_count,
    copy_facts,
    make_copy,
    phrases_of,
    redacted_case_file,
    shown_as,
)
from evidence.report import CaseFile, Variant, chronology_csv
from evidence.report_pdf import report
from evidence.seal import Sealer, canonical
from evidence.testing import CHILD, KEY, MOMENT, SHEET, as_png, chained, painted_page, sealed_page
from evidence.vault import Vault

TEXT = "Sports day.\nIvy Fernhollow won, and Ivy's brother Tam Fern-\nhollow came last. Mr Quillfeather took the money."
LINES = ("Sports day.", "Ivy Fernhollow won, and Ivy's brother Tam Fern-", "hollow came last.", "Mr Quillfeather took the money.")
NAMES = ("Ivy Fernhollow", "Fernhollow", "Tam ")


@pytest.fixture
def sealer(vault: Vault) -> Sealer:
    """What seals in this test's vault."""
    return Sealer(vault, KEY)


Making = Callable[..., Original]


@pytest.fixture
def original(case: Case, item: CaseItem, sealer: Sealer, vault: Vault) -> Making:
    """Seal a painted page, with other files or facts where a test says so, and hand it over as an original."""

    def seal(changes: dict[str, bytes | None] | None = None, **more: Any) -> Original:
        """Seal it; a file that is None is left out."""
        files = painted_page(TEXT, lines=LINES, handle="@ivy_fernhollow@town.example") | (changes or {})
        kept = {name: content for name, content in files.items() if content is not None}
        evidence, _ = sealed_page(case, item.id, kept, sealer=sealer, now=MOMENT, **more)
        hashes = {one.name: one.sha256 for one in evidence.files}
        return Original(evidence, lambda name: vault.get(hashes[name]))

    return seal


def _image(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def _colours(content: bytes, box: tuple[int, int, int, int] | None = None) -> set[tuple[int, ...]]:
    image = _image(content).convert("RGB").crop(box)
    counted: Any = image.getcolors(1 << 24)
    return {colour for _, colour in counted}


# --- words ---


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ivy Fernhollow won", "[covered] won"),
        ("IVY   FERNHOLLOW won", "[covered] won"),
        ("ivy\nfernhollow won", "[covered] won"),
        ("I\u200bv\u00ady Fern\ufeffhollow won", "[covered] won"),
        ("Iv\u0301y F\u0323ernhollow won", "[covered] won"),
        ("\uff29\uff56\uff59 \uff26\uff45\uff52\uff4e\uff48\uff4f\uff4c\uff4c\uff4f\uff57 won", "[covered] won"),
        ("Ivy Fern-\nhollow won", "[covered] won"),
        ("#IvyFernhollow @ivy_fernhollow ivy-fernhollow won", "#[covered] @[covered] [covered] won"),
        ("https://x.example/p/ivy-fernhollow/1", "https://x.example/p/[covered]/1"),
        ("https://x.example/?n=Ivy%20Fernhollow&b=1", "https://x.example[covered]"),
        ("https://x.example/?n=%49vy%20Fernhollow&b=1", "https://x.example[covered]"),
        ("https://x.example/?n=%2549vy%2520Fernhollow end", "https://x.example[covered] end"),
        ("Ivy\u00a0\u2003Fernhollow\u0000 won", "[covered]\u0000 won"),
        ("Poison ivy, fern hollow", "Poison ivy, fern hollow"),
        ("nothing here", "nothing here"),
        ("", ""),
    ],
)
def test_a_phrase_is_found_however_it_is_written(text: str, left: str) -> None:
    """Case, accents, blanks, line ends, unseen characters, full-width letters, handles and addresses make no difference."""
    assert covered(text, ["Ivy Fernhollow"]) == left


def test_accents_are_found_both_ways() -> None:
    """A name typed without its accent is found with it, and the other way round; ligatures too."""
    assert covered("Zoë Łasińska, Zoe\u0308", ["zoe"]) == "[covered] Łasińska, [covered]\u0308"
    assert covered("Zoe came", ["Zoë"]) == "[covered] came"
    assert covered("Ms Ffi\ufb03n", ["Ffiffin"]) == "Ms [covered]"
    assert covered("Frau Strauß", ["strauss"]) == "Frau [covered]"


@pytest.mark.parametrize(
    ("phrase", "text", "left"),
    [
        (
            "Ivy Fern-Hollow",
            "Ivy Fern Hollow, ivyfernhollow, @ivy_fernhollow, Ivy Fern\u2010Hollow",
            "[covered], [covered], @[covered], [covered]",
        ),
        ("Sean O'Fern", "seanofern; Sean OFern! Sean O\u2019Fern", "[covered]; [covered]! [covered]"),
        (
            "Ivy Fern",
            "Ivy, Fern! Ivy (Fern! ivy:fern! ivy~fern! ivy=fern! ivy&fern! ivy;fern! ivy&nbsp;fern! ivy\\u0020fern!",
            "[covered]! " * 8 + "[covered]!",
        ),
        ("Ivy Fern", "Fern, Ivy! @fernivy fern.ivy", "[covered]! @[covered]"),
        ("Ivy Fern", "ivy_fern ivy-fern fern.ivy", "[covered] [covered] [covered]"),
        ("Ivy Rose Fern", "Fern, Ivy Rose", "[covered]"),
        ("\u0141ucja S\u00f8ren", "Lucja Soren LUCJA S\u00d8REN", "[covered] [covered]"),
        ("Lucja Soren", "\u0141ucja S\u00f8ren", "[covered]"),
        ("Th\u00e6dor", "Thaedor \u00deaedor TH\u00c6DOR", "[covered] [covered] [covered]"),
        ("Ivy Fern", "\u0406vy F\u0435rn and \u0399vy Fern", "[covered] and [covered]"),
        ("Nikos", "\u039dikos", "[covered]"),
        ("\u039d\u03af\u03ba\u03bf\u03c2", "\u039d\u0399\u039a\u039f\u03a3 \u03bd\u03b9\u03ba\u03bf\u03c2", "[covered] [covered]"),
        ("Jan M\u00fcller", "Jan Mueller, Jan Muller", "[covered], [covered]"),
        ("Jan Mueller", "Jan M\u00fcller", "[covered]"),
        ("Joe Fern", "Joey Ferns of Jo Fern", "Joey Ferns of Jo Fern"),
    ],
)
def test_ordinary_spellings_of_a_name_are_found(phrase: str, text: str, left: str) -> None:
    """Hyphens and apostrophes left out, other signs between, the last name first, letters with strokes, of other scripts, umlauts."""
    assert covered(text, [phrase]) == left


def test_a_phrase_found_in_the_mark_itself_is_refused() -> None:
    """Without its hyphen it would stand in every mark."""
    with pytest.raises(PhraseError, match="the mark"):
        cleaned(["cov-ered"])


def test_inside_longer_words_it_is_covered_too() -> None:
    """Too much rather than too little; overlapping finds become one mark."""
    assert covered("Annabel planned", ["Ann"]) == "[covered]abel pl[covered]ed"
    assert covered("ananan", ["anan"]) == "[covered]"


@pytest.mark.parametrize("phrase", ["", "  "])
def test_empty_phrases_are_passed_over(phrase: str) -> None:
    """An empty line in the field is no phrase."""
    assert cleaned([phrase, " Ivy  Fern ", "IVY FERN"]) == ("Ivy Fern",)


@pytest.mark.parametrize("phrase", ["ab", "a b", "\u200b\u200b\u200b", "cover", "[covered]", "x" * 2_001])
def test_a_phrase_that_cannot_be_covered_is_refused_without_repeating_it(phrase: str) -> None:
    """Too short, unseen, a part of the mark itself, too long: the message names the number, never the words."""
    with pytest.raises(PhraseError, match="phrase 2") as refused:
        cleaned(["Ivy", phrase])

    assert len(phrase) < 5 or phrase not in str(refused.value).replace(MARK, "")


def test_more_phrases_than_a_person_types_are_refused() -> None:
    """201 phrases are a mistake."""
    with pytest.raises(PhraseError, match="at most 200"):
        cleaned([f"name number {number}" for number in range(201)])


LETTERS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="[]"), min_size=3, max_size=12)


def _plain(text: str) -> str:
    """The plainest reading of a text: compatibility form, small, one blank between words."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@given(LETTERS, st.lists(st.text(max_size=30), max_size=4))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@example("Ivy", ["Ivy", "ivy"])
@example("c-o--v", ["co"])
@example("\u039d\u03af\u03ba-", ["\u03bd"])
def test_no_phrase_survives_in_any_text(phrase: str, around: list[str]) -> None:
    """Whatever stands around it, how often it comes, in which case: afterwards it is not in the text, read as plainly as one can."""
    try:
        wanted = cleaned([phrase])
    except PhraseError:
        return
    if not wanted:
        return
    text = phrase.join(["", *around, phrase.upper(), phrase.swapcase(), ""])
    left = covered(text, wanted)

    assert not holds(left, wanted)
    assert _plain(wanted[0]) not in _plain(left.replace(MARK, " | "))


def test_names_of_fields_and_nested_lists_are_covered() -> None:
    """Every text of a value, keys too; numbers stay."""
    value = {"Ivy Fern": ["x", ("ivy fern", 3, None)], "n": 1.5}

    assert covered_everywhere(value, ["Ivy Fern"]) == {MARK: ["x", (MARK, 3, None)], "n": 1.5}


# --- boxes ---


def test_the_map_gives_boxes_for_pictures_and_for_lines_with_a_phrase(original: Making) -> None:
    """A name that goes over two lines covers both; a picture is covered a little over its edge."""
    found = page_map(original().facts("layout.json"))

    lines = boxes(found, Choice(phrases=("Tam Fernhollow",)))
    pictures = boxes(found, Choice(pictures=(1, 1)))

    assert [box.y + AROUND for box in lines] == [640, 680]
    assert pictures == (Box(100, 200, 301, 201).grown(AROUND),)
    assert len(boxes(found, Choice(all_pictures=True, boxes=(Box(0, 0, 5, 5),)))) == 3


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (Choice(pictures=(3,)), "lists 2"),
        (Choice(pictures=(0,)), "lists 2"),
        (Choice(boxes=(Box(0, 0, 0, 5),)), "1 pixel"),
        (Choice(keep=Box(0, 0, 5, -1)), "1 pixel"),
        (Choice(boxes=(Box(10**9, 0, 5, 5),)), "too far"),
        (Choice(boxes=(Box(0, 0, 5, 5),) * 501), "at most 500"),
        (Choice(files=("../x.png",)), "no picture"),
    ],
)
def test_a_choice_that_cannot_be_followed_is_refused(original: Making, choice: Choice, says: str) -> None:
    """The message names what is wrong; no copy comes of it."""
    with pytest.raises(RedactionError, match=says):
        make_copy(original(), choice)


@pytest.mark.parametrize(
    "layout", [b"[]", b"{", b'{"images": 3, "lines": [1, {"x": "a"}]}', b'{"images": [{"x": 1e400, "y": 0, "w": 1, "h": 1}]}']
)
def test_a_map_that_cannot_be_read_is_no_map(original: Making, layout: bytes) -> None:
    """Then the copy warns that words in pictures are covered by hand only."""
    made = make_copy(original({"layout.json": layout}), Choice(phrases=("Fernhollow",)))

    assert made.warnings == (NO_MAP,)


@given(st.integers(-50, 150), st.integers(-50, 150), st.integers(1, 200), st.integers(1, 200), st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_covered_pixels_are_of_one_colour_and_all_others_as_they_were(x: int, y: int, width: int, height: int, left: int, top: int) -> None:
    """For any box and any place of the picture on the page: inside the fill alone, outside not a pixel changed."""
    picture = Image.effect_noise((100, 90), 80).convert("RGB")
    made = _image(cover(as_png(picture), [Box(x, y, width, height)], at=(left, top)))

    inside = [(column, row) for column in range(100) for row in range(90) if x <= column + left < x + width and y <= row + top < y + height]
    places = set(inside)

    assert all(made.getpixel(place) == FILL for place in inside)
    assert all(
        made.getpixel((column, row)) == picture.getpixel((column, row))
        for column in range(0, 100, 7)
        for row in range(90)
        if (column, row) not in places
    )


def test_everything_but_one_box_is_covered() -> None:
    """What is kept stays exactly, all around is fill; a box beside the picture keeps nothing."""
    picture = as_png(Image.effect_noise((60, 50), 80).convert("RGB"))

    kept = _image(cover(picture, [], keep=Box(10, 5, 20, 10)))
    none = cover(picture, [], keep=Box(500, 500, 5, 5))

    assert kept.crop((10, 5, 30, 15)).tobytes() == _image(picture).crop((10, 5, 30, 15)).tobytes()
    assert kept.getpixel((9, 5)) == kept.getpixel((30, 14)) == kept.getpixel((10, 15)) == FILL
    assert _colours(none) == {FILL}


def test_nothing_but_pixels_is_in_the_file() -> None:
    """Comments, profiles and times of the original are gone, and so is its compressed data."""
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "Ivy Fernhollow")
    written = io.BytesIO()
    Image.new("RGB", (30, 30), CHILD).save(written, "PNG", pnginfo=told, dpi=(72, 72), icc_profile=b"Ivy profile")

    made = cover(written.getvalue(), [Box(0, 0, 30, 30)])

    assert b"Ivy" not in made
    assert [
        made[at : at + 4] for at in range(len(made)) if made[at : at + 4] in {b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"iCCP", b"tIME", b"pHYs"}
    ] == []
    assert _image(made).info == {}


def test_a_photograph_of_a_telephone_is_covered_as_it_is_seen() -> None:
    """Its turn is applied before boxes are; what it says of camera and place is gone."""
    sideways = Image.new("RGB", (80, 40), "white")
    sideways.paste(CHILD, (0, 0, 20, 40))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Invented camera"  # turn by a quarter
    written = io.BytesIO()
    sideways.save(written, "JPEG", exif=exif, quality=95)

    made = cover(written.getvalue(), [Box(0, 0, 40, 25)])

    assert _image(made).size == (40, 80)
    assert _image(made).getpixel((20, 10)) == FILL
    assert b"Invented camera" not in made


@pytest.mark.parametrize("broken", [b"", b"no picture", as_png(Image.new("RGB", (9, 9)))[:40]])
def test_a_picture_that_cannot_be_read_is_refused(broken: bytes) -> None:
    """It is never passed on as it is."""
    with pytest.raises(RedactionError, match="cannot be covered"):
        cover(broken, [])


# --- copies ---


def test_all_pictures_are_covered_in_every_part_of_the_page(original: Making) -> None:
    """First screen, both parts and the post's own picture: not a pixel of a child's picture is left, the words are."""
    made = make_copy(original(), Choice(all_pictures=True)).files

    assert sorted(made) == ["page-full-01.png", "page-full-02.png", "post.json", "post.png", "screen-as-seen.png"]
    assert all(CHILD not in _colours(content) for name, content in made.items() if name.endswith(".png"))
    assert all((20, 90, 160) in _colours(made[name]) for name in ("page-full-01.png", "post.png", "screen-as-seen.png"))
    assert _colours(made["page-full-02.png"], (700, 300, 900, 500)) == {FILL}
    assert _colours(made["post.png"], (20, 20, 320, 220)) == {FILL}


def test_lines_with_a_name_are_covered_and_the_name_is_gone_from_the_text(original: Making) -> None:
    """The lines are filled in every picture; `post.json` reads [covered]; the handle with the same name too."""
    made = make_copy(original(), Choice(phrases=NAMES))

    assert _colours(made.files["page-full-01.png"], (100, 640, 1000, 670)) == {FILL}
    assert _colours(made.files["page-full-01.png"], (100, 680, 1000, 710)) == {FILL}
    assert (20, 90, 160) in _colours(made.files["page-full-01.png"], (100, 600, 1000, 630))
    told = json.loads(made.files["post.json"])
    assert told["text"].startswith("Sports day.\n[covered] won, and Ivy's brother [covered]")
    assert told["author_handle"] == "@[covered]@town.example"
    assert made.covered["lines of text"] == 2


def test_source_text_archives_and_logs_are_never_in_a_copy(original: Making) -> None:
    """Each is named as left out."""
    made = make_copy(original(), Choice(all_pictures=True))

    assert {"dom.html", "page.mhtml", "page.txt", "layout.json", "network.jsonl"} & set(made.files) == set()
    assert all(
        any(name in line for line in made.left_out) for name in ("dom.html", "page.mhtml", "page.txt", "layout.json", "network.jsonl")
    )


def test_the_posts_own_picture_stays_out_when_nobody_noted_where_it_stood(original: Making) -> None:
    """Without its place, or with another size, it cannot be covered: left out, and said."""
    for noted in (None, {"x": 1}, {"x": 0, "y": 0, "width": 5, "height": 5}):
        made = make_copy(original(facts={"post_picture": noted}), Choice(all_pictures=True))

        assert "post.png" not in made.files
        assert any(line.startswith("post.png: ") for line in made.left_out)


def test_a_first_screen_that_looked_different_stays_out(original: Making) -> None:
    """A banner moved everything, so the map does not fit; boxes by hand do without the map."""
    shifted = as_png(Image.new("RGB", (SHEET[0], 900), CHILD))
    moved = original({"screen-as-seen.png": shifted})

    by_map = make_copy(moved, Choice(all_pictures=True))
    by_hand = make_copy(moved, Choice(boxes=(Box(0, 0, 1_280, 900),)))

    assert "screen-as-seen.png" not in by_map.files
    assert any("looked different" in line for line in by_map.left_out)
    assert _colours(by_hand.files["screen-as-seen.png"]) == {FILL}


def test_a_picture_of_the_post_in_which_things_moved_stays_out(original: Making) -> None:
    """A hidden bar moved the post by some pixels: boxes by the map would miss a face; boxes by hand are a person's word."""
    sheet = _image(painted_page(TEXT, lines=LINES)["page-full-01.png"])
    moved = original({"post.png": as_png(sheet.crop((80, 210, 1_080, 930)))})

    made = make_copy(moved, Choice(all_pictures=True))

    assert "post.png" not in made.files
    assert any(line.startswith("post.png: what is to be covered stood elsewhere") for line in made.left_out)
    assert "post.png" in make_copy(moved, Choice(boxes=(Box(0, 0, 1_280, 900),))).files


def test_a_banner_over_the_page_but_not_over_the_post_costs_nothing(original: Making) -> None:
    """What lay over lines that nobody wants covered does not matter."""
    pages = painted_page(TEXT, lines=LINES)
    sheet = _image(pages["page-full-01.png"]).convert("RGB")
    sheet.paste((250, 250, 0), (0, 715, 1_280, 900))

    made = make_copy(original({"page-full-01.png": as_png(sheet)}), Choice(pictures=(1,)))

    assert "post.png" in made.files


@pytest.mark.parametrize(("top", "height"), [(1_000, 450), (1_450, 1_000)])
def test_a_picture_of_the_post_of_which_the_map_knows_nothing_stays_out(original: Making, top: int, height: int) -> None:
    """It shows a face, yet stands where the map lists nothing, or goes beyond the whole page's picture: its box was scrolled for it."""
    noted = {"x": 80, "y": top, "width": 1_000, "height": height}
    sheet = Image.new("RGB", (1_000, height), CHILD)
    sheet.paste(_image(painted_page(TEXT, lines=LINES, parts=1)["page-full-01.png"]).crop((80, top, 1_080, SHEET[1])), (0, 0))
    sheet.paste(CHILD, (0, 300, 1_000, 450))  # beside everything that is mapped
    shown = as_png(sheet)
    made = make_copy(original({"post.png": shown}, facts={"post_picture": noted}), Choice(all_pictures=True, phrases=("Ivy Fernhollow",)))

    assert "post.png" not in made.files
    assert any(line.startswith("post.png: what is to be covered stood elsewhere") for line in made.left_out)
    assert "page-full-01.png" in made.files


@pytest.mark.parametrize("choice", [Choice(all_pictures=True), Choice(phrases=("Fernhollow",)), Choice(pictures=(1,))])
def test_of_a_page_that_moved_no_picture_is_covered_by_its_map(original: Making, choice: Choice) -> None:
    """Also one that is chosen by its number stands elsewhere; an empty map of it is no reason either; boxes by hand need no map."""
    known = original().facts("layout.json") | {"cut": True, "steady": False}
    for layout in (known, known | {"images": [], "lines": []}):
        source = original({"layout.json": canonical(layout)})
        if choice.pictures and not layout["images"]:
            continue
        made = make_copy(source, choice)

        assert list(made.files) == ["post.json"]
        assert {f"{name}: {MOVED}" for name in source.names()} <= set(made.left_out)
        assert "page-full-01.png" in make_copy(source, Choice(boxes=(Box(0, 0, 1_280, 900),))).files


def test_a_map_that_was_read_once_is_doubted_when_the_first_screen_looked_different(original: Making) -> None:
    """Nothing tells whether the page moved before or after; read once, but alike, it is believed."""
    once = {name: value for name, value in original().facts("layout.json").items() if name != "steady"}
    layout, other = canonical(once), as_png(Image.new("RGB", (SHEET[0], 900), CHILD))

    assert list(make_copy(original({"layout.json": layout, "screen-as-seen.png": other}), Choice(all_pictures=True)).files) == ["post.json"]
    assert "page-full-01.png" in make_copy(original({"layout.json": layout}), Choice(all_pictures=True)).files
    assert "page-full-01.png" in make_copy(original({"screen-as-seen.png": other}), Choice(all_pictures=True)).files


def test_what_may_hold_a_name_is_covered_with_it(original: Making) -> None:
    """A picture whose alternative text holds the name, and what no script could look into; another picture stays."""
    known = original().facts("layout.json")
    for changed in ({"alt": "Ivy, FERNHOLLOW"}, {"unread": True}):
        source = original({"layout.json": canonical(known | {"images": [known["images"][0], known["images"][1] | changed]})})
        made = make_copy(source, Choice(phrases=("Ivy Fernhollow",)))

        assert made.covered["pictures on the page"] == 1
        assert _colours(made.files["page-full-02.png"], (700, 300, 900, 500)) == {FILL}
        assert CHILD in _colours(made.files["page-full-01.png"])


@pytest.mark.parametrize("choice", [Choice(all_pictures=True), Choice(phrases=("Fernhollow",))])
def test_a_map_that_was_cut_is_not_trusted(original: Making, choice: Choice) -> None:
    """Each picture of the page is left out, and why; one picture chosen by its number, or a box, is still covered."""
    source = original({"layout.json": canonical(original().facts("layout.json") | {"cut": True})})
    made = make_copy(source, choice)

    assert list(made.files) == ["post.json"]
    assert {f"{name}: {CUT}" for name in source.names()} <= set(made.left_out)
    assert "page-full-01.png" in make_copy(source, Choice(pictures=(1,))).files


def test_a_map_that_does_not_say_whether_it_is_whole_is_not_trusted(original: Making) -> None:
    """Our first maps said nothing of it; what is no map at all stays none."""
    known = original().facts("layout.json")
    source = original({"layout.json": canonical({name: value for name, value in known.items() if name != "cut"})})

    assert list(make_copy(source, Choice(all_pictures=True)).files) == ["post.json"]
    assert page_map(known).cut is False
    assert page_map({}).cut is False


# --- squares ---

FACE = Box(100, 200, 300, 200)  # the first picture on a painted page


def test_what_is_named_on_one_picture_is_covered_in_all_that_show_it(original: Making) -> None:
    """A face in the whole page, in the post's own picture and on the first screen, named once on any of them."""
    source = original()
    for named_on in ("page-full-01.png", "post.png", "screen-as-seen.png"):
        made = make_copy(source, Choice(squares=(Drawn(named_on, FACE),)))

        assert sorted(made.files) == ["page-full-01.png", "page-full-02.png", "post.json", "post.png", "screen-as-seen.png"]
        assert [CHILD in _colours(made.files[name]) for name in source.names()] == [name == "page-full-02.png" for name in source.names()]
        assert (made.covered["squares named by hand"], made.covered["boxes drawn by hand"], made.warnings) == (1, 0, ())


def test_a_picture_that_shows_something_else_there_stays_out_until_it_is_named_too(original: Making) -> None:
    """Everything had moved down by 60 pixels: covered by the page's square, half of the face would go out."""
    sheet = _image(painted_page(TEXT, lines=LINES)["page-full-01.png"])
    moved = Image.new("RGB", (SHEET[0], 900), "white")
    moved.paste(sheet.crop((0, 0, SHEET[0], 840)), (0, 60))
    source = original({"screen-as-seen.png": as_png(moved)})
    page, screen = Drawn("page-full-01.png", FACE), Drawn("screen-as-seen.png", Box(100, 260, 300, 200))

    once = make_copy(source, Choice(squares=(page,)))
    both = make_copy(source, Choice(squares=(page, screen)))

    assert f"screen-as-seen.png: {OTHERWISE}" in once.left_out
    assert all(CHILD not in _colours(once.files[name]) for name in ("page-full-01.png", "post.png"))
    assert CHILD not in _colours(both.files["screen-as-seen.png"])
    assert f"screen-as-seen.png: {DIFFERS}" in both.warnings
    assert f"post.png: {OTHERWISE}" in both.left_out  # it does not show what the first screen shows there


def test_a_post_that_stands_nowhere_on_the_page_is_covered_by_its_own_squares_alone(original: Making) -> None:
    """Its box was scrolled: what is named on the page says nothing of it, and what is named on it nothing of the page."""
    source = original(facts={"post_picture": None})
    own, other = Drawn("post.png", Box(20, 20, 300, 200)), Drawn("page-full-01.png", Box(100, 200, 300, 200))

    alone = make_copy(source, Choice(squares=(own,)))
    both = make_copy(source, Choice(squares=(own, other)))
    without = [Choice(squares=(other,)), Choice(boxes=(other.box,)), Choice(squares=(own,), phrases=("Tam",)), Choice(keep=own.box)]

    assert {name for name in alone.files if name.endswith(".png")} == {"post.png"}
    assert f"page-full-01.png: {OTHERWISE}" in alone.left_out
    assert CHILD not in _colours(both.files["post.png"]) | _colours(both.files["page-full-01.png"])
    assert all(f"post.png: {NO_PLACE}" in make_copy(source, choice).left_out for choice in without)


def test_only_a_named_part_is_kept_and_pictures_without_it_stay_out(original: Making) -> None:
    """The rest is filled; the second part of the page holds nothing of it."""
    made = make_copy(original(), Choice(keep=FACE, keep_in="post.png"))

    assert _colours(made.files["post.png"], (20, 20, 320, 220)) == {CHILD}
    assert _colours(made.files["page-full-01.png"], (100, 200, 400, 400)) == {CHILD}
    assert all(_colours(content) == {CHILD, FILL} for name, content in made.files.items() if name.endswith(".png"))
    assert f"page-full-02.png: {NOTHING_KEPT}" in made.left_out


def test_pictures_that_stand_on_no_page_are_covered_each_for_itself(original: Making) -> None:
    """What a person brought: a square of the first is none of the second; what is kept of one is not kept of the other."""
    files = dict.fromkeys(painted_page(TEXT)) | {
        f"supplied-0{number}.png": as_png(Image.new("RGB", (240, 240), CHILD)) for number in (1, 2)
    }
    source = original(files, kind=EvidenceKind.SUPPLIED)
    corner = Box(0, 0, 20, 20)

    covered_one = make_copy(source, Choice(squares=(Drawn("supplied-01.png", corner),)))
    kept_one = make_copy(source, Choice(keep=corner, keep_in="supplied-02.png"))

    assert _colours(covered_one.files["supplied-01.png"], (0, 0, 20, 20)) == {FILL}
    assert _colours(covered_one.files["supplied-02.png"]) == {CHILD}
    assert list(kept_one.files) == ["supplied-02.png"]
    assert f"supplied-01.png: {NOTHING_KEPT}" in kept_one.left_out


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (Choice(squares=(Drawn("dom.html", FACE),)), "no picture"),
        (Choice(keep=FACE, keep_in="x.png"), "no picture"),
        (Choice(squares=(Drawn("post.png", Box(0, 0, 0, 1)),)), "1 pixel"),
        (Choice(squares=(Drawn("post.png", FACE),) * 300, boxes=(FACE,) * 201), "at most 500"),
    ],
)
def test_squares_that_cannot_be_followed_are_refused(original: Making, choice: Choice, says: str) -> None:
    """As boxes are."""
    with pytest.raises(RedactionError, match=says):
        make_copy(original(), choice)


def test_only_the_chosen_pictures_are_in_it(original: Making) -> None:
    """The others are named as not chosen."""
    made = make_copy(original(), Choice(files=("post.png",), all_pictures=True))

    assert [name for name in made.files if name.endswith(".png")] == ["post.png"]
    assert "page-full-01.png: not chosen" in made.left_out


def test_a_copy_of_a_copy_is_refused(original: Making) -> None:
    """Made from the original each time, so that nothing covered is lost sight of."""
    with pytest.raises(RedactionError, match="working copy already"):
        make_copy(original(kind=EvidenceKind.REDACTED), Choice())


def test_a_copy_in_which_nothing_is_left_is_refused(original: Making) -> None:
    """No picture, no text: said, not sealed."""
    empty = dict.fromkeys(painted_page("x"))

    with pytest.raises(RedactionError, match="nothing would be left"):
        make_copy(original(empty), Choice())


def test_its_facts_tell_kinds_and_numbers_never_words(original: Making) -> None:
    """Who covered what kinds of things and when, of which original; no name, no word of a hidden element."""
    source = original(facts={"hops": ["https://x.example/ivy-fernhollow"], "interventions": {"clicked": 0, "hidden": [{"text": "Ivy"}]}})
    choice = Choice(phrases=NAMES, hide=frozenset({"title"}))
    told = copy_facts(source, make_copy(source, choice), choice, who={"id": "u-dsl", "name": "A. Q.", "role": "dsl"}, at=MOMENT)
    facts = json.loads(told)

    assert facts["original"]["ref"] == "SW-2026-0001-E1"
    assert facts["original"]["witness_code"] == source.evidence.seal_sha256
    assert facts["covered"]["phrases covered in texts"] == 3
    assert facts["interventions"] == {"clicked": 0}
    assert not holds(told.decode(), NAMES)
    assert shown_as(source, choice)["title"] == MARK


def test_a_covered_handle_and_address_are_covered_wherever_else_they_stand(original: Making) -> None:
    """In the text and in each other too."""
    text = "as @ivy_fernhollow said, see https://forum.example.org/t/1 now"
    source = original(
        {"post.json": canonical({"text": text, "author_handle": "@ivy_fernhollow", "address": "https://forum.example.org/t/1"})}
    )
    choice = Choice(hide=frozenset({"handle", "address"}))
    told = json.loads(make_copy(source, choice).files["post.json"])

    assert told == {"text": "as @[covered] said, see [covered] now", "author_handle": MARK, "address": MARK}
    assert shown_as(source, choice)["final_address"] == MARK


# --- the case that goes with them ---


def _file(case: Case, item: CaseItem, evidence: tuple[Evidence, ...], name: str) -> CaseFile:
    request = TakedownRequest(
        id="r1",
        case_id="c1",
        item_id="i1",
        ground=Ground.HARASSMENT,
        route=Route.SITE_OPERATOR,
        recipient="abuse@forum.example.org",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice="site_operator",
        subject=f"About {name}",
        body=f"It names\n{name.upper()}.",
        drafted_by="u-dsl",
        drafted_at=MOMENT,
    )
    check = RemovalCheck(
        id="k1",
        case_id="c1",
        item_id="i1",
        slot="1",
        by="system",
        at=MOMENT,
        verdict=Verdict.PRESENT,
        method="web page",
        detail=f"shows {name}",
        answer_sha256="0" * 64,
    )
    made = [one for one in evidence if one.kind is EvidenceKind.REDACTED]
    events = (
        CaseEvent(id="x1", case_id="c1", number=1, at=MOMENT, by="u-dsl", what="note", reason=f"{name} is in Year 4"),
        *(
            CaseEvent(
                id=one.id, case_id="c1", number=9, at=MOMENT, by="u-dsl", what=MADE, fields={"evidence_id": one.id, "phrases": [name]}
            )
            for one in made
        ),
    )
    return CaseFile(
        school=School(id="s1", name="Fernley Green Primary School", added_at=MOMENT),
        case=case.model_copy(update={"outcome": f"spoke with {name}"}),
        items=(item.model_copy(update={"address": f"https://x.example/{name}", "post_id": 1}),),
        posts=(
            a_kept_post(text=f"So {name} fell", author_handle=name, author_id=name, raw={"n": name}, links=(f"https://x.example/{name}",)),
        ),
        events=events,
        requests=(request,),
        checks=(check,),
        evidence=evidence,
        names={"u-dsl": "A. Quillfeather"},
    )


OWN_WORDS = "abcdefghijklmnopqrstuvwxyz"
NAMED = st.builds(
    lambda first, last: f"{first}qx {last}xq".title(),  # no word of our own holds these letters
    st.text(st.sampled_from(OWN_WORDS + "éßøłñ"), min_size=2, max_size=6),
    st.text(st.sampled_from(OWN_WORDS + "'-é"), min_size=2, max_size=6),
)


@given(NAMED)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@example("Ivy Fernhollow")
def test_no_covered_phrase_survives_anywhere_in_what_goes_out(
    case: Case, item: CaseItem, tmp_path_factory: pytest.TempPathFactory, words_of: Callable[[bytes], str], name: str
) -> None:
    """Report (words and metadata), chronology, every file of the copy, JSON escapes read: the name is nowhere."""
    vault = Vault(tmp_path_factory.mktemp("v"))
    sealer = Sealer(vault, KEY)
    files = painted_page(f"{name} fell", lines=(f"x {name}",), handle=f"@{name.replace(' ', '')}")
    own, drafts = sealed_page(case, item.id, files, sealer=sealer, now=MOMENT, title=f"About {name}", note=f"{name} seen")
    hashes = {one.name: one.sha256 for one in own.files}
    source, choice = Original(own, lambda file: vault.get(hashes[file])), Choice(phrases=(name,), all_pictures=True)
    copy = make_copy(source, choice)
    facts = json.loads(copy_facts(source, copy, choice, who={"name": "A. Quillfeather"}, at=MOMENT))
    copied, more = sealed_page(
        case,
        item.id,
        copy.files,
        sealer=sealer,
        now=MOMENT,
        facts=facts,
        **shown_as(source, choice),
        id="e-2",
        ref=f"{case.ref}-E2",
        kind=EvidenceKind.REDACTED,
        derived_from=own.id,
    )
    file = replace(_file(case, item, (own, copied), name), custody=chained((*drafts, *more)))
    safe = redacted_case_file(file, phrases_of(file.events))

    paper = report(safe, by="u-dsl", now=MOMENT, variant=Variant.REDACTED, pictures=lambda _, sealed: vault.get(sealed.sha256))

    texts = [words_of(paper), chronology_csv(safe), _metadata(paper)]
    texts += [_readable(vault.get(one.sha256)) for one in copied.files if not one.name.endswith(".png")]
    pictures = [vault.get(one.sha256).decode("latin-1") for one in copied.files if one.name.endswith(".png")]
    assert [text for text in (*texts, *pictures) if holds(text, (name,))] == []
    assert [text for text in texts if any(part in text.casefold() for part in name.casefold().split())] == []
    assert {one.id for one in safe.evidence} == {own.id, copied.id}


def _readable(content: bytes) -> str:
    """Read a file of JSON lines with its escapes undone."""
    return "\n".join(json.dumps(json.loads(line), ensure_ascii=False) for line in content.decode().splitlines())


def _metadata(paper: bytes) -> str:
    with pikepdf.open(io.BytesIO(paper)) as opened, opened.open_metadata() as meta:
        return f"{meta}{dict(opened.docinfo)!r}"


def test_every_text_of_the_case_is_covered_and_ids_stay(case: Case, item: CaseItem) -> None:
    """Requests, checks, history, address, post with its raw answer; the links between records still hold."""
    file = _file(case, item, (), "Ivy Fernhollow")
    safe = redacted_case_file(file, ("Ivy Fernhollow",))

    assert not holds(repr(replace(safe, events=())), ("Ivy Fernhollow",))
    assert [event.reason for event in safe.events] == ["[covered] is in Year 4"]
    assert (safe.case.id, safe.items[0].id, safe.items[0].post_id) == (file.case.id, "i1", 1)
    assert safe.checks[0].answer_sha256 is None
    assert safe.posts[0].raw == {}


def test_without_phrases_nothing_of_the_words_changes(case: Case, item: CaseItem) -> None:
    """Only what could give away a covered thing is taken out."""
    file = _file(case, item, (), "Ivy Fernhollow")

    assert redacted_case_file(file, ()).requests == file.requests


def test_an_older_copy_that_shows_what_was_covered_since_does_not_count(original: Making) -> None:
    """Of each original the newest counts, and only if it covers every phrase of the case."""
    one = original().evidence
    copies = tuple(
        one.model_copy(
            update={"id": f"k{n}", "kind": EvidenceKind.REDACTED, "derived_from": of, "captured_at": MOMENT + timedelta(minutes=n)}
        )
        for n, of in ((1, "a"), (2, "a"), (3, "b"))
    )

    def event(number: int, phrases: list[str]) -> CaseEvent:
        fields = {"evidence_id": f"k{number}", "phrases": phrases}
        return CaseEvent(id=str(number), case_id="c1", number=number, at=MOMENT, by="u", what=MADE, fields=fields)

    first, second, other = event(1, ["Ivy Fern"]), event(2, ["Ivy Fern", "Tam Fern"]), event(3, ["Ivy Fern"])

    assert [found.id for found in copies_that_count(copies, (first,))] == ["k1"]
    assert [found.id for found in copies_that_count(copies, (first, second, other))] == ["k2"]
    assert phrases_of((first, second)) == ("Ivy Fern", "Tam Fern")
    assert isinstance(Copy(), Copy)
