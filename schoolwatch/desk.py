"""Desk: the wired rooms that a person works at, and that the worker serves."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from casework.service import Casework
from collector.client import Client
from collector.public_address import Gate
from data.clock import Clock, SystemClock
from data.migrations import upgrade
from data.model.people import User
from data.model.watch import School
from data.store import Store
from evidence.detect import BrowserSettings
from evidence.keys import SealKey
from evidence.seal import Sealer
from evidence.vault import Vault
from schoolwatch import readiness
from schoolwatch.lookup import LISTS, LookUps
from schoolwatch.people import People
from schoolwatch.pictures import Looks, Pictures
from schoolwatch.redacting import Redacting
from schoolwatch.safe import Safe
from schoolwatch.settings import Settings, load_settings
from schoolwatch.sign_in import SignIn
from schoolwatch.taking_in import TakingIn
from schoolwatch.watch import Watch


@dataclass(frozen=True)
class Desk:
    """Every room, wired once from the settings. Safe to share between threads."""

    settings: Settings
    store: Store
    clock: Clock
    gate: Gate
    vault: Vault
    casework: Casework
    sign_in: SignIn
    people: People
    watch: Watch
    safe: Safe
    looks: Looks = field(default_factory=Looks)  # one for each process: which pictures may be fetched now, and by whom

    def readiness(self) -> tuple[str, ...]:
        """Return what is still missing before collectors may run; empty means ready."""
        return readiness.missing(self.settings)

    def schools(self, user: User) -> tuple[School, ...]:
        """Return the schools in which the user holds a role, by name."""
        with self.store.read() as work:
            mine = work.schools.where(id=list(user.schools()))
        return tuple(sorted(mine, key=lambda school: school.name))

    def client(self) -> Client:
        """Return a fresh door to the network, identified by the school's contact address."""
        pace = 0.05 if self.settings.demo else 1.0  # the demo's town is our own
        return Client(
            self.settings.contact or "demo@town.example", self.clock, self.gate, pace_seconds=pace, tokens=dict(self.settings.tokens)
        )

    @cached_property
    def lookups(self) -> LookUps:
        """Who hosts a site: asked for beside the pages, which never wait for it."""
        return LookUps(self.casework, self.client, self.gate, self.clock, self.settings.state_dir / LISTS)

    @cached_property
    def sealer(self) -> Sealer:
        """What seals this installation's evidence; its key is made when there is none. Raises EvidenceError when it cannot be read."""
        authority = self.casework.authority
        return Sealer(self.vault, SealKey.open(self.settings.state_dir), authority.root_sha256 if authority else None)

    @cached_property
    def taking_in(self) -> TakingIn:
        """Where people hand over what they saved themselves."""
        return TakingIn(self.store, self.clock, self.vault, self.casework, lambda: self.sealer)

    @cached_property
    def redacting(self) -> Redacting:
        """Where parts of evidence are covered in a working copy."""
        return Redacting(self.store, self.clock, self.vault, self.casework, lambda: self.sealer, self.looks)

    @cached_property
    def pictures(self) -> Pictures:
        """How pictures are looked at."""
        return Pictures(self.store, self.clock, self.vault, self.casework, self.safe, self.looks)

    def browser(self) -> BrowserSettings:
        """Return how pages are photographed here."""
        path = self.settings.browser_path
        return BrowserSettings(
            path=str(path) if path else None, time_limit=self.settings.capture_seconds, loopback_ports=self.settings.loopback_ports
        )

    def close(self) -> None:
        """Close the database."""
        self.store.close()


def migrate(settings: Settings) -> None:
    """Make the state folder (its owner's only) and bring the database to this program's version."""
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    upgrade(settings.database_url)


def build_desk(settings: Settings, clock: Clock | None = None) -> Desk:
    """Wire the rooms; raises MigrationNeededError, StoreError, SettingsError. `clock`: another than the settings' own (tests)."""
    clock = clock or settings.clock()
    store = Store.open(settings.database_url, clock)
    gate = Gate(settings.loopback_ports)
    vault = Vault(settings.vault_dir)
    cases = Casework(store, clock, settings.time_authority())
    # People sign in by the machine's clock: in the demo an hour of work would last some seconds.
    sign_in = SignIn(store, SystemClock(), timedelta(minutes=settings.idle_minutes))
    return Desk(
        settings=settings,
        store=store,
        clock=clock,
        gate=gate,
        vault=vault,
        casework=cases,
        sign_in=sign_in,
        people=People(store, clock, sign_in),
        watch=Watch(store, clock, gate),
        safe=Safe(
            store, clock, vault, cases, lambda: SealKey.open(settings.state_dir), settings.timestamp_root, demo=settings.demo is not None
        ),
    )


_desks: dict[str, Desk] = {}
_wiring = threading.Lock()


def open_desk(settings: Settings | None = None) -> Desk:
    """Return this process's desk for the settings; wired once, and again when the settings changed."""
    chosen = settings or load_settings()
    with _wiring:
        if repr(chosen) not in _desks:
            _desks[repr(chosen)] = build_desk(chosen)
        return _desks[repr(chosen)]
