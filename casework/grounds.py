"""On which rule or law removal may be asked, by whom, and when not (domain.md §3.3). Pure; a person chooses and can show the proof.

# A3 §1.4: lowering the school's reputation alone is no ground; a takedown needs one of these. # B16: copyright is for our own material.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from data.model.cases import Capacity, Case, Ground
from data.model.readings import OUTCOMES, Category

_REPRESENTS = frozenset({Capacity.SUBJECT, Capacity.SOLICITOR})
_THREATENING = frozenset(
    {Category.THREAT_TO_LIFE, Category.STALKING, Category.VIOLENCE_INCITEMENT, Category.VIOLENCE_INTIMIDATION, Category.SEXUAL_HARASSMENT}
)
_NOBODY = frozenset({"school", "none"})
LINKED = 2  # §2.3: a course of conduct is two incidents or more

_GROUNDS: dict[Category, tuple[Ground, ...]] = {
    Category.THREAT_TO_LIFE: (Ground.THREAT, Ground.PLATFORM_RULES),
    Category.STALKING: (Ground.HARASSMENT, Ground.PLATFORM_RULES),
    Category.STAFF_ALLEGATION: (Ground.LEGAL_NAMING_BAN, Ground.PLATFORM_RULES),
    Category.VIOLENCE_INCITEMENT: (Ground.THREAT, Ground.PLATFORM_RULES),
    Category.VIOLENCE_INTIMIDATION: (Ground.THREAT, Ground.HARASSMENT, Ground.PLATFORM_RULES),
    Category.INTIMATE_IMAGE_ADULT: (Ground.ADULT_IMAGE_PRIVACY, Ground.PLATFORM_RULES),
    Category.SEXUAL_HARASSMENT: (Ground.HARASSMENT, Ground.PLATFORM_RULES),
    Category.HATE: (Ground.HATE, Ground.PLATFORM_RULES),
    Category.DOXXING: (Ground.PRIVATE_INFORMATION, Ground.PLATFORM_RULES),
    Category.PUPIL_PERSONAL_DATA: (Ground.CHILD_IMAGE_PRIVACY, Ground.GDPR_ERASURE, Ground.PLATFORM_RULES),
    Category.PUPIL_IMAGE: (Ground.CHILD_IMAGE_PRIVACY, Ground.PLATFORM_RULES, Ground.GDPR_ERASURE, Ground.MODERATOR_GOODWILL),
    Category.PUPIL_BULLYING: (Ground.HARASSMENT, Ground.CHILD_IMAGE_PRIVACY, Ground.PLATFORM_RULES),
    Category.IMPERSONATION: (Ground.IMPERSONATION, Ground.PLATFORM_RULES),
    Category.KNOWINGLY_FALSE: (Ground.FALSE_COMMUNICATION, Ground.PLATFORM_RULES),
    Category.HARASSMENT_STAFF: (Ground.HARASSMENT, Ground.PLATFORM_RULES),
    Category.DEFAMATION_INDIVIDUAL: (Ground.DEFAMATION_INDIVIDUAL, Ground.PLATFORM_RULES),
    Category.STAFF_IMAGE: (Ground.ADULT_IMAGE_PRIVACY, Ground.COPYRIGHT, Ground.PLATFORM_RULES),
    Category.COPYRIGHT_MISUSE: (Ground.COPYRIGHT,),
}
_ANY: tuple[Ground, ...] = (Ground.PLATFORM_RULES, Ground.MODERATOR_GOODWILL)
# These belong to the person concerned; the school's own way comes first (§3.1 step 3: the rule report before the legal form)
PERSONAL: frozenset[Ground] = frozenset(
    {Ground.DEFAMATION_INDIVIDUAL, Ground.ADULT_IMAGE_PRIVACY, Ground.PRIVATE_INFORMATION, Ground.GDPR_ERASURE}
)


@dataclass(frozen=True)
class Claim:
    """What somebody wants to rest a request on: the case, who asks, and what can be shown."""

    case: Case
    ground: Ground
    capacity: Capacity
    complainant: str = ""  # role of the person concerned, where they agreed
    linked: int = 1  # incidents at the same person, this one included
    authority: bool = False  # a parent's or child's written word was seen


@dataclass(frozen=True)
class GroundRule:
    """One row of §3.3 in our words, and the check that refuses: it returns why the ground does not fit, or None."""

    usable: str
    who: str
    not_when: str
    unfit: Callable[[Claim], str | None]


def grounds_for(category: Category) -> tuple[Ground, ...]:
    """Return the grounds that fit a category, the likeliest first; none for the outcomes of §4.3 and for an indecent image."""
    if category is Category.CSAM or category in OUTCOMES:
        return ()
    return _GROUNDS.get(category, _ANY)


def unfit(claim: Claim) -> str | None:
    """Return why this ground cannot carry this request, in words for the screen; None when it can."""
    if claim.case.lead_category in OUTCOMES:
        return "criticism and other lawful speech is answered, not removed: no ground fits (policy B31, B32)"
    return RULES[claim.ground].unfit(claim)


def first_ground(case: Case, linked: int = 1) -> Ground | None:
    """Return the ground to propose: the likeliest that is the school's own to use; a personal one only where nothing else fits."""
    found = [one for one in grounds_for(case.lead_category) if one in PERSONAL or unfit(_own(case, one, linked)) is None]
    return next((one for one in found if one not in PERSONAL), found[0] if found else None)


def _own(case: Case, ground: Ground, linked: int) -> Claim:
    return Claim(case, ground, Capacity.SCHOOL_REPRESENTATIVE, linked=linked)


def _fits(_claim: Claim) -> str | None:
    return None


def _only(why: str, *categories: Category) -> Callable[[Claim], str | None]:
    """Return a check that the case is of one of these categories."""
    return lambda claim: None if claim.case.lead_category in categories else why


def _child(claim: Claim) -> str | None:
    if claim.case.target == "none":
        return "no pupil can be recognised (a crowd, no name, no distress): ask nicely instead, as goodwill of the moderators"
    return None


def _adult(claim: Claim) -> str | None:
    if claim.case.target in _NOBODY:
        return "this ground belongs to a person: facts about a public role, or about the school as a body, are not private"
    return None if claim.complainant.strip() else "this ground belongs to the person concerned: say on whose behalf it is asked (a role)"


def _defamed(claim: Claim) -> str | None:
    if claim.case.target in _NOBODY:
        return "defamation is about a person: the school as a body cannot be the complainant; take legal advice or choose another ground"
    if claim.capacity not in _REPRESENTS:
        return "on the ground of defamation the person concerned asks, or their solicitor; choose that capacity, or another ground"
    return None if claim.complainant.strip() else "say on whose behalf it is asked: the person concerned, by role"


def _harassed(claim: Claim) -> str | None:
    if claim.linked >= LINKED or claim.case.lead_category in _THREATENING:
        return None
    return (
        "harassment needs two linked incidents at one person, or one that is plainly threatening; a single rude post breaks a rule at most"
    )


def _erasure(claim: Claim) -> str | None:
    if claim.capacity in {Capacity.SUBJECT, Capacity.PARENT, Capacity.SOLICITOR} or claim.authority:
        return None
    return (
        "a school has no right of its own to erasure: the child or a parent asks, or gives the school written authority that you have seen"
    )


def _naming_ban(claim: Claim) -> str | None:
    if claim.case.advice_recorded_at is not None:
        return None
    return "only after safeguarding advice was recorded: a naming ban must not make an allegation go away"


def _never(_claim: Claim) -> str | None:
    return "an indecent image of a child goes to the police or the IWF by the safeguarding lead, and to nobody else"


RULES: dict[Ground, GroundRule] = {
    Ground.PLATFORM_RULES: GroundRule("it breaks a rule of the place that can be named", "anyone", "we simply dislike it", _fits),
    Ground.CHILD_IMAGE_PRIVACY: GroundRule(
        "a pupil can be recognised",
        "the child where competent, else a parent; the school with written authority, or as the responsible adult",
        "a crowd, no name, no distress",
        _child,
    ),
    Ground.ADULT_IMAGE_PRIVACY: GroundRule("a private picture of an adult", "that person", "facts about a public role", _adult),
    Ground.PRIVATE_INFORMATION: GroundRule("home, telephone or health of a person", "that person", "facts about a public role", _adult),
    Ground.DEFAMATION_INDIVIDUAL: GroundRule(
        "a grave false statement of fact about a person who can be recognised",
        "that person",
        "opinion, the school as a body, truth",
        _defamed,
    ),
    Ground.HARASSMENT: GroundRule(
        "two or more linked incidents at one person, or one that is plainly threatening", "that person", "a single rude post", _harassed
    ),
    Ground.HATE: GroundRule(
        "the content attacks a protected characteristic",
        "anyone; the police too",
        "a mention alone",
        _only("this case is not about hate", Category.HATE),
    ),
    Ground.THREAT: GroundRule(
        "the content threatens",
        "anyone; the police too",
        "angry words without a threat",
        _only("this case is not about a threat", Category.THREAT_TO_LIFE, Category.VIOLENCE_INCITEMENT, Category.VIOLENCE_INTIMIDATION),
    ),
    Ground.IMPERSONATION: GroundRule(
        "an account passes itself off as the school or a person",
        "the school for itself; the person",
        "clear parody without confusion",
        _only("this case is not about impersonation", Category.IMPERSONATION),
    ),
    Ground.COPYRIGHT: GroundRule(
        "our own photograph, logo, film or text",
        "its owner; the headteacher agrees first",
        "as a pretext against criticism",
        _only(
            "copyright is for our own material used without leave, never a pretext to silence somebody",
            Category.COPYRIGHT_MISUSE,
            Category.STAFF_IMAGE,
            Category.PUPIL_IMAGE,
            Category.IMPERSONATION,
        ),
    ),
    Ground.GDPR_ERASURE: GroundRule(
        "personal data held by a platform or site",
        "the person, a parent, or somebody authorised",
        "household use; free expression",
        _erasure,
    ),
    Ground.LEGAL_NAMING_BAN: GroundRule(
        "the law forbids naming this person", "anyone; the police", "before safeguarding advice", _naming_ban
    ),
    Ground.CSAM: GroundRule("never from here", "the safeguarding lead to police or IWF", "always", _never),
    Ground.FALSE_COMMUNICATION: GroundRule(
        "knowingly false and meant to harm",
        "the police and the platform",
        "an honest mistake: correct it with facts",
        _only("an honest mistake is corrected with facts; this case is not about a hoax", Category.KNOWINGLY_FALSE),
    ),
    Ground.MODERATOR_GOODWILL: GroundRule("a polite request, no rule needed", "the head or the safeguarding lead", "never unlawful", _fits),
}
