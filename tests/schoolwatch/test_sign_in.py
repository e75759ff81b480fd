"""Who is signed in, and who is kept out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data.clock import FixedClock
from data.model.people import User
from data.store import Store
from schoolwatch.errors import PasswordTooWeakError, SignInRefusedError
from schoolwatch.sign_in import LOCK, MAX_FAILURES, SignIn

PASSWORD = "long enough to use"


def test_a_right_password_signs_in_and_the_token_is_not_stored(sign_in: SignIn, store: Store, dsl: User) -> None:
    """Signing in gives a random token; the database keeps only its hash."""
    token = sign_in.sign_in(" DSL ", PASSWORD)
    with store.read() as work:
        stored = work.sessions.where(order_by="token_hash")

    assert sign_in.user_for(token) == dsl
    assert token not in repr(stored)


@pytest.mark.parametrize(("username", "password"), [("dsl", "wrong"), ("nobody", PASSWORD), ("", ""), ("dsl'; --", "x" * 10_000)])
def test_wrong_and_unknown_are_refused_in_the_same_words(sign_in: SignIn, dsl: User, username: str, password: str) -> None:
    """A stranger does not learn which user names exist."""
    del dsl
    with pytest.raises(SignInRefusedError, match=r"^The user name or the password is not right\.$"):
        sign_in.sign_in(username, password)


def test_five_wrong_passwords_lock_the_account_for_a_while(sign_in: SignIn, clock: FixedClock, dsl: User) -> None:
    """Guessing is stopped, says for how long, and ends by itself."""
    for _ in range(MAX_FAILURES):
        with pytest.raises(SignInRefusedError, match="not right"):
            sign_in.sign_in("dsl", "guess")
    with pytest.raises(SignInRefusedError, match="locked for 16 more minutes"):
        sign_in.sign_in("dsl", PASSWORD)
    clock.forward(LOCK + timedelta(seconds=1))

    assert sign_in.user_for(sign_in.sign_in("dsl", PASSWORD)) == dsl


def test_an_idle_browser_is_signed_out(sign_in: SignIn, clock: FixedClock, dsl: User) -> None:
    """Half an hour without a click ends the session; clicking keeps it; a working day ends it however busy."""
    token = sign_in.sign_in("dsl", PASSWORD)
    for _ in range(3):
        clock.forward(timedelta(minutes=20))
        assert sign_in.user_for(token) == dsl
    clock.forward(timedelta(minutes=31))
    idle = sign_in.user_for(token)
    busy = sign_in.sign_in("dsl", PASSWORD)
    for _ in range(37):
        clock.forward(timedelta(minutes=20))
        last = sign_in.user_for(busy)

    assert idle is None
    assert last is None


def test_signing_out_ends_the_session_for_good(sign_in: SignIn, dsl: User) -> None:
    """A token that was signed out opens nothing."""
    del dsl
    token = sign_in.sign_in("dsl", PASSWORD)
    sign_in.sign_out(token)

    assert sign_in.user_for(token) is None
    assert sign_in.user_for(None) is None
    assert sign_in.user_for("made up") is None


def test_a_password_is_changed_with_the_old_one_and_signs_out_everywhere(sign_in: SignIn, dsl: User) -> None:
    """Changing a password needs the present one, refuses a weak one, and ends other sessions."""
    token = sign_in.sign_in("dsl", PASSWORD)
    with pytest.raises(SignInRefusedError, match="present password"):
        sign_in.change_password(dsl, "wrong", "another long password")
    for weak in ("short", "dsl-dsl-dsl-dsl", "aaaaaaaaaaaaaaaa"):
        with pytest.raises(PasswordTooWeakError):
            sign_in.change_password(dsl, PASSWORD, weak)
    sign_in.change_password(dsl, PASSWORD, "another long password")

    assert sign_in.user_for(token) is None
    assert sign_in.user_for(sign_in.sign_in("dsl", "another long password")) is not None
