"""An account that passes itself off as the school or as a person: what platforms ask in such a report (domain.md §9)."""

from __future__ import annotations

from casework.notice import BASE, Ask, AskKind, Template, choice, details_of, nature, text, tick
from data.model.cases import Ground, Route

WHO_IS_COPIED = ("the school", "a member of staff, who makes the report personally or has authorised it", "another person")
PROOFS = ("letter on the school's headed paper", "mail from the school's own domain", "identity document, uploaded by the person only")

NOTICE = Template(
    key="impersonation",
    label="Report of a fake account",
    route=Route.IMPERSONATION,
    subject="An account that impersonates",
    opening="{school} reports an account on {platform} that passes itself off as somebody else.",
    says=(
        details_of("The fake account", ("Handle or number", "handle"), ("Address", "fake_link")),
        details_of("The real one", ("Address", "real_link"), ("Who is impersonated", "who")),
        details_of("What was copied, and what it does", ("Copied", "copied"), ("Harm", "harm"), ("Proof of authority", "proof")),
        nature,
    ),
    removal="remove the account",
    required=(*BASE, "platform"),
    asks=(
        Ask("handle", "the fake account's handle or number", "@fernleygreen_official2"),
        Ask("fake_link", "the fake account's address", "https://social.example/@fernleygreen_official2", AskKind.LINK),
        Ask("real_link", "the real account or website", "https://fernley-green.example", AskKind.LINK),
        choice("who", "who is impersonated", WHO_IS_COPIED),
        Ask("copied", "what was copied: name, logo, photographs", "the school's name, its logo and the picture of the front door"),
        text(
            "harm",
            "the harm: does it write to pupils, ask for money?",
            "It writes to pupils and asks them to send pictures of their homework.",
        ),
        choice("proof", "the proof of authority that can be given", PROOFS),
        tick(
            "no_parody",
            "it is not marked as a parody, and people take it for real",
            hint="A clear parody that confuses nobody is fair comment.",
        ),
    ),
    grounds=frozenset({Ground.IMPERSONATION}),
    warnings=("An identity document is uploaded by the person themselves on the platform's form. It is never kept here.",),
)
