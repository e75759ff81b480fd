"""A copyright notice for the school's own work: the six elements of 17 USC 512(c)(3) (domain.md §9; policy B16).

Never a pretext to silence criticism: the headteacher approves, and fair dealing is thought about first (CDPA 1988 s.30).
"""

from __future__ import annotations

from casework.notice import Ask, Template, choice, detail, details_of, nature, plain, text, tick
from data.model.cases import Ground, Route

OWNERS = ("the school, for work made by staff in their employment", "the person who made it, who has authorised this notice")

NOTICE = Template(
    key="copyright",
    label="Copyright notice for the school's own work",
    route=Route.COPYRIGHT,
    subject="Copyright notice",
    opening="{school} gives notice that a work is used without permission at the address below.",
    says=(
        details_of("The work", ("What it is", "work"), ("Made on", "made_on"), ("Made by", "made_by"), ("Owner", "owner")),
        detail("Where the original can be seen", "original"),
        plain(
            "We believe in good faith that this use is not authorised by the owner, its agent or the law. What it says is accurate "
            "and, under penalty of perjury where the law of the United States applies, the sender is authorised to act for the owner."
        ),
        detail("Contact", "contact"),
        detail("Signature", "signature"),
        nature,
    ),
    removal="remove it or disable access to it",
    asks=(
        text("work", "the work: what it is", "Photograph of the school's front door with the new sign"),
        Ask("made_on", "when it was made", "May 2024", past_dates=True),
        Ask("made_by", "who made it (role)", "the school's office manager, in their working time"),
        choice("owner", "who owns it", OWNERS),
        Ask("original", "where the original can be seen", "https://fernley-green.example/about"),
        Ask("contact", "the contact for questions: post, mail or telephone", "the school office, 01632 960001"),
        Ask("signature", "the signature: full name of the person who signs", "Priya Anand"),
        tick("good_faith", "the use is believed, in good faith, not to be authorised by the owner or the law"),
        tick("accurate", "what it says is accurate, and the sender is authorised to act for the owner"),
        tick(
            "fair_dealing",
            "fair dealing was thought about: it is not used for criticism, review or news",
            hint="A false notice has consequences for whoever signs it (17 USC 512(f)).",
        ),
        tick("no_pretext", "it is not asked in order to silence criticism"),
    ),
    grounds=frozenset({Ground.COPYRIGHT}),
    warnings=(
        "The notice is passed on to the poster and often published. The poster may answer with a counter-notice.",
        "A parent's own photograph belongs to the parent: not this way.",
    ),
    head_approves=True,
    may_be_forwarded=True,
)
