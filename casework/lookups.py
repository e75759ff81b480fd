"""Who hosts, shields and registers the site of a case (A21): the look-up itself is done by schoolwatch.lookup, its answer is kept here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from casework import routes
from casework.errors import IllegalMoveError
from casework.places import hostname
from casework.room import Room, needed
from casework.surroundings import CHOSEN, fresh
from casework.transitions import STATE_LABELS
from data.errors import CaseError
from data.model.base import new_id
from data.model.cases import Case, CaseItem
from data.model.network import ContactScope, NetworkContact, NetworkLookup
from data.model.people import Permission, User
from data.model.readings import Category
from data.store import Work

BY_HAND = "entered by hand"


class Lookups(Room):
    """Verbs of this part. A look-up asks for the site's name only, never for the case; a person chooses among the contacts."""

    def host_to_look_up(self, by: User, case_id: str, item_id: str) -> str:
        """Return the name to look up; raises IllegalMoveError in a stopped case (nothing leaves it), CaseError without a name."""
        with self.store.read() as work:
            case, item = self._item(work, by, case_id, item_id)
            return self._host(case, item)

    def looked_up(self, by: User, case_id: str, item_id: str) -> NetworkLookup | None:
        """Return what is known of the site's host: the last look-up within 30 days, of whichever case, or None."""
        with self.store.read() as work:
            _, item = self._item(work, by, case_id, item_id)
            return fresh(work, hostname(item.address), self.now())

    def keep_lookup(self, by: User, case_id: str, found: NetworkLookup) -> NetworkLookup:
        """Keep what a look-up found, and note in the case that it was made."""
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.REQUEST)
            _not_stopped(case)
            hosts = {hostname(item.address) for item in work.case_items.where(case_id=case.id)}
            if found.host not in hosts:
                msg = f"'{found.host}' is not a site of case {case.ref}; open the case again"
                raise CaseError(msg)
            kept = work.lookups.add(
                found.model_copy(update={"id": new_id(self.now()), "looked_by": by.id, "looked_at": min(found.looked_at, self.now())})
            )
            fields = {"lookup_id": kept.id, "host": kept.host, "contacts": len(kept.contacts), "problems": len(kept.problems)}
            self._event(work, case, by.id, "looked up", fields=fields)
            work.commit()
        return kept

    def enter_contact(self, by: User, case_id: str, item_id: str, scope: ContactScope, name: str, reach: str) -> NetworkLookup:
        """Keep a contact that a person found elsewhere (where no registry answers, or without a network): mail, telephone or form.

        It joins what the last look-up found. Raises CaseError for an empty field.
        """
        words, way = needed(name, "the party's name"), needed(reach, "the mail address, telephone or form")
        with self.store.read() as work:
            case, item = self._item(work, by, case_id, item_id)
            host, before = self._host(case, item), fresh(work, hostname(item.address), self.now())
        contact = NetworkContact(scope=scope, name=words[:200], source=BY_HAND, **_reach(way[:300]))
        blank = NetworkLookup(id="", host=host, domain=host, looked_by=by.id, looked_at=self.now())
        # It follows the look-up that it joins at once: what was found then grows no younger by it
        base = before.model_copy(update={"looked_at": before.looked_at + timedelta(microseconds=1)}) if before else blank
        others = tuple(one for one in base.contacts if one.scope is not ContactScope.GUESS)
        return self.keep_lookup(by, case_id, base.model_copy(update={"contacts": (*others, contact)}))

    def choose_contact(self, by: User, case_id: str, item_id: str, contact: NetworkContact) -> Case:
        """Note that a person chose whom to write to; from then on it stands first among the ways proposed, its letter filled in.

        Raises CaseError when the contact is of no look-up of this site, IllegalMoveError while nobody may be asked (§3.5).
        """
        with self.store.begin(by=by.id) as work:
            case, item = self._item(work, by, case_id, item_id)
            stops = routes.hard_stops(case)
            if stops:
                raise IllegalMoveError("choose a contact", STATE_LABELS[case.state], "; ".join(stops), case.ref)
            found = fresh(work, hostname(item.address), self.now())
            if found is None or contact not in found.contacts:
                msg = "this contact is no longer among those that were found: look the site up again"
                raise CaseError(msg)
            fields = {"lookup_id": found.id, "contact": found.contacts.index(contact), "scope": contact.scope.value, "host": found.host}
            case = self._event(work, case, by.id, CHOSEN, fields=fields)
            work.commit()
        return case

    def _item(self, work: Work, by: User, case_id: str, item_id: str) -> tuple[Case, CaseItem]:
        case = self._for(work, by, case_id, Permission.REQUEST)
        return case, _one(work.case_items.where(case_id=case.id), item_id, case)

    def _host(self, case: Case, item: CaseItem) -> str:
        _not_stopped(case)
        host = hostname(item.address)
        if not host:
            msg = f"this item of case {case.ref} has no web address, so nobody can be looked up"
            raise CaseError(msg)
        return host


def _not_stopped(case: Case) -> None:
    if case.stop or case.lead_category is Category.CSAM:
        raise IllegalMoveError("look up the host", STATE_LABELS[case.state], "nothing about a stopped case leaves here", case.ref)


def _one(items: Sequence[CaseItem], item_id: str, case: Case) -> CaseItem:
    found = next((item for item in items if item.id == item_id), None)
    if found is None:
        msg = f"item {item_id} does not belong to case {case.ref}; open the case again"
        raise CaseError(msg)
    return found


def _reach(way: str) -> dict[str, Any]:
    if way.startswith(("https://", "http://")):
        return {"link": way}
    return {"email": way} if "@" in way else {"telephone": way}
