"""The look over the vault: a share of it every night, or all of it at once; what is wrong is noted and told once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence

import structlog

from casework.vault_alarm import tell_of_vault
from data.model.base import new_id
from data.model.evidence import BackupRun
from data.store import Work
from evidence.vault_check import Look, VaultFault, look_over, share_of
from schoolwatch.desk import Desk
from schoolwatch.kept_files import SHARED, STAMP, kept_files

KIND = "vault"
MOST_NAMED = 500  # pieces of evidence by number in one note
_log = structlog.get_logger(__name__)


def look_tonight(desk: Desk) -> Look:
    """Read through a seventh of the vault, those first that were read longest ago; see `look`."""
    with desk.store.read() as work:
        kept, runs = kept_files(work), looks(work)
    return _noted(desk, look_over(desk.vault, kept, after=runs[-1].file if runs else "", share=share_of(len(kept)), timer=time.monotonic))


def look_now(desk: Desk) -> Look:
    """Read through all of the vault, however long it takes."""
    with desk.store.read() as work:
        kept = kept_files(work)
    return _noted(desk, look_over(desk.vault, kept, after="", share=len(kept), timer=time.monotonic, longest=float("inf")))


def looks(work: Work) -> list[BackupRun]:
    """Return the looks over the vault, oldest first."""
    return work.backups.where(kind=KIND, order_by="at")


def still_wrong(runs: Sequence[BackupRun]) -> tuple[str, ...]:
    """Return the numbers of the evidence that was found wrong and of which no whole look has said since that all is right."""
    since = max((place for place, run in enumerate(runs) if run.ok and run.files == run.size), default=-1)
    return tuple(dict.fromkeys(name for run in runs[since + 1 :] for name in run.problem.splitlines()))


def _noted(desk: Desk, found: Look) -> Look:
    """Keep what a look saw, and tell the safeguarding leads of the schools whose evidence is newly found wrong."""
    at = desk.clock.now()
    names = tuple(dict.fromkeys(fault.belongs_to for fault in found.faults))
    with desk.store.begin("system") as work:
        known = still_wrong(looks(work))
        run = BackupRun(
            id=new_id(at),
            at=at,
            kind=KIND,
            file=found.stopped_at,
            size=found.of,
            files=found.checked,
            ok=not found.faults,
            problem="\n".join(names[:MOST_NAMED]),
        )
        work.backups.add(run)
        _tell(desk, work, [fault for fault in found.faults if fault.belongs_to not in known])
        work.commit()
    if found.faults:
        _log.error("vault at fault", checked=found.checked, of=found.of, faults=len(found.faults))
    return found


def _tell(desk: Desk, work: Work, faults: Sequence[VaultFault]) -> None:
    for school in work.schools.where() if faults else ():
        refs = [case.ref for case in work.cases.where(school_id=school.id)]
        mine = sorted({fault.belongs_to for fault in faults if _is_of(fault, refs)})
        if mine:
            mark = hashlib.sha256("\n".join(fault.sha256 for fault in faults).encode()).hexdigest()[:32]
            tell_of_vault(work, school.id, mark, len(mine), desk.clock.now())


def _is_of(fault: VaultFault, refs: Iterable[str]) -> bool:
    """Whether a fault concerns one of these cases; a time stamp, or a file that many pieces share, concerns every school."""
    if fault.belongs_to == STAMP or SHARED in fault.belongs_to:
        return True
    return fault.belongs_to.startswith(tuple(f"{ref}{end}" for ref in refs for end in ("-E", ",")))
