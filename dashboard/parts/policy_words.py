"""Which clause of the school's policy a category touches, in one line for the screen."""

from __future__ import annotations

from data.model.readings import OUTCOMES, SAFEGUARDING, Category

_CLAUSES: dict[Category, str] = {
    Category.HATE: "A3: discrimination and hatred",
    Category.SEXUAL_HARASSMENT: "A3: harassment",
    Category.HARASSMENT_STAFF: "A3 and A11: harassment and abuse of staff",
    Category.DEFAMATION_INDIVIDUAL: "A3: defamatory or knowingly false",
    Category.KNOWINGLY_FALSE: "A3: defamatory or knowingly false",
    Category.CONFIDENTIAL_LEAK: "A3: confidential matter",
    Category.COPYRIGHT_MISUSE: "A3: copyright",
    Category.OBSCENE_CONTENT: "A3: lewd or sexually explicit",
    Category.PUPIL_BULLYING: "A3: bullying",
    Category.PUPIL_IMAGE: "A13: pictures taken or used without permission",
    Category.STAFF_IMAGE: "A13: pictures taken or used without permission",
    Category.IMPERSONATION: "A13: inaccurate material about the school or a person",
    Category.PUPIL_PERSONAL_DATA: "A3: confidential matter about a pupil",
    Category.DOXXING: "A3: otherwise unlawful, private information",
}


def clause(category: Category) -> str:
    """Return the clause and its words. Speaking badly of the school alone never allows a request for removal (A3 with B31, B32)."""
    if category in SAFEGUARDING:
        return "Policy A10: safeguarding comes before everything else"
    if category in OUTCOMES:
        return "Policy B31, B32: criticism and other lawful speech is answered, not removed"
    return f"Policy {_CLAUSES.get(category, 'A3: content that must not be posted')}"
