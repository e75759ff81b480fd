"""Thousands of broken backups: each is refused in words or unpacked under our own names; nothing outside, no traceback.

Half are age files with bytes changed, cut or put in; half are sound age files around a tar whose headers were changed and whose check sums
were made to fit. The ordinary suite tries 200, `just soak` 5,000; SCHOOLWATCH_SOAK_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest

from schoolwatch.age_tar import BLOCK, Member, Opener, Unpacker, decrypt, new_pair, tar_bytes
from schoolwatch.backup import NAMES
from schoolwatch.errors import RestoreError

FEW, MANY = 200, 5_000
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def a_tar(size: int) -> bytes:
    """Return a tar as a backup holds it."""
    return b"".join(tar_bytes([Member("state/app.db", size, [b"x" * size]), Member("manifest.json", 2, [b"{}"])], AT))


def spoilt_file(chance: random.Random, sound: bytes) -> bytes:
    """Change, cut out or put in some bytes at the beginning of an age file, where its header lies, or cut it off."""
    spoilt = bytearray(sound)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(min(300, len(spoilt)))
        match chance.randrange(4):
            case 0:
                spoilt[place] ^= 1 << chance.randrange(8)
            case 1:
                del spoilt[place : place + chance.randrange(1, 40)]
            case 2:
                spoilt[place:place] = chance.randbytes(chance.randrange(1, 30))
            case _:
                del spoilt[chance.randrange(310, 400) :]
    return bytes(spoilt)


def spoilt_tar(chance: random.Random, sound: bytes) -> bytes:
    """Change bytes of a tar, mostly of its first header, and make the header's check sum fit."""
    spoilt = bytearray(sound)
    for _ in range(chance.randint(1, 8)):
        spoilt[chance.randrange(BLOCK if chance.random() < 0.7 else len(spoilt))] = chance.randrange(256)
    spoilt[148:156] = b" " * 8
    spoilt[148:156] = b"%06o\0 " % sum(spoilt[:BLOCK])
    return bytes(spoilt)


def _try_all(folder: Path, times: int) -> Counter[str]:
    seed = int(os.environ.get("SCHOOLWATCH_SOAK_SEED") or secrets.randbelow(1_000_000))
    print(f"\nseed {seed}")  # noqa: T201 - what `just soak` shows
    chance, found = random.Random(seed), Counter[str]()  # noqa: S311 - spoils files, keeps no secret
    public, secret = new_pair()
    to = [pyrage.x25519.Recipient.from_str(public)]
    file, inside = folder / "spoilt.tar.age", folder / "inside"
    sound, tar = pyrage.encrypt(a_tar(70_000), to), a_tar(700)
    for number in range(times):
        file.write_bytes(spoilt_file(chance, sound) if number % 2 else pyrage.encrypt(spoilt_tar(chance, tar), to))
        inside.mkdir()
        try:
            decrypt(file, Opener(secret), Unpacker(inside, NAMES))
            found["unpacked"] += 1
        except RestoreError as refusal:
            found[str(refusal)[:40]] += 1
        assert all(NAMES.fullmatch(str(path.relative_to(inside))) for path in inside.rglob("*") if not path.is_dir())
        shutil.rmtree(inside)
    assert [path.name for path in folder.iterdir()] == [file.name]
    return found


def test_two_hundred_broken_backups(tmp_path: Path) -> None:
    """Each ends in words or in files of ours."""
    found = _try_all(tmp_path, FEW)

    assert sum(found.values()) == FEW
    assert len(found) >= 3


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_five_thousand_broken_backups(tmp_path: Path) -> None:
    """The same, more often."""
    found = _try_all(tmp_path, MANY)
    print(dict(found))  # noqa: T201 - what `just soak` shows

    assert sum(found.values()) == MANY
    assert len(found) >= 5
