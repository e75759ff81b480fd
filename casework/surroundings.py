"""What is known around a case when its order of attack is drawn up: read from the store, judged by the pure rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from casework.places import hostname
from casework.requests import has_evidence
from casework.routes import FRESH, SCOPE_ROUTES, Known
from data.model.care import SourceKind
from data.model.cases import Case, CaseEvent, CaseItem, Route
from data.model.network import NetworkContact, NetworkLookup
from data.store import Work

CHOSEN = "contact chosen"  # the word of the event that a choice writes


def known(work: Work, case: Case, items: Sequence[CaseItem], now: datetime) -> Known:
    """Return what the store knows around a case; what nobody recorded stays unknown."""
    posts = [post for item in items if item.post_id is not None and (post := work.posts.find(item.post_id)) is not None]
    first = posts[0] if posts else None
    events = tuple(work.case_events.of(case.id))
    return Known(
        requests=tuple(work.requests.where(case_id=case.id, order_by="drafted_at")),
        events=events,
        referrals=tuple(work.referrals.where(case_id=case.id)),
        lookups={host: found for host in {hostname(item.address) for item in items} if (found := fresh(work, host, now)) is not None},
        source=source_of(work, case),
        counts=first.counts if first else None,
        posted_at=(first.created_at or first.first_seen_at) if first else None,
        chosen=_chosen(work, events),
        has_evidence=has_evidence(case, work.evidence.where(case_id=case.id)),
        linked=linked(work, case, items),
    )


def fresh(work: Work, host: str, now: datetime) -> NetworkLookup | None:
    """Return the last look-up of a host that is not older than 30 days (§3.4), or None."""
    found = work.lookups.where(host=host, order_by="looked_at")
    return found[-1] if found and now - found[-1].looked_at <= FRESH else None


def _chosen(work: Work, events: Sequence[CaseEvent]) -> dict[str, tuple[NetworkContact, ...]]:
    """Return the contacts that people chose, by host: the last choice for each way."""
    found: dict[str, dict[Route, NetworkContact]] = {}
    for event in events:
        looked = work.lookups.find(event.fields.get("lookup_id")) if event.what == CHOSEN else None
        number = event.fields.get("contact")
        if looked is not None and isinstance(number, int) and number < len(looked.contacts):
            contact = looked.contacts[number]
            found.setdefault(looked.host, {})[SCOPE_ROUTES[contact.scope]] = contact
    return {host: tuple(contacts.values()) for host, contacts in found.items()}


def source_of(work: Work, case: Case) -> SourceKind:
    """Return which group the author is of, as a person recorded it in the investigation (A27: never computed)."""
    found = work.investigations.where(case_id=case.id, order_by="opened_at")
    return found[-1].source_kind if found else SourceKind.UNKNOWN


def linked(work: Work, case: Case, items: Sequence[CaseItem]) -> int:
    """Return how many incidents at the same person are linked: this case's items, other cases of the same named target, alerts."""
    same = work.cases.count(school_id=case.school_id, target=case.target) - 1 if case.target.startswith(("staff:", "user:")) else 0
    ids = {item.post_id for item in items if item.post_id is not None}
    alerts = [len(alert.post_ids) for alert in work.threads.where(school_id=case.school_id) if ids & set(alert.post_ids)]
    return max(len(items) + same, *alerts, 1)
