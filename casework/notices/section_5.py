"""Notice of complaint to a website operator: Defamation Act 2013 s.5(6) and SI 2013/3028 reg. 2 (domain.md §2.2).

All eight items are required: the complainant's name; the statement and why it is defamatory of them; where it is; their email address; the
meaning they take from it; what is inaccurate or unsupported; that they cannot identify the poster well enough; whether they consent to the
operator passing on name and email. The complainant is a person, never the school as a body (product rule of §2.1).
"""

from __future__ import annotations

import re

from casework.notice import Ask, NoticeFacts, Template, choice, detail, nature, text, tick
from data.model.cases import Ground, Route

AGENTS = ("the complainant", "an agent whom the complainant has authorised in writing")
REVIEWERS = ("the headteacher", "the complainant's trade union", "a lawyer", "nobody yet")
_BODY = re.compile(
    r"\b(?:school|schools|academy|academies|college|federation|trust|governors?|governing|board|council|authority|ltd|limited|plc|office|"
    r"department|association|pta|team|the)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(r"\b(?:a|an|head|headteacher|teacher|deputy|member|staff|lead|parent|pupil)\b", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _fits(facts: NoticeFacts) -> str | None:
    name = facts.said("complainant_name")
    if not _is_person(name, facts.school_name):
        return (
            "the complainant of a section 5 notice is a named person, with first name and surname: "
            "the school, its governors or a role cannot complain here"
        )
    if not _EMAIL.fullmatch(facts.said("complainant_email")):
        return "the complainant's email address is not complete; it is one of the things the law asks for"
    if facts.said("reviewed_by") == REVIEWERS[-1]:
        return "let the headteacher, the complainant's trade union or a lawyer read the notice first, then say who did"
    return None


def _is_person(name: str, school_name: str) -> bool:
    words = [word for word in name.split() if any(char.isalpha() for char in word)]
    is_body = _BODY.search(name) or _ROLE.search(name) or name.casefold() == school_name.casefold()
    return len(words) > 1 and not is_body and not any(char.isdigit() for char in name)


def _consents(facts: NoticeFacts) -> str:
    said = {True: "The complainant consents to", False: "The complainant does not consent to"}
    return (
        f"{said[facts.ticked('consent_name')]} the operator giving the poster the complainant's name.\n"
        f"{said[facts.ticked('consent_email')]} the operator giving the poster the complainant's email address."
    )


def _unknown_poster(_facts: NoticeFacts) -> str:
    return "The complainant confirms that they do not have enough information about the person who posted the statement to bring a claim."


NOTICE = Template(
    key="section_5",
    label="Section 5 notice of complaint (defamation, by the person concerned)",
    route=Route.SECTION_5,
    subject="Notice of complaint under section 5 of the Defamation Act 2013",
    opening="This is a notice of complaint to the operator of the website, under section 5 of the Defamation Act 2013 and the regulations "
    "made under it (SI 2013/3028). {school} helps the complainant with it; the complainant is the person named below.",
    says=(
        detail("Complainant", "complainant_name"),
        detail("Complainant's email address", "complainant_email"),
        detail("The statement complained of, in its own words", "statement"),
        detail("The meaning that the complainant takes from it", "meaning"),
        detail("Why the complainant says that it is defamatory of them, and the serious harm it has done or is likely to do", "why"),
        detail("What the complainant says is factually inaccurate, or opinion that no fact supports", "inaccurate"),
        _unknown_poster,
        _consents,
        detail("Sent by", "sent_by"),
        nature,
    ),
    closing="If you find that this notice lacks something, please tell the complainant so, and what a notice has to contain.",
    asks=(
        Ask("complainant_name", "the complainant's full name", "Priya Anand"),
        Ask("complainant_email", "the complainant's email address", "p.anand@mail.example"),
        text("statement", "the words complained of, exactly as they stand there", "This teacher takes money out of the trip fund."),
        text("meaning", "what the complainant takes these words to mean", "That the complainant steals money that parents paid."),
        text(
            "why",
            "why it is defamatory of the complainant, and what serious harm it does",
            "Parents and colleagues can tell who is meant; two families asked to change class because of it.",
        ),
        text(
            "inaccurate",
            "which parts are untrue, or opinion without facts",
            "No money is missing: the fund was counted by the school's auditor in May.",
        ),
        tick(
            "poster_unknown",
            "the complainant does not know who posted it well enough to bring a claim",
            hint="If the poster is known, this notice adds nothing: do not send it.",
        ),
        tick(
            "agreed",
            "the complainant agrees to a notice in their own name",
            hint="Without this, use the platform's rule report or the helpline for professionals instead.",
        ),
        tick(
            "consent_name", "the operator may give the poster the complainant's name", needed=False, hint="No, unless the person says so."
        ),
        tick(
            "consent_email",
            "the operator may give the poster the complainant's email address",
            needed=False,
            hint="No, unless the person says so.",
        ),
        choice("sent_by", "who sends it", AGENTS),
        choice("reviewed_by", "who has read it over", REVIEWERS),
    ),
    grounds=frozenset({Ground.DEFAMATION_INDIVIDUAL}),
    warnings=(
        "The operator may hand over the complainant's details, even by mistake. Both consents start as no; let the person decide.",
        "This can take more than a week: run the platform's own rule report beside it.",
        "Not legal advice. It is about a person's reputation, never about criticism of the school as a body.",
    ),
    may_be_forwarded=True,
    fits=_fits,
)
