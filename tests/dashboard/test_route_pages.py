"""The order of attack, the ladder and the look-up on the case page: what is said, and what a person can do there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.app
from collector.client import Client
from collector.public_address import Gate
from collector.testing import PUBLIC_ADDRESS, Reply, public_resolver, scripted_client
from dashboard.parts.testing import World
from data.model.cases import CaseState, Route
from data.model.network import ContactScope, NetworkContact, NetworkLookup
from schoolwatch.desk import Desk
from schoolwatch.lookup import LookUps

APP = str(Path(dashboard.app.__file__))
Sit = Callable[[Desk, str | None], None]
HOSTILE_NAME = "**Desk** <script>alert(1)</script> [press](javascript:alert(1)) :red[red]"
NETWORK = {
    "objectClassName": "ip network",
    "name": "INVENTED :red[x] <b>",
    "entities": [
        {"roles": ["abuse"], "vcardArray": ["vcard", [["fn", {}, "text", HOSTILE_NAME], ["email", {}, "text", "abuse@hosting.example"]]]}
    ],
}


def open_case(world: World, at: Sit, key: str, who: str = "dsl") -> AppTest:
    """Open the page of a case as somebody."""
    at(world.desk, world.token(who))
    test = AppTest.from_file(APP, default_timeout=30)
    test.query_params["id"] = world.cases[key].id
    test.run()
    test.switch_page("views/case.py")
    test.query_params["id"] = world.cases[key].id
    return test.run()


def words(test: AppTest) -> str:
    """Return everything that stands on the page, as text."""
    kinds = ("title", "subheader", "markdown", "text", "caption", "info", "warning", "error", "success", "code")
    labels = [one.label for one in (*test.expander, *test.button)]
    return "\n".join([*(str(one.value) for kind in kinds for one in getattr(test, kind)), *labels]).replace("\\", "")


def press(test: AppTest, label: str) -> AppTest:
    """Press the first button with this label."""
    return next(one for one in test.button if one.label == label).click().run()


def scripted(world: World, slow: threading.Event) -> LookUps:
    """Give the desk look-ups whose network is scripted, and answers once `slow` is set."""
    script = {f"https://rdap.db.ripe.net/ip/{PUBLIC_ADDRESS}": Reply(json.dumps(NETWORK))}
    gate = Gate(resolve=public_resolver)
    lists = world.desk.settings.state_dir / "rdap"

    def door() -> Client:
        slow.wait(20)
        return scripted_client(script, world.clock)

    made = LookUps(world.desk.casework, door, gate, world.clock, lists)
    world.desk.__dict__["lookups"] = made
    return made


def found(world: World, *contacts: NetworkContact, **changes: object) -> NetworkLookup:
    """Keep a look-up for the case that was asked for."""
    made = NetworkLookup(
        id="x",
        host="town.example.org",
        domain="example.org",
        addresses=(PUBLIC_ADDRESS,),
        contacts=contacts,
        looked_by="u",
        looked_at=world.clock.now(),
    )
    return world.desk.casework.keep_lookup(world.people["dsl"], world.cases["asked"].id, made.model_copy(update=changes))


CONTACT = NetworkContact(
    scope=ContactScope.HOST, name=HOSTILE_NAME, roles=("abuse",), email="abuse@hosting.example", source="https://rdap.example/ip/1"
)


# A21
def test_the_page_says_whom_to_ask_and_when(full_world: World, at: Sit) -> None:
    """Numbered steps with reasons, the ladder with its times, and what makes no sense here."""
    seen = words(open_case(full_world, at, "asked"))

    assert "Whom to ask, and when" in seen
    assert "2. The author" in seen
    assert "Usable when two or more linked incidents at one person" in seen
    assert "The author is not known to the school" in seen
    assert "Professionals Online Safety Helpline" in seen
    assert "Not applicable here" in seen
    assert "Reach as published: not published" in seen


@pytest.mark.parametrize("key", ["stopped", "closed"])
def test_nothing_is_offered_where_nobody_may_be_asked(full_world: World, at: Sit, key: str) -> None:
    """A stopped case and one that is over show no ways."""
    assert "Whom to ask, and when" not in words(open_case(full_world, at, key))


def test_a_look_up_does_not_hold_the_page(full_world: World, at: Sit) -> None:
    """Pressed, begun, and its answer is there at the next drawing: contact, what it can do, source; hostile text stays text."""
    slow = threading.Event()
    lookups = scripted(full_world, slow)
    test = press(open_case(full_world, at, "asked"), "Look up who hosts it")
    assert not test.exception
    assert "The look-up has begun" in words(test)
    assert "Asking the registries about town.example.org" in words(test)
    slow.set()
    lookups.wait(20)
    seen = words(test.run())

    assert "abuse@hosting.example" in seen
    assert "Host / ISP (hosting provider)" in seen
    assert "Can make its customer remove it" in seen
    assert any(str(one.value).startswith(HOSTILE_NAME) for one in test.text)
    assert not [one for one in test.markdown if "<script>" in str(one.value)]
    assert "Not found out:" in seen


def test_a_chosen_contact_stands_first_in_the_draft(full_world: World, at: Sit) -> None:
    """One click; the case's proposals begin with it."""
    found(full_world, CONTACT)
    test = press(open_case(full_world, at, "asked"), "Write to this one")
    ways = full_world.desk.casework.propose(full_world.people["dsl"], full_world.cases["asked"].id).proposals

    assert not test.exception
    assert "Chosen: it now stands first" in words(test)
    assert ways[0].route is Route.HOST


def test_a_big_platform_says_why_nobody_behind_it_is_asked(full_world: World, at: Sit) -> None:
    """Not applicable, with the reason."""
    found(full_world, not_applicable="Example is its own host: nobody behind it acts on one post.")

    assert "is its own host" in words(open_case(full_world, at, "asked"))


def test_a_contact_is_entered_by_hand(full_world: World, at: Sit) -> None:
    """Without a network, or where no registry answers; what was typed stays when it is refused."""
    case, room = full_world.cases["asked"], full_world.desk.casework
    item = room.case(full_world.people["dsl"], case.id).items[0]
    test = open_case(full_world, at, "asked")
    test.text_input(key=f"contact-name-{item.id}-{case.id}").set_value("Invented Names")
    test = press(test, "Keep this contact")
    assert "is empty" in words(test)
    assert test.text_input(key=f"contact-name-{item.id}-{case.id}").value == "Invented Names"
    test.text_input(key=f"contact-reach-{item.id}-{case.id}").set_value("abuse@names.example")
    test = press(test, "Keep this contact")
    kept = room.looked_up(full_world.people["dsl"], case.id, item.id)

    assert kept is not None
    assert [one.email for one in kept.contacts] == ["abuse@names.example"]


def test_a_rung_is_climbed_on_the_page(full_world: World, at: Sit) -> None:
    """Choose it, say whom and why; a missing word is said and what was typed stays; then the case is escalated."""
    case, room, dsl = full_world.cases["asked"], full_world.desk.casework, full_world.people["dsl"]
    full_world.clock.forward(timedelta(hours=14))
    test = open_case(full_world, at, "asked")
    test.selectbox(key=f"rung-{case.id}").select_index(0).run()
    key = f"climb-{case.id}-{test.selectbox(key=f'rung-{case.id}').value}"
    test.text_input(key=f"{key}-who").set_value("the helpline, by telephone")
    test = press(test, "Record it")
    assert "is empty" in words(test)
    assert test.text_input(key=f"{key}-who").value == "the helpline, by telephone"
    test.text_input(key=f"{key}-why").set_value("No answer for twelve hours.")
    test = press(test, "Record it")

    assert not test.exception
    assert room.case(dsl, case.id).case.state is CaseState.ESCALATED
    assert "Recorded. The countdown runs on" in words(test)


def test_the_helplines_hours_stand_beside_the_rung(full_world: World, at: Sit) -> None:
    """Telephone, hours, what it takes and what it does not."""
    case = full_world.cases["asked"]
    full_world.clock.forward(timedelta(hours=14))
    test = open_case(full_world, at, "asked")
    test.selectbox(key=f"rung-{case.id}").select_index(0).run()

    assert "0344 381 4772" in words(test)
    assert "Not: it cannot promise a removal" in words(test)
