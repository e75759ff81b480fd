"""What the custody chain says, in plain words."""

from __future__ import annotations

import pytest

from evidence.custody import CustodyDraft
from evidence.custody_words import custody_words
from evidence.testing import MOMENT, chained

CODE = "0f" * 32


@pytest.mark.parametrize(
    ("what", "detail", "said"),
    [
        ("opened", "order 0192, SW-2026-0001-E1", "ordered"),
        ("safety answer", "no", "the safety question was answered: no"),
        ("safety answer", "not_sure", "the safety question was answered: not sure"),
        ("capture started", "", "the capture began"),
        ("captured", "full", "captured (full: the page and the post were recorded whole)"),
        ("captured", "something else", "captured: something else"),
        ("taken from", f"SW-2026-0001-E1, witness code {CODE}", f"made from its original: SW-2026-0001-E1, with the witness code\n{CODE}"),
        ("sealed", CODE, f"sealed, with the witness code\n{CODE}"),
        ("viewed", "post.png: reason in the case's history", "a picture was looked at (post.png; reason in the case's history)"),
        ("exported", f"full, pack seal {CODE}", f"left the safe in the full evidence pack, whose code is\n{CODE}"),
        ("exported", "papers for the person concerned", "left the safe: papers for the person concerned"),
        ("destroyed", "under police direction AB/1", "destroyed under police direction AB/1"),
        ("a_new_word", "", "a new word"),
    ],
)
def test_each_line_is_a_sentence(what: str, detail: str, said: str) -> None:
    """Each word with its detail; a code in a line of its own."""
    (event,) = chained((CustodyDraft(at=MOMENT, by="u-dsl", evidence_id="e-1", what=what, detail=detail),))

    assert custody_words(event) == said
