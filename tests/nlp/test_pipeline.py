"""From a post to a Reading."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.model.posts import Media, Post
from data.model.readings import Head, Reading
from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.pipeline import CONFIG, Reader, open_reader

Read = Callable[..., Reading]
PICTURE = Media(kind="image", url="https://media.example.org/1.jpg")


def test_a_reading_names_the_pipeline_that_made_it(read: Read, reader: Reader) -> None:
    """Whoever finds a reading in five years knows which scorers made it."""
    reading = read("Mr Quillander steals from the trip fund at Fernley Green")

    assert reading.pipeline == reader.version
    assert {"schoolwatch.heads.v1"} == {score.scorer for score in reading.scores if score.head is Head.DEFAMATION}
    assert reading.schools() == ("fgps",)


def test_a_post_without_the_school_is_not_scored(read: Read) -> None:
    """Nothing is judged that does not mention the school."""
    reading = read("Mr Quillander steals from the trip fund at another place")

    assert (reading.mentions, reading.scores, reading.stop_cue, reading.not_read) == ((), (), (), None)


def test_spans_point_into_the_original_text(read: Read) -> None:
    """What is highlighted is what was written, hidden characters and all."""
    text = "\U0001f621 Mr Qu\u200billander st\u0435als from Fernley\u00a0Green"
    reading = read(text)
    words = [text[span.start : span.end] for score in reading.scores if score.head is Head.DEFAMATION for span in score.spans]

    assert "st\u0435als" in words
    assert "Mr Qu\u200billander" in words


def test_reasons_are_plain_and_never_a_verdict(read: Read) -> None:
    """A reason says what the words do, not what a court would say."""
    reading = read("Mr Quillander is a liar and a thief, Fernley Green. Everyone email him till he quits!")
    reasons = {span.why for score in reading.scores for span in score.spans}

    assert {"names a member of staff", "states a crime as a fact"} <= reasons
    assert not any("defam" in reason or "guilty" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("", "no text"),
        ("  \n ", "no text"),
        ("\U0001f600", "no words"),
        ("!!! 12 ???", "no words"),
        ("\ufffd\ufffd\x01\x02\x03\ufffd\u2400\u2400 Fernley Green \ufffd\x05\x06\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd", "look like text"),
        ("Szkola Fernley Green jest bardzo dobra ale nie dla mojego dziecka, nauczyciel nie jest mily", "not read: Polish"),
        ("L'ecole Fernley Green est nulle et je ne suis pas content du tout avec les professeurs", "not read: French"),
        (
            "Fernley Green \u0448\u043a\u043e\u043b\u0430 \u043e\u0447\u0435\u043d\u044c \u043f\u043b\u043e\u0445\u0430\u044f",
            "not read: looks like Russian",
        ),
    ],
)
def test_what_cannot_be_read_is_marked(read: Read, text: str, mark: str) -> None:
    """Silence is never taken for harmlessness: the reading says why there are no scores."""
    reading = read(text)

    assert mark in (reading.not_read or "")
    assert reading.scores == ()


@pytest.mark.parametrize(
    "text", ["Fernley Green innit", "FGPS closed?", "\U0001f4a3 Fernley 9am", "fernley skool iz rubish n da tchers iz meen"]
)
def test_short_and_misspelt_english_is_read(read: Read, text: str) -> None:
    """A few words, or odd spelling, are no reason to give up."""
    assert read(text).not_read is None


def test_a_huge_post_is_read_in_part_and_says_so(read: Read) -> None:
    """Beyond 20,000 characters only mentions are found, and the reading says how far it went."""
    begun = time.monotonic()
    reading = read("Fernley Green: Mr Quillander stole the money. " + "and so on we go " * 70_000)

    assert reading.not_read == "read in part: scores come from the first 20,000 of 200,000 characters"
    assert any(score.head is Head.DEFAMATION for score in reading.scores)
    assert time.monotonic() - begun < 10


def test_a_label_stops_capture_without_a_word(read: Read) -> None:
    """A post marked sexual by its server, or sensitive with a picture, waits for a safeguarding lead."""
    assert read("Fernley Green", labels=("NSFW",)).stop_cue
    assert read("Fernley Green", sensitive=True, media=(PICTURE,)).stop_cue
    assert not read("Fernley Green", sensitive=True).stop_cue
    assert not read("Fernley Green", media=(PICTURE,)).stop_cue


def test_a_description_of_a_picture_stops_capture(read: Read) -> None:
    """The words that describe a picture are read like the post's own."""
    assert read("Fernley Green", media=(PICTURE.model_copy(update={"alt": "leaked nudes of a girl"}),)).stop_cue


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(noise=st.text(max_size=120))
def test_no_text_makes_the_reader_stumble(reader: Reader, post_of: Callable[..., Post], noise: str) -> None:
    """Whatever people post, it is read or marked; every span lies inside the text."""
    post = post_of(f"{noise} Fernley Green, Mr Quillander: {noise}!")
    reading = reader.read(post, post.first_seen_at)
    spans = [span for score in reading.scores for span in score.spans] + list(reading.stop_cue)

    assert reading.mentions
    assert all(0 <= span.start <= span.end <= len(post.text) for span in spans)


@pytest.mark.parametrize(
    "text",
    [
        "Fernley Green " + "lies " * 4_000,
        "Fernley Green " + "a" * 19_000,
        "Fernley Green " + "Mr Quillander " * 1_400,
        "Fernley" + "? " * 9_000,
    ],
)
def test_a_hostile_post_is_read_in_bounded_time(read: Read, text: str) -> None:
    """A text made to exhaust the word lists does not stop the round."""
    begun = time.monotonic()
    read(text)

    assert time.monotonic() - begun < 10


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    """Without its configuration the reader says so, rather than reading nothing."""
    with pytest.raises(ModelMissingError, match=r"nowhere\.cfg"):
        open_reader([], config=tmp_path / "nowhere.cfg")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schoolwatch.threat.v1", "schoolwatch.threat.v9"),
        ("[reading]\ncharacters = 20000", "[unread]\ncharacters = 1"),
        ("characters = 20000", ""),
    ],
)
def test_a_wrong_configuration_is_named(tmp_path: Path, old: str, new: str) -> None:
    """A configuration for another version is refused at the start."""
    path = tmp_path / "pipeline.cfg"
    path.write_text(CONFIG.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    with pytest.raises(ModelMismatchError, match=r"pipeline\.cfg"):
        open_reader([], config=path)


def test_another_configuration_is_another_version(tmp_path: Path, reader: Reader) -> None:
    """Changing a threshold changes the version that readings carry, and the threshold counts."""
    path = tmp_path / "pipeline.cfg"
    path.write_text(CONFIG.read_text(encoding="utf-8").replace("threat = 0.2", "threat = 0.99"), encoding="utf-8")

    assert open_reader([], config=path).version != reader.version
