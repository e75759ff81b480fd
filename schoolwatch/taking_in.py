"""Taking in what people bring: the question first, then the files, sealed at once (domain.md §5.7 rules 1 and 4)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from casework import access
from casework.service import Casework
from data.clock import Clock
from data.errors import ConflictError
from data.model.cases import Case
from data.model.evidence import CaptureOrder, Evidence, OrderState, SafetyAnswer
from data.model.people import Permission, User
from data.store import Store
from evidence.custody import CustodyDraft
from evidence.errors import CaptureForbiddenError, PreflightStopError, Refused, SuppliedRefusedError
from evidence.guard import may_export, must_be_clear
from evidence.seal import Sealer, sha256
from evidence.supplied import FACTS, Account, Brought, TakenBy, supply, words_in
from evidence.vault import Vault
from schoolwatch.kept_files import only_if_kept

BY_ITS_WORDS = "the words of what was brought gave signs of an indecent picture"
_TRIES = 3  # another piece of evidence may get the next number in the same moment


class TakingIn:
    """The desk at which people hand over screenshots, e-mails and recordings."""

    def __init__(self, store: Store, clock: Clock, vault: Vault, cases: Casework, sealer: Callable[[], Sealer]) -> None:
        self._store, self._clock, self._vault, self._cases, self._sealer = store, clock, vault, cases, sealer

    def ask(self, by: User, case_id: str, item_id: str, answer: SafetyAnswer | None) -> bool:
        """Whether files may be asked for now: after a clear "no" only. "Yes" and "not sure" stop the case. Raises AnswerMissingError."""
        return self._cases.ask_to_supply(by, case_id, item_id, answer).state is not OrderState.STOPPED

    def take(
        self, by: User, case_id: str, item_id: str, answer: SafetyAnswer | None, files: Sequence[Brought], account: Account
    ) -> Evidence:
        """Seal what was brought and record it in the case; nothing of it counts before that one step.

        Raises AnswerMissingError, CaptureForbiddenError (the case is stopped then, and not a byte is kept), SuppliedRefusedError,
        PermissionDeniedError, EvidenceError when the disk is full. The very same files a second time are refused by name of the first.
        """
        order = self._cases.ask_to_supply(by, case_id, item_id, answer)
        if order.state is OrderState.STOPPED:
            raise CaptureForbiddenError(order.problem or "this case is on the STOP route", what=Refused.UPLOAD)
        self._read(by, order, files, account)
        for _ in range(_TRIES):
            sealed, custody = self._sealed(by, order, files, account)
            with contextlib.suppress(ConflictError), only_if_kept(self._vault, self._store, sealed):
                return self._kept(by, order, sealed, custody)
        raise ConflictError

    def _read(self, by: User, order: CaptureOrder, files: Sequence[Brought], account: Account) -> None:
        """Look at what was brought before anything is kept: a sign in its words turns "no" into STOP, as on a page.

        So does a file that a stopped case of the school holds, or held till the police had it destroyed.
        """
        try:
            must_be_clear(order, words_in(files, account))
        except PreflightStopError as error:
            self._cases.supply_stopped(by, order, error.signals, BY_ITS_WORDS)
            raise CaptureForbiddenError(BY_ITS_WORDS, what=Refused.UPLOAD) from error
        self._cases.supply_known(by, order, frozenset(sha256(one.content) for one in files))

    def _sealed(
        self, by: User, order: CaptureOrder, files: Sequence[Brought], account: Account
    ) -> tuple[Evidence, tuple[CustodyDraft, ...]]:
        with self._store.read() as work:
            case, number = work.cases.get(order.case_id), work.evidence.count(case_id=order.case_id) + 1
        who = TakenBy(by.id, _roles(by, case), case.ref, number, order.address)
        return supply(order, files, account, who, sealer=self._sealer(), now=self._clock.now())

    def _kept(self, by: User, order: CaptureOrder, sealed: Evidence, custody: Sequence[CustodyDraft]) -> Evidence:
        kept = self._cases.evidence_supplied(by, order, sealed, custody)
        if kept.id != sealed.id:
            raise SuppliedRefusedError(f"these very files were taken in already, as {kept.ref}; nothing was added")
        return kept

    def about(self, by: User, evidence_id: str) -> dict[str, Any]:
        """Return what stands in `supplied.json`: what was said, and what each file says of itself; empty where there is none.

        For who may see the pictures too; raises PermissionDeniedError, CaptureForbiddenError, SealBrokenError.
        """
        with self._store.read() as work:
            found = work.evidence.get(evidence_id)
        case = self._cases.case(by, found.case_id).case
        access.must(by, Permission.CAPTURE, case)
        may_export(case, Refused.PICTURE)
        file = next((one for one in found.files if one.name == FACTS), None)
        facts: dict[str, Any] = json.loads(self._vault.get(file.sha256)) if file else {}
        return facts


def _roles(by: User, case: Case) -> str:
    return ", ".join(sorted(role.value for role in by.roles.get(case.school_id, ())))
