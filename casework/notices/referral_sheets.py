"""Sheets for those who protect people: police (policy A22, B39), LADO and children's social care (A10), CEOP, IWF (domain.md §9, §2.10).

They give facts; each body has its own form. A child is given by initials: the full name goes by telephone or in the body's secure form.
Offences are tags that a person chose, never a conclusion.
"""

from __future__ import annotations

from casework.notice import (
    WHO,
    Ask,
    LetterTemplate,
    NoticeFacts,
    choice,
    detail,
    details_of,
    done_so_far,
    evidence_list,
    listed,
    text,
    tick,
    where_and_when,
)
from data.model.people import Permission
from data.model.readings import Category

CONSENTS = (
    "given by the person concerned",
    "overridden: risk to life",
    "overridden: a child is at risk",
    "overridden: a duty in law",
    "not needed: it is about the school itself or about a child in danger",
)
CHANNELS = ("999", "101", "the force's online form", "an officer whom the school knows")
ONLINE = ("yes, still online", "no, gone", "not known")
KEEP = ("the police have not said", "the police ask to leave it up", "the police do not mind its removal")
BODIES = ("the LADO", "children's social care")
AGES = ("under 13", "13 to 17", "not known")


def _linked(facts: NoticeFacts) -> str:
    return listed("Linked incidents (case, day, kind):", facts.linked) or "Linked incidents: none known."


def _author(facts: NoticeFacts) -> str:
    handle = f"Author as published: {facts.author}" if facts.author.strip() else "Author as published: not shown"
    known = facts.said("author_known")
    return f"{handle}\nWhat is known of the author: {known}" if known else handle


def _police_fits(facts: NoticeFacts) -> str | None:
    if facts.said("consent").startswith("overridden") and not facts.said("override_reason"):
        return "say why the person's consent was overridden; the reason is kept with the referral (policy A22)"
    return None


POLICE = LetterTemplate(
    key="police",
    label="Police: summary for a referral",
    subject="Referral to the police",
    opening="This is a summary by {school}. Originals and sealed evidence are handed over on request.",
    says=(
        details_of(
            "The person concerned",
            ("Who (role)", "victim"),
            ("Consent", "consent"),
            ("When", "consent_at"),
            ("Reason for the override", "override_reason"),
            ("Contact through", "contact"),
        ),
        detail("The words, exactly as they stand there", "verbatim"),
        where_and_when,
        _author,
        _linked,
        details_of(
            "For your assessment",
            ("Possible offence, chosen by a person and not a conclusion", "offence"),
            ("Effect on the person", "impact"),
            ("Risk now", "risk"),
            ("Still online", "online"),
            ("Removal", "keep"),
            ("Other bodies told", "others"),
        ),
        done_so_far,
        evidence_list,
        details_of("How it was reported", ("Way", "channel"), ("Incident number", "incident"), ("Officer", "officer")),
    ),
    permission=Permission.REFER,
    required=(*WHO, "addresses", "seen_at"),
    asks=(
        Ask("victim", "who the person concerned is (role)", "a class teacher"),
        choice("consent", "the person's consent", CONSENTS),
        Ask("consent_at", "when consent was given or overridden", "3 July 2026, 11:20"),
        text("override_reason", "why it was overridden, if it was", "", needed=False),
        Ask("contact", "how the police reach the person", "through the headteacher, 01632 960001"),
        text(
            "verbatim",
            "the threatening words, exactly as posted",
            "I know which gate you use.",
            hint="Put [a child] where a child is named.",
        ),
        Ask("author_known", "what is known of the author, and how sure", "unknown; the handle was used once before", needed=False),
        Ask("offence", "possible offence, as a person chose it (no conclusion)", "threat of serious harm; the police decide"),
        text("impact", "the effect on the person", "Afraid to walk to the car; was driven home today."),
        text("risk", "the risk now", "The school gate is used at half past three."),
        choice("online", "is it still online?", ONLINE),
        choice("keep", "do the police ask to leave it up?", KEEP),
        Ask("others", "other bodies told", "none", needed=False),
        choice("channel", "how it is reported", CHANNELS, hint="999 when somebody is in danger now."),
        Ask("incident", "incident number", "", needed=False),
        Ask("officer", "officer", "", needed=False),
    ),
    warnings=(
        "Danger to life now: ring 999 first, write afterwards.",
        "The person's consent comes first, unless life, a child or a duty in law stands against it (policy A22).",
    ),
    in_stop=True,
    fits=_police_fits,
)

LADO = LetterTemplate(
    key="lado_csc",
    label="LADO or children's social care: fact sheet",
    subject="Fact sheet for a referral",
    opening="Facts for your own form, from {school}. The school has not looked into the matter itself before asking for advice.",
    says=(
        details_of(
            "The facts",
            ("To", "body"),
            ("Who it is about (role)", "who"),
            ("The allegation or concern, as posted", "allegation"),
            ("Child", "child"),
            ("Known to the school since", "known_since"),
            ("Who knows", "who_knows"),
            ("Immediate safety", "safety"),
            ("Contact was made", "contact_time"),
            ("Advice", "advice"),
        ),
        where_and_when,
        done_so_far,
    ),
    permission=Permission.TRIAGE,
    required=(*WHO, "addresses", "seen_at"),
    asks=(
        choice("body", "to whom", BODIES),
        Ask("who", "who it is about (role)", "a member of support staff"),
        text("allegation", "what is alleged or told, as posted", "The post says that an adult at the school hit a pupil."),
        Ask("child", "the child by initials, if known", "not known", hint="The full name by telephone or in the body's secure form only."),
        Ask("known_since", "when the school first knew", "3 July 2026, 09:10"),
        Ask("who_knows", "who knows of it", "the safeguarding lead and the headteacher"),
        text("safety", "what was done for safety at once", "The adult does not work alone with pupils today."),
        Ask("contact_time", "when you rang them", "3 July 2026, 10:05"),
        text("advice", "what they advised", "", needed=False),
    ),
    warnings=(
        "Ring first, within one working day, and before anybody looks into it (safeguarding guidance).",
        "Never a way to make an allegation go away: ask for no removal before their advice is recorded.",
    ),
    in_stop=True,
)

CEOP = LetterTemplate(
    key="ceop",
    label="CEOP: facts for the online report",
    subject="Facts for a report to CEOP",
    opening="Facts for CEOP's own form, from {school}: somebody may be trying to exploit a child online.",
    says=(
        details_of(
            "The facts",
            ("Kind", "kind"),
            ("Age of the child", "age"),
            ("Child", "child"),
            ("What was done", "what_done"),
            ("Contact", "contact"),
        ),
        where_and_when,
        _author,
    ),
    permission=Permission.TRIAGE,
    required=(*WHO, "addresses", "seen_at"),
    asks=(
        Ask("kind", "what kind: grooming, pressure for pictures, other", "an adult asks pupils for pictures"),
        choice("age", "the age group of the child", AGES),
        Ask("child", "the child by initials, if known", "not known"),
        text("what_done", "what was done", "The safeguarding lead rang the police; the child is with a parent."),
        Ask("contact", "whom CEOP may ring (role)", "the safeguarding lead, 01632 960001"),
    ),
    warnings=("In danger now: 999. CEOP does not take bullying, fake accounts or hacking.",),
    in_stop=True,
    only_for=frozenset({Category.CSAM, Category.GROOMING, Category.SAFEGUARDING_DISCLOSURE, Category.SELF_HARM, Category.STALKING}),
)

IWF = LetterTemplate(
    key="iwf",
    label="IWF: address only",
    subject="Address for a report to the Internet Watch Foundation",
    opening="For the Internet Watch Foundation's own form. Nothing but the address is given: nobody has opened, copied or kept anything.",
    says=(lambda facts: listed("Address:", facts.addresses),),
    permission=Permission.TRIAGE,
    required=(*WHO, "addresses"),
    asks=(tick("only_address", "no picture, no copy and no description goes with it"),),
    warnings=("Never attach anything. Copy the address as text: do not open it.",),
    in_stop=True,
    only_for=frozenset({Category.CSAM}),
)
