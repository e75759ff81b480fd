"""Labelled posts: files in the format of school_posts_dev.jsonl with their terms file, read and checked line by line.

A label maps to the category codes of domain.md §4 as the data sets' README says. What is wrong with a file is one plain line that names
the file and the line, never a half-read set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data.errors import ReadingError
from data.model.posts import PlatformName, Post, PostId, text_hash
from data.model.readings import HARMS, Category
from data.model.watch import School, StaffMember, TermKind, WatchTerm
from nlp.normal import fold
from nlp.watched import Watched

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)  # `t_min` counts from here: any fixed moment will do
LABELS: dict[str, tuple[Category, ...]] = {
    "defamation": (Category.DEFAMATION_INDIVIDUAL, Category.KNOWINGLY_FALSE),
    "harassment": (Category.HARASSMENT_STAFF, Category.PUPIL_BULLYING, Category.ABUSE_OF_PUPILS_BY_PUBLIC),
    "threat": (Category.THREAT_TO_LIFE, Category.VIOLENCE_INTIMIDATION, Category.VIOLENCE_INCITEMENT, Category.STALKING),
    "hate": (Category.HATE,),
    "sexual": (Category.SEXUAL_HARASSMENT, Category.CSAM),
    "self_harm": (Category.SELF_HARM,),
    "grooming": (Category.GROOMING,),
    "confidential": (Category.CONFIDENTIAL_LEAK,),
    "pupil_identifiable_text": (Category.PUPIL_PERSONAL_DATA, Category.PUPIL_IMAGE, Category.DOXXING),
    "disclosure": (Category.SAFEGUARDING_DISCLOSURE, Category.STAFF_ALLEGATION),
    "fair_criticism": (
        Category.FAIR_CRITICISM,
        Category.CRITICISM_INSTITUTION,
        Category.CAMPAIGN_OR_UNION,
        Category.WHISTLEBLOWING,
        Category.DISREPUTE_ONLY,
    ),
    "news": (Category.NEWS_REPORT,),
    "praise": (Category.PRAISE,),
    "neutral": (Category.NEUTRAL_MENTION, Category.QUERY, Category.NAMESAKE, Category.SPAM, Category.SATIRE_PARODY),
}
HARM_LABELS: tuple[str, ...] = tuple(LABELS)[:9]  # the README: the first nine; a disclosure is not harm by the writer
HARMLESS_LABELS: tuple[str, ...] = tuple(LABELS)[9:]
HARM_CATEGORIES: frozenset[Category] = HARMS - frozenset(LABELS["disclosure"])
MOST_SEVERE = 4
_TARGETS = ("none", "pupil", "school", "staff")
_NEEDED: dict[str, type] = {"id": str, "text": str, "mentions_school": bool, "labels": list, "severity": int}
_BRACKETS = re.compile(r"\(([^)]*)\)")
_ABBREVIATION = re.compile(r"[A-Z][A-Z0-9]{1,6}")
_WORD = re.compile(r"\w+")
_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)+")


class BadFileError(ReadingError):
    """A file of labelled posts or of terms cannot be used."""

    def __init__(self, path: Path, line: int | None, says: str) -> None:
        """Name the file, the line and what is wrong there."""
        where = f"{path}, line {line}" if line else str(path)
        super().__init__(f"{where}: {says}")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled post. `pair` and `series` are made unique over the files read together."""

    id: str
    text: str
    mentions_school: bool
    labels: tuple[str, ...]
    target: str
    severity: int
    pair: str | None
    series: str | None
    author: str | None
    t_min: float | None
    source: str  # the file's name without its ending: one writer each

    @property
    def is_harm(self) -> bool:
        """Whether the writer does harm: one of the first nine labels."""
        return any(label in HARM_LABELS for label in self.labels)

    def post(self, number: int) -> Post:
        """Return it as a post that the reader takes."""
        address = f"https://posts.example/{self.source}/{number}"
        seen = START + timedelta(minutes=self.t_min or 0)
        return Post(
            id=PostId(number),
            platform=PlatformName.FORUM,
            native_id=self.id,
            permalink=address,
            address=address,
            author_id=self.author,
            text=self.text,
            thread_id=self.series,
            first_seen_at=seen,
            last_seen_at=seen,
            text_hash=text_hash(self.text),
        )


def read_posts(paths: Sequence[Path]) -> tuple[Labelled, ...]:
    """Return the posts of all files in order.

    Raises:
        BadFileError: a file is missing or empty; a line is broken, lacks a key, has one of a wrong kind, an unknown label or a known id.
    """
    posts: list[Labelled] = []
    first: dict[str, str] = {}
    for path in paths:
        before = len(posts)
        for number, row in rows(path):
            post = _labelled(path, number, row)
            if post.id in first:
                raise BadFileError(path, number, f"the id '{post.id}' stands already in {first[post.id]}")
            first[post.id] = f"{path}, line {number}"
            posts.append(post)
        if len(posts) == before:
            raise BadFileError(path, None, "there is no post in it")
    return tuple(posts)


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each line that is not blank, with its number, as the JSON object that it should be."""
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise BadFileError(path, number, "this line is not JSON") from error
        if not isinstance(row, dict):
            raise BadFileError(path, number, "this line is not a JSON object")
        yield number, row


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadFileError(path, None, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadFileError(path, None, "is not UTF-8 text") from error


def _labelled(path: Path, number: int, row: dict[str, Any]) -> Labelled:
    check_row(path, number, row, _NEEDED)
    source = path.name.split(".")[0]

    def own(key: str) -> str | None:
        return f"{source}:{row[key]}" if row.get(key) is not None else None

    t_min = row.get("t_min")
    if t_min is not None and (isinstance(t_min, bool) or not isinstance(t_min, int | float)):
        raise BadFileError(path, number, "'t_min' is not a number of minutes")
    target = row.get("target") or "none"
    if target not in _TARGETS:
        raise BadFileError(path, number, f"'{target}' is not a target; known: {', '.join(_TARGETS)}")
    return Labelled(
        id=row["id"],
        text=row["text"],
        mentions_school=row["mentions_school"],
        labels=tuple(row["labels"]),
        target=target,
        severity=row["severity"],
        pair=own("pair"),
        series=own("series"),
        author=own("author"),
        t_min=t_min,
        source=source,
    )


def check_row(path: Path, number: int, row: dict[str, Any], needed: dict[str, type]) -> None:
    """Check one line: its keys and their kinds, its labels, its severity.

    Raises:
        BadFileError: naming the file, the line and the first thing that is wrong.
    """
    for key, kind in needed.items():
        if key not in row:
            raise BadFileError(path, number, f"the key '{key}' is missing")
        if not isinstance(row[key], kind) or (kind is int and isinstance(row[key], bool)):
            raise BadFileError(path, number, f"'{key}' should be {_KINDS[kind]}")
    unknown = [label for label in row["labels"] if label not in tuple(LABELS)]
    if unknown or not row["labels"]:
        says = f"'{unknown[0]}' is not a label; known: {', '.join(LABELS)}" if unknown else "there is no label"
        raise BadFileError(path, number, says)
    if not 0 <= row["severity"] <= MOST_SEVERE:
        raise BadFileError(path, number, "'severity' lies between 0 and 4")


_KINDS: dict[type, str] = {str: "text", bool: "true or false", list: "a list", int: "a whole number"}


def read_terms(paths: Sequence[Path]) -> Watched:
    """Return the watch terms and staff of all terms files.

    Raises:
        BadFileError: a file is missing, not JSON, or holds no school with a name.
    """
    terms: list[WatchTerm] = []
    staff: list[StaffMember] = []
    schools: list[School] = []
    for path in dict.fromkeys(paths):
        for number, school in enumerate(_schools(path)):
            school_id = f"{path.name.split('.')[0]}-{number}"
            terms += _terms(school_id, school)
            staff += _staff(school_id, school)
            schools.append(School(id=school_id, name=school["name"], town=school.get("town"), added_at=START))
    return Watched(tuple(terms), tuple(staff), tuple(schools))


def _schools(path: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(_text(path))
    except ValueError as error:
        raise BadFileError(path, getattr(error, "lineno", None), "this is not JSON") from error
    schools = content.get("schools") if isinstance(content, dict) else None
    if not isinstance(schools, list) or not schools:
        raise BadFileError(path, None, "there are no terms in it: 'schools' should list at least one school")
    for number, school in enumerate(schools, start=1):
        _check_school(path, number, school)
    return schools


def _check_school(path: Path, number: int, school: object) -> None:
    if not isinstance(school, dict) or not isinstance(school.get("name"), str) or not school["name"].strip():
        raise BadFileError(path, None, f"school {number} has no 'name'")
    for key in ("aliases", "not"):
        listed = school.get(key) or []
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise BadFileError(path, None, f"'{key}' of school {number} should be a list of phrases")
    if not isinstance(school.get("town") or "", str):
        raise BadFileError(path, None, f"'town' of school {number} should be text")
    people = school.get("people") or {}
    if not isinstance(people, dict) or not isinstance(people.get("staff") or [], list):
        raise BadFileError(path, None, f"'people' of school {number} should name a head and a list of staff")


def _terms(school_id: str, school: dict[str, Any]) -> Iterator[WatchTerm]:
    phrases = dict.fromkeys(phrase.strip() for phrase in (school["name"], *(school.get("aliases") or [])))
    long_enough = [phrase for phrase in phrases if len(phrase) > 1]
    for number, phrase in enumerate(long_enough):
        yield WatchTerm(
            id=f"{school_id}-{number}",
            school_id=school_id,
            kind=_kind(phrase, school["name"]),
            phrase=phrase,
            not_near=_not_near(phrase, school.get("not") or []),
            added_by="evaluation",
            added_at=START,
        )


def _kind(phrase: str, name: str) -> TermKind:
    """Return the kind of term that a phrase is by its form."""
    by_sign = {"#": TermKind.HASHTAG, "@": TermKind.OFFICIAL_HANDLE}
    if phrase[0] in by_sign:
        return by_sign[phrase[0]]
    if _ABBREVIATION.fullmatch(phrase):
        return TermKind.ABBREVIATION
    if _DOMAIN.fullmatch(phrase) and " " not in phrase:
        return TermKind.SITE_DOMAIN
    return TermKind.SCHOOL_NAME if fold(name).startswith(fold(phrase)) else TermKind.NICKNAME


def _not_near(phrase: str, homonyms: Sequence[str]) -> tuple[str, ...]:
    """Return the words that tell the term from its namesakes: whole homonyms that hold the phrase, and what stands in their brackets."""
    words = _words(phrase)
    found: list[str] = []
    for homonym in homonyms:
        bare = _BRACKETS.sub(" ", homonym).strip()
        if words in _words(bare):
            found += [bare, *_BRACKETS.findall(homonym)]
    return tuple(one for one in dict.fromkeys(found) if _words(one) != words)


def _words(text: str) -> str:
    """Return the folded words of a text with one space around each."""
    return " ".join(["", *_WORD.findall(fold(text)), ""])


def _staff(school_id: str, school: dict[str, Any]) -> Iterator[StaffMember]:
    people = school.get("people") or {}
    names = [people.get("head"), *(people.get("staff") or [])]
    for number, name in enumerate(one for one in names if isinstance(one, str) and one.strip()):
        yield StaffMember(id=f"{school_id}-m{number}", school_id=school_id, name=name)
