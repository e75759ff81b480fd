"""What a conversation is about: inherited, marked, fading, and never against the post's own words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from data.model.posts import Post
from data.model.readings import Mention, Reading
from nlp.conversations import inherited, without_namesakes
from nlp.pipeline import Reader

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OURS = Mention(start=4, end=11, term_id="t0", school_id="fgps", sure=0.9)
NAMES = {"fgps": "Fernley Green Primary School"}


@pytest.fixture
def heard(reader: Reader, post_of: Callable[..., Post]) -> Callable[[str], Reading]:
    """Return a reader of answers under a post about the school."""
    return lambda text: reader.read(post_of(text), NOW, inherited((OURS,), NAMES))


def test_an_answer_is_read_because_of_its_conversation(heard: Callable[[str], Reading], read: Callable[..., Reading]) -> None:
    """Words that name no school are scored there, marked as inherited with the reason; alone they are not read."""
    reading = heard("Sack her, she is a vile bully")

    assert reading.schools() == ("fgps",)
    assert reading.conversation("fgps") == "in a conversation about Fernley Green Primary School"
    assert reading.hostile is not None
    assert read("Sack her, she is a vile bully").mentions == ()
    assert read("Sack her, she is a vile bully").hostile is None


def test_own_words_come_first(heard: Callable[[str], Reading]) -> None:
    """A post that names the school has a mention of its own, with its place in the text."""
    reading = heard("Fernley Green Primary School was lovely today")

    assert reading.conversation("fgps") is None
    assert not any(mention.inherited for mention in reading.mentions)
    assert reading.conversation("another") is None


def test_what_is_inherited_fades() -> None:
    """With each step it is less sure, until it is no longer ours; one mention for each school, the surest."""
    step, steps = (OURS, OURS.model_copy(update={"sure": 0.6})), []
    while step := inherited(step, NAMES):
        steps.append([mention.sure for mention in step])

    assert steps == [[0.81], [0.729], [0.656], [0.59], [0.531]]


def test_the_same_words_for_another_place_inherit_nothing() -> None:
    """Who speaks of the church of that name does not speak of the school."""
    church = Mention(start=0, end=7, term_id="t2", school_id="fgps", sure=0.1)

    assert without_namesakes((OURS,), (church,)) == ()
    assert without_namesakes((OURS,), ()) == (OURS,)
