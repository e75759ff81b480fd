"""Erasure or objection for a child: UK GDPR Art. 17 and 21 (domain.md §2.7). A school needs the family's authority to ask."""

from __future__ import annotations

from casework.notice import Ask, Template, choice, detail, details_of, nature, plain, text, tick
from data.model.cases import Ground, Route

RELATIONS = (
    "a person with parental responsibility",
    "the child, who understands what is asked",
    "the person themselves, now an adult, about data from childhood",
    "somebody whom the child or parent has authorised in writing",
)
LIMBS = (
    "Article 17(1)(a): no longer needed for the purpose",
    "Article 17(1)(b): consent is withdrawn",
    "Article 17(1)(c) with Article 21(1): objection, no overriding ground",
    "Article 17(1)(d): processed without a lawful basis",
    "Article 17(1)(f): collected online from a child",
    "Article 21(1): objection only",
)

NOTICE = Template(
    key="gdpr_erasure",
    label="Erasure or objection for a child (data protection)",
    route=Route.GDPR_ERASURE,
    subject="Request under UK data protection law about a child's data",
    opening="{school} writes for the requester named by relation below. It is a request under the UK GDPR about personal data of a child.",
    says=(
        details_of(
            "Whose data, and who asks", ("Child", "child"), ("Requester", "relation"), ("Authority seen by the school", "authority")
        ),
        detail("The child's understanding", "competence"),
        detail("Data concerned", "data"),
        detail("What the request rests on", "limb"),
        detail("Harm", "harm"),
        detail("The child's best interests", "interests"),
        plain(
            "Please also take reasonable steps to tell others who made copies or links, and search engines, that erasure was asked for "
            "(Article 17(2)). Data protection law gives you one month to answer. If you need proof of identity, please name your secure "
            "form: we send no documents by mail."
        ),
        nature,
    ),
    asks=(
        Ask("child", "the child, by initials and 'a pupil of'", "L.M., a pupil of Fernley Green Primary School", hint="Never the name."),
        choice("relation", "who asks", RELATIONS),
        Ask("authority", "the authority you have seen: kind and date", "letter signed by a parent, 2 July 2026, seen by the school office"),
        Ask("competence", "how well the child understands what is asked", "aged 8: a parent asks, the child was told and agrees"),
        text(
            "data",
            "the data: picture, text, what can be recognised",
            "A photograph of the face with the badge, and the class in the caption.",
        ),
        choice("limb", "what it rests on", LIMBS),
        text("harm", "the harm", "Strangers have written under the picture; the child is afraid to come to school."),
        text(
            "interests", "why it is in the child's best interests", "The child asked for it to be gone and nothing is gained by keeping it."
        ),
        tick(
            "authority_seen",
            "a person of the school has seen this authority",
            hint="The school has no right of its own to ask for a pupil.",
        ),
    ),
    grounds=frozenset({Ground.GDPR_ERASURE, Ground.CHILD_IMAGE_PRIVACY}),
    warnings=(
        "Purely private sharing among friends and family, and journalism, are outside this right.",
        "After one month without a good answer the requester may complain to the Information Commissioner.",
    ),
)
