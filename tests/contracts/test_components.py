"""The same questions for every scorer, and for every word list."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import spacy
from spacy.language import Language

from data.model.readings import Head
from nlp.components import COMPONENTS, claims
from nlp.cues import LEXICONS, lexicon
from nlp.draft import draft_of
from nlp.factory import spacy_name

TEXTS = {
    "empty": "",
    "one emoji": "\U0001f600",
    "NUL": "Mr Q\x00uill st\x00ole \x00 the money\x00",
    "bidi": "\u202eMr Quill is a liar\u202c and \u2066K in 4B\u2069 lives at number 9",
    "Zalgo": "M\u0337r\u0315 Q\u031auill s\u0301t\u0301o\u0301le nu\u0301des",
    "homoglyphs": "Mr Quill is \u0430 th\u0456\u0435f. S\u0435nd nud\u0435s",
    "markup": "<script>alert('Mr Quill stole')</script> =HYPERLINK(1)",
    "a cue a thousand times": "Mr Quill lies " * 1_400,
    "everything": (
        "Mr Quill is a thief and a paedo! Everyone email him till he quits. I know where he lives, gonna batter him at the gates. "
        "K in 4B has been excluded again. Got the Y10 pics, swap? Goodbye everyone, I want to die. Lovely school, well done. "
        "Don't tell your mum, dm me. Send them all back. Sign the petition. What time is the fair?"
    ),
    "1 MB": "Mr Quill stole K in 4B nudes. " * 35_000,
    "1 MB of one word": "lie" * 350_000,
}
_ENOUGH = 20_000  # what the reader hands to components
KEPT = 0.2  # a learned head answers every post; from here on the reader keeps the answer, and then it needs its reasons


@cache
def _language(name: str) -> Language:
    language = spacy.blank("en")
    language.add_pipe("sentencizer")
    language.add_pipe(spacy_name(name))
    return language


@pytest.mark.parametrize("name", COMPONENTS)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_component_reads_any_text(name: str, kind: str) -> None:
    """No text makes a scorer fail; its scores are numbers from 0 to 1 with reasons that lie inside the text."""
    text = TEXTS[kind][:_ENOUGH]
    draft = draft_of(_language(name)(_language(name).make_doc(text)))
    spans = [span for score in draft.scores for span in score.spans] + draft.stop_cue

    assert all(0 <= score.value <= 1 for score in draft.scores)
    assert [score.category for score in draft.scores if score.value >= KEPT and not score.spans] == []
    assert all(0 <= span.start <= span.end <= len(text) and span.why for span in spans)


@pytest.mark.parametrize("name", [name for name in COMPONENTS if name != claims.NAME])  # claims give reasons to others' scores
def test_a_component_signs_with_its_versioned_name(name: str) -> None:
    """Every score carries the name and version of the scorer that made it, and each scorer finds something in a post full of cues."""
    draft = draft_of(_language(name)(_language(name).make_doc(TEXTS["everything"])))

    assert re.fullmatch(r"schoolwatch\.[a-z_]+\.v\d+", name)
    assert {name} == {score.scorer for score in draft.scores}


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_is_silent_about_a_harmless_line(name: str) -> None:
    """A plain remark draws no strong score from anyone, but for those that say so: everyday talk."""
    draft = draft_of(_language(name)(_language(name).make_doc("Roadworks outside the school from Monday, allow more time.")))

    assert all(score.value < 0.5 for score in draft.scores if score.head is not Head.NO_ACTION)


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_gives_the_same_answer_twice(name: str) -> None:
    """The same text gets the same scores: nothing is remembered between posts."""
    language = _language(name)
    first, _, second = (draft_of(language(text)) for text in (TEXTS["everything"], "Mr Quill lied", TEXTS["everything"]))

    assert first.scores == second.scores


@pytest.mark.parametrize("path", sorted(LEXICONS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_word_list_says_where_it_comes_from(path: Path) -> None:
    """Every word list names its source, licence and date."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))

    assert entries["source"] == "written for this project"
    assert entries["licence"]
    assert entries["date"]
    assert entries["about"]


@pytest.mark.parametrize("name", ["defamation", "harassment", "threat", "safeguarding", "stop_cue", "pupil", "no_action"])
def test_no_cue_matches_nothing(name: str) -> None:
    """A phrase that matches an empty text would fire on every post."""
    assert not [cue.name for cue in lexicon(name).cues.values() if cue.pattern.search("") or cue.pattern.fullmatch(" ")]
