"""The vault of sealed files."""

from __future__ import annotations

import errno
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.clock import SystemClock
from data.errors import EvidenceError
from evidence.errors import SealBrokenError
from evidence.vault import Vault


def _aged(path: Path, hours: float) -> None:
    then = path.stat().st_mtime - hours * 3600
    os.utime(path, (then, then))


def test_what_is_put_comes_back(vault: Vault) -> None:
    """A file is found again by its SHA-256, and the same content twice is one file."""
    sha256 = vault.put(b"page")

    assert (sha256, vault.put(b"page"), vault.get(sha256)) == (hashlib.sha256(b"page").hexdigest(), sha256, b"page")
    assert len([path for path in vault.root.rglob("*") if path.is_file()]) == 1


def test_a_changed_file_is_never_handed_out(vault: Vault) -> None:
    """A file that was changed on the disk is refused by name."""
    sha256 = vault.put(b"page")
    vault.path(sha256).write_bytes(b"pagE")

    with pytest.raises(SealBrokenError, match=sha256):
        vault.get(sha256)


def test_a_lost_file_is_named(vault: Vault) -> None:
    """A file that is not there is named."""
    with pytest.raises(SealBrokenError, match="0" * 64):
        vault.get("0" * 64)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_a_name_that_is_no_hash_is_refused(vault: Vault, name: str) -> None:
    """No other name than a SHA-256 leads anywhere."""
    with pytest.raises(SealBrokenError):
        vault.path(name)


def test_a_full_disk_leaves_nothing_half_written(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full the error says so and no file is left."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EvidenceError, match="No space left"):
        vault.put(b"page")

    assert [path for path in vault.root.rglob("*") if path.is_file()] == []


def test_sweeping_takes_old_leftovers_only(vault: Vault) -> None:
    """Old temporary files and orphans go; known files, and whatever is younger than an hour, stay."""
    known, orphan, young = (vault.put(content) for content in (b"known", b"orphan", b"young"))
    leftover = vault.path(orphan).with_name("x.tmp")
    leftover.write_bytes(b"half")
    for path in (vault.path(known), vault.path(orphan), leftover):
        _aged(path, 2)

    assert sorted([orphan, "x.tmp"]) == list(vault.sweep(SystemClock().now(), {known}))
    assert (vault.get(known), vault.get(young)) == (b"known", b"young")


def test_a_fast_clock_sweeps_nothing_fresh(vault: Vault) -> None:
    """A clock that runs ahead (the demo's) does not make a fresh file look old."""
    fresh = vault.put(b"fresh")

    assert vault.sweep(datetime.now(UTC) + timedelta(days=30), set()) == ()  # noqa: TID251 - the disk's time is real
    assert vault.get(fresh) == b"fresh"
