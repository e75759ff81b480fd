"""Putting a matter to another body: who may, whose consent is needed, which reasons stand in its place (A22, A28, B39). Pure.

# A22: the police in an adult's own matter need that person's consent, or a named reason and a second person who agrees.
# A28 B39: every other body with date, reference and outcome. A referral runs beside the case and never changes its state (domain.md §5.2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from casework.errors import ConsentMissingError, ReferralRefusedError
from data.model.care import Consent, OverrideCode, Referral, ReferralBody
from data.model.cases import Case
from data.model.people import Role
from data.model.readings import Category

CONSENT_WAITS = timedelta(days=5)  # §5.2: after five days without an answer the person is asked again
MAX_TAGS = 8

BODY_LABELS: dict[ReferralBody, str] = {
    ReferralBody.POLICE: "the police",
    ReferralBody.LADO: "the LADO (local authority designated officer)",
    ReferralBody.CSC: "children's social care",
    ReferralBody.CEOP: "CEOP (grooming, sexual abuse online)",
    ReferralBody.IWF: "the Internet Watch Foundation (address only)",
    ReferralBody.POSH: "the Professionals Online Safety Helpline",
    ReferralBody.RHC: "Report Harmful Content",
    ReferralBody.OFCOM: "Ofcom (how a platform works, not one case)",
    ReferralBody.ICO: "the Information Commissioner",
    ReferralBody.PREVENT: "Prevent (extremism)",
    ReferralBody.GOVERNORS: "the governors",
    ReferralBody.LOCAL_AUTHORITY: "the local authority",
    ReferralBody.TRA: "the Teaching Regulation Agency",
    ReferralBody.DBS: "the Disclosure and Barring Service",
}
CONSENT_LABELS: dict[Consent, str] = {
    Consent.NOT_NEEDED: "no consent needed",
    Consent.ASKED: "asked, no answer yet",
    Consent.GIVEN: "the person agrees",
    Consent.REFUSED: "the person does not agree",
}
OVERRIDE_LABELS: dict[OverrideCode, str] = {
    OverrideCode.RISK_TO_LIFE: "someone's life is in danger",
    OverrideCode.CHILD_AT_RISK: "a child is at risk",
    OverrideCode.LEGAL_DUTY: "the law obliges the school",
}
CHANNELS: dict[str, str] = {
    "999": "999",
    "101": "101",
    "online": "online form",
    "telephone": "telephone",
    "mail": "e-mail",
    "meeting": "in person",
}
# Possible offences for the police summary: reference text that a person chooses, never a conclusion of ours (domain.md §2.3)
OFFENCES: dict[str, str] = {
    "harassment": "harassment: at least two incidents (Protection from Harassment Act 1997, ss. 1 and 2)",
    "stalking": "stalking (Protection from Harassment Act 1997, s. 2A)",
    "fear_of_violence": "putting someone in fear of violence (Protection from Harassment Act 1997, ss. 4 and 4A)",
    "malicious_communication": "indecent or grossly offensive message (Malicious Communications Act 1988, s. 1)",
    "public_network": "grossly offensive or menacing message over a public network (Communications Act 2003, s. 127)",
    "false_communication": "message known to be false, meant to harm (Online Safety Act 2023, s. 179)",
    "threat": "threat of death or serious harm (Online Safety Act 2023, s. 181)",
    "self_harm": "encouraging serious self-harm (Online Safety Act 2023, s. 184)",
    "intimate_image": "sharing, or threatening to share, an intimate image (Sexual Offences Act 2003, s. 66B)",
    "unwanted_image": "sending an unwanted sexual image (Sexual Offences Act 2003, s. 66A)",
    "hatred": "stirring up hatred (Public Order Act 1986, Parts III and 3A)",
    "terrorism": "encouraging terrorism (Terrorism Act 2006, s. 1)",
    "indecent_image": "indecent image of a child (Protection of Children Act 1978, s. 1)",
    "account_break_in": "breaking into an account (Computer Misuse Act 1990, s. 1)",
    "naming_ban": "naming a teacher under a pupil's allegation (Education Act 2002, s. 141F)",
}
ADVISERS: dict[str, ReferralBody] = {"lado": ReferralBody.LADO, "csc": ReferralBody.CSC}  # what they say is advice (§2.9)
_HEADS = frozenset({ReferralBody.GOVERNORS, ReferralBody.LOCAL_AUTHORITY, ReferralBody.TRA, ReferralBody.DBS})
# Categories in which a child is concerned whoever else the post speaks of: there no adult's consent is waited for (§1.4)
CHILDS: frozenset[Category] = frozenset(
    {
        Category.CSAM,
        Category.GROOMING,
        Category.SELF_HARM,
        Category.SAFEGUARDING_DISCLOSURE,
        Category.STAFF_ALLEGATION,
        Category.STAFF_PUPIL_CONTACT,
        Category.DANGEROUS_CHALLENGE,
        Category.PUPIL_PERSONAL_DATA,
        Category.PUPIL_IMAGE,
        Category.PUPIL_BULLYING,
        Category.ABUSE_OF_PUPILS_BY_PUBLIC,
    }
)
_LEADS = frozenset({Role.DSL, Role.DEPUTY_DSL})
_STAFF = frozenset({"teacher", "staff", "headteacher", "dsl", "deputy_dsl", "comms_lead"})
_ADULTS = _STAFF | {"chair", "governor", "parent"}


def about_staff(target: str) -> bool:
    """Whether a case is about a member of staff: by role, or by the staff list."""
    return target in _STAFF or target.startswith("staff:")


def is_childs(case: Case) -> bool:
    """Whether a child is concerned, so that the safeguarding leads may go to the police themselves (§7.1)."""
    return case.stop or case.target in {"pupil", "pupils"} or case.lead_category in CHILDS


def consent_needed(case: Case, body: ReferralBody) -> bool:
    """Whether an adult's consent is asked first: for the police, in a matter that is that person's own (A22)."""
    adult = case.target in _ADULTS or case.target.startswith(("staff:", "user:"))
    return body is ReferralBody.POLICE and adult and not is_childs(case)


def may_refer(case: Case, roles: Collection[Role], body: ReferralBody) -> str | None:
    """Return why these roles may not put the case to this body, or None (§7.1; who may refer at all was asked before)."""
    if Role.HEADTEACHER in roles:  # or the chair in the head's stead: `access.acts_as`
        return None
    if body is ReferralBody.POLICE and not (is_childs(case) and _LEADS & set(roles)):
        return "the headteacher goes to the police; safeguarding leads do in a child's matter. In danger ring 999 at once, whoever you are"
    if body in _HEADS:
        return f"the headteacher puts a matter to {BODY_LABELS[body]}"
    return None


def opened(case: Case, body: ReferralBody, person: str, now: datetime) -> Mapping[str, Any]:
    """Return the consent fields of a new referral; raises ReferralRefusedError when nobody is named who must agree.

    In a child's matter the reason that stands in place of a consent is recorded at once; nobody is waited for (§1.4).
    """
    if not consent_needed(case, body):
        childs = body is ReferralBody.POLICE and is_childs(case)
        return {"consent": Consent.NOT_NEEDED, "override": OverrideCode.CHILD_AT_RISK if childs else None}
    if not person.strip():
        msg = "say who was asked to agree: their role is enough"
        raise ReferralRefusedError(msg)
    return {"consent": Consent.ASKED, "consent_person": person.strip(), "consent_asked_at": now}


def answered(referral: Referral, *, agrees: bool, how: str, now: datetime) -> Referral:
    """Return the referral with the person's answer. Refused may become given later, and given be taken back, until the police were told."""
    if referral.consent is Consent.NOT_NEEDED:
        msg = "nobody's consent is needed for this referral"
        raise ReferralRefusedError(msg)
    _not_made(referral)
    if not how.strip():
        msg = "say how the person answered: in person, by telephone, in writing"
        raise ReferralRefusedError(msg)
    answer = Consent.GIVEN if agrees else Consent.REFUSED
    return referral.model_copy(update={"consent": answer, "consent_at": now, "consent_how": how.strip()})


def without_consent(referral: Referral, code: OverrideCode | None, reason: str, by: str, now: datetime) -> Referral:
    """Return the referral with a reason in place of the consent; a second person must still agree (A22)."""
    _not_made(referral)
    if referral.consent in {Consent.NOT_NEEDED, Consent.GIVEN}:
        msg = "no reason is needed: nobody's consent is missing"
        raise ReferralRefusedError(msg)
    if code is None or not reason.strip():
        msg = "choose one of the three reasons and write what makes it so"
        raise ReferralRefusedError(msg)
    return referral.model_copy(
        update={"override": code, "override_reason": reason.strip(), "override_by": by, "override_second": None, "override_at": now}
    )


def agreed(referral: Referral, second: str) -> Referral:
    """Return the referral with the second person's word; raises ReferralRefusedError for the same person, or where nothing waits."""
    if not second_waits(referral):
        msg = "no second person is waited for here"
        raise ReferralRefusedError(msg)
    if second == referral.override_by:
        msg = "somebody else must agree: the reason was given by you"
        raise ReferralRefusedError(msg)
    return referral.model_copy(update={"override_second": second})


def may_be_made(referral: Referral) -> None:
    """Return when the body may be told; raises ConsentMissingError (A22), ReferralRefusedError when it was told already.

    In danger of life nobody waits for a screen: that reason lets the call be recorded at once, and the second person confirms it after.
    """
    _not_made(referral)
    if referral.consent in {Consent.NOT_NEEDED, Consent.GIVEN}:
        return
    if referral.override is None:
        raise ConsentMissingError
    if referral.override_second is None and referral.override is not OverrideCode.RISK_TO_LIFE:
        msg = "a second person must agree first to going to the police without consent (policy A22)"
        raise ConsentMissingError(msg)


def second_waits(referral: Referral) -> bool:
    """Whether a second person's word is still missing."""
    return referral.consent is not Consent.NOT_NEEDED and referral.override is not None and referral.override_second is None


def _not_made(referral: Referral) -> None:
    if referral.made_at is not None:
        msg = f"{BODY_LABELS[referral.body]} was told already; record the outcome instead"
        raise ReferralRefusedError(msg)


def told(referral: Referral, channel: str, tags: Collection[str]) -> Mapping[str, Any]:
    """Return the fields of a referral that was made; raises ReferralRefusedError for a channel or an offence that is not on the list."""
    may_be_made(referral)
    if channel not in CHANNELS:
        msg = "say how they were told: choose from the list"
        raise ReferralRefusedError(msg)
    if tags and referral.body is not ReferralBody.POLICE:
        msg = "possible offences are named to the police only"
        raise ReferralRefusedError(msg)
    if len(tags) > MAX_TAGS or set(tags) - set(OFFENCES):
        msg = f"choose the possible offences from the list, {MAX_TAGS} at most"
        raise ReferralRefusedError(msg)
    return {"channel": channel, "offence_tags": tuple(tag for tag in OFFENCES if tag in tags)}


def ends_stop(referrals: Collection[Referral]) -> bool:
    """Whether a stopped case was passed on, so that the safeguarding lead may close it: to the police, the IWF or CEOP."""
    bodies = {ReferralBody.POLICE, ReferralBody.IWF, ReferralBody.CEOP}
    return any(one.made_at is not None and one.body in bodies for one in referrals)
