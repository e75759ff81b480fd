"""A deputy added, a password reset, a leaver disabled."""

from __future__ import annotations

import pytest

from data.errors import NotFoundError, PermissionDeniedError
from data.model.people import Role, User
from data.store import Store
from schoolwatch.errors import SignInRefusedError
from schoolwatch.people import People, UserRefusedError
from schoolwatch.sign_in import SignIn

PASSWORD = "long enough to use"


def test_a_deputy_is_added_with_a_password_to_hand_over(people: People, sign_in: SignIn, dsl: User) -> None:
    """A DSL adds a deputy, who signs in with the one-time password and is asked to change it."""
    deputy, password = people.add(dsl, "fg", username="Dee.Puty", name="Dee  Puty", roles=(Role.DEPUTY_DSL,))
    signed_in = sign_in.user_for(sign_in.sign_in("dee.puty", password))

    assert signed_in == deputy
    assert deputy.must_change_password
    assert [user.username for user in people.list(dsl, "fg")] == ["dee.puty", "dsl"]


@pytest.mark.parametrize(
    ("username", "name", "roles", "said"),
    [
        ("dsl", "Twin", (Role.STAFF,), "is taken"),
        ("x", "Short", (Role.STAFF,), "2 to 40"),
        ("../etc", "Path", (Role.STAFF,), "2 to 40"),
        ("fine", "  ", (Role.STAFF,), "a name is needed"),
        ("fine", "Fine", (), "at least one role"),
    ],
)
def test_a_wrong_entry_is_refused_and_nothing_is_stored(
    people: People, dsl: User, username: str, name: str, roles: tuple[Role, ...], said: str
) -> None:
    """What is wrong is named, and no half-made user stays behind."""
    with pytest.raises(UserRefusedError, match=said):
        people.add(dsl, "fg", username=username, name=name, roles=roles)

    assert [user.username for user in people.list(dsl, "fg")] == ["dsl"]


def test_a_leaver_is_out_at_once(people: People, sign_in: SignIn, dsl: User) -> None:
    """Disabling ends open sessions, and the password no longer works; the person can be enabled again."""
    deputy, password = people.add(dsl, "fg", username="dee", name="Dee", roles=(Role.DEPUTY_DSL,))
    token = sign_in.sign_in("dee", password)
    people.disable(dsl, "fg", deputy.id)

    assert sign_in.user_for(token) is None
    with pytest.raises(SignInRefusedError):
        sign_in.sign_in("dee", password)
    people.enable(dsl, "fg", deputy.id)
    assert sign_in.user_for(sign_in.sign_in("dee", password)) is not None


def test_a_reset_password_replaces_the_old_one(people: People, sign_in: SignIn, dsl: User) -> None:
    """A forgotten password is replaced by a one-time one."""
    deputy, old = people.add(dsl, "fg", username="dee", name="Dee", roles=(Role.DEPUTY_DSL,))
    new = people.reset_password(dsl, "fg", deputy.id)

    with pytest.raises(SignInRefusedError):
        sign_in.sign_in("dee", old)
    assert sign_in.user_for(sign_in.sign_in("dee", new)) is not None


def test_somebody_always_manages_users(people: People, dsl: User) -> None:
    """Nobody disables themselves or takes the last user manager away."""
    head, _ = people.add(dsl, "fg", username="head", name="Head", roles=(Role.HEADTEACHER,))
    with pytest.raises(UserRefusedError, match="yourself"):
        people.disable(dsl, "fg", dsl.id)
    people.disable(head, "fg", dsl.id)
    with pytest.raises(UserRefusedError, match="own roles"):
        people.set_roles(head, "fg", head.id, (Role.STAFF,))
    comms, _ = people.add(head, "fg", username="it", name="It", roles=(Role.IT_ADMIN,))
    with pytest.raises(UserRefusedError, match="safeguarding lead or the headteacher"):
        people.add(comms, "fg", username="more", name="More", roles=(Role.DSL,))


def test_only_who_may_manages_users(people: People, dsl: User) -> None:
    """A comms lead can neither see nor change who signs in, and nobody reaches into another school."""
    comms, _ = people.add(dsl, "fg", username="comms", name="Comms", roles=(Role.COMMS_LEAD,))
    for act in (
        lambda: people.list(comms, "fg"),
        lambda: people.add(comms, "fg", username="x1", name="X", roles=(Role.STAFF,)),
        lambda: people.reset_password(comms, "fg", dsl.id),
        lambda: people.disable(comms, "fg", dsl.id),
        lambda: people.list(dsl, "another school"),
    ):
        with pytest.raises(PermissionDeniedError):
            act()
    with pytest.raises(NotFoundError):
        people.reset_password(dsl, "fg", "nobody")


def test_passwords_and_hashes_stay_out_of_the_audit_log(people: People, store: Store, dsl: User) -> None:
    """The log says that a password was set, never which."""
    _, password = people.add(dsl, "fg", username="dee", name="Dee", roles=(Role.DEPUTY_DSL,))
    with store.read() as work:
        log = repr(work.audit.where(order_by="number"))

    assert password not in log
    assert "argon2" not in log


def test_a_manager_without_cases_gets_no_key_to_them(people: People, sign_in: SignIn, dsl: User) -> None:
    """IT adds staff, but neither resets the lead's password nor takes the lead's roles: either would open the cases to it."""
    technician, _ = people.add(dsl, "fg", username="tech", name="Tess Chnician", roles=(Role.IT_ADMIN,))
    with pytest.raises(UserRefusedError, match="sees cases"):
        people.reset_password(technician, "fg", dsl.id)
    with pytest.raises(UserRefusedError, match="sees cases"):
        people.set_roles(technician, "fg", dsl.id, (Role.STAFF,))

    assert sign_in.sign_in("dsl", PASSWORD)


def test_a_person_keeps_at_least_one_role(people: People, dsl: User) -> None:
    """Without a role a person would stand in no list and could not be brought back."""
    deputy, _ = people.add(dsl, "fg", username="dee", name="Dee", roles=(Role.DEPUTY_DSL,))
    with pytest.raises(UserRefusedError, match="at least one role"):
        people.set_roles(dsl, "fg", deputy.id, ())

    assert deputy.id in {user.id for user in people.list(dsl, "fg")}
