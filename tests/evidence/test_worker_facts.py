"""What a worker says is believed only in the shape that we know: no page bends a capture out of shape (evidence.md §3 and §7)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.photograph import AS_SEEN, Ended, _collected
from evidence.seal import canonical
from evidence.worker_facts import BENT, count_of, facts_of, is_sound_json, settled_of, whole_text

SETTLED = {"images": 3, "loaded": 2, "height": 1_200, "width": 1_280, "dark_scheme": False}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["status", "settled", "notes", "title", "headers", "hops", "tls", "post_picture", "hidden", "text_first", "other"])


def _facts(**said: Any) -> dict[str, Any]:
    return facts_of(json.dumps(said).encode())


def test_what_is_in_shape_stays_as_it_is() -> None:
    """Ordinary facts come through unchanged, and nothing is noted."""
    said = {"status": 200, "title": "Forum", "settled": SETTLED, "notes": [], "hops": ["https://a.example/"], "tls": None, "done": True}

    assert _facts(**said) == said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settled", {**SETTLED, "height": "abc"}),
        ("settled", {**SETTLED, "height": True}),
        ("settled", {**SETTLED, "images": {"a": [1]}}),
        ("settled", "text"),
        ("status", "200"),
        ("notes", "no list"),
        ("notes", [1]),
        ("title", ["x"]),
        ("headers", {"date": 3}),
        ("tls", 7),
        ("post_picture", {"x": None}),
        ("done", 1),
    ],
)
def test_what_is_bent_is_left_out_and_named(name: str, value: object) -> None:
    """Numbers, texts, lists and records of another shape do not count, and the notes say which it was."""
    facts = _facts(**{name: value}, browser="125")

    assert (name in facts and name != "notes", facts["browser"]) == (False, "125")
    assert facts["notes"] == [f"{BENT} ({name})"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5_000, "[" * 100_000])
def test_what_is_no_number_ends_the_reading(number: str) -> None:
    """What JSON has no numbers for, and what no computer reads, gives no facts but the note."""
    assert facts_of(b'{"status": 200, "settled": {"height": ' + number.encode() + b"}}") == {"notes": [BENT]}
    assert not is_sound_json(b'{"width": ' + number.encode() + b"}")


def test_numbers_are_kept_within_what_can_be() -> None:
    """Below nothing and beyond all measure become the bounds."""
    facts = _facts(status=10**30, settled={**SETTLED, "height": 1e300, "images": -4}, other="unknown")

    assert (facts["status"], facts["settled"]["height"], facts["settled"]["images"], "other" in facts) == (999, 10_000_000, 0, False)


def test_half_characters_are_shown() -> None:
    """A lone surrogate can be kept nowhere: it is shown by its number, in every text."""
    facts = _facts(title="a\ud800b", hops=["https://a.example/\udfff"], notes=["\ud83d"], headers={"date\ud800": "\ud801"})

    assert (facts["title"], facts["hops"], facts["notes"]) == ("a[U+D800]b", ["https://a.example/[U+DFFF]"], ["[U+D83D]"])
    assert facts["headers"] == {"date[U+D800]": "[U+D801]"}
    assert whole_text("whole \U0001f600") == "whole \U0001f600"


@given(st.dictionaries(NAMES, ANY_JSON, max_size=6))
def test_whatever_is_said_can_be_sealed_and_kept(said: dict[str, Any]) -> None:
    """Any JSON value in any place: no error, and what is left can be written canonically and as UTF-8."""
    facts = _facts(**said)

    canonical(facts)
    str(facts).encode()


def test_a_settled_page_of_another_shape_is_refused() -> None:
    """The worker itself asks the same reader before it counts with what a page measured."""
    assert settled_of({**SETTLED, "more": 1}) == SETTLED
    with pytest.raises(ValueError, match="no number"):
        settled_of({**SETTLED, "height": float("nan")})


@pytest.mark.parametrize(("said", "expected"), [(3, 3), (-1, 0), (1e300, 1_000_000), (float("nan"), 0), ("3", 0), (None, 0), (True, 0)])
def test_a_count_that_the_page_bent_is_none(said: object, expected: int) -> None:
    """How often a page asked to print is read from the page itself: what is no number counts as never."""
    assert count_of(said) == expected


@pytest.mark.parametrize(("name", "content"), [("layout.json", b'{"width": NaN}'), ("network.jsonl", b'{"port": 1}\n{"port": Infinity}\n')])
def test_a_file_that_is_no_json_is_left_out(tmp_path: Path, name: str, content: bytes) -> None:
    """A layout or a log with numbers that are none is not kept, the notes say so, and the rest is."""
    for file, written in ((AS_SEEN, b"picture"), ("facts.json", b'{"status": 200}'), (name, content), ("imagehash.json", b"{}")):
        (tmp_path / file).write_bytes(written)
    shot = _collected(tmp_path, Ended.BY_ITSELF, limit=1)

    assert sorted(shot.files) == sorted((AS_SEEN, "imagehash.json"))
    assert shot.facts == {"status": 200, "notes": [f"{BENT} ({name})"]}
