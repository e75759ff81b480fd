"""Thousands of forgers against `verify`: every edit is RED (or no pack any more), no clean pack is, and there is never a traceback.

Run by `just soak`. SCHOOLWATCH_SOAK_EDITS changes the number of edits, SCHOOLWATCH_SOAK_SEED the seed that is printed.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.bundle_check import Trust
from evidence.invented import WHEN, Workshop
from evidence.keys import SealKey
from evidence.local_authority import LocalAuthority
from evidence.tampering import EDITS, Files, all_anew, back_date, closed, hashes_anew, lists_anew, opened, say_otherwise, unpacked
from evidence.testing import KEY, square
from evidence.verify import Colour, Knowledge, verify

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3000)]

EDITS_WANTED = int(os.environ.get("SCHOOLWATCH_SOAK_EDITS", "5000"))
PACKS = 200
BAD = {Colour.RED, Colour.UNREADABLE}
FOREIGN = SealKey.of_seed(b"\x21" * 32)


@dataclass(frozen=True)
class Clean:
    """A clean pack: what is in it, what its reader knows, and whether an authority stamped it."""

    files: Files
    known: Knowledge
    stamped: bool
    codes: tuple[str, ...]
    number: int


@pytest.fixture(scope="module")
def chance() -> random.Random:
    """The chances of this run; the seed is printed, so that it can be played again."""
    seed = int(os.environ.get("SCHOOLWATCH_SOAK_SEED", secrets.randbelow(1 << 32)))
    print(f"\nseed {seed}")  # noqa: T201 - what `just soak` shows
    return random.Random(seed)  # noqa: S311 - edits to try, not a secret


@pytest.fixture(scope="module")
def packs(chance: random.Random, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Clean]]:
    """Two hundred clean packs, each with other captures; every other one stamped."""
    folder = tmp_path_factory.mktemp("packs")
    with LocalAuthority() as authority:
        yield [_clean(folder / str(number), number, chance, authority if number % 2 else None) for number in range(PACKS)]


def _clean(folder: Path, number: int, chance: random.Random, authority: LocalAuthority | None) -> Clean:
    folder.mkdir()
    workshop = Workshop(folder, authority=authority)
    for step in range(chance.randrange(1, 4)):
        more = {f"page-full-{part:02}.png": square((part, step, number), chance.randrange(1, 20)) for part in range(chance.randrange(3))}
        at = WHEN + timedelta(minutes=step, microseconds=chance.randrange(1_000_000))
        workshop.capture(at=at, more=more, words=chance.randbytes(chance.randrange(200)))
    path = workshop.pack().path
    trust = Trust((authority.root,) if authority else (), frozenset((KEY.id,)))
    clean = Clean(opened(path), Knowledge(trust), authority is not None, tuple(verify(path).codes.values()), number)
    shutil.rmtree(folder)
    return clean


def test_no_clean_pack_is_called_changed(packs: list[Clean], tmp_path: Path) -> None:
    """Two hundred clean packs, as ZIP and as folder: GREEN when stamped, AMBER otherwise, never RED."""
    found: Counter[tuple[bool, Colour]] = Counter()
    for pack in packs:
        zipped, folder = closed(pack.files, tmp_path / "pack.zip"), unpacked(pack.files, tmp_path / str(pack.number) / "pack")
        found.update((pack.stamped, verify(path, pack.known).colour) for path in (zipped, folder))

    print(f"\nclean packs: {dict(found)}")  # noqa: T201 - what `just soak` shows
    assert found == {(True, Colour.GREEN): PACKS, (False, Colour.AMBER): PACKS}


def _foreign(files: Files) -> None:
    all_anew(files, FOREIGN)


LEVELS: tuple[Callable[[Files], None], ...] = (lambda _: None, lists_anew, hashes_anew, _foreign)


def test_every_edit_is_found(packs: list[Clean], chance: random.Random, tmp_path: Path) -> None:
    """Edits of every kind, left so or put right with what a stranger has (lists, hashes, a key of their own): never called unchanged."""
    missed, told, tried = [], Counter[str](), 0
    while tried < EDITS_WANTED:
        pack = packs[tried % len(packs)]
        files, level = dict(pack.files), chance.choice(LEVELS)
        what = chance.choice(EDITS)(files, chance)
        with suppress(KeyError, ValueError, TypeError, IndexError, AttributeError):  # what cannot be put right stays as it is
            level(files)
        if files == pack.files:
            continue
        tried += 1
        colour = verify(closed(files, tmp_path / "pack.zip"), pack.known).colour
        told[colour.value] += 1
        if colour not in BAD:
            missed.append((pack.number, level, what))

    print(f"\nedits: {tried}, {dict(told)}, missed {len(missed)}")  # noqa: T201 - what `just soak` shows
    assert missed == []


def test_every_edit_of_the_raw_file_is_found(packs: list[Clean], chance: random.Random, tmp_path: Path) -> None:
    """A thousand edits of the ZIP's own bytes: bits, cuts, things hung on or put in between."""
    missed, told = [], Counter[str]()
    for number in range(max(1, EDITS_WANTED // 5)):
        pack = packs[number % len(packs)]
        path = closed(pack.files, tmp_path / "pack.zip")
        raw = path.read_bytes()
        changed = chance.choice((_bit, _cut, _behind, _between, _twice))(raw, chance)
        path.write_bytes(changed)
        colour = verify(path, pack.known).colour
        told[colour.value] += 1
        if colour not in BAD:
            missed.append((pack.number, len(raw), len(changed)))

    print(f"\nraw edits: {dict(told)}, missed {len(missed)}")  # noqa: T201 - what `just soak` shows
    assert missed == []


def _bit(raw: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ (1 << chance.randrange(8))]) + raw[place + 1 :]


def _cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


def _behind(raw: bytes, chance: random.Random) -> bytes:
    return raw + chance.randbytes(chance.randrange(1, 50))


def _between(raw: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(raw))
    return raw[:place] + chance.randbytes(chance.randrange(1, 50)) + raw[place:]


def _twice(raw: bytes, chance: random.Random) -> bytes:
    place, size = chance.randrange(len(raw)), chance.randrange(1, 500)
    return raw[: place + size] + raw[place:]


def test_the_insider_is_caught_as_documented(packs: list[Clean], chance: random.Random, tmp_path: Path) -> None:
    """Evidence rebuilt with the installation's own key: RED by the old stamp; without one AMBER alone and RED by any witness code."""
    alone, noted = Counter[tuple[bool, Colour]](), Counter[Colour]()
    for pack in packs:
        files = dict(pack.files)
        for edit in (back_date, say_otherwise):
            edit(files, chance)
        all_anew(files, KEY)
        path = closed(files, tmp_path / "pack.zip")
        alone[pack.stamped, verify(path, pack.known).colour] += 1
        noted[verify(path, Knowledge(pack.known.trust, witnesses=pack.codes)).colour] += 1

    assert alone == {(True, Colour.RED): PACKS // 2, (False, Colour.AMBER): PACKS // 2}
    assert noted == {Colour.RED: PACKS}
