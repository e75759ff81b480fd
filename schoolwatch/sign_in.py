"""Local accounts: passwords (argon2), random session tokens, lock-out, idle expiry. Uses the machine's clock, never the demo's."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from data.clock import Clock
from data.model.people import Credential, Session, User
from data.store import Store, Work
from schoolwatch.errors import PasswordTooWeakError, SignInRefusedError

SESSION_COOKIE = "schoolwatch_session"
MAX_FAILURES = 5
LOCK = timedelta(minutes=15)
TOUCH = timedelta(seconds=30)  # how fine the last sight of a session is kept: not every click writes
LONGEST = timedelta(hours=12)  # a session ends after a working day, however busy
MIN_PASSWORD = 12
_WRONG = "The user name or the password is not right."


def token_hash(token: str) -> str:
    """Return what is stored of a session token: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_password(password: str, username: str) -> None:
    """Raise PasswordTooWeakError for one that is short or holds the user name."""
    if len(password) < MIN_PASSWORD or username.lower() in password.lower() or len(set(password)) < 5:  # noqa: PLR2004 - distinct characters
        raise PasswordTooWeakError


class SignIn:
    """Who is signed in."""

    def __init__(self, store: Store, clock: Clock, idle: timedelta, hasher: PasswordHasher | None = None) -> None:
        self._store, self._clock, self._idle = store, clock, idle
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """Return the argon2 hash of a password."""
        return self._hasher.hash(password)

    def sign_in(self, username: str, password: str) -> str:
        """Return a fresh session token; raises SignInRefusedError, in the same words and time for unknown and wrong."""
        with self._store.read() as work:
            found = work.users.where(username=username.strip().lower())
            credential = work.credentials.find(found[0].id) if found else None
        self._not_locked(credential)
        right = self._verify(credential, password)  # slow by design, so outside the transaction that writes
        if not found or credential is None or not right or found[0].disabled:
            self._count_failure(credential)
            raise SignInRefusedError(_WRONG)
        return self._begin_session(found[0].id)

    def _not_locked(self, credential: Credential | None) -> None:
        now = self._clock.now()
        if credential and credential.locked_until and credential.locked_until > now:
            minutes = int((credential.locked_until - now) / timedelta(minutes=1)) + 1
            raise SignInRefusedError(f"Too many wrong passwords. This account is locked for {minutes} more minutes.")

    def _begin_session(self, user_id: str) -> str:
        token, now = secrets.token_urlsafe(32), self._clock.now()
        with self._store.begin("system") as work:
            credential = work.credentials.get(user_id)
            work.sessions.add(Session(token_hash=token_hash(token), user_id=user_id, started_at=now, last_seen_at=now))
            if credential.failures:
                work.credentials.replace(credential.model_copy(update={"failures": 0, "locked_until": None}))
            work.note("signed in", "person", user_id)
            work.commit()
        return token

    def _verify(self, credential: Credential | None, password: str) -> bool:
        try:
            return self._hasher.verify(credential.password_hash if credential else self._nobody, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def _count_failure(self, credential: Credential | None) -> None:
        if credential is None:
            return
        with self._store.begin("system") as work:
            known = work.credentials.get(credential.user_id)  # another attempt may have counted meanwhile
            failures = known.failures + 1
            locked = self._clock.now() + LOCK if failures >= MAX_FAILURES else None
            counted = {"failures": 0 if locked else failures, "locked_until": locked}
            work.credentials.replace(known.model_copy(update=counted))
            work.note("wrong password", "person", known.user_id)
            work.commit()

    def look(self, token: str | None) -> User | None:
        """Return who this token belongs to without counting it as work of theirs; None when signed out or disabled."""
        return self._find(token)[1]

    def _find(self, token: str | None) -> tuple[Session | None, User | None]:
        with self._store.read() as work:
            session = work.sessions.find(token_hash(token)) if token else None
            user = work.users.find(session.user_id) if session else None
        return session, None if user is None or user.disabled else user

    def user_for(self, token: str | None) -> User | None:
        """Return who this token belongs to; None when it is unknown, idle too long, or the person was disabled."""
        session, user = self._find(token)
        if token is None or session is None or user is None:
            return None
        now = self._clock.now()
        if now - session.last_seen_at > self._idle or now - session.started_at > LONGEST:
            self.sign_out(token)
            return None
        if now - session.last_seen_at > TOUCH:
            self._touch(session.model_copy(update={"last_seen_at": now}))
        return user

    def _touch(self, session: Session) -> None:
        with self._store.begin("system") as work:
            if work.sessions.find(session.token_hash):
                work.sessions.replace(session)
                work.commit()

    def sign_out(self, token: str) -> None:
        """End the session of this token; an unknown one is fine."""
        with self._store.begin("system") as work:
            if work.sessions.find(token_hash(token)):
                work.sessions.remove(token_hash(token))
                work.commit()

    def set_password(self, work: Work, user: User, password: str) -> None:
        """Store a password and end the person's sessions, within a transaction of the caller's; raises PasswordTooWeakError."""
        check_password(password, user.username)
        credential = Credential(user_id=user.id, password_hash=self.hash(password), changed_at=self._clock.now())
        if work.credentials.find(user.id):
            work.credentials.replace(credential)
        else:
            work.credentials.add(credential)
        self.end_sessions(work, user.id)

    def end_sessions(self, work: Work, user_id: str) -> None:
        """Sign a person out everywhere, within a transaction of the caller's."""
        for session in work.sessions.where(user_id=user_id):
            work.sessions.remove(session.token_hash)

    def change_password(self, user: User, old: str, new: str) -> None:
        """Change one's own password; raises SignInRefusedError when `old` is wrong, PasswordTooWeakError. Signs out everywhere."""
        with self._store.begin(user.id) as work:
            if not self._verify(work.credentials.find(user.id), old):
                raise SignInRefusedError("The present password is not right.")
            self.set_password(work, user, new)
            work.users.replace(work.users.get(user.id).model_copy(update={"must_change_password": False}))
            work.commit()
