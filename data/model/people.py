"""People who sign in, what they may do, and the record of what they did."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlmodel import Field

from data.columns import Json
from data.errors import PermissionDeniedError
from data.model.base import MaybeUtcTime, Record, UtcTime
from data.model.cases import Confidentiality


class Role(StrEnum):
    """The roles of domain.md §7.1. `staff` reports and sees own reports only."""

    DSL = "dsl"
    DEPUTY_DSL = "deputy_dsl"
    HEADTEACHER = "headteacher"
    COMMS_LEAD = "comms_lead"
    CHAIR = "chair"
    GOVERNOR = "governor"
    DPO = "dpo"
    IT_ADMIN = "it_admin"
    STAFF = "staff"


class Permission(StrEnum):
    """What a person may be allowed to do in a school; asked in services, never in views."""

    REPORT = "report something seen"
    SEE_LOW = "see low-severity posts"
    SEE_ALL = "see all flagged posts and cases"
    SEE_RESTRICTED_DSL = "see child-protection cases"
    SEE_RESTRICTED_HT = "see staff-conduct cases"
    SEE_RESTRICTED_CHAIR = "see cases about the head"
    TRIAGE_LOW = "judge low-severity posts"
    TRIAGE = "judge flagged posts"
    CAPTURE = "capture evidence"
    EXPORT = "export evidence"
    REQUEST = "ask for removal"
    DECIDE_REPLY = "decide on replies to criticism"
    CLOSE = "close cases"
    MANAGE_WATCH = "change what is watched"
    SEE_SOURCES = "see what is watched"
    MANAGE_USERS = "manage users"
    SEE_COUNTS = "see counts"
    SEE_AUDIT = "see who did what"
    REFER = "refer a matter to the police"
    MANAGE_RETENTION = "decide what is kept and for how long"
    MANAGE_POLICIES = "keep the register of policies"
    APPROVE_REPORT = "approve the governors' report"
    MANAGE_ROTA = "say who is on call"


_DSL = frozenset(
    {
        Permission.REPORT,
        Permission.SEE_LOW,
        Permission.SEE_ALL,
        Permission.SEE_RESTRICTED_DSL,
        Permission.TRIAGE_LOW,
        Permission.TRIAGE,
        Permission.CAPTURE,
        Permission.EXPORT,
        Permission.REQUEST,
        Permission.CLOSE,
        Permission.MANAGE_WATCH,
        Permission.SEE_SOURCES,
        Permission.SEE_COUNTS,
        Permission.SEE_AUDIT,
        Permission.REFER,
        Permission.MANAGE_RETENTION,
        Permission.MANAGE_ROTA,
    }
)
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.DSL: _DSL | {Permission.MANAGE_USERS},  # a DSL adds a deputy and disables a leaver; the head approves by the log
    Role.DEPUTY_DSL: _DSL - {Permission.MANAGE_WATCH, Permission.SEE_AUDIT, Permission.MANAGE_RETENTION},
    Role.HEADTEACHER: _DSL
    | {
        Permission.SEE_RESTRICTED_HT,
        Permission.DECIDE_REPLY,
        Permission.MANAGE_USERS,
        Permission.MANAGE_POLICIES,
        Permission.APPROVE_REPORT,
    },
    Role.COMMS_LEAD: frozenset({Permission.REPORT, Permission.SEE_LOW, Permission.TRIAGE_LOW, Permission.SEE_SOURCES}),
    Role.CHAIR: frozenset(
        {Permission.REPORT, Permission.SEE_RESTRICTED_HT, Permission.SEE_RESTRICTED_CHAIR, Permission.SEE_COUNTS, Permission.SEE_AUDIT}
    ),
    Role.GOVERNOR: frozenset({Permission.SEE_COUNTS, Permission.MANAGE_POLICIES}),  # A38: the governors approve and review
    Role.DPO: frozenset({Permission.REPORT, Permission.SEE_AUDIT, Permission.SEE_COUNTS, Permission.MANAGE_RETENTION}),
    Role.IT_ADMIN: frozenset({Permission.REPORT, Permission.MANAGE_USERS, Permission.SEE_SOURCES}),
    Role.STAFF: frozenset({Permission.REPORT}),
}
CONFIDENTIAL: dict[Confidentiality, Permission] = {
    Confidentiality.NORMAL: Permission.SEE_ALL,
    Confidentiality.RESTRICTED_DSL: Permission.SEE_RESTRICTED_DSL,
    Confidentiality.RESTRICTED_HT: Permission.SEE_RESTRICTED_HT,
    Confidentiality.RESTRICTED_CHAIR: Permission.SEE_RESTRICTED_CHAIR,
}


class User(Record):
    """One person, one login (policy A37), with roles per school."""

    id: str
    username: str
    name: str
    roles: dict[str, tuple[Role, ...]] = Field(default_factory=dict, sa_type=Json)
    disabled: bool = False
    must_change_password: bool = False
    added_by: str
    added_at: UtcTime

    def schools(self) -> tuple[str, ...]:
        """Return the ids of the schools in which this person holds a role."""
        return tuple(school_id for school_id, roles in self.roles.items() if roles)

    def may(self, permission: Permission, school_id: str) -> bool:
        """Whether any of the person's roles in the school allows it; a disabled person may nothing."""
        return not self.disabled and any(permission in ROLE_PERMISSIONS[role] for role in self.roles.get(school_id, ()))

    def must(self, permission: Permission, school_id: str) -> None:
        """Raise PermissionDeniedError unless allowed."""
        if not self.may(permission, school_id):
            raise PermissionDeniedError(self.id, permission.value)


class Credential(Record):
    """A password as argon2 hash, with what the lock-out counts. Kept apart from the user so that no list shows it."""

    user_id: str
    password_hash: str
    failures: int = 0
    locked_until: MaybeUtcTime = None
    changed_at: UtcTime


class Session(Record):
    """A signed-in browser: the SHA-256 of its random token, never the token."""

    token_hash: str
    user_id: str
    started_at: UtcTime
    last_seen_at: UtcTime


class AuditEvent(Record):
    """Who did what to which record and when: ids only, no content. Written in the same transaction; append-only; hash-chained."""

    number: int
    at: UtcTime
    by: str
    what: str
    kind: str
    record_id: str
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    before: str
    hash: str
