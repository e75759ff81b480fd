"""Looking up who hosts a site beside the pages: begun once, kept when it is done, said when it fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from casework.service import Casework
from casework.testing import ADDRESS, NOON, a_user, fill
from collector.client import Client
from collector.public_address import Gate
from collector.testing import PUBLIC_ADDRESS, Reply, public_resolver, scripted_client
from data.clock import FixedClock
from data.errors import PermissionDeniedError, SettingsError
from data.model.findings import DecisionKind
from data.model.network import ContactScope
from data.model.people import Role, User
from data.model.readings import Category, Severity
from data.store import Store
from schoolwatch.cli import app
from schoolwatch.lookup import AT_ONCE, LookUpRefusedError, LookUps, Running

DSL = a_user(Role.DSL)
STAFF = a_user(Role.STAFF, user_id="u-staff")
NETWORK = {
    "objectClassName": "ip network",
    "name": "INVENTED",
    "entities": [
        {"roles": ["abuse"], "vcardArray": ["vcard", [["fn", {}, "text", "Desk"], ["email", {}, "text", "abuse@hosting.example"]]]}
    ],
}
SCRIPT = {f"https://rdap.db.ripe.net/ip/{PUBLIC_ADDRESS}": Reply(json.dumps(NETWORK))}
Door = Callable[[], Client]


class Scene:
    """A case about a forum's post, and look-ups whose network is scripted."""

    def __init__(self, store: Store, clock: FixedClock, folder: Path) -> None:
        clock.moment = NOON
        self.cases, self.clock, self.folder = Casework(store, clock), clock, folder
        self.store = store
        finding = fill(store, DSL, STAFF)
        made = self.cases.decide(DSL, finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "teacher", "names").case
        assert made is not None
        self.case_id = made.id
        self.item_id = self.cases.case(DSL, made.id).items[0].id

    def lookups(self, door: Door | None = None) -> LookUps:
        """Return look-ups; without a door, one whose registry answers."""
        gate = Gate(resolve=public_resolver)
        return LookUps(self.cases, door or (lambda: scripted_client(SCRIPT, self.clock)), gate, self.clock, self.folder / "rdap")

    def of(self, lookups: LookUps) -> Running | None:
        """Return how the look-up stands."""
        return lookups.of(DSL, self.case_id, self.item_id)


@pytest.fixture
def scene(store: Store, clock: FixedClock, tmp_path: Path) -> Scene:
    """A case about a forum's post."""
    return Scene(store, clock, tmp_path)


def test_what_is_found_is_kept_in_the_case(scene: Scene) -> None:
    """Begun, done beside the page, and there to choose from; nothing is left under way."""
    lookups = scene.lookups()
    assert scene.of(lookups) is None
    begun = lookups.begin(DSL, scene.case_id, scene.item_id)
    lookups.wait(20)
    found = scene.cases.looked_up(DSL, scene.case_id, scene.item_id)

    assert begun.host in ADDRESS
    assert found is not None
    assert [(one.scope, one.email) for one in found.contacts] == [(ContactScope.HOST, "abuse@hosting.example")]
    assert scene.of(lookups) == Running(begun.host, under_way=False)


def test_nobody_waits_and_nobody_asks_twice(scene: Scene) -> None:
    """While a registry is slow, the page goes on; a second click joins the first."""
    slow, doors = threading.Event(), []

    def door() -> Client:
        doors.append(1)
        slow.wait(20)
        return scripted_client(SCRIPT, scene.clock)

    lookups = scene.lookups(door)
    first = lookups.begin(DSL, scene.case_id, scene.item_id)
    second = lookups.begin(DSL, scene.case_id, scene.item_id)
    assert first == second == Running(first.host, under_way=True)
    slow.set()
    lookups.wait(20)
    assert len(doors) == 1


def test_permission_is_asked_before_anything_leaves(scene: Scene) -> None:
    """A person who may not ask for removal begins no look-up."""
    lookups = scene.lookups(lambda: pytest.fail("the network was opened"))
    with pytest.raises(PermissionDeniedError):
        lookups.begin(STAFF, scene.case_id, scene.item_id)


def test_a_person_demoted_meanwhile_is_told(scene: Scene) -> None:
    """The answer is not kept for somebody who may no longer see the case; the page says so."""
    demoted = User(**DSL.model_dump())

    def door() -> Client:
        demoted.roles.clear()
        return scripted_client(SCRIPT, scene.clock)

    lookups = scene.lookups(door)
    lookups.begin(demoted, scene.case_id, scene.item_id)
    lookups.wait(20)
    said = scene.of(lookups)

    assert said is not None
    assert said.problem
    assert scene.cases.looked_up(DSL, scene.case_id, scene.item_id) is None


def test_a_broken_list_is_named_before_anything_begins(scene: Scene) -> None:
    """An administrator's file that cannot be read."""
    folder = scene.folder / "rdap"
    folder.mkdir()
    (folder / "dns.json").write_text("<html>")
    with pytest.raises(SettingsError, match=r"dns\.json"):
        scene.lookups().begin(DSL, scene.case_id, scene.item_id)


def test_only_a_few_are_under_way_at_once(scene: Scene) -> None:
    """More than a handful is refused with the mend."""
    lookups = scene.lookups()
    lookups._running = {f"{number}.example": Running(f"{number}.example", under_way=True) for number in range(AT_ONCE)}
    with pytest.raises(LookUpRefusedError, match="try again in a minute"):
        lookups.begin(DSL, scene.case_id, scene.item_id)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_look_up_that_breaks_off_is_not_under_way_for_ever(scene: Scene) -> None:
    """Whatever happened, the page is told to try again."""

    def door() -> Client:
        raise MemoryError

    lookups = scene.lookups(door)
    lookups.begin(DSL, scene.case_id, scene.item_id)
    lookups.wait(20)
    said = scene.of(lookups)

    assert said is not None
    assert (said.under_way, said.problem) == (False, "the look-up broke off; try again")


def test_the_command_loads_a_fresh_list_and_says_its_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`schoolwatch rdap-list`: without a file the dates in use, with one it is loaded."""
    monkeypatch.setenv("SCHOOLWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SCHOOLWATCH_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    fresh = tmp_path / "download.json"
    fresh.write_text(json.dumps({"publication": "2026-11-19T00:00:00Z", "services": [[["uk"], ["https://rdap.example/uk/"]]]}))
    shipped = CliRunner().invoke(app, ["rdap-list"])
    loaded = CliRunner().invoke(app, ["rdap-list", str(fresh)])

    assert "dns.json: published 2026-07-27" in shipped.output
    assert "loaded as dns.json" in loaded.output
    assert "dns.json: published 2026-11-19" in loaded.output
    assert "ipv4.json: published 2026-07-27" in loaded.output
    refused = CliRunner().invoke(app, ["rdap-list", str(tmp_path / "none.json")])
    assert isinstance(refused.exception, SettingsError)
