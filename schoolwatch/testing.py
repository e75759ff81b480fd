"""A school that watches the invented town on a clock that the test moves: real store, real HTTP on loopback, no browser."""

from __future__ import annotations

import http.server
import json
import shutil
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from casework.intake import ReportForm
from casework.notice import Wording
from casework.seriousness import FACTORS
from casework.service import Casework
from data.clock import Clock, FixedClock
from data.migrations import upgrade
from data.model.cases import Capacity, Case, TakedownRequest
from data.model.evidence import CaptureOrder, SafetyAnswer
from data.model.findings import DecisionKind, Finding, ReportTick
from data.model.people import Role, User
from data.model.posts import Post
from data.model.readings import Category, Severity
from data.model.telling import Message
from data.model.watch import SourceState
from schoolwatch.demo.moderator import Moderator
from schoolwatch.demo.posts import TownPost, Wall
from schoolwatch.demo.town import RunningTown, Town, start_in_thread
from schoolwatch.demo.watchlist import FERNLEY, schools, sources, staff, terms, users
from schoolwatch.desk import Desk, build_desk
from schoolwatch.round import Hands, run_round
from schoolwatch.settings import Demo, Settings, load_settings

NO_BROWSER = Path("/no/such/browser")  # a setting that names nothing runnable counts as no browser
WORDING = Wording(
    what_it_is="A post that says as a fact that a member of our staff took money.",
    rule_breached="No false statements of fact about private persons",
    unlawful_nature="A false statement of fact that may harm the person's reputation.",
    why_urgent="It is being read by pupils and parents.",
    concerned_role="teacher",
    sender_role="Designated Safeguarding Lead",
)


class Watched:
    """The town, a desk that watches it, and the hands of a worker. Only the test moves the clock."""

    def __init__(self, running: RunningTown, desk: Desk, clock: Clock) -> None:
        self.running, self.desk, self.clock = running, desk, clock
        self.hands = Hands.of(desk)

    @property
    def town(self) -> Town:
        """The town."""
        return self.running.town

    @property
    def casework(self) -> Casework:
        """The desk's casework."""
        return self.desk.casework

    def user(self, user_id: str = "dsl") -> User:
        """Return one of the demo's people, or the chair of governors (`chair`)."""
        with self.desk.store.read() as work:
            return work.users.get(user_id)

    def forward(self, **span: float) -> datetime:
        """Move a fixed clock (`hours=1`, `minutes=16`); raises TypeError for one that runs by itself."""
        if not isinstance(self.clock, FixedClock):
            raise TypeError
        return self.clock.forward(timedelta(**span))

    def state(self, source_id: str) -> SourceState:
        """Return how a source is."""
        with self.desk.store.read() as work:
            return work.source_states.get(source_id)

    def address(self, key: str) -> str:
        """Return the address of a post of the town."""
        return self.town.address_of(key, self.running.base)

    def posts(self) -> list[Post]:
        """Return everything that is kept."""
        with self.desk.store.read() as work:
            return work.posts.where()

    def findings(self, key: str | None = None) -> list[Finding]:
        """Return what is flagged; with a key, about that post of the town only."""
        with self.desk.store.read() as work:
            found = work.findings.where(order_by="made_at")
            if key is None:
                return found
            ids = [post.id for post in work.posts.where(permalink=self.address(key))]
        return [one for one in found if one.post_id in ids]

    def case_about(self, key: str, **changes: object) -> Case:
        """Open a case about a flagged post of the town, as the safeguarding lead."""
        finding = self.findings(key)[-1]
        target = str(changes.get("target", "teacher"))
        decided = self.casework.decide(
            self.user(), finding.id, DecisionKind.OPEN_CASE, finding.lead_category, finding.severity, target, "States it as a fact."
        )
        if decided.case is None:
            raise LookupError(key)
        return decided.case

    def told(self, key: str, says: str, *ticks: ReportTick) -> Finding:
        """Tell the school of a post by the form behind its code, without signing in; return what then stands in the inbox."""
        form = ReportForm(says=says, address=self.address(key), ticks=ticks, reporter="a colleague, by telephone")
        report = self.casework.report("fernley-report", form)
        lead = self.user()
        return next(row.finding for row in self.casework.inbox(lead, lead.schools()).rows if row.report == report)

    def opened(self, finding: Finding, category: Category, target: str, severity: Severity = Severity.S2) -> Case:
        """Open a case about what is flagged, as the safeguarding lead judges it; raises LookupError where the lead may not see it."""
        kind, why = DecisionKind.OPEN_CASE, "Read, and judged to be a harm."
        decided = self.casework.decide(self.user(), finding.id, kind, category, severity, target, why)
        if decided.case is None:
            raise LookupError(finding.id)
        return decided.case

    def captured(self, case: Case) -> Case:
        """Order the evidence and let the worker bring it, five minutes on."""
        self.order(case)
        self.round_in(minutes=5)
        return self.as_it_is(case)

    def round_in(self, **span: float) -> datetime:
        """Move a fixed clock and let the worker do one round; return the moment."""
        moment = self.forward(**span)
        run_round(self.hands)
        return moment

    def look_in(self, case: Case, **span: float) -> Case:
        """Move a fixed clock, ask for a look, let the worker make it; return the case as it then stands."""
        self.forward(**span)
        self.casework.ask_check(self.user(case.owner_id), case.id)
        run_round(self.hands)
        return self.as_it_is(case)

    def as_it_is(self, case: Case) -> Case:
        """Return a case as it stands, whoever may see it."""
        with self.desk.store.read() as work:
            return work.cases.get(case.id)

    def messages(self, *, to: str | None = None) -> list[Message]:
        """Return everything in the outbox, sent or not; with a user id, what is for that person."""
        with self.desk.store.read() as work:
            return [one for one in work.messages.where(order_by="made_at") if to in {None, one.user_id}]

    def told_too_much(self, *more: str) -> list[str]:
        """Return what stands in messages though it may not: names, handles, addresses, any four words of a post in a row, and `more`."""
        with self.desk.store.read() as work:
            names = [one.name for one in work.schools.where()] + [one.name.split("(")[0].strip() for one in work.users.where()]
            names += [part for one in work.staff.where() for part in (one.name, one.name.split()[-1])]
            posts = work.posts.where()
            items = work.case_items.where()
        words = [*names, *(item.address for item in items), *(post.author_name for post in posts if post.author_name)]
        words += [post.author_handle.lstrip("@").split("@")[0] for post in posts if post.author_handle]
        words += [run for post in posts for run in _runs(post.text)]
        said = "\n".join(f"{one.subject}\n{one.body}" for one in self.messages()).casefold()
        return sorted({word for word in (*words, *more) if word.casefold() in said})

    def order(self, case: Case, answer: SafetyAnswer = SafetyAnswer.NO) -> CaptureOrder:
        """Order the capture of a case's first item."""
        item = self.casework.case(self.user(), case.id).items[0]
        return self.casework.order_capture(self.user(), case.id, item.id, answer)

    def ask(self, case: Case) -> TakedownRequest:
        """Say how serious it is, draft the proposed request, hand it to the town's moderator and record it as sent."""
        self.casework.assess(self.user(), case.id, {factor.key: 0 for factor in FACTORS}, {})
        first = self.casework.propose(self.user(), case.id).proposals[0]
        capacity = Capacity.SCHOOL_REPRESENTATIVE
        request = self.casework.draft(self.user(), case.id, first.item_id, first.route, first.ground, capacity, WORDING)
        sent = self.casework.record_sent(self.user(), request.id, reference="TOWN-1")
        item = next(one for one in self.casework.case(self.user(), case.id).items if one.id == request.item_id)
        self.town.receive_request(item.address, self.clock.now())
        return sent


Stage = Callable[..., Watched]


def _runs(text: str, length: int = 4) -> list[str]:
    """Return every run of so many words of a text."""
    words = text.split()
    return [" ".join(words[at : at + length]) for at in range(len(words) - length + 1)]


@contextmanager
def watched_town(
    folder: Path,
    clock: Clock,
    *,
    template: Path | None = None,
    posts: Sequence[TownPost] | None = None,
    walls: Sequence[Wall] = (),
    moderator: Moderator | None = None,
    ports: frozenset[int] = frozenset(),
    more: Mapping[str, Any] | None = None,
) -> Iterator[Watched]:
    """Serve a town and watch it. `template`: a migrated, empty SQLite file to copy, which is quicker than migrating again.

    `ports`: of other servers on loopback that may be asked, as if they were public. `more`: settings besides.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if template is not None:
        shutil.copy(template, folder / "app.db")
    town = Town(clock, posts, start=clock.now(), walls=walls, moderator=moderator)
    with start_in_thread(town) as running:
        shown = Demo(origin=clock.now(), factor=1, loopback_ports=ports | {running.port}, town_address=running.base)
        values: dict[str, Any] = {"state_dir": folder, "demo": shown, "contact": "demo@town.example", "browser_path": NO_BROWSER}
        settings = Settings(**values | dict(more or {}))
        if template is None:
            upgrade(settings.database_url)
        desk = build_desk(settings, clock)
        fill(desk, running.base)
        watched = Watched(running, desk, clock)
        yield watched
        watched.hands.client.close()
        desk.close()


def fill(desk: Desk, base: str) -> None:
    """Put the demo's schools, terms, staff, sources and people (without passwords) and a chair of governors into an empty store."""
    now = desk.clock.now()
    chair = User(id="chair", username="chair", name="Invented Chair", roles={FERNLEY: (Role.CHAIR,)}, added_by="system", added_at=now)
    with desk.store.begin("system") as work:
        for school in schools(now):
            work.schools.add(school)
        for term in terms(now):
            work.terms.add(term)
        for member in staff():
            work.staff.add(member)
        for source in sources(base, now):
            work.sources.add(source)
        for user in (*users(now), chair):
            work.users.add(user)
        work.commit()


class Doors:
    """Base of the two servers that messages go to: what they got, and how they behave (`mood`), on a free loopback port."""

    def __init__(self, mood: str = "takes") -> None:
        self.mood = mood
        self.got: list[str] = []
        self.keys: list[str] = []  # which message each of them was
        self.ended = threading.Event()
        self.port = 0

    @contextmanager
    def serving(self, server: socketserver.TCPServer) -> Iterator[Self]:
        """Serve until left."""
        self.port = int(server.socket.getsockname()[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.ended.set()
            server.shutdown()
            server.server_close()
            thread.join()


class MailServer(Doors):
    """A mail server (RFC 5321, as much of it as is asked here).

    Moods: takes; hangs (never greets); drops (cuts off after the message); silent (never answers the message); refuses (550); busy (451).
    """

    @contextmanager
    def open(self) -> Iterator[Self]:
        """Serve on loopback."""
        outer = self

        class Talk(socketserver.StreamRequestHandler):
            """One client."""

            def handle(self) -> None:
                """Speak with it."""
                with suppress(OSError):
                    outer.talk(self)

        with self.serving(_Server(("127.0.0.1", 0), Talk)) as one:
            yield one

    def talk(self, to: socketserver.StreamRequestHandler) -> None:
        """Speak with one client."""
        if self.mood == "hangs":
            self.ended.wait(60)
            return
        to.wfile.write(b"220 mail.example ready\r\n")
        while line := to.rfile.readline():
            word = line[:4].upper().strip()
            if word == b"DATA":
                to.wfile.write(b"354 go on\r\n")
                if not self._take(to):
                    return
            elif word == b"QUIT":
                to.wfile.write(b"221 bye\r\n")
                return
            else:
                to.wfile.write(b"250 ok\r\n")

    def _take(self, to: socketserver.StreamRequestHandler) -> bool:
        lines = []
        while (line := to.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        if self.mood in {"takes", "drops", "silent"} and line:
            self.got.append(b"".join(lines).decode())
            self.keys += [line.split(b":", 1)[1].strip().decode() for line in lines if line.startswith(b"X-Schoolwatch-Message:")]
        if self.mood == "silent":
            self.ended.wait(60)
        if self.mood in {"drops", "silent"}:
            return False
        to.wfile.write({"takes": b"250 taken\r\n", "refuses": b"550 not here\r\n", "busy": b"451 later\r\n"}[self.mood])
        return True


class HookServer(Doors):
    """A web server for webhooks. Moods: takes; hangs; drops; or the number of the answer, for example "500"."""

    @contextmanager
    def open(self) -> Iterator[Self]:
        """Serve on loopback."""
        outer = self

        class Talk(http.server.BaseHTTPRequestHandler):
            """One client."""

            def do_POST(self) -> None:
                """Answer it."""
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        with self.serving(_WebServer(("127.0.0.1", 0), Talk)) as one:
            yield one

    @property
    def address(self) -> str:
        """Where it takes messages."""
        return f"http://127.0.0.1:{self.port}/hook?room=7"

    def answer(self, to: http.server.BaseHTTPRequestHandler) -> None:
        """Take one message."""
        body = to.rfile.read(int(to.headers.get("Content-Length", "0"))).decode()
        if self.mood == "hangs":
            self.ended.wait(60)
            return
        if self.mood in {"takes", "drops"}:
            self.got.append(body)
            self.keys.append(to.headers.get("Idempotency-Key", ""))
        if self.mood == "drops":
            to.close_connection = True
            return
        to.send_response(200 if self.mood == "takes" else int(self.mood))
        to.send_header("Content-Length", "0")
        to.end_headers()


class RegistryServer(Doors):
    """A registry of networks (RDAP, RFC 9082) with invented answers, given by path; `got` lists what was asked for."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        self._answers = answers

    @contextmanager
    def open(self) -> Iterator[Self]:
        """Serve on loopback."""
        outer = self

        class Talk(http.server.BaseHTTPRequestHandler):
            """One client."""

            def do_GET(self) -> None:
                """Answer it."""
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        with self.serving(_WebServer(("127.0.0.1", 0), Talk)) as one:
            yield one

    def answer(self, to: http.server.BaseHTTPRequestHandler) -> None:
        """Answer one question."""
        self.got.append(to.path)
        found = self._answers.get(to.path)
        body = json.dumps(found or {"errorCode": 404}).encode()
        to.send_response(200 if found else 404)
        to.send_header("Content-Type", "application/rdap+json")
        to.send_header("Content-Length", str(len(body)))
        to.end_headers()
        to.wfile.write(body)

    def listed_in(self, folder: Path) -> None:
        """Name this registry, in the list that an administrator can lay into `folder`, as the one that answers for loopback addresses."""
        folder.mkdir(parents=True)
        services = [[["127.0.0.0/8"], [f"http://127.0.0.1:{self.port}/"]]]
        listed = {"version": "1.0", "publication": "2026-11-01T00:00:00Z", "services": services}
        (folder / "ipv4.json").write_text(json.dumps(listed), encoding="utf-8")


class CountingServer(Doors):
    """A place that nobody may knock at: counts connections and the bytes that came, and answers a bare page."""

    def __init__(self) -> None:
        super().__init__()
        self.connections = self.bytes = 0

    @contextmanager
    def open(self) -> Iterator[Self]:
        """Serve on loopback."""
        outer = self

        class Talk(socketserver.BaseRequestHandler):
            """One knock."""

            def handle(self) -> None:
                """Count it."""
                with suppress(OSError):
                    outer.count(self.request)

        with self.serving(_Server(("127.0.0.1", 0), Talk)) as one:
            yield one

    def count(self, knock: socket.socket) -> None:
        """Count one connection, what it brought, and answer."""
        self.connections += 1
        self.bytes += len(knock.recv(65_536))
        knock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhere")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address, block_on_close = True, True, False


class _WebServer(http.server.ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False


def live(config: Path) -> None:
    """Be a worker of an installation until killed; for tests that kill it."""
    from schoolwatch.jobs import Worker

    worker = Worker(Hands.of(build_desk(load_settings(config))))
    worker.launch()
    worker.run()
