"""Who may sign in and as what: a deputy added, a password reset, a leaver disabled (policy A37: one person, one login)."""

from __future__ import annotations

import re
import secrets

from data.clock import Clock
from data.errors import ConflictError, NotFoundError, SchoolwatchError
from data.model.base import new_id
from data.model.people import Permission, Role, User
from data.store import Store, Work
from schoolwatch.sign_in import SignIn

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")
_WORDS = (
    *("amber", "birch", "cedar", "dune", "ember", "fern", "grove", "hazel", "iris", "juniper", "kelp"),
    *("larch", "maple", "nettle", "olive", "pine", "quartz", "rowan", "sage", "thyme"),
)


class UserRefusedError(SchoolwatchError):
    """This change of a user was refused."""


def one_time_password() -> str:
    """Return a password to be handed over in person: four words and six digits."""
    return "-".join(secrets.choice(_WORDS) for _ in range(4)) + f"-{secrets.randbelow(1_000_000):06d}"


class People:
    """The people of a school, as its user manager sees them."""

    def __init__(self, store: Store, clock: Clock, sign_in: SignIn) -> None:
        self._store, self._clock, self._sign_in = store, clock, sign_in

    def list(self, by: User, school_id: str) -> tuple[User, ...]:
        """Return the people with a role in the school, by name."""
        by.must(Permission.MANAGE_USERS, school_id)
        with self._store.read() as work:
            return tuple(sorted((user for user in work.users.where() if user.roles.get(school_id)), key=lambda user: user.name.lower()))

    def add(self, by: User, school_id: str, *, username: str, name: str, roles: tuple[Role, ...]) -> tuple[User, str]:
        """Add a person; return them with a one-time password. Raises UserRefusedError naming what is wrong."""
        by.must(Permission.MANAGE_USERS, school_id)
        username, name = username.strip().lower(), " ".join(name.split())
        _check_new(username, name, roles)
        _check_grant(by, school_id, roles)
        now = self._clock.now()
        user = User(
            id=new_id(now), username=username, name=name, roles={school_id: roles}, must_change_password=True, added_by=by.id, added_at=now
        )
        password = one_time_password()
        with self._store.begin(by.id) as work:
            try:
                work.users.add(user)
            except ConflictError as error:
                raise UserRefusedError(f"the user name '{username}' is taken; choose another") from error
            self._sign_in.set_password(work, user, password)
            work.commit()
        return user, password

    def set_roles(self, by: User, school_id: str, user_id: str, roles: tuple[Role, ...]) -> User:
        """Change what a person may do in the school."""
        by.must(Permission.MANAGE_USERS, school_id)
        if user_id == by.id:
            raise UserRefusedError("you cannot change your own roles; ask another person who manages users")
        if not roles:  # a person without a role stands in no list and could never be brought back
            raise UserRefusedError("choose at least one role; for a leaver, stop them from signing in instead")
        _check_grant(by, school_id, roles)
        with self._store.begin(by.id) as work:
            user = self._of(work, school_id, user_id)
            _check_grant(by, school_id, user.roles[school_id])
            changed = user.model_copy(update={"roles": dict(user.roles) | {school_id: roles}})
            self._keep_a_manager(work, school_id, changed)
            work.users.replace(changed)
            work.commit()
        return changed

    def reset_password(self, by: User, school_id: str, user_id: str) -> str:
        """Give a person a new one-time password and sign them out everywhere; return it."""
        by.must(Permission.MANAGE_USERS, school_id)
        password = one_time_password()
        with self._store.begin(by.id) as work:
            user = self._of(work, school_id, user_id)
            _check_grant(by, school_id, user.roles[school_id])  # else the password would be a key to the cases
            self._sign_in.set_password(work, user, password)
            work.users.replace(user.model_copy(update={"must_change_password": True}))
            work.commit()
        return password

    def disable(self, by: User, school_id: str, user_id: str) -> User:
        """Stop a leaver from signing in, at once. Nobody disables themselves or the last person who manages users."""
        by.must(Permission.MANAGE_USERS, school_id)
        if user_id == by.id:
            raise UserRefusedError("you cannot disable yourself; ask another person who manages users")
        with self._store.begin(by.id) as work:
            changed = self._of(work, school_id, user_id).model_copy(update={"disabled": True})
            self._keep_a_manager(work, school_id, changed)
            work.users.replace(changed)
            self._sign_in.end_sessions(work, user_id)
            work.commit()
        return changed

    def enable(self, by: User, school_id: str, user_id: str) -> User:
        """Let a person sign in again."""
        by.must(Permission.MANAGE_USERS, school_id)
        with self._store.begin(by.id) as work:
            changed = self._of(work, school_id, user_id).model_copy(update={"disabled": False})
            work.users.replace(changed)
            work.commit()
        return changed

    def _of(self, work: Work, school_id: str, user_id: str) -> User:
        user = work.users.get(user_id)
        if not user.roles.get(school_id):
            raise NotFoundError("person in this school", user_id)
        return user

    def _keep_a_manager(self, work: Work, school_id: str, changed: User) -> None:
        others = [user for user in work.users.where(disabled=False) if user.id != changed.id]
        if not any(user.may(Permission.MANAGE_USERS, school_id) for user in (*others, changed)):
            raise UserRefusedError("then nobody could manage users any more; give someone else that role first")


def check_username(username: str) -> None:
    """Raise UserRefusedError unless a person can sign in by this name."""
    if not _USERNAME.fullmatch(username):
        raise UserRefusedError("a user name has 2 to 40 small letters, digits, dots or dashes and begins with a letter")


def _check_new(username: str, name: str, roles: tuple[Role, ...]) -> None:
    check_username(username)
    if not name:
        raise UserRefusedError("a name is needed: it stands in the records of who did what")
    if not roles:
        raise UserRefusedError("choose at least one role")


def _check_grant(by: User, school_id: str, roles: tuple[Role, ...]) -> None:
    """A DSL or head may manage anyone, the head and the chair too; others only roles that see no cases (domain.md §7.1)."""
    see_no_cases = {Role.STAFF, Role.GOVERNOR, Role.COMMS_LEAD, Role.DPO, Role.IT_ADMIN}
    refused = [role.value for role in roles if role not in see_no_cases]
    if refused and not by.may(Permission.TRIAGE, school_id):
        says = f"the role '{refused[0]}' sees cases, so you cannot give it, take it or reset its password"
        raise UserRefusedError(f"{says}; ask the safeguarding lead or the headteacher")
