"""The papers for a person who must file a report themselves (A19): what is in them, what is left out, whom they are for."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pikepdf
import pytest

from casework import handover
from casework.handover import PICTURE_NAME, READ_ME, TRANSCRIPT, WORDS, HandOver, papers
from casework.testing import NOON, TEXT, a_case, a_post, a_school, an_evidence, an_item
from data.model.care import FilingState, PersonalFiling
from data.model.readings import Category
from evidence.pdf import Block, Bullets, Document, Figure, Quote, Rows
from evidence.testing import square

MINE = "I am the person this post speaks about. Please remove it."


def a_hand(**changes: Any) -> HandOver:
    """Return what the papers of a teacher are made of."""
    filing = PersonalFiling(
        id="f-1",
        case_id="case-1",
        item_id="item-1",
        route="complainant",
        person="teacher",
        supporter="u-deputy",
        link="https://forum.example.org/report",
        words=MINE,
        reply_by=NOON + timedelta(hours=5),
        offered_by="u-dsl",
        offered_at=NOON,
    )
    made = HandOver(filing, a_case(), a_school(), an_item(), "Invented Deputy", a_post(), an_evidence(), square((200, 10, 10)))
    return replace(made, **changes)


def said(document: Document) -> str:
    """Return every word of a document."""
    return "\n".join(_words(block) for block in document.blocks)


def _words(block: Block) -> str:
    match block:
        case Bullets(items):
            return "\n".join(items)
        case Rows(rows):
            return "\n".join(" ".join(row) for row in rows)
        case Figure(_, alt):
            return alt
    return getattr(block, "text", "")


def opened(content: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_papers_hold_all_that_the_person_needs() -> None:
    """A19: the link, the exact words, steps, safe wording, the copy, the deadline, the helper's name, the offer of support."""  # A19
    document = handover.document(a_hand(), NOON)
    words = said(document)

    for wanted in (
        "https://forum.example.org/report",
        "https://forum.example.org/t/12#post-3",
        "Fri 20 Nov 2026, 17:00 UK time",
        "Invented Deputy",
        "SW-2026-0001-E1",
        "counselling",
        "You may say no",
        TEXT,
        MINE,
        *handover.SAFE_WORDING,
    ):
        assert wanted in words, wanted
    assert [block.text for block in document.blocks if isinstance(block, Quote)] == [MINE, TEXT]


def test_nobody_is_asked_for_a_password() -> None:
    """A25: the papers say that nobody at school needs it."""
    assert handover.NO_PASSWORD in said(handover.document(a_hand(), NOON))


def test_the_zip_opens_and_its_pdf_too() -> None:
    """A PDF to read, the words alone, the text and the picture of the post; the same facts give the same bytes."""
    content = papers(a_hand(), NOON)
    files = opened(content)
    with pikepdf.open(io.BytesIO(files[READ_ME])) as document:
        pages = len(document.pages)

    assert list(files) == [READ_ME, WORDS, TRANSCRIPT, PICTURE_NAME]
    assert (pages >= 1, files[WORDS].decode(), files[PICTURE_NAME]) == (True, MINE, square((200, 10, 10)))
    assert TEXT in files[TRANSCRIPT].decode()
    assert papers(a_hand(), NOON) == content
    assert handover.papers_name(a_case()) == "Schoolwatch-SW-2026-0001-papers.zip"


@pytest.mark.parametrize("changes", [{"lead_category": Category.PUPIL_IMAGE}, {"target": "pupil"}, {"stop": True}])
def test_a_picture_that_may_show_a_child_is_left_out_and_said(changes: dict[str, Any]) -> None:
    """§5.7: even if the bytes are at hand; the sheet says what is missing and why."""
    hand = a_hand(case=a_case(**changes))
    document = handover.document(hand, NOON)

    assert PICTURE_NAME not in opened(papers(hand, NOON))
    assert not any(isinstance(block, Figure) for block in document.blocks)
    assert "a child may be seen in it" in said(document)


def test_a_working_copy_is_given_where_a_child_is_concerned_and_said() -> None:
    """§5.7 rule 5: what others could be recognised by is covered; after a STOP not even a copy is given."""
    child = a_case(lead_category=Category.PUPIL_IMAGE)
    hand = a_hand(case=child, covered=True)

    assert PICTURE_NAME in opened(papers(hand, NOON))
    assert "they are covered, since others could be recognised" in said(handover.document(hand, NOON))
    assert PICTURE_NAME not in opened(papers(a_hand(case=a_case(stop=True), covered=True), NOON))


def test_what_is_not_known_is_said() -> None:
    """No text, no picture, no evidence, no link, no day: the sheet still stands and says so."""
    bare = a_hand(post=None, picture=None, evidence=None)
    bare = replace(bare, filing=bare.filing.model_copy(update={"link": "", "reply_by": None}))
    words = said(handover.document(bare, NOON))

    assert "the school knows only the address" in words
    assert "none was kept" in words
    assert "Please report by" not in words
    assert set(opened(papers(bare, NOON))) == {READ_ME, WORDS}


def test_hostile_text_of_a_post_stays_text() -> None:
    """Markup, hidden signs and lone surrogates in a post break no paper."""
    hostile = '#set page() $x$ \\u{202e} <b>"quotes"</b> \u202e\x07 ' + "x" * 40_000
    files = opened(papers(a_hand(post=a_post(hostile)), NOON))

    assert files[READ_ME].startswith(b"%PDF")
    assert hostile in files[TRANSCRIPT].decode()


def test_the_person_is_a_role_in_lists() -> None:
    """No name stands beside a filing."""
    filing = a_hand().filing

    assert handover.person_words(filing) == "a teacher"
    assert handover.person_words(filing.model_copy(update={"person": "staff:s-1", "state": FilingState.FILED})) == "a member of staff"
