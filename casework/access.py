"""Who may see a case or a flagged post, and who is the subject of it (domain.md §7.1, §7.3). Asked in services, never in views."""

from __future__ import annotations

from data.errors import NotFoundError, PermissionDeniedError
from data.model.cases import Case, CaseState, Confidentiality
from data.model.findings import Finding
from data.model.people import CONFIDENTIAL, ROLE_PERMISSIONS, Permission, Role, User
from data.model.readings import SAFEGUARDING, Severity

LOW = Severity.S1  # what a comms lead works on (§7.1)
_SUBJECT_ROLES = {role.value: role for role in (Role.HEADTEACHER, Role.DSL, Role.DEPUTY_DSL, Role.CHAIR, Role.COMMS_LEAD)}


def conflicted(user: User, school_id: str, target: str, target_user_id: str | None = None) -> bool:
    """Whether the person is the one whom the matter is about: by linked user id, or by a role that only one person holds (§7.3)."""
    if user.id == target_user_id or target == f"user:{user.id}":
        return True
    role = _SUBJECT_ROLES.get(target)
    return role is not None and role in user.roles.get(school_id, ())


def is_low(severity: Severity, confidentiality: Confidentiality) -> bool:
    """Whether it is an S0 or S1 matter that nobody restricted."""
    return severity <= LOW and confidentiality is Confidentiality.NORMAL


def needs_dsl(finding: Finding) -> bool:
    """Whether a flagged post is a child-protection matter before anyone judged it: safeguarding beats everything (§4.1)."""
    return finding.stop or any(category in SAFEGUARDING for category in (finding.lead_category, *finding.categories))


def may_see_finding(user: User, finding: Finding) -> bool:
    """Whether the person may read a flagged post."""
    if needs_dsl(finding):
        return user.may(Permission.SEE_RESTRICTED_DSL, finding.school_id)
    low = finding.severity <= LOW and user.may(Permission.SEE_LOW, finding.school_id)
    return low or user.may(Permission.SEE_ALL, finding.school_id)


def must_see_finding(user: User, finding: Finding) -> None:
    """Raise PermissionDeniedError unless the person may read the flagged post."""
    if not may_see_finding(user, finding):
        needed = Permission.SEE_RESTRICTED_DSL if needs_dsl(finding) else Permission.SEE_ALL
        raise PermissionDeniedError(user.id, needed.value)


def may_see_case(user: User, case: Case, target_user_id: str | None = None) -> bool:
    """Whether the person may open a case: confidentiality, permission, and never the person whom it is about (§7.3)."""
    if conflicted(user, case.school_id, case.target, target_user_id):
        return False
    if user.may(CONFIDENTIAL[case.confidentiality], case.school_id) or _leads_on_child(user, case):
        return True
    return is_low(case.severity, case.confidentiality) and user.may(Permission.SEE_LOW, case.school_id)


def child_concerned(case: Case) -> bool:
    """Whether a child may be at risk in this case: then the safeguarding lead is never kept out of it (§4.1, §7.1 note 2)."""
    return case.stop or case.lead_category in SAFEGUARDING or case.state is CaseState.SAFEGUARDING_LEAD


def _leads_on_child(user: User, case: Case) -> bool:
    """Whether it is the safeguarding lead's though restricted to others; a head who is the lead too stays out of the chair's."""  # A33
    roles = user.roles.get(case.school_id, ())
    is_lead = Role.DSL in roles and user.may(Permission.SEE_RESTRICTED_DSL, case.school_id)
    own = case.confidentiality is Confidentiality.RESTRICTED_CHAIR and Role.HEADTEACHER in roles
    return is_lead and not own and child_concerned(case)


def must_see_case(user: User, case: Case, target_user_id: str | None = None) -> None:
    """Raise unless the person may open the case; for its subject the case does not exist (NotFoundError), so that nothing leaks."""
    if conflicted(user, case.school_id, case.target, target_user_id):
        raise NotFoundError("case", case.id)
    if not may_see_case(user, case, target_user_id):
        raise PermissionDeniedError(user.id, CONFIDENTIAL[case.confidentiality].value)


def may(user: User, permission: Permission, case: Case) -> bool:
    """Whether the person may do this in this case; in a case about the head the chair stands for the head (§5.3, last lines)."""
    if user.may(permission, case.school_id):
        return True
    return _stands_for_head(user, case) and permission in ROLE_PERMISSIONS[Role.HEADTEACHER]


def _stands_for_head(user: User, case: Case) -> bool:
    about_head = case.confidentiality is Confidentiality.RESTRICTED_CHAIR
    return about_head and user.may(Permission.SEE_RESTRICTED_CHAIR, case.school_id)


def must(user: User, permission: Permission, case: Case) -> None:
    """Raise PermissionDeniedError unless the person may do this in this case."""
    if not may(user, permission, case):
        raise PermissionDeniedError(user.id, permission.value)


def acts_as(user: User, case: Case) -> frozenset[Role]:
    """Return the roles in which the person acts in this case."""
    roles = frozenset(user.roles.get(case.school_id, ()))
    # In a case about the head nobody who works under the head need decide: the chair may do what the lead does too.
    return roles | {Role.HEADTEACHER, Role.DSL} if _stands_for_head(user, case) else roles


def may_tune(user: User, school_id: str) -> bool:
    """Whether the person may try changes to what is flagged, and undo them: whoever judges all flagged posts."""
    return user.may(Permission.TRIAGE, school_id)


def may_set_live(user: User, school_id: str) -> bool:
    """Whether the person may let a change count: as with watch terms a deputy proposes, the DSL and the head decide (§7.1)."""
    return may_tune(user, school_id) and user.may(Permission.MANAGE_WATCH, school_id)


def must_tune(user: User, school_id: str) -> None:
    """Raise PermissionDeniedError unless the person may try changes to what is flagged."""
    user.must(Permission.TRIAGE, school_id)


def must_set_live(user: User, school_id: str) -> None:
    """Raise PermissionDeniedError unless the person may let a change count."""
    user.must(Permission.TRIAGE, school_id)
    user.must(Permission.MANAGE_WATCH, school_id)
