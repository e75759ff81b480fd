"""A polite request to the owner of the account that shows a photograph: the first step that the ICO advises (domain.md §2.7)."""

from __future__ import annotations

from casework.notice import Ask, Template, choice, detail, text
from data.model.cases import Ground, Route
from data.model.readings import Category

WHOSE = ("a child in our school", "a member of our staff")

NOTICE = Template(
    key="account_owner",
    label="Request to the owner of the account (photograph)",
    route=Route.ACCOUNT_OWNER,
    subject="A photograph on your page",
    opening="We are writing from {school} with a request. We are sure that you meant no harm by sharing it.",
    says=(
        detail("The picture", "image"),
        detail("It shows", "whose"),
        detail("Why we ask", "why"),
        detail("If you need longer, please let us know by", "ask_by"),
        detail("We are glad to talk about it", "talk"),
    ),
    removal="take the picture down",
    closing="Thank you very much for your help.",
    asks=(
        Ask("image", "which picture", "the second picture of the album, at the school gate"),
        choice("whose", "whom it shows (no name)", WHOSE),
        text("why", "why you ask, in friendly words", "The family has asked us to help; the child can be recognised."),
        Ask("ask_by", "by when, at the latest", "Friday week"),
        Ask("talk", "whom to ring or meet", "ring the school office on 01632 960001, any morning"),
        Ask("known_by", "who delivers it: somebody who knows the owner", "the class teacher, at the gate"),
    ),
    grounds=frozenset(
        {
            Ground.CHILD_IMAGE_PRIVACY,
            Ground.ADULT_IMAGE_PRIVACY,
            Ground.MODERATOR_GOODWILL,
            Ground.PLATFORM_RULES,
            Ground.PRIVATE_INFORMATION,
        }
    ),
    not_for=frozenset({Category.THREAT_TO_LIFE, Category.GROOMING, Category.STALKING, Category.VIOLENCE_INTIMIDATION}),
    warnings=("Best done in person by somebody who knows the owner. Allow about a month before a complaint.",),
)
