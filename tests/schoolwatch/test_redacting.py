"""The desk at which parts are covered: by whom, of what, recorded how; a stopped case offers nothing."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pillow_heif
import pytest
from PIL import Image

from casework.handover import PICTURE_NAME, TRANSCRIPT
from dashboard.parts.testing import World, build
from data.clock import FixedClock
from data.errors import NotFoundError, PermissionDeniedError
from data.model.cases import Case
from data.model.evidence import CaptureOrder, Evidence, EvidenceKind, SafetyAnswer
from data.model.readings import Category
from evidence.boxes import FILL, Box, Choice, Drawn, RedactionError
from evidence.covering import MARK, PhraseError, holds
from evidence.custody import verify
from evidence.errors import CaptureForbiddenError
from evidence.redaction import MADE, NO_MAP
from evidence.report import Variant
from evidence.supplied import Account, Brought
from evidence.testing import CHILD, painted_page, sealed_page, square
from schoolwatch import redacting
from schoolwatch.pictures import LookRefusedError
from schoolwatch.redacting import WHY_SQUARES, Squared

TEXT = "Ivy Fernhollow won the race, and Mr Quillfeather took the money."
NOTHING_SEEN = Squared((), {}, is_blurred=True)
ALL = Choice(all_pictures=True, phrases=("Ivy Fernhollow",))


@pytest.fixture
def world(tmp_path: Path, clock: FixedClock, database_url: str) -> Iterator[World]:
    """A desk on which nothing lies yet; its clock has fractions of a second, as real ones have."""
    clock.forward(timedelta(microseconds=123_457))
    made = build(tmp_path, clock, database_url)
    yield made
    made.desk.close()


@pytest.fixture
def case(world: World) -> Case:
    """A case about a harm to a teacher."""
    return world.open_case("trip", TEXT, Category.HARASSMENT_STAFF)


@pytest.fixture
def original(world: World, case: Case) -> Evidence:
    """A capture with pictures and a map of the page, sealed as the worker would."""
    return _captured(world, case)


def _captured(world: World, case: Case, answer: SafetyAnswer = SafetyAnswer.NO) -> Evidence:
    room, now = world.desk.casework, world.clock.now()
    item = room.case(world.people["dsl"], case.id).items[0]
    order = room.order_capture(world.people["dsl"], case.id, item.id, answer)
    sealed, custody = sealed_page(
        case,
        item.id,
        painted_page(TEXT, handle="@ivyfernhollow"),
        sealer=world.desk.sealer,
        now=now,
        id=f"e{order.id}",
        order_id=order.id,
        title="Ivy Fernhollow wins",
        ref=f"{case.ref}-E{len(room.case(world.people['dsl'], case.id).evidence) + 1}",
    )
    return room.evidence_sealed(order.id, sealed, custody)


def _read(world: World, evidence: Evidence, name: str) -> bytes:
    return world.desk.vault.get(next(one.sha256 for one in evidence.files if one.name == name))


def test_what_can_be_covered_is_listed(world: World, original: Evidence) -> None:
    """The pictures of the page with their places, the kept pictures, and no phrase yet."""
    found = world.desk.redacting.begin(world.people["dsl"], original.id)

    assert found.has_map
    assert [words for _, words in found.pictures] == ["children beside a pond", ""]
    assert "post.png" in found.files
    assert found.phrases == ()


def test_a_copy_is_sealed_names_its_original_and_shows_nothing_covered(world: World, original: Evidence) -> None:
    """A new piece of evidence of its own kind; the original stays; the name is in none of its files or facts."""
    copied = world.desk.redacting.make(world.people["dsl"], original.id, ALL)

    assert (copied.kind, copied.derived_from, copied.ref) == (EvidenceKind.REDACTED, original.id, f"{original.ref[:-1]}2")
    assert copied.title == f"{MARK} wins"
    assert not copied.counts
    assert json.loads(_read(world, copied, "post.json"))["text"] == f"{MARK} won the race, and Mr Quillfeather took the money."
    assert all(b"Fernhollow" not in _read(world, copied, one.name) for one in copied.files)
    picture = Image.open(io.BytesIO(_read(world, copied, "page-full-01.png")))
    assert CHILD not in {colour for _, colour in picture.getcolors(1 << 24) or ()}
    with world.desk.store.read() as work:
        assert work.evidence.get(original.id) == original


def test_a_copy_that_is_refused_after_its_seal_leaves_no_file(
    world: World, case: Case, original: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while the copy was being sealed, nothing of it stays; the original's files do."""
    room, lead = world.desk.casework, world.people["dsl"]
    before = {path.name for path in world.desk.vault.root.glob("??/*")}
    real = room.redacted_copy_made

    def stopped_meanwhile(*given: object) -> Evidence:
        room.saw_indecent(lead, case.id)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(room, "redacted_copy_made", stopped_meanwhile)
    with pytest.raises(CaptureForbiddenError):
        world.desk.redacting.make(lead, original.id, ALL)

    assert {path.name for path in world.desk.vault.root.glob("??/*")} == before


def test_custody_and_history_tell_who_made_it_and_never_the_words(world: World, case: Case, original: Evidence) -> None:
    """Lines for the copy and for the original; the chain holds; the history names the copy, the phrases only in its fields."""
    copied = world.desk.redacting.make(world.people["dsl"], original.id, ALL)
    with world.desk.store.read() as work:
        chain = work.custody.of([original.id, copied.id])
        event = next(one for one in work.case_events.of(case.id) if one.what == MADE)
        order = work.orders.get(copied.order_id)

    assert [(one.evidence_id == copied.id, one.what) for one in chain][-5:] == [
        (True, "safety answer"),
        (True, "taken from"),
        (True, "redacted copy made"),
        (True, "sealed"),
        (False, "redacted copy made"),
    ]
    verify(chain)
    assert not any("Fernhollow" in one.detail for one in chain)
    assert event.fields == {"evidence_id": copied.id, "phrases": ["Ivy Fernhollow"]}
    assert event.reason is None
    assert isinstance(order, CaptureOrder)
    assert (order.answer, order.evidence_id, order.state.value) == (SafetyAnswer.NO, copied.id, "done")


def test_names_covered_before_are_covered_again(world: World, original: Evidence) -> None:
    """Nobody has to type them twice; they are offered too."""
    desk, lead = world.desk.redacting, world.people["dsl"]
    desk.make(lead, original.id, Choice(phrases=("Ivy Fernhollow",)))
    second = desk.make(lead, original.id, Choice(phrases=("Quillfeather",)))

    assert desk.begin(lead, original.id).phrases == ("Ivy Fernhollow", "Quillfeather")
    assert json.loads(_read(world, second, "post.json"))["text"] == f"{MARK} won the race, and Mr {MARK} took the money."
    assert second.ref.endswith("-E3")


def test_a_preview_keeps_nothing_is_recorded_and_can_be_fetched_once(world: World, case: Case, original: Evidence) -> None:
    """The covered picture comes by a token of this person and browser; a second fetch and another person are refused."""
    desk, lead = world.desk, world.people["dsl"]
    before = sorted(one.name for one in desk.vault.root.glob("??/*"))

    seen = desk.redacting.preview(lead, "browser-1", original.id, ALL)
    name, token = seen.pictures[0]
    picture = Image.open(io.BytesIO(desk.pictures.fetch(lead, "browser-1", original.id, name, token)))

    assert CHILD not in {colour for _, colour in picture.convert("RGB").getcolors(1 << 24) or ()}
    with pytest.raises(LookRefusedError):
        desk.pictures.fetch(lead, "browser-1", original.id, name, token)
    with pytest.raises(LookRefusedError):
        desk.pictures.fetch(lead, "browser-2", original.id, *seen.pictures[1])
    assert sorted(one.name for one in desk.vault.root.glob("??/*")) == before
    assert "won the race" in seen.text
    assert "Fernhollow" not in seen.text
    with desk.store.read() as work:
        assert work.custody.of([original.id])[-1].what == "viewed"
        assert work.case_events.of(case.id)[-1].what == "revealed"
        assert work.evidence.count(case_id=case.id) == 1


def _unpacked(content: bytes, words_of: Callable[[bytes], str]) -> dict[str, str]:
    """Return every file of a pack as words: PDFs with their metadata, JSON with its escapes undone, all else letter by letter."""
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: _as_words(opened.read(name), words_of) for name in opened.namelist()} | {"names": " ".join(opened.namelist())}


def _as_words(content: bytes, words_of: Callable[[bytes], str]) -> str:
    if content.startswith(b"%PDF"):
        with pikepdf.open(io.BytesIO(content)) as opened, opened.open_metadata() as meta:
            return f"{words_of(content)} {meta} {dict(opened.docinfo)!r}"
    try:
        return "\n".join(json.dumps(json.loads(line), ensure_ascii=False) for line in content.decode().splitlines())
    except ValueError:
        return content.decode("latin-1")


def test_nothing_covered_is_in_any_file_of_the_redacted_pack(
    world: World, case: Case, original: Evidence, words_of: Callable[[bytes], str]
) -> None:
    """A note, the post, the capture and a second original without a copy all name the child; the pack that goes out does not, anywhere."""
    room, lead = world.desk.casework, world.people["dsl"]
    room.note(lead, case.id, "IVY fern-\nhollow is in Year 4.\nSo is @ivyfernhollow.")
    second = _captured(world, case)
    copied = world.desk.redacting.make(lead, original.id, Choice(all_pictures=True, phrases=("Ivy Fernhollow", "Fernhollow")))

    _, full = world.desk.safe.pack(lead, case.id, Variant.FULL)
    _, redacted = world.desk.safe.pack(lead, case.id, Variant.REDACTED)
    found = _unpacked(redacted, words_of)

    assert any(holds(text, ("Fernhollow",)) for text in _unpacked(full, words_of).values())
    assert [name for name, text in found.items() if holds(text, ("Ivy Fernhollow", "Fernhollow", "ivyfern"))] == []
    assert any(name.endswith(f"{copied.ref}/data/post.png") for name in found)
    assert not any(f"/{one.ref}/" in name for name in found for one in (original, second))
    assert any(second.ref in text for name, text in found.items() if name.endswith("index.csv"))


def test_after_another_name_is_covered_the_older_copy_goes_out_no_more(
    world: World, case: Case, original: Evidence, words_of: Callable[[bytes], str]
) -> None:
    """The older copy still shows what was covered since, so the pack takes the newer one only."""
    desk, lead = world.desk, world.people["dsl"]
    first = desk.redacting.make(lead, original.id, Choice(phrases=("Ivy Fernhollow",)))
    second = desk.redacting.make(lead, original.id, Choice(phrases=("Quillfeather",)))

    found = _unpacked(desk.safe.pack(lead, case.id, Variant.REDACTED)[1], words_of)

    assert any(f"/{second.ref}/" in name for name in found)
    assert not any(f"/{first.ref}/" in name for name in found)
    assert not any(holds(text, ("Quillfeather",)) for text in found.values())


def test_what_a_person_brought_is_covered_by_boxes_drawn_by_hand(world: World, case: Case) -> None:
    """There is no map: the copy warns of that, the box is burned in, the account of the person who brought it stays with the original."""
    lead, desk = world.people["dsl"], world.desk
    account = Account("a parent", "A screenshot on Ivy's telephone.", "the message", world.clock.now(), None, "")
    brought = desk.taking_in.take(lead, case.id, "", SafetyAnswer.NO, [Brought("IMG_1.png", square(CHILD, 60))], account)
    name = desk.redacting.begin(lead, brought.id).files[0]
    choice = Choice(boxes=(Box(0, 0, 60, 30),), phrases=("Ivy Fernhollow",))

    seen = desk.redacting.preview(lead, "b", brought.id, choice)
    copied = desk.redacting.make(lead, brought.id, choice)

    assert seen.made.warnings == (NO_MAP,)
    assert [one[0] for one in seen.pictures] == [name]
    picture = Image.open(io.BytesIO(_read(world, copied, "supplied-01.png")))
    assert (picture.getpixel((5, 5)), picture.getpixel((5, 40))) == (FILL, CHILD)
    assert (copied.supplied_by, copied.supplied_how) == (None, None)
    assert "supplied.json" not in {one.name for one in copied.files}


def test_a_square_of_the_second_part_lies_below_the_first(world: World, original: Evidence) -> None:
    """Squares are counted on each picture; their boxes on the page."""
    found = world.desk.redacting.named(
        world.people["dsl"], original.id, {"page-full-02.png": "G3-I5", "post.png": "a1", "page-full-01.png": " "}
    )

    assert found == (Drawn("page-full-02.png", Box(640, 1_413, 320, 320)), Drawn("post.png", Box(80, 180, 83, 83)))


def test_squares_cover_a_face_in_every_picture_that_shows_it(world: World, original: Evidence) -> None:
    """Typed for the whole page, burned into it, into the first screen and into the post's own picture."""
    desk, lead = world.desk.redacting, world.people["dsl"]
    squares = desk.named(lead, original.id, {"page-full-01.png": "A2-D4", "page-full-02.png": "G3-I5"})

    copied = desk.make(lead, original.id, Choice(squares=squares))

    assert all(CHILD not in _colours(_read(world, copied, one.name)) for one in copied.files if one.name.endswith(".png"))


@pytest.mark.parametrize(
    ("typed", "says"),
    [({"post.png": "Z9"}, "The post alone: 'Z9' is not on this picture"), ({"dom.html": "A1"}, "'dom.html' is no picture")],
)
def test_squares_that_are_none_are_refused(world: World, original: Evidence, typed: dict[str, str], says: str) -> None:
    """By the picture's name and the word."""
    with pytest.raises(RedactionError, match=re.escape(says)):
        world.desk.redacting.named(world.people["dsl"], original.id, typed)


def test_pictures_with_squares_are_a_recorded_look_blurred_first(world: World, case: Case, original: Evidence) -> None:
    """One line in the history, one in the chain; each address works once; drawn again on the same look without another line."""
    desk, lead, pictures = world.desk.redacting, world.people["dsl"], world.desk.pictures
    seen = desk.squares(lead, "b", original.id)
    first = seen.shown[0]

    assert [(one.name, one.first, one.last) for one in seen.shown] == [
        ("page-full-01.png", 1, 12),
        ("page-full-02.png", 1, 12),
        ("post.png", 1, 9),
        ("screen-as-seen.png", 1, 9),
    ]
    assert (seen.is_blurred, seen.problems) == (True, {})
    drawn = pictures.fetch(lead, "b", original.id, first.name, first.token)
    assert Image.open(io.BytesIO(drawn)).size == (900, 843)
    with pytest.raises(LookRefusedError):
        pictures.fetch(lead, "b", original.id, first.name, first.token)

    again = desk.squares_again(lead, "b", original.id, seen)
    assert again is not None
    assert pictures.fetch(lead, "b", original.id, first.name, again.shown[0].token) == drawn
    sharp = desk.squares(lead, "b", original.id, again)
    assert not sharp.is_blurred
    assert pictures.fetch(lead, "b", original.id, first.name, sharp.shown[0].token) != drawn

    with world.desk.store.read() as work:
        told = [one for one in work.case_events.of(case.id) if one.reason == WHY_SQUARES]
        chain = [one.detail for one in work.custody.of([original.id]) if one.what == "viewed"]
    assert [one.fields["file"] for one in told] == ["page-full-01.png, page-full-02.png, post.png, screen-as-seen.png"]
    assert chain == ["its pictures with squares over them", "its pictures with squares over them, sharp"]


def test_a_look_at_squares_is_one_persons_at_one_browser(world: World, original: Evidence) -> None:
    """Another browser, another person, another piece of evidence or an older secret gets nothing."""
    desk, lead = world.desk.redacting, world.people["dsl"]
    other = _captured(world, world.cases["trip"])

    assert desk.squares_again(lead, "another", original.id, desk.squares(lead, "b", original.id)) is None
    assert desk.squares_again(lead, "b", other.id, desk.squares(lead, "b", original.id)) is None
    seen = desk.squares(lead, "b", original.id)
    assert desk.squares_again(lead, "b", original.id, seen) is not None
    assert desk.squares_again(lead, "b", original.id, seen) is None
    with pytest.raises(LookRefusedError):
        desk.squares(lead, "b", original.id, seen)


def test_who_wants_no_blur_and_no_colour_gets_squares_so(world: World, original: Evidence) -> None:
    """The choice of a person holds here too."""
    lead = world.people["dsl"]
    world.desk.pictures.prefer(lead, greyscale=True, blurred_first=False)
    seen = world.desk.redacting.squares(lead, "b", original.id)
    drawn = world.desk.pictures.fetch(lead, "b", original.id, seen.shown[0].name, seen.shown[0].token)

    assert not seen.is_blurred
    assert CHILD not in _colours(drawn)


def test_squares_lie_over_what_a_person_brought(world: World, case: Case) -> None:
    """Two pictures of a telephone, one of them damaged: it is said, and the other one's face is covered in it alone."""
    lead, desk = world.people["dsl"], world.desk
    account = Account("a parent", "Screenshots.", "the message", world.clock.now(), None, "")
    files = [Brought("a.png", square(CHILD, 60)), Brought("b.png", square(CHILD, 48)), Brought("c.png", square((1, 2, 3))[:60])]
    brought = desk.taking_in.take(lead, case.id, "", SafetyAnswer.NO, files, account)
    seen = desk.redacting.squares(lead, "b", brought.id)
    copied = desk.redacting.make(lead, brought.id, Choice(squares=desk.redacting.named(lead, brought.id, {"supplied-01.png": "A1-L6"})))

    assert [one.name for one in seen.shown] == ["supplied-01.png", "supplied-02.png"]
    assert seen.problems["supplied-03.png"].startswith("A picture, number 3: not shown, ")
    assert _colours(_read(world, copied, "supplied-01.png")) == {FILL, CHILD}
    assert _colours(_read(world, copied, "supplied-02.png")) == {CHILD}


def test_a_photograph_of_an_iphone_is_looked_at_and_covered(world: World, case: Case) -> None:
    """The sealed file stays as it was brought, byte for byte; the copy is a PNG with the squares filled."""
    pillow_heif.register_heif_opener()
    kept = io.BytesIO()
    Image.new("RGB", (240, 180), CHILD).save(kept, "HEIF", quality=-1, chroma=444)
    lead, desk, pictures = world.people["dsl"], world.desk.redacting, world.desk.pictures
    account = Account("a parent", "Photographed.", "the message", world.clock.now(), None, "")
    brought = world.desk.taking_in.take(lead, case.id, "", SafetyAnswer.NO, [Brought("IMG_0001.HEIC", kept.getvalue())], account)

    opened = pictures.open(lead, "b", brought.id, "supplied-01.heic", "to see it")
    assert Image.open(io.BytesIO(pictures.fetch(lead, "b", brought.id, "supplied-01.heic", opened.token))).size == (240, 180)
    assert [(one.name, one.last) for one in desk.squares(lead, "b", brought.id).shown] == [("supplied-01.heic", 9)]
    copied = desk.make(lead, brought.id, Choice(squares=desk.named(lead, brought.id, {"supplied-01.heic": "A1-L9"})))

    assert _colours(_read(world, copied, "supplied-01.png")) == {FILL}
    assert _read(world, brought, "supplied-01.heic") == kept.getvalue()


def _papers(world: World, case: Case) -> dict[str, bytes]:
    room, lead = world.desk.casework, world.people["dsl"]
    item = room.case(lead, case.id).items[0].id
    with world.desk.store.read() as work:
        found = work.filings.where(case_id=case.id)
    filing = found[0] if found else room.offer_filing(lead, case.id, item, "teacher", "u-deputy", words="Please remove this.")
    with zipfile.ZipFile(io.BytesIO(world.desk.safe.papers(lead, filing.id)[1])) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_papers_for_the_person_concerned_take_the_copy(world: World, case: Case, original: Evidence) -> None:
    """Once a copy was made its picture goes out, and the transcript has the name covered; the original's picture does not."""
    assert CHILD in _colours(_papers(world, case)[PICTURE_NAME])

    world.desk.redacting.make(world.people["dsl"], original.id, ALL)
    given = _papers(world, case)

    assert CHILD not in _colours(given[PICTURE_NAME])
    assert f"{MARK} won the race" in given[TRANSCRIPT].decode()
    assert not holds(given[TRANSCRIPT].decode(), ("Ivy Fernhollow",))


def test_a_copy_that_shows_what_was_covered_since_is_not_given(world: World, case: Case, original: Evidence) -> None:
    """Then no picture goes out till the copy is made anew: neither the older copy's nor the original's."""
    lead = world.people["dsl"]
    world.clock.forward(timedelta(minutes=5))
    newer = _captured(world, case)
    world.desk.redacting.make(lead, newer.id, ALL)
    assert PICTURE_NAME in _papers(world, case)

    world.desk.redacting.make(lead, original.id, Choice(phrases=("Quillfeather",)))
    given = _papers(world, case)

    assert PICTURE_NAME not in given
    assert "Quillfeather" not in given[TRANSCRIPT].decode()


def _colours(content: bytes) -> set[object]:
    counted: Any = Image.open(io.BytesIO(content)).convert("RGB").getcolors(1 << 24)
    return {colour for _, colour in counted}


@pytest.mark.parametrize("who", ["comms", "governor", "it", "staff"])
def test_who_may_not_capture_may_not_cover(world: World, original: Evidence, who: str) -> None:
    """Neither the list, nor a look, nor a copy."""
    desk, person = world.desk.redacting, world.people[who]
    for act in (
        lambda: desk.begin(person, original.id),
        lambda: desk.squares(person, "b", original.id),
        lambda: desk.squares_again(person, "b", original.id, NOTHING_SEEN),
        lambda: desk.named(person, original.id, {}),
        lambda: desk.preview(person, "b", original.id, ALL),
        lambda: desk.make(person, original.id, ALL),
    ):
        with pytest.raises((PermissionDeniedError, NotFoundError)):
            act()


def test_a_stopped_case_offers_nothing(world: World, case: Case, original: Evidence) -> None:
    """After a STOP there is no list, no look and no copy, and no file more in the vault."""
    room, lead, desk = world.desk.casework, world.people["dsl"], world.desk.redacting
    room.order_capture(lead, case.id, room.case(lead, case.id).items[0].id, SafetyAnswer.NOT_SURE)
    before = sorted(one.name for one in world.desk.vault.root.glob("??/*"))

    for act in (
        lambda: desk.begin(lead, original.id),
        lambda: desk.squares(lead, "b", original.id),
        lambda: desk.squares_again(lead, "b", original.id, NOTHING_SEEN),
        lambda: desk.named(lead, original.id, {}),
        lambda: desk.preview(lead, "b", original.id, ALL),
        lambda: desk.make(lead, original.id, ALL),
    ):
        with pytest.raises(CaptureForbiddenError):
            act()

    assert sorted(one.name for one in world.desk.vault.root.glob("??/*")) == before


LOOKING: dict[str, Callable[[World, Evidence], object]] = {
    "preview": lambda world, original: world.desk.redacting.preview(world.people["dsl"], "browser-1", original.id, ALL),
    "squares": lambda world, original: world.desk.redacting.squares(world.people["dsl"], "browser-1", original.id),
}


@pytest.mark.parametrize("way", LOOKING)
@pytest.mark.parametrize("at", ["drawing", "recording"])
def test_a_look_that_is_drawn_while_the_case_is_stopped_is_not_given(
    world: World, case: Case, original: Evidence, monkeypatch: pytest.MonkeyPatch, way: str, at: str
) -> None:
    """Neither tokens nor words come after the stop, and the custody chain tells of no look that nobody had."""
    desk, lead = world.desk, world.people["dsl"]
    room, name = (desk.casework, "revealed") if at == "recording" else (redacting, {"preview": "make_copy", "squares": "_drawn"}[way])
    real = getattr(room, name)

    def stopped_meanwhile(*given: object, **more: object) -> object:
        done = real(*given, **more)
        desk.casework.saw_indecent(lead, case.id)
        return done

    monkeypatch.setattr(room, name, stopped_meanwhile)
    with pytest.raises(CaptureForbiddenError):
        LOOKING[way](world, original)
    with desk.store.read() as work:
        looks = [one for one in work.custody.of([original.id]) if one.what == "viewed"]
        told = [one for one in work.case_events.of(case.id) if one.what == "revealed"]

    assert looks == []
    assert len(told) == (at == "recording")  # that line was written while the case was open


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        (Choice(phrases=("ab",)), PhraseError),
        (Choice(pictures=(9,)), RedactionError),
        (Choice(boxes=(Box(0, 0, 0, 0),)), RedactionError),
        (Choice(files=("dom.html",)), RedactionError),
    ],
)
def test_a_wrong_choice_leaves_nothing_behind(world: World, case: Case, original: Evidence, choice: Choice, error: type[Exception]) -> None:
    """Said in words; no row, no file, no line of history."""
    files = sorted(one.name for one in world.desk.vault.root.glob("??/*"))

    for act in (world.desk.redacting.make, lambda by, one, made: world.desk.redacting.preview(by, "b", one, made)):
        with pytest.raises(error):
            act(world.people["dsl"], original.id, choice)

    with world.desk.store.read() as work:
        assert work.evidence.count(case_id=case.id) == 1
        assert work.case_events.of(case.id)[-1].what != MADE
    assert sorted(one.name for one in world.desk.vault.root.glob("??/*")) == files


def test_an_unknown_piece_of_evidence_is_not_found(world: World) -> None:
    """An id that nobody has."""
    with pytest.raises(NotFoundError):
        world.desk.redacting.begin(world.people["dsl"], "nothing")
