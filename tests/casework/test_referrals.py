"""Putting a matter to the police and other bodies (A22, A28, B39): consent, reasons in its place, who may, what is recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework import referrals
from casework.errors import ConsentMissingError, ReferralRefusedError
from casework.testing import NOON, a_case
from data.model.care import Consent, OverrideCode, Referral, ReferralBody
from data.model.people import Role
from data.model.readings import Category

POLICE, LIFE = ReferralBody.POLICE, OverrideCode.RISK_TO_LIFE


def a_referral(**changes: Any) -> Referral:
    """Return a referral to the police that waits for the person's consent."""
    made = Referral(
        id="r-1",
        case_id="case-1",
        body=POLICE,
        why="a threat",
        opened_by="u-head",
        opened_at=NOON,
        consent=Consent.ASKED,
        consent_person="teacher",
    )
    return made.model_copy(update=changes)


def test_an_adults_own_matter_needs_consent_for_the_police_only() -> None:
    """A22: the teacher threatened is asked; a child's matter, the school as a body and other bodies wait for nobody."""  # A22
    threat = a_case(lead_category=Category.THREAT_TO_LIFE, target="teacher")
    named = a_case(lead_category=Category.HARASSMENT_STAFF, target="staff:s-1")
    child = a_case(lead_category=Category.STAFF_ALLEGATION, target="teacher")
    school = a_case(lead_category=Category.HATE, target="school")

    assert [referrals.consent_needed(case, POLICE) for case in (threat, named, child, school)] == [True, True, False, False]
    assert not any(referrals.consent_needed(threat, body) for body in ReferralBody if body is not POLICE)


def test_opening_asks_whom_and_notes_a_childs_risk() -> None:
    """An adult's matter names who was asked; a child's matter records the reason at once and waits for no second person."""
    adult, child = a_case(target="teacher"), a_case(target="pupil", lead_category=Category.PUPIL_BULLYING)
    with pytest.raises(ReferralRefusedError, match="who was asked"):
        referrals.opened(adult, POLICE, " ", NOON)
    asked = a_referral(**referrals.opened(adult, POLICE, "the teacher", NOON))
    free = a_referral(**referrals.opened(child, POLICE, "", NOON))

    assert (asked.consent, asked.consent_person, asked.consent_asked_at) == (Consent.ASKED, "the teacher", NOON)
    assert (free.consent, free.override, referrals.second_waits(free)) == (Consent.NOT_NEEDED, OverrideCode.CHILD_AT_RISK, False)
    assert referrals.opened(adult, ReferralBody.LADO, "", NOON) == {"consent": Consent.NOT_NEEDED, "override": None}


def test_consent_refused_and_then_given() -> None:
    """Refused bars the way; given later opens it; taken back bars it again."""
    refused = referrals.answered(a_referral(), agrees=False, how="by telephone", now=NOON)
    with pytest.raises(ConsentMissingError):
        referrals.may_be_made(refused)
    given = referrals.answered(refused, agrees=True, how="in person", now=NOON + timedelta(hours=1))
    referrals.may_be_made(given)
    back = referrals.answered(given, agrees=False, how="in person", now=NOON + timedelta(hours=2))

    with pytest.raises(ConsentMissingError):
        referrals.may_be_made(back)


def test_an_answer_needs_its_manner_and_a_question() -> None:
    """How it was answered is recorded; where no consent is needed there is nothing to answer, nor after the police were told."""
    with pytest.raises(ReferralRefusedError, match="how the person"):
        referrals.answered(a_referral(), agrees=True, how="", now=NOON)
    with pytest.raises(ReferralRefusedError, match="nobody's consent"):
        referrals.answered(a_referral(consent=Consent.NOT_NEEDED), agrees=True, how="in person", now=NOON)
    with pytest.raises(ReferralRefusedError, match="told already"):
        referrals.answered(a_referral(made_at=NOON), agrees=True, how="in person", now=NOON)


def test_a_reason_in_place_of_consent_needs_a_second_person() -> None:
    """A22: one gives the reason, another agrees; the same person cannot be both, and nobody agrees twice."""
    with_reason = referrals.without_consent(a_referral(), OverrideCode.LEGAL_DUTY, "terrorism", "u-head", NOON)
    with pytest.raises(ConsentMissingError, match="second person"):
        referrals.may_be_made(with_reason)
    with pytest.raises(ReferralRefusedError, match="somebody else"):
        referrals.agreed(with_reason, "u-head")
    both = referrals.agreed(with_reason, "u-dsl")
    referrals.may_be_made(both)

    with pytest.raises(ReferralRefusedError, match="no second person"):
        referrals.agreed(both, "u-deputy")


def test_a_reason_is_one_of_three_and_explained() -> None:
    """Without code or words it is no reason; where consent stands none is needed."""
    with pytest.raises(ReferralRefusedError, match="three reasons"):
        referrals.without_consent(a_referral(), None, "because", "u-head", NOON)
    with pytest.raises(ReferralRefusedError, match="three reasons"):
        referrals.without_consent(a_referral(), LIFE, "  ", "u-head", NOON)
    for consent in (Consent.GIVEN, Consent.NOT_NEEDED):
        with pytest.raises(ReferralRefusedError, match="no reason is needed"):
            referrals.without_consent(a_referral(consent=consent), LIFE, "knife", "u-head", NOON)


def test_danger_of_life_waits_for_no_screen() -> None:
    """The call to 999 may be recorded at once; the second person's word stays open."""
    with_reason = referrals.without_consent(a_referral(), LIFE, "he says he is at the gate", "u-head", NOON)

    assert referrals.told(with_reason, "999", ["threat"])["offence_tags"] == ("threat",)
    assert referrals.second_waits(with_reason)


@given(st.lists(st.tuples(st.sampled_from(["yes", "no", "reason", "second", "tell"]), st.sampled_from(["a", "b"])), max_size=12))
def test_no_order_of_steps_tells_the_police_without_leave(steps: list[tuple[str, str]]) -> None:
    """Whatever people press in whatever order: told means consent given, or a reason that another person shares (or danger of life)."""
    one = a_referral()
    for step, who in steps:
        try:
            one = _take(one, step, who)
        except ReferralRefusedError:
            continue
    if one.made_at is not None and one.consent is not Consent.GIVEN:
        assert one.override is OverrideCode.LEGAL_DUTY
        assert one.override_second not in {None, one.override_by}


def _take(one: Referral, step: str, who: str) -> Referral:
    if step in {"yes", "no"}:
        return referrals.answered(one, agrees=step == "yes", how="in person", now=NOON)
    if step == "reason":
        return referrals.without_consent(one, OverrideCode.LEGAL_DUTY, "why", who, NOON)
    if step == "second":
        return referrals.agreed(one, who)
    return one.model_copy(update={**referrals.told(one, "101", []), "made_at": NOON})


def test_who_may_refer() -> None:
    """§7.1: the head always; the leads to the police in a child's matter; some bodies are the head's."""
    adult, child = a_case(target="teacher"), a_case(target="pupil")
    lead, head = {Role.DSL}, {Role.HEADTEACHER}

    assert "999" in (referrals.may_refer(adult, lead, POLICE) or "")
    assert referrals.may_refer(child, lead, POLICE) is None
    assert referrals.may_refer(a_case(stop=True, target="none"), {Role.DEPUTY_DSL}, POLICE) is None
    assert referrals.may_refer(adult, lead, ReferralBody.LADO) is None
    assert "headteacher" in (referrals.may_refer(child, lead, ReferralBody.GOVERNORS) or "")
    assert {referrals.may_refer(adult, head, body) for body in ReferralBody} == {None}


def test_what_is_recorded_comes_from_closed_lists() -> None:
    """A channel and possible offences are chosen, never typed; offences are for the police alone, and their order is ours."""
    free = a_referral(consent=Consent.GIVEN)
    for channel, tags, body, words in (
        ("pigeon", [], POLICE, "how they were told"),
        ("101", ["murder"], POLICE, "from the list"),
        ("101", list(referrals.OFFENCES)[:9], POLICE, "8 at most"),
        ("101", ["threat"], ReferralBody.CSC, "to the police only"),
    ):
        with pytest.raises(ReferralRefusedError, match=words):
            referrals.told(free.model_copy(update={"body": body}), channel, tags)
    assert referrals.told(free, "101", ["threat", "harassment"])["offence_tags"] == ("harassment", "threat")


def test_what_ends_a_stopped_case() -> None:
    """Only a referral that was made, and to a body that acts on such images."""
    made = a_referral(made_at=NOON)

    assert referrals.ends_stop([made])
    assert not referrals.ends_stop([a_referral(), made.model_copy(update={"body": ReferralBody.POSH})])


def test_every_body_channel_and_reason_has_words() -> None:
    """No code stands on a screen without its words."""
    assert set(referrals.BODY_LABELS) == set(ReferralBody)
    assert set(referrals.CONSENT_LABELS) == set(Consent)
    assert set(referrals.OVERRIDE_LABELS) == set(OverrideCode)
