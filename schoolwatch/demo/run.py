"""`schoolwatch demo`: the town, a worker and the dashboard on this machine, with a state folder of their own."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from data.clock import ScaledClock
from data.model.cases import TakedownRequest
from schoolwatch.demo.moderator import Moderator
from schoolwatch.demo.posts import load_posts
from schoolwatch.demo.scene import Town, UnknownAddressError
from schoolwatch.demo.town import RunningTown, start_in_thread
from schoolwatch.demo.watchlist import DEMO_PASSWORD, schools, sources, staff, terms, users
from schoolwatch.desk import Desk, build_desk, migrate
from schoolwatch.settings import CONFIG_NAME, DEMO_NAME, Demo, Settings, child_environment, demo_origin, load_settings, write_settings
from schoolwatch.up import Child, Supervisor, command


def free_port(wanted: int, host: str = "127.0.0.1") -> int:
    """Return `wanted` when nobody listens there, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return wanted


class Stage:
    """A running demo: the town in this process, its settings, and the desk that the demo's people share."""

    def __init__(self, town: RunningTown, settings: Settings, desk: Desk) -> None:
        self.town, self.settings, self.desk = town, settings, desk
        self._told: set[str] = set()

    def children(self) -> list[Child]:
        """Return the worker and the dashboard of this demo, not started yet."""
        environment = child_environment(config=str(self.settings.config_path), home=str(self.settings.state_dir))
        return [Child(name, command(name, "--with-parent"), environment) for name in ("worker", "dashboard")]

    def tell_town(self) -> None:
        """Hand each request that was recorded as sent to the town's moderator, once."""
        with self.desk.store.read() as work:
            sent = [one for one in work.requests.where() if one.sent_at and one.id not in self._told]
            addresses = {item.id: item.address for item in work.case_items.where(id=[one.item_id for one in sent])}
        for request in sent:
            self._told.add(request.id)
            self._hand_over(request, addresses[request.item_id])

    def _hand_over(self, request: TakedownRequest, address: str) -> None:
        try:
            self.town.town.receive_request(address, request.sent_at or self.desk.clock.now())
        except UnknownAddressError:
            return  # a report about an address outside the town: nobody there can remove it


@contextmanager
def stage(*, state: Path | None = None, port: int = 8750, hour_seconds: float = 10.0, moderator_hours: float = 5.0) -> Iterator[Stage]:
    """Build a demo in `state` (a fresh temporary folder, removed afterwards, when None): town, settings, records."""
    folder = state or Path(tempfile.mkdtemp(prefix="schoolwatch-demo-"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    origin, factor = demo_origin(), 3600 / hour_seconds
    clock = ScaledClock(origin, factor)
    town = Town(clock, load_posts(), start=origin, moderator=Moderator(timedelta(hours=moderator_hours)))
    try:
        with start_in_thread(town) as running:
            settings = _settings(
                folder, Demo(origin=origin, factor=factor, loopback_ports=frozenset({running.port}), town_address=running.base), port
            )
            migrate(settings)
            desk = build_desk(settings)
            _fill(desk, running.base)
            yield Stage(running, settings, desk)
            desk.close()
    finally:
        if state is None:
            shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path, demo: Demo, port: int) -> Settings:
    (folder / DEMO_NAME).write_text(demo.model_dump_json(), encoding="utf-8")
    write_settings(folder / CONFIG_NAME, {"state_dir": ".", "port": free_port(port), "contact": "demo@town.example"})
    return load_settings(folder / CONFIG_NAME)


def _fill(desk: Desk, base: str) -> None:
    now = desk.clock.now()
    with desk.store.begin("system") as work:
        if work.schools.count():
            return
        for school in schools(now):
            work.schools.add(school)
        for term in terms(now):
            work.terms.add(term)
        for member in staff():
            work.staff.add(member)
        for source in sources(base, now):
            work.sources.add(source)
        for user in users(now):
            work.users.add(user)
            desk.sign_in.set_password(work, user, DEMO_PASSWORD)
        work.commit()


def supervise(on: Stage) -> Supervisor:
    """Return a supervisor of the demo's children."""
    return Supervisor(on.children())
