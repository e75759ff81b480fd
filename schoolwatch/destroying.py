"""Taking a sealed-off copy away under police direction: the record first, then the files (evidence.md §8.6)."""

from __future__ import annotations

import structlog

from casework.stopping import Direction
from data.model.people import User
from schoolwatch.desk import Desk

_log = structlog.get_logger(__name__)


def destroy(desk: Desk, by: User, evidence_id: str, direction: Direction) -> int:
    """Record the direction, then remove the files that no other evidence holds; return how many were removed.

    Cut off in between, it is simply done again. Names, hashes and the witness code stay in the record and in the register. Raises
    PermissionDeniedError for anybody but the safeguarding lead, IllegalMoveError outside a stopped case, CaseError without a reference,
    EvidenceError when the disk refuses.
    """
    going = desk.casework.destroy_directed(by, evidence_id, direction)
    gone = sum(desk.vault.remove(sha256) for sha256 in going)
    _log.warning("destroyed under direction", evidence=evidence_id, files=gone)
    return gone
