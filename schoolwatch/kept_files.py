"""Which files of the vault belong to a record, to which, and which of them must not leave this computer."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from casework.room import shown_in
from casework.stopping import destroyed_files
from data.errors import ConflictError, EvidenceError, NotFoundError, SchoolwatchError, StoreError
from data.model.evidence import Evidence
from data.store import Store, Work
from evidence.guard import is_sealed_off
from evidence.vault import Vault

STAMP = "a time stamp"
SHARED = " (and "  # stands in the name of a file that several pieces of evidence share


def kept_files(work: Work) -> dict[str, str]:
    """Return each file that a record speaks of: its SHA-256 and what it belongs to, by number (`SW-2026-0001-E1`)."""
    tokens = {token.reply_sha256: STAMP for token in work.tokens.where() if token.reply_sha256}
    refs = {case.id: case.ref for case in work.cases.where()}
    answers = {one.answer_sha256: f"{refs.get(one.case_id, 'a case')}, a check" for one in work.checks.where() if one.answer_sha256}
    gone = destroyed_files(work)  # under police direction: no loss
    return {name: of for name, of in (tokens | answers | _of_evidence(work.evidence.where())).items() if name not in gone}


def _of_evidence(found: Collection[Evidence]) -> dict[str, str]:
    """Name the first piece of evidence that each file belongs to; the public half of the key, for one, belongs to all."""
    owners: dict[str, list[str]] = {}
    for one in found:
        for sha256 in set(hashes(one)):
            owners.setdefault(sha256, []).append(one.ref)
    return {sha256: refs[0] if len(refs) == 1 else f"{refs[0]}{SHARED}{len(refs) - 1} more)" for sha256, refs in owners.items()}


def hashes(found: Evidence) -> Iterator[str]:
    """Return the hashes of all files of one piece of evidence, its seal's included."""
    return (file.sha256 for file in (*found.files, *found.seal_files))


def withheld_files(work: Work) -> frozenset[str]:
    """Return the files that are never copied anywhere, a backup included: those of stopped cases (evidence.md §8.6).

    What else names them keeps them, but not where a picture may be in them: such a file goes nowhere, whoever else holds it.
    """
    stopped = frozenset(case.id for case in work.cases.where() if is_sealed_off(case))
    files = tuple(_by_case(work))
    inside = frozenset(sha256 for case_id, sha256 in files if case_id in stopped)
    outside = frozenset(sha256 for case_id, sha256 in files if case_id not in stopped)
    return (inside - outside) | shown_in(work, stopped)


def _by_case(work: Work) -> Iterator[tuple[str, str]]:
    for one in work.evidence.where():
        yield from ((one.case_id, sha256) for sha256 in hashes(one))
    yield from ((check.case_id, check.answer_sha256) for check in work.checks.where() if check.answer_sha256)


@contextmanager
def only_if_kept(vault: Vault, store: Store, sealed: Evidence) -> Iterator[None]:
    """Take the files of sealed evidence away again when the step that records it refuses: refused means that nothing of it is left.

    The step is one transaction. What any record names stays, and so does what another capture took up meanwhile. A disk that refuses
    leaves them to the night's sweep, and so does a database of which it is not known whether it kept the record.
    """
    try:
        yield
    except (SchoolwatchError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        if _is_surely_refused(error):
            with contextlib.suppress(EvidenceError, StoreError):
                vault.take_back(set(hashes(sealed)), lambda: _named(store))
        raise


def _is_surely_refused(error: Exception) -> bool:
    """Whether nothing was recorded: always but when the database broke off at the very end, where it may have kept the record yet.

    An error that names the statement it came with came before the end, so that the transaction was rolled back.
    """
    if isinstance(error, (ConflictError, NotFoundError)) or not isinstance(error, StoreError):
        return True
    return getattr(error.__cause__, "statement", None) is not None


def _named(store: Store) -> Collection[str]:
    with store.read() as work:
        return frozenset(kept_files(work))
