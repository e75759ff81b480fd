"""Many posts read at once: whatever stands beside a post changes nothing of how it is read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data.model.posts import Media, PlatformName, Post, PostId
from data.model.readings import Mention, Reading
from nlp import pipeline
from nlp.pipeline import Reader

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NAME = "Fernley Green"
PICTURE = Media(kind="image", url="https://media.example.org/1.jpg", alt="leaked changing room nudes of the year 9 girls")
PLAIN = (
    "Mr Quillander stole the trip money, Fernley Green. He hit my son and lied about it!",
    "Lovely school, Fernley Green, well done to all the staff.",
    "is fernley shut tomorrow??",
    "gonna bring a knife to fernley tomorrow",
    "Mrs Brackenby is a vile old cow, FGPS",
    "Nothing about any school here.",
    "can't do this any more, goodbye everyone at FGPS",
    "My lad in 4B at Fernley Green, Tamsin Ogleby, was excluded. She has ADHD.",
    "Fernley Green United won 3-1 on Saturday",
    "Mr Quillander is a th1ef and a l.i.a.r, #fernleygreen \U0001f621\U0001f52a",
    "Ms Tolliver-Shaw was sacked for stealing at Fernley Green. She slapped a pupil. That's fraud. He bullied the kids.",
    "Sign the petition against the Fernley Green merger!",
)
RUBBISH = (
    "",
    " \n\t ",
    "\U0001f600",
    "\x00\x00\u2400 Fernley Green \x00 is rubbish",
    "\u202eFernley Green\u202c \u2066liar\u2069",
    "Fernley\u200b Gre\u200ben " + "\u200b" * 300 + "th\u0456\u0435ves",
    "Fernley Green \u0448\u043a\u043e\u043b\u0430 \u043e\u0447\u0435\u043d\u044c \u043f\u043b\u043e\u0445\u0430\u044f",
    f"{NAME} " * 500,
    f"{NAME}: Mr Quillander stole it. " * 900,
    f"{NAME} " + "x" * 100_000,
    f"{NAME} " + ".!?" * 400,
    f"{NAME} " + "a\u0301" * 600,
    "L'ecole Fernley Green est nulle et je ne suis pas content du tout avec les professeurs",
)
ALL = (*PLAIN, *RUBBISH, *PLAIN[::-1])


@pytest.fixture(scope="module")
def posts() -> tuple[Post, ...]:
    """Return posts of all kinds, of which some stand there twice and some have a picture or a label."""

    def post(number: int, text: str) -> Post:
        return Post(
            id=PostId(number),
            platform=PlatformName.FORUM,
            native_id=str(number),
            permalink=f"https://forum.example.org/{number}",
            address=f"https://forum.example.org/{number}",
            text=text,
            media=(PICTURE,) if number % 5 == 0 else (),
            labels=("nsfw",) if number % 7 == 0 else (),
            first_seen_at=NOW,
            last_seen_at=NOW,
            text_hash="0",
        )

    return tuple(post(number, text) for number, text in enumerate(ALL, start=1))


@pytest.fixture(scope="module")
def one_by_one(reader: Reader, posts: tuple[Post, ...]) -> list[Reading]:
    """Return the readings of the posts, each read for itself."""
    return [reader.read(post, NOW) for post in posts]


@pytest.mark.parametrize("together", [1, 2, 3, 7, 32, 1_000])
def test_posts_are_read_alike_alone_and_together(
    reader: Reader, posts: tuple[Post, ...], one_by_one: list[Reading], together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A post's reading is the same to the last digit, however many others are read with it and wherever it stands among them."""
    monkeypatch.setattr(pipeline, "_TOGETHER", together)

    assert reader.read_many(posts, NOW) == one_by_one
    assert reader.read_many(posts[::-1], NOW) == one_by_one[::-1]


def test_drafts_are_alike_alone_and_together(reader: Reader, posts: tuple[Post, ...]) -> None:
    """Low scores, cues and claims too are the same, for posts that name no school as well."""
    asked = [(post, reader.mentions(post.text)[0]) for post in posts]
    alone = [reader.draft(*one) for one in asked]

    assert sum(bool(draft.claims) for draft in alone) > 4
    assert [(draft.scores, draft.cues, draft.claims, draft.any_harm) for draft in reader.drafts(asked)] == [
        (draft.scores, draft.cues, draft.claims, draft.any_harm) for draft in alone
    ]


def test_what_posts_hold_is_found(one_by_one: list[Reading]) -> None:
    """The posts that are compared do not merely all read as nothing."""
    assert sum(bool(reading.scores) for reading in one_by_one) > 20
    assert sum(bool(reading.not_read) for reading in one_by_one) > 5


def test_no_posts_have_no_readings(reader: Reader) -> None:
    """Nothing to read is nothing read."""
    assert reader.read_many([], NOW) == []


def test_what_is_inherited_counts_only_without_a_name_of_its_own(reader: Reader, posts: tuple[Post, ...]) -> None:
    """An answer that names no school is about the school above it; one that names a school is about that one."""
    above = (Mention(start=0, end=0, term_id="t1", school_id="other", sure=0.9, inherited=True),)
    told = [subject.inheriting(above) for subject in reader.subjects(posts)]
    schools = [reading.schools() for reading in reader.read_subjects(told, NOW)]

    assert schools[PLAIN.index("Nothing about any school here.")] == ("other",)
    assert schools[0] == ("fgps",)
