"""What Schoolwatch refuses to be: each design rule of the policies, held against the code itself."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import data.tables
from casework.service import Casework
from collector.client import Client
from collector.errors import NotPublicError
from collector.platforms import PLATFORMS
from collector.public_address import Gate
from data.model.care import Attribution, Investigation
from data.model.people import ROLE_PERMISSIONS, Permission, Role
from data.model.watch import TermKind

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = {f"{table.name}.{column.name}" for table in data.tables.metadata.tables.values() for column in table.columns}


def verbs(kind: type) -> set[str]:
    """Return the public methods of a class."""
    return {name for name, _ in inspect.getmembers(kind, callable) if not name.startswith("_")}


def called(folder: str) -> Iterator[str]:
    """Yield the name of every method that a room's code calls."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield node.func.attr


def holds(*words: str) -> list[str]:
    """Return the columns whose names hold any of these words."""
    return sorted(column for column in COLUMNS if any(word in column.split(".")[1].split("_") for word in words))


def test_nobody_is_befriended_followed_or_joined() -> None:
    """A5, B28: the door to the network only reads; no adapter can ask to be a friend, follow or join, nor write anything anywhere.

    The one thing that is sent is a hash, to the time-stamping authority of the settings; no adapter can do that either.
    """
    assert verbs(Client) == {"get", "look", "time_stamp", "close"}
    assert {"put", "patch", "delete", "friend", "follow", "subscribe", "time_stamp"}.isdisjoint(called("collector/platforms"))


def test_no_platform_asks_for_a_persons_account() -> None:
    """A5: an adapter needs at most an application's own token, never anybody's user name or password."""
    needs = {need for adapter in PLATFORMS.values() for need in adapter.needs}

    assert [need for need in needs if any(word in need.lower() for word in ("password", "username", "cookie", "session"))] == []


def test_nobody_is_located() -> None:
    """A8: no place of a person, no picture's position data, no link from one account to another is kept anywhere."""
    assert holds("latitude", "longitude", "lat", "lon", "geo", "location", "exif", "gps", "identity") == []


def test_a_person_is_never_searched_for() -> None:
    """A8: what may be searched for is the school in its many names; there is no kind for a person's name."""
    assert {kind.value for kind in TermKind if "person" in kind.value or "pupil" in kind.value} == set()
    assert {"find_person", "watch_author", "follow_author", "profile"}.isdisjoint(verbs(Casework))


def test_nobody_can_engage_from_here() -> None:
    """A12: no like, share, repost or comment; a reply is decided on by the head and posted by hand elsewhere."""
    assert {"like", "share", "repost", "comment", "post_reply", "message_author"}.isdisjoint(verbs(Casework))


def test_nobody_elses_password_is_kept() -> None:
    """A25: the only secret kept is the hash of one's own sign-in; no field for the passwords of staff."""
    assert holds("password", "passwords", "login", "passcode", "pin") == ["credential.password_hash", "person.must_change_password"]


def test_who_posted_it_is_never_computed() -> None:
    """A27: the source is a word that a person chose, with what it rests on; there is no score for it."""
    numbers = [name for name, field in Investigation.model_fields.items() if field.annotation in {int, float}]

    assert (numbers, {"source", "source_note", "source_by"} <= set(Investigation.model_fields)) == ([], True)
    assert {one.value for one in Attribution} == {"unknown", "suspected", "admitted", "confirmed_by_platform"}


@pytest.mark.parametrize("address", ["http://192.168.1.20/mail", "http://10.0.0.5/", "http://[fd00::1]/", "http://127.0.0.1/"])
def test_the_schools_own_network_is_never_read(address: str) -> None:
    """A29: only public addresses are read, so nothing inside the school's network can be a source."""
    with pytest.raises(NotPublicError):
        Gate().admit(address)


def test_followers_are_not_kept() -> None:
    """B11: no list of followers or friends is imported or profiled."""
    assert holds("follower", "followers", "friend", "friends", "bio") == []


def test_the_comms_lead_never_sees_safeguarding_and_removes_nothing() -> None:
    """B32: who manages the school's accounts asks for no removal, closes no case and opens no child-protection file."""
    allowed = ROLE_PERMISSIONS[Role.COMMS_LEAD]

    assert allowed.isdisjoint({Permission.REQUEST, Permission.CLOSE, Permission.SEE_RESTRICTED_DSL, Permission.SEE_ALL, Permission.CAPTURE})
