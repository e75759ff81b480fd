"""Sheets for the two helplines that press platforms for a removal: POSH for professionals, Report Harmful Content (domain.md §2.10)."""

from __future__ import annotations

from casework.notice import BASE, Ask, Template, choice, details_of, nature, text, tick
from data.model.cases import Route
from data.model.readings import Category

AGES = ("under 13", "13 to 17", "18 or over", "not known")
KINDS_POSH = (
    "about a member of staff",
    "about the school's accounts or reputation",
    "bullying between pupils",
    "a pupil can be recognised",
    "other",
)
KINDS_RHC = (
    "online abuse",
    "bullying or harassment",
    "threats",
    "impersonation",
    "unwanted sexual advances",
    "violent content",
    "self-harm or suicide",
    "pornographic content",
)
_SILENT = ("it answered that no rule is broken", "it has been silent for more than a week")

POSH = Template(
    key="posh",
    label="Sheet for the Professionals Online Safety Helpline (POSH)",
    route=Route.POSH,
    subject="Case for the Professionals Online Safety Helpline",
    opening="{school} asks for advice and, where possible, for your help with the platform.",
    says=(
        details_of(
            "The case",
            ("Kind", "kind"),
            ("Age of the person concerned", "age"),
            ("Report to the platform", "platform_report"),
            ("What was done so far", "done"),
            ("Whom to ring back", "contact"),
        ),
        nature,
    ),
    removal="help us to have it removed",
    required=(*BASE, "platform"),
    asks=(
        choice("kind", "what kind of case", KINDS_POSH),
        choice("age", "the age group of the person concerned", AGES),
        Ask("platform_report", "the report to the platform: number and day", "report 4711, 2 July 2026; no answer yet"),
        text("done", "what was done so far", "Evidence kept, reported under the bullying rule, the teacher has been offered support."),
        Ask("contact", "whom to ring back, by role and telephone", "the safeguarding lead, 01632 960001, 10 to 4 o'clock"),
    ),
    not_for=frozenset({Category.CSAM}),
    warnings=("The helpline answers on working days. It cannot promise a removal.",),
)
RHC = Template(
    key="rhc",
    label="Sheet for Report Harmful Content (RHC)",
    route=Route.RHC,
    subject="Case for Report Harmful Content",
    opening="{school} asks you to review a case after the platform's own answer.",
    says=(
        details_of(
            "The case",
            ("Category", "kind"),
            ("Age of the person concerned", "age"),
            ("Report to the platform", "platform_report"),
            ("The platform", "answered"),
            ("Its answer in its own words", "reply"),
            ("What was done so far", "done"),
            ("Whom to ring back", "contact"),
        ),
        nature,
    ),
    removal="help us to have it removed",
    required=(*BASE, "platform"),
    asks=(
        choice("kind", "which of the eight kinds of harm", KINDS_RHC),
        choice("age", "the age group of the person concerned (13 or over)", AGES[1:3]),
        Ask("platform_report", "the report to the platform: number and day", "report 4711, 24 June 2026"),
        choice("answered", "what the platform did", _SILENT),
        text("reply", "the platform's reply in its own words", "We found that this does not go against our rules."),
        text("done", "what was done so far", "Evidence kept, reported under the bullying rule, the appeal was turned down."),
        Ask("contact", "whom to ring back, by role and telephone", "the safeguarding lead, 01632 960001"),
        tick("not_criminal", "it is not a matter for the police", hint="What may be a crime goes to the police, not here."),
    ),
    not_for=frozenset({Category.CSAM, Category.THREAT_TO_LIFE, Category.GROOMING}),
    warnings=("Only after the platform answered that no rule is broken, or was silent for more than a week. It wants to see that answer.",),
)
