"""To the person who wrote it: a parent, after a meeting was offered (domain.md §3.1 step 2, §9), or a member of staff (policy B13, B14)."""

from __future__ import annotations

from casework.notice import Ask, Template, choice, detail, details_of, text, tick
from data.model.cases import Route
from data.model.readings import Category

WHO_IT_IS = ("a parent or carer", "a member of staff", "somebody else whom the school knows")

# Where writing to the author would warn or provoke somebody dangerous, or put a child at risk (§3.5)
NEVER: frozenset[Category] = frozenset(
    {
        Category.THREAT_TO_LIFE,
        Category.GROOMING,
        Category.SELF_HARM,
        Category.SAFEGUARDING_DISCLOSURE,
        Category.STALKING,
        Category.STAFF_ALLEGATION,
        Category.STAFF_PUPIL_CONTACT,
        Category.EXTREMISM,
        Category.VIOLENCE_INCITEMENT,
        Category.VIOLENCE_INTIMIDATION,
    }
)

NOTICE = Template(
    key="author",
    label="Letter to the author (after a meeting was offered)",
    route=Route.AUTHOR,
    subject="A conversation about a post",
    opening="We are writing from {school} about a post that we believe is yours. If it is not, please tell us, and accept our apologies.",
    says=(
        detail("Our concern", "concern"),
        details_of(
            "What was agreed, and the way to complain", ("Part of the code", "clause"), ("How to raise a concern with us", "complaints")
        ),
        details_of("We would like to talk", ("A meeting was offered on", "meeting_offered"), ("You are welcome", "invitation")),
    ),
    removal="take it down",
    closing="You are free to disagree with the school and to say so. We would like to hear it from you, and to put right what we can.\n\n"
    "With kind regards",
    asks=(
        choice("who", "who the author is", WHO_IT_IS),
        text(
            "concern", "the concern, in calm words", "The post calls one teacher names, and other families have answered in the same tone."
        ),
        Ask(
            "clause",
            "the part of the parents' code or staff policy",
            "parents' code of conduct, part 4: we speak about each other with respect",
        ),
        Ask("complaints", "where the complaints procedure is", "https://fernley-green.example/complaints"),
        Ask("meeting_offered", "the day on which a meeting was offered", "1 July 2026"),
        text(
            "invitation", "the invitation now: who, where, when", "the headteacher, in school, any afternoon after four o'clock this week"
        ),
        tick("offered", "a meeting was offered before this letter", hint="A conversation comes first; a letter only afterwards."),
        tick("no_tip_off", "it warns nobody of a police or safeguarding matter"),
    ),
    not_for=NEVER,
    warnings=(
        "A conversation is the better first step. A letter can be put online too: write nothing that you would not want to read there.",
        "A letter changes nothing about the person's right to complain or to criticise.",
    ),
    may_be_forwarded=True,
)
