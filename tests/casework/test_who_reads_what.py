"""What stays out of sight of those who may see something near it: other cases, people's matters, drafts that may not go (§7.1, §7.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from casework.errors import ConsentMissingError, IllegalMoveError, PolicyRefusedError
from casework.governing import PolicyForm
from casework.notice import AskKind
from casework.notices import LETTERS
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_user, fill, keep_case
from data.clock import FixedClock
from data.errors import CaseError
from data.model.base import new_id
from data.model.care import Consent, Letter, ReferralBody, SupportKind
from data.model.cases import Case, CaseState, Confidentiality, Route
from data.model.evidence import SafetyAnswer
from data.model.people import Role
from data.model.policies import TriggerKind
from data.model.readings import Category, Severity
from data.model.telling import Message, Urgency
from data.model.watch import StaffMember
from data.store import Store

DSL, HEAD = a_user(Role.DSL), a_user(Role.HEADTEACHER, user_id="u-head")
DEPUTY, COMMS = a_user(Role.DEPUTY_DSL, user_id="u-deputy"), a_user(Role.COMMS_LEAD, user_id="u-comms")
CHAIR, GOVERNOR = a_user(Role.CHAIR, user_id="u-chair"), a_user(Role.GOVERNOR, user_id="u-governor")


@pytest.fixture
def desk(store: Store, clock: FixedClock) -> Casework:
    """A school with people of every role that matters here."""
    clock.moment = NOON
    fill(store, DSL, HEAD, DEPUTY, COMMS, CHAIR, GOVERNOR)
    return Casework(store, clock)


def test_a_form_starts_with_nothing_of_another_case(store: Store, desk: Casework) -> None:
    """Whoever may ask in one case learns nothing of an item of a case that is kept from them."""
    mine = keep_case(store, "mine")
    keep_case(store, "hidden", text="the words nobody else may read", confidentiality=Confidentiality.RESTRICTED_HT)

    with pytest.raises(CaseError, match="does not belong"):
        desk.start_of(DEPUTY, mine.id, "item-hidden", Route.SITE_OPERATOR)


def test_a_letter_names_linked_cases_only_as_far_as_its_writer_may_see_them(store: Store, desk: Casework) -> None:
    """An allegation against the same teacher, kept for the head, does not stand in what a deputy writes."""
    with store.begin(by="u-dsl") as work:
        member = StaffMember(id="st-1", school_id=SCHOOL_ID, name="A. Quillfeather", role="teacher")
        work.staff.add(member)
        work.commit()
    about = {"target": "staff:st-1", "lead_category": Category.HARASSMENT_STAFF}
    first, open_one = keep_case(store, "first", **about), keep_case(store, "open", **about)
    kept = keep_case(store, "kept", **about | {"lead_category": Category.STAFF_CONDUCT}, confidentiality=Confidentiality.RESTRICTED_HT)

    with store.read() as work:
        seen = {one.id: desk._same_person(work, one, first) for one in (DEPUTY, HEAD)}

    assert [open_one.ref in " ".join(lines) for lines in seen.values()] == [True, True]
    assert [kept.ref in " ".join(lines) for lines in seen.values()] == [False, True]


def the_police_letter(store: Store, desk: Casework) -> tuple[Case, str, str]:
    """Keep a police summary for which the person agreed; return the case, the referral's id and the letter's."""
    case = keep_case(store, "threat", lead_category=Category.HARASSMENT_STAFF, target="teacher")
    referral = desk.open_referral(HEAD, case.id, ReferralBody.POLICE, "a threat", "the teacher")
    desk.consent_answered(HEAD, referral.id, agrees=True, how="in person")
    letter = Letter(
        id=new_id(NOON), case_id=case.id, template="police", recipient="101", subject="s", body="b", drafted_by="u-head", drafted_at=NOON
    )
    with store.begin(by="u-head") as work:
        work.letters.add(letter)
        work.commit()
    return case, referral.id, letter.id


def test_a_police_summary_stays_here_once_the_consent_was_taken_back(store: Store, desk: Casework) -> None:
    """A22: given may be taken back until the police were told; then no paper leaves and nothing is recorded as sent."""
    case, referral_id, letter_id = the_police_letter(store, desk)
    with_consent = desk.paper(HEAD, "letter", letter_id, "txt")
    taken_back = desk.consent_answered(HEAD, referral_id, agrees=False, how="by telephone")

    assert with_consent.content
    assert taken_back.consent is Consent.REFUSED
    for form in ("txt", "pdf", "eml"):
        with pytest.raises(ConsentMissingError):
            desk.paper(HEAD, "letter", letter_id, form)
    with pytest.raises(ConsentMissingError):
        desk.letter_sent(HEAD, letter_id)
    assert all(one.sent_at is None for one in desk.letters(HEAD, case.id))


def test_no_mail_draft_of_words_that_were_given_up(store: Store, desk: Casework) -> None:
    """What was given up opens in nobody's mail program; it stays in the record and on paper."""
    case = keep_case(store, "parents", target="teacher")
    template = next(one.key for one in LETTERS.values() if one.head_approves and one.of_case and not one.only_for)
    letters = [
        Letter(
            id=f"l-{number}",
            case_id=case.id,
            template=template,
            recipient="all",
            subject="s",
            body="b",
            drafted_by="u-head",
            drafted_at=NOON,
        )
        for number in range(2)
    ]
    with store.begin(by="u-head") as work:
        for one in letters:
            work.letters.add(one)
        work.commit()
    desk.approve_letter(HEAD, "l-0")
    desk.approve_letter(HEAD, "l-1")
    desk.drop_letter(HEAD, "l-1", "not now")

    assert desk.paper(HEAD, "letter", "l-0", "eml").content
    with pytest.raises(IllegalMoveError, match="given up"):
        desk.paper(HEAD, "letter", "l-1", "eml")


def test_who_is_helped_is_not_for_everybody_who_reads_a_low_post(store: Store, desk: Casework) -> None:
    """A36: the communications lead reads a low case, but not to whom counselling was offered nor who is looked into."""
    case = keep_case(store, "low", severity=Severity.S1, target="teacher")
    desk.offer_support(DSL, case.id, "teacher", [SupportKind.COUNSELLING])
    desk.open_investigation(DSL, case.id, "u-dsl")
    desk.open_referral(DSL, case.id, ReferralBody.POSH, "advice")
    whole, part = desk.care_of(DSL, case.id), desk.care_of(COMMS, case.id)

    assert all((whole.support, whole.investigations, whole.referrals))
    assert not any((part.support, part.investigations, part.referrals, part.duties, part.filings, part.forms))
    assert part.measured == whole.measured


def test_a_digest_and_a_hint_are_read_by_their_own_person_only(store: Store, desk: Casework) -> None:
    """§7.3: what the chair's digest counts, and whom a hint names, tells nobody else that there is a case about them."""
    mine = [
        ("m-1", "digest:x", Urgency.DIGEST),
        ("m-2", "urgent:case:c:chair?", Urgency.URGENT),
        ("m-3", "due:c:lado:1?", Urgency.REMINDER),
        ("m-4", "due:policy", Urgency.REMINDER),
        ("m-5", "many:x", Urgency.URGENT),
    ]
    with store.begin(by="system") as work:
        for message_id, matter, urgency in mine:
            work.messages.add(
                Message(
                    id=message_id,
                    key=message_id,
                    matter=matter,
                    school_id=SCHOOL_ID,
                    user_id="u-chair",
                    urgency=urgency,
                    subject="Schoolwatch: 20 Nov: 1 late",
                    body="b",
                    made_at=NOON,
                    not_before=NOON,
                )
            )
        work.commit()
    desk.clock.forward(timedelta(minutes=1))  # type: ignore[attr-defined]
    seen = {by.id: {one.id for one in desk.outbox(by, SCHOOL_ID).last} for by in (CHAIR, HEAD, COMMS)}

    assert seen == {"u-chair": {"m-1", "m-2", "m-3", "m-4", "m-5"}, "u-head": {"m-4", "m-5"}, "u-comms": {"m-4"}}


def test_governors_read_no_case_number_in_the_register(store: Store, desk: Casework) -> None:
    """A30: that a closed case calls for a review stands there; which case it was, the record alone knows."""
    case = keep_case(store, "over", state=CaseState.WITHDRAWN, outcome="withdrawn", closed_at=NOON)
    desk.close(DSL, case.id, "withdrawn", "ask earlier", "offered", policy_review=True)
    desk.add_trigger(HEAD, SCHOOL_ID, TriggerKind.GUIDANCE, "new guidance")
    read = {by.id: [one.what for one in desk.policy_register(by, SCHOOL_ID).triggers] for by in (DSL, GOVERNOR)}

    assert case.ref in read["u-dsl"][0]
    assert case.ref not in read["u-governor"][0]
    assert [words[1] for words in read.values()] == ["new guidance"] * 2


def test_the_review_pack_names_no_case(store: Store, desk: Casework, words_of: Callable[[bytes], str]) -> None:
    """The pack is for the governing board: no case number in it, whoever makes it."""
    case = keep_case(store, "over", state=CaseState.WITHDRAWN, outcome="withdrawn", closed_at=NOON)
    desk.close(DSL, case.id, "withdrawn", "ask earlier", "offered", policy_review=True)
    words = words_of(desk.review_pack(DSL, SCHOOL_ID, {}))

    assert "a case was closed" in words
    assert case.ref not in words


def test_the_next_version_of_a_policy_is_entered_once(desk: Casework) -> None:
    """A38: a double click does not leave two versions in force."""
    form = PolicyForm("Acceptable use", "4", "the governing board", NOON.date(), NOON.date() + timedelta(days=300))
    first = desk.add_policy(HEAD, SCHOOL_ID, form)
    desk.add_policy(HEAD, SCHOOL_ID, form, replaces=first.id)

    with pytest.raises(PolicyRefusedError, match="replaced already"):
        desk.add_policy(HEAD, SCHOOL_ID, form, replaces=first.id)
    assert len(desk.policy_register(HEAD, SCHOOL_ID).policies) == 1


def test_the_address_of_what_was_stopped_goes_to_those_who_act_on_it_only(store: Store, desk: Casework) -> None:
    """§3.5, §5.7: police, IWF and CEOP get it; a fact sheet for the LADO does not, nor one that was written before the stop."""
    case = keep_case(store, "stop", lead_category=Category.PUPIL_IMAGE, target="pupil", severity=Severity.S4)
    before = desk.draft_letter(DSL, case.id, "lado_csc", "the LADO", answers("lado_csc"))
    desk.order_capture(DSL, case.id, "item-stop", SafetyAnswer.YES)
    sheets = {key: desk.draft_letter(DSL, case.id, key, "the body", answers(key)) for key in ("lado_csc", "police", "iwf", "ceop")}
    address = "https://forum.example.org/t/stop"

    assert address in before.body
    assert {key for key, one in sheets.items() if address in one.body} == {"police", "iwf", "ceop"}
    assert desk.paper(DSL, "letter", sheets["lado_csc"].id, "txt").content
    for form in ("txt", "pdf"):
        with pytest.raises(IllegalMoveError, match="before the case was stopped"):
            desk.paper(DSL, "letter", before.id, form)


def answers(key: str) -> dict[str, str | bool]:
    """Return a letter's form filled in by its examples."""
    return {one.key: True if one.kind is AskKind.TICK else one.example for one in LETTERS[key].asks}
