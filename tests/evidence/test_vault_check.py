"""The look over the vault: every file within seven nights, oldest first, in bounded time; every kind of damage is named."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.testing import a_case, an_item
from data.model.evidence import Evidence, SealedFile
from evidence.seal import sha256
from evidence.testing import MOMENT, an_order, fake_capture
from evidence.vault import Vault
from evidence.vault_check import NIGHTS, evidence_faults, look_over, share_of


def still() -> float:
    """Return a time that stands still."""
    return 0.0


class Paper:
    """A vault that only remembers what was looked at."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def check(self, name: str) -> None:
        """Note a look."""
        self.seen.append(name)


@given(st.sets(st.integers(0, 10_000), max_size=60))
def test_seven_nights_see_everything_once_before_anything_twice(numbers: set[int]) -> None:
    """Whatever the number of files: after seven nights each was read, and none was read again before all were."""
    kept, vault, after = {f"{number:064x}": "E1" for number in numbers}, Paper(), ""
    for _ in range(NIGHTS):
        after = look_over(vault, kept, after=after, share=share_of(len(kept)), timer=still).stopped_at  # type: ignore[arg-type]

    assert set(vault.seen) == set(kept)
    assert len(set(vault.seen[: len(kept)])) == len(kept)


@given(st.integers(1, 50), st.integers(1, 50))
def test_files_that_come_between_delay_nobody(before: int, more: int) -> None:
    """New files between two nights: whatever was there at first is read within seven nights of the larger share."""
    first, vault, after = {f"{2 * number:064x}": "E1" for number in range(before)}, Paper(), ""
    kept = dict(first)
    for night in range(2 * NIGHTS):
        after = look_over(vault, kept, after=after, share=share_of(len(kept)), timer=still).stopped_at  # type: ignore[arg-type]
        kept |= {f"{2 * number + 1:064x}": "E2" for number in range(more)} if night == 0 else {}

    assert set(vault.seen) == set(kept)


def test_a_night_ends_in_time_and_the_next_goes_on(vault: Vault) -> None:
    """When reading is slow, a night stops early and says so; no file is passed over, and one at least is read."""
    kept = {vault.put(str(number).encode()): f"E{number}" for number in range(10)}
    slow = count(step=1000).__next__
    first = look_over(vault, kept, after="", share=10, timer=slow, longest=1500)
    second = look_over(vault, kept, after=first.stopped_at, share=10, timer=slow, longest=0)

    assert (first.checked, first.is_cut, first.stopped_at) == (2, True, sorted(kept)[1])
    assert (second.checked, second.is_cut, second.stopped_at) == (1, True, sorted(kept)[2])


def test_an_empty_vault_is_looked_over_at_once(vault: Vault) -> None:
    """Nothing to look at is no fault."""
    found = look_over(vault, {}, after="f" * 64, share=share_of(0), timer=still, longest=math.inf)

    assert (found.checked, found.of, found.faults, found.is_cut) == (0, 0, (), False)


def test_damage_is_named_by_what_it_belongs_to(vault: Vault) -> None:
    """A lost file and a changed one are named by the evidence; the others pass."""
    lost, changed, good = (vault.put(content) for content in (b"lost", b"changed", b"good"))
    vault.path(lost).unlink()
    vault.path(changed).write_bytes(b"c")
    found = look_over(vault, {lost: "SW-1-E1", changed: "SW-2-E1", good: "SW-3-E1"}, after="", share=3, timer=still)

    assert {one.belongs_to: one.problem.split(";")[0].replace(one.sha256, "X") for one in found.faults} == {
        "SW-1-E1": "the vault has lost file X",
        "SW-2-E1": "vault file X was changed after it was stored",
    }


def sealed(vault: Vault) -> Evidence:
    """Return sealed evidence."""
    case, item = a_case(), an_item()
    return fake_capture(an_order(item, at=MOMENT), case, item, vault=vault, now=MOMENT)[0]


def _swap(evidence: Evidence, name: str, vault: Vault, content: bytes) -> Evidence:
    other = SealedFile(name=name, sha256=vault.put(content), bytes=len(content), media_type="x/y")
    return evidence.model_copy(update={"seal_files": tuple(other if one.name == name else one for one in evidence.seal_files)})


def test_sound_evidence_has_no_fault(vault: Vault) -> None:
    """Record, manifest, seal, signature and every file fit."""
    assert list(evidence_faults(sealed(vault), vault)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one, _: one.model_copy(update={"address": "https://other.example/"}), "its record is not what was sealed"),
        (lambda one, _: one.model_copy(update={"seal_sha256": "0" * 64}), "not the one that the record names"),
        (lambda one, _: one.model_copy(update={"seal_files": one.seal_files[:2]}), "its seal lacks"),
        (lambda one, vault: _swap(one, "seal.sig", vault, b"s" * 64), "the signature of its seal does not hold"),
        (lambda one, vault: _swap(one, "seal-key.pem", vault, b"no key"), "the signature of its seal does not hold"),
        (lambda one, vault: _swap(one, "seal.json", vault, b"[]"), "its seal is over another manifest"),
        (lambda one, vault: _swap(one, "seal.json", vault, b"\xff"), "its seal is over another manifest"),
        (lambda one, vault: _swap(one, "manifest.json", vault, b"{}"), "its seal is over another manifest"),
    ],
)
def test_each_break_of_a_seal_is_named(vault: Vault, change: Callable[[Evidence, Vault], Evidence], words: str) -> None:
    """Whatever does not fit is told with the evidence's number."""
    changed = change(sealed(vault), vault)
    found = list(evidence_faults(changed, vault))

    assert any(words in fault for fault in found)
    assert all(fault.startswith(changed.ref) for fault in found)


def test_lost_files_are_named_and_those_known_to_be_elsewhere_are_not(vault: Vault) -> None:
    """A lost page and a lost seal are faults; files of the absent list are not asked for."""
    one = sealed(vault)
    page, seal = next(file for file in one.files if file.name == "dom.html"), one.seal_files[1]
    for file in (page, seal):
        vault.path(file.sha256).unlink()
    found = list(evidence_faults(one, vault))

    assert [fault.split(": ")[1] for fault in found] == ["dom.html", seal.name, "its seal cannot be read"]
    assert list(evidence_faults(one, vault, absent={page.sha256, seal.sha256})) == []
    assert sha256(b"") not in {page.sha256, seal.sha256}
