"""The series that the rules for threads are chosen on: their labels say what their notes do, and there are enough each way."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from nlp.labelled import Labelled, read_posts, read_terms
from nlp.series import should_be

CORPUS = Path(__file__).parents[2] / "nlp" / "corpus"
WANTED = {
    "t26": {"pile_on": 12, "course_of_conduct": 12, "escalation": 12, "harmless": 24},
    "t26b": {"pile_on": 5, "course_of_conduct": 6, "escalation": 4, "harmless": 13},
}


def series_of(name: str) -> dict[str, list[Labelled]]:
    """Return the posts of each series of a file in order of time, under the series' note."""
    path = CORPUS / f"{name}.jsonl"
    notes = [json.loads(line)["note"] for line in path.read_text(encoding="utf-8").splitlines()]
    found: dict[str, list[Labelled]] = defaultdict(list)
    for note, post in zip(notes, read_posts([path]), strict=True):
        found[note].append(post)
    return {note: sorted(posts, key=lambda post: post.t_min or 0) for note, posts in found.items()}


@pytest.mark.parametrize("name", sorted(WANTED))
def test_there_are_enough_series_of_each_kind(name: str) -> None:
    """No kind is lost when a file is edited."""
    assert Counter(note.split(":")[0] for note in series_of(name)) == WANTED[name]


@pytest.mark.parametrize("name", sorted(WANTED))
def test_the_labels_of_a_series_say_what_its_note_does(name: str) -> None:
    """A harmful series should be raised as the kind it was written for; a harmless one holds no harm at all."""
    for note, posts in series_of(name).items():
        kind = note.split(":")[0]
        assert len({post.series for post in posts}) == 1, note
        assert (kind in should_be(posts)) if kind != "harmless" else not any(post.is_harm for post in posts), note


@pytest.mark.parametrize("name", sorted(WANTED))
def test_the_schools_of_a_file_have_staff_and_terms(name: str) -> None:
    """Series are read with the terms of their own file: each school brings words to watch and people to know."""
    watched = read_terms([CORPUS / f"{name}.terms.json"])
    schools = {school.id for school in watched.schools}

    assert {term.school_id for term in watched.terms} == schools
    assert {member.school_id for member in watched.staff} == schools
