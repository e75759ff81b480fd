"""Roles as people say them."""

from __future__ import annotations

from data.model.people import Role, User

ROLE_LABELS: dict[Role, str] = {
    Role.DSL: "safeguarding lead (DSL)",
    Role.DEPUTY_DSL: "deputy safeguarding lead",
    Role.HEADTEACHER: "headteacher",
    Role.COMMS_LEAD: "communications lead",
    Role.CHAIR: "chair of governors",
    Role.GOVERNOR: "governor",
    Role.DPO: "data protection officer",
    Role.IT_ADMIN: "IT",
    Role.STAFF: "staff",
}
ROLE_SAYS: dict[Role, str] = {
    Role.DSL: "sees everything but cases about staff or the head, judges, asks for removal",
    Role.DEPUTY_DSL: "as the lead, but does not change what is watched",
    Role.HEADTEACHER: "sees everything but cases about the head, decides on replies",
    Role.COMMS_LEAD: "sees low posts only, never safeguarding",
    Role.CHAIR: "sees cases about the head",
    Role.GOVERNOR: "sees counts, no names",
    Role.DPO: "sees counts and who did what",
    Role.IT_ADMIN: "manages people and sources, sees no posts",
    Role.STAFF: "reports, and sees the status of own reports",
}


def roles_in_words(user: User) -> str:
    """Return the person's roles over all schools, each once."""
    found = dict.fromkeys(role for roles in user.roles.values() for role in roles)
    return ", ".join(ROLE_LABELS[role] for role in found) or "no role"
