"""What drafting asks beyond the words: whether a notice suits the case, what can be filled in from the case, the look at the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from casework.errors import GroundMissingError, IllegalMoveError
from casework.notice import Ask, AskKind, Details, Notice, NoticeFacts, Rendered, is_link, london
from casework.personal_data import Guard
from casework.referrals import OFFENCES
from data.errors import CaseError
from data.model.care import Attribution, Investigation, Referral, ReferralBody
from data.model.cases import Case, CaseItem, Ground, RequestState, Route, TakedownRequest
from data.model.network import ContactScope, NetworkLookup
from data.model.posts import Post

KNOWN: frozenset[Attribution] = frozenset({Attribution.ADMITTED, Attribution.CONFIRMED_BY_PLATFORM})
_REFUSED = "they refused"
_SILENT = "no answer"
_TO_PLATFORM = frozenset({Route.PLATFORM_FORM, Route.FEDIVERSE_MODERATORS, Route.SITE_OPERATOR, Route.GROUP_MODERATORS})
_SCOPES: dict[Route, ContactScope] = {Route.HOST: ContactScope.HOST, Route.CDN: ContactScope.CDN, Route.REGISTRAR: ContactScope.REGISTRAR}


def must_suit(notice: Notice, case: Case, ground: Ground, sources: Sequence[Investigation]) -> None:
    """Return if the notice may be written in this case on this ground (§3.3, §3.5).

    Raises IllegalMoveError where the category forbids it or, for a section 5 notice, the poster is known; GroundMissingError where the
    ground is not one of the notice's own.
    """
    if case.lead_category in notice.not_for:
        why = "in a matter of this kind it could warn or provoke somebody, or is not theirs to deal with; choose another way"
        raise IllegalMoveError(f"write '{notice.label}'", case.state.value, why, case.ref)
    if notice.grounds and ground not in notice.grounds:
        msg = f"'{notice.label}' is not written on this ground; choose the ground that belongs to it, or another way"
        raise GroundMissingError(msg)
    if notice.route is Route.SECTION_5 and any(one.source in KNOWN for one in sources):
        why = "the person who posted it is known, so this notice adds nothing; take legal advice, or choose another way"
        raise IllegalMoveError(f"write '{notice.label}'", case.state.value, why, case.ref)


def must_accept_forwarding(notice: Notice, *, accepted: bool) -> None:
    """Raise CaseError until the person accepted that the recipient may pass the notice on or publish it (§3.5)."""
    if notice.may_be_forwarded and not accepted:
        msg = "tick first that it may be passed on to the person who posted it, or published: the person concerned has to accept that"
        raise CaseError(msg)


def look_at_whole(rendered: Rendered, facts: NoticeFacts, guard: Guard, asks: Sequence[Ask] = ()) -> None:
    """Raise PersonalDataError naming the line when the finished words hold what may not leave; addresses are given as they are."""
    links = tuple(facts.said(one.key) for one in asks if one.kind is AskKind.LINK)
    rule = facts.rule_link.strip() if is_link(facts.rule_link) else ""
    spared = (*facts.addresses, facts.form_link, rule, facts.author, *links, *facts.evidence)
    guard.whole(f"{rendered.subject}\n{rendered.body}", sorted((part for part in spared if part), key=len, reverse=True))


@dataclass(frozen=True)
class Known:
    """What the case knows already and a form can start with."""

    case: Case
    item: CaseItem
    post: Post | None
    lookup: NetworkLookup | None
    requests: tuple[TakedownRequest, ...]
    referrals: tuple[Referral, ...] = ()


def starts(asks: Sequence[Ask], known: Known) -> Details:
    """Return what a form starts with: facts of the case under the keys that the template asks for. A tick always starts as "no"."""
    found = {**_of_post(known), **_of_lookup(known), **_of_requests(known), **_of_referral(known)}
    return {
        one.key: found[one.key] for one in asks if one.kind is not AskKind.TICK and found.get(one.key) and _possible(one, found[one.key])
    }


def _possible(one: Ask, value: str) -> bool:
    return one.kind is not AskKind.CHOICE or value in one.choices


def _of_post(known: Known) -> dict[str, str]:
    text, address = (known.post.text if known.post else ""), known.item.address
    handle = (known.post.author_handle or "") if known.post else ""
    links = dict.fromkeys(("fake_link", "original_link", "criticism"), address)
    return {**dict.fromkeys(("statement", "verbatim", "allegation"), text), **links, "handle": handle}


def _of_lookup(known: Known) -> dict[str, str]:
    found = known.lookup
    if found is None:
        return {}
    return {"domain": found.domain, "ip": ", ".join(found.addresses), "looked_up": f"{london(found.looked_at)}, by RDAP"}


def _of_requests(known: Known) -> dict[str, str]:
    sent = [one for one in known.requests if one.sent_at is not None and one.item_id == known.item.id and one.route in _TO_PLATFORM]
    last = max(sent, key=lambda one: one.sent_at or one.drafted_at, default=None)
    if last is None or last.sent_at is None:
        return {}
    refused = last.state is RequestState.REFUSED
    return {
        "operator_contacted": london(last.sent_at),
        "operator_answer": _REFUSED if refused else _SILENT,
        "operator_words": last.decision or "",
        "platform_report": f"{last.reference or 'no number given'}, {london(last.sent_at)}",
        "reply": last.decision or "",
    }


def _of_referral(known: Known) -> dict[str, str]:
    mine = [one for one in known.referrals if one.body is ReferralBody.POLICE]
    if not mine:
        return {}
    last = mine[-1]
    at = last.consent_at or last.override_at
    reason = last.override_reason or ""
    tags = "; ".join(OFFENCES.get(tag, tag) for tag in last.offence_tags)
    said = {"offence": tags, "override_reason": reason, "incident": last.reference or "", "officer": last.officer or ""}
    return {**said, "consent_at": london(at) if at else ""}


_ADDRESSEES: dict[Route, str] = {
    Route.AUTHOR: "the author of the post",
    Route.ACCOUNT_OWNER: "the owner of the account",
    Route.PLATFORM_FORM: "the reporting team of {host}",
    Route.FEDIVERSE_MODERATORS: "the moderators of {host}",
    Route.GROUP_MODERATORS: "the moderators of the group",
    Route.SITE_OPERATOR: "the operator of {host}",
    Route.SECTION_5: "the operator of {host}",
    Route.GDPR_ERASURE: "the data protection officer of {host}",
    Route.IMPERSONATION: "the reporting team of {host}",
    Route.COPYRIGHT: "the copyright agent of {host}",
    Route.COMPLAINANT: "the reporting team of {host}",
    Route.POSH: "the Professionals Online Safety Helpline",
    Route.RHC: "Report Harmful Content",
    Route.HOST: "the hosting provider of {host}",
    Route.CDN: "the network in front of {host}",
    Route.REGISTRAR: "the registrar of {host}",
    Route.SEARCH_ENGINE: "the search engine",
    Route.WEB_ARCHIVE: "the web archive",
}


def addressee(route: Route, host: str) -> str:
    """Return whom a notice is written to by a way that a person chose themselves, in words that they may change."""
    return _ADDRESSEES[route].replace("{host}", host)


def contacts(route: Route, lookup: NetworkLookup | None) -> tuple[str, ...]:
    """Return the mail addresses that a look-up found for this way; a person chooses one (A21)."""
    scope = _SCOPES.get(route)
    found = lookup.contacts if lookup is not None and scope is not None else ()
    return tuple(dict.fromkeys(one.email for one in found if one.email and one.scope in {scope, ContactScope.GUESS}))
