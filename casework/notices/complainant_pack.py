"""The cover of the pack for a person who files the report personally (policy A19): readable at home, no inside of the case."""

from __future__ import annotations

from dataclasses import dataclass

from casework.notice import (
    BASE,
    Ask,
    NoticeFacts,
    Rendered,
    Template,
    about,
    ask,
    choice,
    details_of,
    lines,
    listed,
    london,
    nature,
    require,
    signed,
    text,
    tick,
)
from data.model.cases import Route
from data.model.readings import Category

SHARED = (
    "nothing: the platform keeps your name to itself, as far as it says",
    "your name may be passed on to the person who posted it",
    "your name and your contact details may be passed on or published",
)


def steps(facts: NoticeFacts) -> tuple[str, ...]:
    """Return what the person does, one step after the other."""
    return (
        "Read this sheet to the end. You may stop at any time, and nobody will hold it against you.",
        f"Open the form in your own browser, signed in as yourself where it asks for that: {facts.form_link}",
        "Choose the kind of report named below, and give the exact address of the post.",
        "Paste the text below, and change whatever is not right in your own words.",
        "Write down the number that you are given, and the time.",
        f"Tell {facts.said('supporter')} that it is done, or that you would rather not.",
    )


@dataclass(frozen=True)
class ComplainantPack(Template):
    """A pack is written to the person concerned, and holds the text that they send themselves."""

    def render(self, facts: NoticeFacts) -> Rendered:
        """Return the cover; raises NoticeIncompleteError naming what is missing."""
        require(facts, self.required, self.asks)
        return Rendered(f"Your report to {facts.platform}: how to make it, {facts.case_ref}", self._body(facts))

    def _body(self, facts: NoticeFacts) -> str:
        numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps(facts), start=1))
        help_offered = details_of(
            "You are not alone with this", ("Your helper", "supporter"), ("Support that is offered to you", "support")
        )
        return lines(
            "This sheet is for you. Only the person concerned can make this report; the school helps you with everything around it.",
            f"What to do\n{numbered}",
            f"Please do it by {london(facts.requested_by)}, if you can. Later is better than not at all.",
            details_of("On the form", ("Kind of report", "kind"), ("What the person who posted it may learn", "shared"))(facts),
            "Text to paste",
            about(facts),
            nature(facts),
            ask(facts),
            "End of the text",
            help_offered(facts),
            listed("Copies that the school keeps for you (number and witness code, the SHA-256 of the seal):", facts.evidence),
            signed(facts),
        )


NOTICE = ComplainantPack(
    key="complainant",
    label="Pack for the person who files the report personally",
    route=Route.COMPLAINANT,
    subject="",
    opening="",
    required=(*BASE, "platform", "form_link", "rule_breached|unlawful_nature"),
    asks=(
        Ask("kind", "which kind of report to choose on the form", "privacy: I can be recognised without my agreement"),
        Ask("supporter", "the named helper (a colleague, not a pupil)", "the deputy headteacher"),
        choice("shared", "what the person who posted it may learn", SHARED),
        text("support", "the support that is offered", "time off to do this, the counselling line of the school, the union"),
        tick("told", "the person knows that they may say no"),
    ),
    not_for=frozenset({Category.CSAM}),
    warnings=("Give it to the person on paper or by the school's own mail, not to a private account that others read.",),
)
