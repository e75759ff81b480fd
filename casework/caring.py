"""What the policy asks around a case: how serious it is (A17), support (A23), an answer to the reporter (B23), the end of a stopped case.

The other verbs around people stand beside: `referring` (A22, A28), `inquiring` (A15, A27), `filing` (A19). `care_of` reads all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from casework import access, duties, referrals, seriousness
from casework.dues import facts_of
from casework.duties import Duty
from casework.errors import SeriousnessRefusedError, SupportRefusedError
from casework.filing import Filing
from casework.inquiring import Inquiring
from casework.referrals import about_staff
from casework.referring import Referring
from casework.room import needed
from casework.seriousness import Measured, Procedure, Sight
from casework.triage import TARGETS
from casework.working_days import LONDON
from data.errors import CaseError
from data.model.base import new_id
from data.model.care import (
    Band,
    Investigation,
    PersonalFiling,
    Referral,
    ReferralBody,
    Seriousness,
    SourceKind,
    SupportAnswer,
    SupportKind,
    SupportOffer,
)
from data.model.cases import Case, CaseItem, VerdictGroup
from data.model.evidence import EvidenceKind
from data.model.people import Permission, Role, User
from data.model.posts import Counts, Post
from data.store import Work

SUPPORT_LABELS: dict[SupportKind, str] = {
    SupportKind.LINE_MANAGER: "a talk with the line manager",
    SupportKind.OCCUPATIONAL_HEALTH: "occupational health",
    SupportKind.COUNSELLING: "counselling",
    SupportKind.UNION: "the union",
    SupportKind.HUMAN_RESOURCES: "human resources",
    SupportKind.HELPLINE: "a helpline",
    SupportKind.PASTORAL: "pastoral care",
}
ANSWER_LABELS: dict[SupportAnswer, str] = {
    SupportAnswer.WAITING: "no answer yet",
    SupportAnswer.ACCEPTED: "accepted",
    SupportAnswer.DECLINED: "declined",
    SupportAnswer.LATER: "later, perhaps",
}
REVIEW_WITHIN = timedelta(days=366)
FAR_BACK = timedelta(days=366)  # posts that belong together are kept no longer


@dataclass(frozen=True)
class Care:
    """Everything around a case, for whoever may see it. `may_refer`: body -> why this person may not, or empty."""

    duties: tuple[Duty, ...]
    forms: tuple[Seriousness, ...]
    measured: Measured
    suggested: Mapping[str, int]
    still_asked: tuple[str, ...]
    procedure: Procedure
    referrals: tuple[Referral, ...]
    may_refer: Mapping[ReferralBody, str]
    support: tuple[SupportOffer, ...]
    investigations: tuple[Investigation, ...]
    filings: tuple[PersonalFiling, ...]

    @property
    def form(self) -> Seriousness | None:
        """The newest version of the seriousness form."""
        return self.forms[-1] if self.forms else None


class Caring(Referring, Inquiring, Filing):
    """Verbs around the people of a case."""

    def care_of(self, by: User, case_id: str) -> Care:
        """Return what is owed, recorded and measured around a case.

        Who was offered counselling or is looked into is not for everybody who may read a post of low severity (A36): whoever judges no
        posts gets what was measured, and nothing about people.
        """
        with self.store.read() as work:
            case = self._see(work, by, case_id)
            facts, now = facts_of(work, case, self.now()), self.now()
            measured = self._measured(work, case)
            roles = access.acts_as(by, case)
            forms = tuple(work.seriousness.where(case_id=case.id, order_by="version"))
            author = forms[-1].answers.get("author") if forms else None
            kinds = [one.source_kind for one in facts.investigations if one.source_kind is not SourceKind.UNKNOWN]
            care = Care(
                duties=duties.open_duties(case, facts, now),
                forms=forms,
                measured=measured,
                suggested=seriousness.suggested(measured),
                still_asked=seriousness.still_asked(case.severity, facts.form),
                procedure=seriousness.procedure(author, kinds[-1] if kinds else SourceKind.UNKNOWN),
                referrals=facts.referrals,
                may_refer={body: referrals.may_refer(case, roles, body) or "" for body in ReferralBody},
                support=facts.support,
                investigations=facts.investigations,
                filings=facts.filings,
            )
            if access.may(by, Permission.TRIAGE, case):
                return care
            return replace(care, duties=(), forms=(), procedure=Procedure.NONE_YET, referrals=(), support=(), investigations=(), filings=())

    # --- how serious it is (A17) ---

    def assess(
        self,
        by: User,
        case_id: str,
        answers: Mapping[str, int],
        notes: Mapping[str, str],
        *,
        manners: Collection[str] = (),
        override: Band | None = None,
        reason: str = "",
    ) -> Seriousness:
        """Keep a new version of the seriousness form; earlier versions stay (A17). Factors left out are not assessed and count as 0.

        Raises SeriousnessRefusedError for an answer that is not offered, or for a lower band without the headteacher and a reason.
        """
        kept, written = seriousness.checked(answers, notes)
        why = needed(reason, "the reason") if reason.strip() else ""
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.TRIAGE)
            if case.stop:
                msg = "nothing is judged of a picture that nobody may open: it is treated as critical"
                raise SeriousnessRefusedError(msg)
            computed = seriousness.band(kept)
            chosen = seriousness.overridden(computed, override, is_head=Role.HEADTEACHER in access.acts_as(by, case), reason=why)
            now = self.now()
            form = Seriousness(
                id=new_id(now),
                case_id=case.id,
                version=work.seriousness.count(case_id=case.id) + 1,
                answers=kept,
                notes=written,
                measured={**self._measured(work, case).kept(), "manners": seriousness.manners_of(manners)},
                band=computed,
                override=chosen,
                override_reason=why or None,
                rule=seriousness.RULE,
                by=by.id,
                at=now,
            )
            work.seriousness.add(form)
            fields = {"version": form.version, "band": form.stands.value, "computed": computed.value, "rule": form.rule}
            self._event(work, case, by.id, "seriousness", fields=fields, reason=why or None)
            work.commit()
        return form

    def _measured(self, work: Work, case: Case) -> Measured:
        items = work.case_items.where(case_id=case.id)
        posts = [post for item in items if item.post_id is not None and (post := work.posts.find(item.post_id)) is not None]
        later = work.cases.where(reuploaded_from=case.id)
        return Measured(
            visible=seriousness.visible(self._sight(work, case, items, posts), self.now()),
            copies=max(len(items) - 1, 0) + len(later),
            platforms=tuple(sorted({item.platform.value for item in items})),
            reach=_reach(posts),
            earlier=self._earlier(work, case),
            authors=self._authors(work, case, posts),
        )

    def _sight(self, work: Work, case: Case, items: Sequence[CaseItem], posts: Sequence[Post]) -> Sight:
        finding = work.findings.find(case.finding_id)
        seen = [*(post.first_seen_at for post in posts), *([finding.seen_at] if finding else []), case.opened_at]
        up = [check.at for check in work.checks.where(case_id=case.id) if check.verdict.group in {VerdictGroup.UP, VerdictGroup.AMENDED}]
        kept = work.evidence.where(case_id=case.id, kind=EvidenceKind.PAGE)  # what a person brought does not say that it is still up
        captured = [one.captured_at for one in kept if one.counts]
        claimed = [post.created_at for post in posts if post.created_at is not None]
        last = [*(post.last_seen_at for post in posts), *up, *captured]
        first = min(seen) if items else case.opened_at
        return Sight(first, max(last, default=first), min(claimed, default=None), case.gone_observed_at)

    def _earlier(self, work: Work, case: Case) -> int:
        """Return how many earlier cases are linked: found again after removal, or about the same person of the staff list."""
        known: set[str] = set()
        before = case.reuploaded_from
        while before is not None and before not in known:
            known.add(before)
            found = work.cases.find(before)
            before = found.reuploaded_from if found else None
        if case.target.startswith(("staff:", "user:")):
            same = work.cases.where(school_id=case.school_id, target=case.target)
            known |= {one.id for one in same if one.id != case.id and one.opened_at <= case.opened_at}
        return len(known)

    def _authors(self, work: Work, case: Case, posts: Sequence[Post]) -> int:
        """Return how many authors are known: of the case's own posts, and of those found to belong together with them."""
        ids = {post.id for post in posts}
        alerts = work.threads.recent([case.school_id], since=case.opened_at - FAR_BACK) if ids else []
        together = [len(set(one.authors)) for one in alerts if ids & set(one.post_ids) and one.set_aside_at is None]
        return max([len({(post.platform, post.author_id or post.author_handle) for post in posts}), *together])

    # --- support (A23, B22): what was offered and what was answered; no field for anything clinical ---

    def offer_support(
        self, by: User, case_id: str, person: str, kinds: Sequence[SupportKind], review_on: date | None = None
    ) -> SupportOffer:
        """Record that support was offered to a person concerned, by whom and of which kinds (A23, B22)."""
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.TRIAGE)
            if not kinds:
                msg = "say what was offered: choose at least one"
                raise SupportRefusedError(msg)
            if person in {"school", "none"} or not (person in TARGETS or about_staff(person)):
                msg = "say to whom support was offered"
                raise SupportRefusedError(msg)
            now = self.now()
            offer = SupportOffer(
                id=new_id(now),
                case_id=case.id,
                person=person,
                kinds=tuple(kind for kind in SupportKind if kind in kinds),
                offered_by=by.id,
                offered_at=now,
                review_on=_review(review_on, now),
            )
            work.support.add(offer)
            self._event(work, case, by.id, "support offered", fields={"offer_id": offer.id, "kinds": [one.value for one in offer.kinds]})
            work.commit()
        return offer

    def support_answered(self, by: User, offer_id: str, answer: SupportAnswer, review_on: date | None = None) -> SupportOffer:
        """Record what the person said to an offer, and when to ask again."""
        with self.store.begin(by=by.id) as work:
            offer = self._held(work, work.support, offer_id)
            case = self._for(work, by, offer.case_id, Permission.TRIAGE)
            now = self.now()
            update = {"answer": answer, "answered_at": now, "review_on": _review(review_on, now)}
            offer = work.support.replace(offer.model_copy(update=update))
            self._event(work, case, by.id, "support answered", fields={"offer_id": offer.id, "answer": answer.value})
            work.commit()
        return offer

    # --- the reporter (B23) ---

    def answer_reporter(self, by: User, case_id: str, told: str, reached: bool = True) -> Case:
        """Record what the person who reported it was told (B23); `reached` False: why they cannot or do not want to be answered."""
        words = needed(told, "what they were told" if reached else "why nobody is told")
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.TRIAGE)
            if case.reported_at is None:
                msg = "nobody reported this; it was found by Schoolwatch"
                raise CaseError(msg)
            what = duties.REPLIED if reached else duties.NO_REPLY_WANTED
            case = self._event(work, case, by.id, what, fields={"reporter_reply": words}, reason=words)
            work.commit()
        return case


def _review(review_on: date | None, now: datetime) -> date | None:
    today = now.astimezone(LONDON).date()
    if review_on is not None and not today <= review_on <= today + REVIEW_WITHIN:
        msg = "the day to ask again must lie ahead, within a year"
        raise SupportRefusedError(msg)
    return review_on


def _reach(posts: Sequence[Post]) -> Counts | None:
    """Return the widest reach that any of the posts' platforms published; None when none published any number."""
    found = [post.counts for post in posts if any(value is not None for value in post.counts.model_dump().values())]
    return max(found, key=lambda counts: (counts.views or 0, counts.shares or 0, counts.likes or 0), default=None)


__all__ = ["ANSWER_LABELS", "SUPPORT_LABELS", "Care", "Caring"]
