"""The STOP gate in every path (evidence.md §8.4, §9 line 1): what was stopped is asked for by nobody, written nowhere and given to nobody.

Every verb of casework and of the front rooms that is handed a case, an order, a piece of evidence or a letter stands either in the table
of paths, which is run against stopped cases of every kind, or in a list of verbs that give nothing out, with the reason. A verb that is
new and in neither fails here.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import schoolwatch
from casework.checks import PlannedCheck
from casework.errors import AnswerMissingError
from casework.intake import ReportForm
from casework.ladder import Rung
from casework.notice import AskKind
from casework.seriousness import FACTORS
from casework.service import Casework
from casework.stopping import Direction
from casework.watching import KNOWN_ELSEWHERE
from data.clock import FixedClock
from data.errors import SchoolwatchError
from data.model.cases import Capacity, Case, CaseItem, CaseState, RemovalCheck, Verdict
from data.model.evidence import CaptureOrder, Evidence, OrderState, SafetyAnswer, SealToken
from data.model.findings import DecisionKind, ReportTick
from data.model.network import ContactScope, NetworkContact, NetworkLookup
from data.model.people import User
from data.model.readings import Category, Severity
from evidence.boxes import Choice
from evidence.custody import verify
from evidence.report import Variant
from evidence.supplied import Account, Brought
from evidence.testing import Listener, fake_capture, square
from schoolwatch import cli, proving
from schoolwatch import round as one_round
from schoolwatch.destroying import destroy
from schoolwatch.kept_files import withheld_files
from schoolwatch.redacting import Squared
from schoolwatch.round import carry_out, look_again, run_round
from schoolwatch.testing import WORDING, Watched, watched_town

KINDS = ("yes", "not sure", "words", "seen", "tick", "category")
NAMES = frozenset(
    {
        "case_id", "order_id", "evidence_id", "item_id", "request_id", "letter_id", "filing_id", "record_id", "referral_id",
        "investigation_id", "offer_id", "hold_id", "copy_id", "token_id", "case", "order", "evidence", "planned", "finding_id", "item",
        "session",
    }
)  # fmt: skip
SCREEN = square((90, 90, 90), 8)  # the picture of every page that is captured here
WHY = "the words of the page are our own lesson"


@dataclass
class Stopped:
    """A case with everything that can hang on one, then stopped; and a server that counts who knocks at its address."""

    kind: str
    watched: Watched
    listener: Listener
    folder: Path
    case: Case
    item: CaseItem
    kept: Evidence
    waiting: CaptureOrder
    ids: dict[str, str] = field(default_factory=dict)
    opened: Any = None
    planned: PlannedCheck | None = None

    @property
    def dsl(self) -> User:
        """The safeguarding lead."""
        return self.watched.user()

    def files(self) -> dict[str, int]:
        """Return every file of the state folder with its size, but for the databases and locks, which hold rows about people's acts."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and ".db" not in path.name and not path.name.endswith(".lock"))
        return {str(path.relative_to(self.folder)): path.stat().st_size for path in found}


def _sealed(watched: Watched, case: Case, item: CaseItem) -> Evidence:
    """Capture the case's page without asking the network."""
    desk, dsl = watched.desk, watched.user()
    order = desk.casework.order_started(desk.casework.order_capture(dsl, case.id, item.id, SafetyAnswer.NO).id)
    kept, custody = fake_capture(order, case, item, vault=desk.vault, now=desk.clock.now(), key=desk.sealer.key)
    return desk.casework.evidence_sealed(order.id, kept, custody)


def _begun(watched: Watched, address: str) -> tuple[Case, CaseItem]:
    """Report the address and open a case about it."""
    desk, dsl = watched.casework, watched.user()
    report = desk.report("fernley-report", ReportForm(says="A post that names one of our teachers.", address=address))
    finding = next(row.finding for row in desk.inbox(dsl, dsl.schools()).rows if row.report == report)
    case = desk.decide(dsl, finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "teacher", "It targets one.").case
    assert case is not None
    return case, desk.case(dsl, case.id).items[0]


def _hangs_on(watched: Watched, case: Case, item: CaseItem, kept: Evidence) -> dict[str, str]:
    """Add a request, a letter, an offer to file, a time stamp that waits; return their ids."""
    desk, dsl = watched.casework, watched.user()
    desk.assess(dsl, case.id, {factor.key: 0 for factor in FACTORS}, {})
    way = desk.propose(dsl, case.id).proposals[0]
    request = desk.draft(dsl, case.id, way.item_id, way.route, way.ground, Capacity.SCHOOL_REPRESENTATIVE, WORDING)
    letter = next(one.template for one in desk.letter_choices(dsl, case.id) if not one.template.in_stop and not one.template.head_approves)
    details = {one.key: True if one.kind is AskKind.TICK else one.example for one in letter.asks}
    written = desk.draft_letter(dsl, case.id, letter.key, "the person concerned", details)
    filing = desk.offer_filing(dsl, case.id, item.id, "teacher", "head", words="Please take this post down. It names me.")
    token = SealToken(id="t-1", subject=f"evidence:{kept.id}", case_id=case.id, imprint=kept.seal_sha256, made_at=desk.now())
    with watched.desk.store.begin("system") as work:
        work.tokens.add(token)
        work.commit()
    return {"request": request.id, "letter": written.id, "filing": filing.id, "token": token.id, "template": letter.key}


def _stop(one: Stopped) -> None:
    """Stop the case in the way that is asked for."""
    desk = one.watched.casework
    match one.kind:
        case "yes" | "not sure":
            desk.order_capture(one.dsl, one.case.id, one.item.id, SafetyAnswer(one.kind.replace(" ", "_")))
        case "words":
            desk.stopped_by_words(one.waiting.id, ("nudes:text",))
        case "seen":
            desk.saw_indecent(one.dsl, one.case.id, one.kept.id)
        case "tick":
            form = ReportForm(says="It shows a child.", address=one.item.address, ticks=(ReportTick.INDECENT_IMAGE,))
            desk.report("fernley-report", form)
        case "category":
            desk.order_capture(one.dsl, one.case.id, one.item.id, SafetyAnswer.NOT_SURE)
            with one.watched.desk.store.begin("system") as work:
                work.cases.replace(work.cases.get(one.case.id).model_copy(update={"lead_category": Category.CSAM}))
                work.commit()


def _made(kind: str, folder: Path, template: Path, listener: Listener) -> Iterator[Stopped]:
    clock = FixedClock()
    clock.forward(timedelta(seconds=0.125))
    with watched_town(folder, clock, template=template, posts=(), ports=frozenset({listener.port})) as watched:
        case, item = _begun(watched, f"http://127.0.0.1:{listener.port}/photos/1")
        kept = _sealed(watched, case, item)
        ids = _hangs_on(watched, case, item, kept)
        desk = watched.desk
        waiting = desk.casework.order_capture(watched.user(), case.id, item.id, SafetyAnswer.NO)
        one = Stopped(kind, watched, listener, folder, watched.as_it_is(case), item, kept, waiting, ids)
        one.opened = desk.pictures.open(one.dsl, "browser", kept.id, "screen-as-seen.png", "to see whether it can be read")
        desk.casework.record_sent(one.dsl, ids["request"])
        again = desk.casework.draft(one.dsl, case.id, item.id, *_way(one), Capacity.SCHOOL_REPRESENTATIVE, WORDING)
        ids["ready"] = again.id
        desk.casework.ask_check(one.dsl, case.id)
        one.planned = desk.casework.plan_checks(desk.clock.now())[0]
        if kind != "open":
            _stop(one)
        listener.knocks()
        yield one


def _way(one: Stopped) -> tuple[Any, Any]:
    with one.watched.desk.store.read() as work:
        sent = work.requests.get(one.ids["request"])
    return sent.route, sent.ground


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """A server at the address of every case here."""
    with Listener() as one:
        yield one


@pytest.fixture(scope="module", params=KINDS)
def stopped(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, empty_database: Path, listener: Listener
) -> Iterator[Stopped]:
    """A stopped case of each kind."""
    yield from _made(str(request.param), tmp_path_factory.mktemp("stopped"), empty_database, listener)


@pytest.fixture(scope="module")
def open_case(tmp_path_factory: pytest.TempPathFactory, empty_database: Path, listener: Listener) -> Iterator[Stopped]:
    """The same case before anybody stopped it."""
    yield from _made("open", tmp_path_factory.mktemp("open"), empty_database, listener)


# --- the table of paths ---

Act = Callable[[Stopped], object]


def _lookup(one: Stopped) -> NetworkLookup:
    contact = NetworkContact(scope=ContactScope.HOST, name="Invented Host", source="by hand", email="abuse@host.example")
    return NetworkLookup(
        id="", host="127.0.0.1", domain="127.0.0.1", looked_by="dsl", looked_at=one.watched.clock.now(), contacts=(contact,)
    )


def _check(one: Stopped) -> RemovalCheck:
    now = one.watched.clock.now()
    return RemovalCheck(
        id="check-x", case_id=one.case.id, item_id=one.item.id, slot="x", by="system", at=now, verdict=Verdict.PRESENT, method="web page"
    )


def _cli_export(one: Stopped, variant: str) -> object:
    from typer.testing import CliRunner

    (one.folder / "schoolwatch.toml").exists()
    settings = one.watched.desk.settings
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "load_settings", lambda _path=None: settings)
        done = CliRunner().invoke(
            cli.app, ["export", one.case.ref, "--as", "dsl", "--out", str(one.folder), *([variant] if variant else [])]
        )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def _taken(one: Stopped, answer: SafetyAnswer | None) -> object:
    account = Account("a parent", "with their telephone", "a post", one.watched.clock.now())
    return one.watched.desk.taking_in.take(one.dsl, one.case.id, one.item.id, answer, [Brought("photo.png", square((9, 9, 9), 8))], account)


def _another(one: Stopped) -> tuple[Case, CaseItem]:
    """Open a case about another address of the same school."""
    with one.watched.desk.store.read() as work:
        number = work.cases.count()
    return _begun(one.watched, f"http://127.0.0.1:{one.listener.port}/elsewhere/{number}")


def _begun_elsewhere(one: Stopped) -> CaptureOrder:
    """Begin to bring something into another case."""
    case, item = _another(one)
    return one.watched.casework.ask_to_supply(one.dsl, case.id, item.id, SafetyAnswer.NO)


def _captured_elsewhere(one: Stopped) -> CaptureOrder:
    """Capture another case's page, which gives the very picture that was stopped."""
    case, item = _another(one)
    order = one.watched.casework.order_capture(one.dsl, case.id, item.id, SafetyAnswer.NO)
    desk = one.watched.desk
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            one_round,
            "capture",
            lambda *_, **__: fake_capture(order, case, item, vault=desk.vault, now=desk.clock.now(), key=desk.sealer.key),
        )
        return carry_out(one.watched.hands, order.id)


def _brought_elsewhere(one: Stopped) -> object:
    """Bring the stopped case's own picture into another case."""
    case, item = _another(one)
    account = Account("a parent", "with their telephone", "a post", one.watched.clock.now())
    return one.watched.desk.taking_in.take(
        one.dsl, case.id, item.id, SafetyAnswer.NO, [Brought("mine.txt.png", square((1, 2, 3), 8)), Brought("photo.png", SCREEN)], account
    )


MOVED = dict.fromkeys(
    ("advice", "ground", "route", "recipient", "capacity", "text_version", "sent_at", "may_be_forwarded", "filed_at", "reference"), "x"
)
NO_SQUARES = Squared((), {}, is_blurred=False)
PATHS: dict[str, Act] = {
    "Casework.ask_check": lambda one: one.watched.casework.ask_check(one.dsl, one.case.id),
    "Casework.answer_seen": lambda one: one.watched.casework.answer_seen(one.case.id, "ab" * 32),
    "Casework.check_facts": lambda one: one.watched.casework.check_facts(one.case.id, one.item.id),
    "Casework.check_seen": lambda one: one.watched.casework.check_seen(one.case.id, _check(one)),
    "Casework.host_to_look_up": lambda one: one.watched.casework.host_to_look_up(one.dsl, one.case.id, one.item.id),
    "Casework.enter_contact": lambda one: one.watched.casework.enter_contact(
        one.dsl, one.case.id, one.item.id, ContactScope.HOST, "Invented Host", "abuse@host.example"
    ),
    "Casework.keep_lookup": lambda one: one.watched.casework.keep_lookup(one.dsl, one.case.id, _lookup(one)),
    "Casework.choose_contact": lambda one: one.watched.casework.choose_contact(one.dsl, one.case.id, one.item.id, _lookup(one).contacts[0]),
    "Casework.draft": lambda one: one.watched.casework.draft(
        one.dsl, one.case.id, one.item.id, *_way(one), Capacity.SCHOOL_REPRESENTATIVE, WORDING
    ),
    "Casework.preview": lambda one: one.watched.casework.preview(
        one.dsl, one.case.id, one.item.id, *_way(one), Capacity.SCHOOL_REPRESENTATIVE, WORDING
    ),
    "Casework.record_sent": lambda one: one.watched.casework.record_sent(one.dsl, one.ids["ready"]),
    "Casework.approve_request": lambda one: one.watched.casework.approve_request(one.watched.user("head"), one.ids["ready"]),
    "Casework.escalate": lambda one: one.watched.casework.escalate(one.dsl, one.case.id, Rung.HOST, "the host", "no answer"),
    "Casework.move": lambda one: one.watched.casework.move(one.dsl, one.case.id, CaseState.REQUESTED, MOVED),
    "Casework.correct": lambda one: one.watched.casework.correct(one.dsl, one.case.id, "by mistake"),
    "Casework.preview_letter": lambda one: one.watched.casework.preview_letter(
        one.dsl, one.case.id, one.ids["template"], "the person concerned", {}
    ),
    "Casework.draft_letter": lambda one: one.watched.casework.draft_letter(
        one.dsl, one.case.id, one.ids["template"], "the person concerned", {}
    ),
    "Casework.offer_filing": lambda one: one.watched.casework.offer_filing(
        one.dsl, one.case.id, one.item.id, "teacher", "head", words="Please remove it."
    ),
    "Casework.papers_made": lambda one: one.watched.casework.papers_made(one.dsl, one.ids["filing"], "ab" * 32),
    "Casework.open_investigation": lambda one: one.watched.casework.open_investigation(one.dsl, one.case.id, "dsl"),
    "Casework.ask_token_again": lambda one: one.watched.casework.ask_token_again(one.dsl, one.kept.id),
    "Casework.evidence_sealed": lambda one: one.watched.casework.evidence_sealed(one.waiting.id, one.kept, []),
    "Casework.supply_known": lambda one: one.watched.casework.supply_known(
        one.dsl, _begun_elsewhere(one), [file.sha256 for file in one.kept.files]
    ),
    "Casework.evidence_supplied": lambda one: one.watched.casework.evidence_supplied(one.dsl, one.waiting, one.kept, []),
    "Casework.redacted_copy_made": lambda one: one.watched.casework.redacted_copy_made(one.dsl, one.waiting, one.kept, [], []),
    "Casework.order_wanted": lambda one: one.watched.casework.order_wanted(one.waiting.id),
    **{
        f"Casework.paper {kind}.{form}": partial(
            lambda one, kind, form: one.watched.casework.paper(one.dsl, kind, one.ids[kind], form), kind=kind, form=form
        )
        for kind in ("request", "letter")
        for form in ("txt", "pdf", "eml")
    },
    "Safe.reveal": lambda one: one.watched.desk.safe.reveal(one.dsl, one.kept.id, "screen-as-seen.png", "to see it"),
    "Safe.pack full": lambda one: one.watched.desk.safe.pack(one.dsl, one.case.id),
    "Safe.pack redacted": lambda one: one.watched.desk.safe.pack(one.dsl, one.case.id, Variant.REDACTED),
    "Safe.papers": lambda one: one.watched.desk.safe.papers(one.dsl, one.ids["filing"]),
    "Pictures.tile": lambda one: one.watched.desk.pictures.tile(one.dsl, one.kept.id, "screen-as-seen.png"),
    "Pictures.open": lambda one: one.watched.desk.pictures.open(one.dsl, "browser", one.kept.id, "screen-as-seen.png", "to see it"),
    "Pictures.sharpen": lambda one: one.watched.desk.pictures.sharpen(one.dsl, "browser", one.opened.sharper or ""),
    "Pictures.fetch": lambda one: one.watched.desk.pictures.fetch(one.dsl, "browser", one.kept.id, "screen-as-seen.png", one.opened.token),
    "TakingIn.take": lambda one: _taken(one, SafetyAnswer.NO),
    "TakingIn.take elsewhere": _brought_elsewhere,
    "TakingIn.about": lambda one: one.watched.desk.taking_in.about(one.dsl, one.kept.id),
    "Redacting.begin": lambda one: one.watched.desk.redacting.begin(one.dsl, one.kept.id),
    "Redacting.squares": lambda one: one.watched.desk.redacting.squares(one.dsl, "browser", one.kept.id),
    "Redacting.squares_again": lambda one: one.watched.desk.redacting.squares_again(one.dsl, "browser", one.kept.id, NO_SQUARES),
    "Redacting.named": lambda one: one.watched.desk.redacting.named(one.dsl, one.kept.id, {"screen-as-seen.png": "A1"}),
    "Redacting.preview": lambda one: one.watched.desk.redacting.preview(one.dsl, "browser", one.kept.id, Choice(all_pictures=True)),
    "Redacting.make": lambda one: one.watched.desk.redacting.make(one.dsl, one.kept.id, Choice(all_pictures=True)),
    "LookUps.begin": lambda one: one.watched.desk.lookups.begin(one.dsl, one.case.id, one.item.id),
    "LookUps.of": lambda one: one.watched.desk.lookups.of(one.dsl, one.case.id, one.item.id),
    "round.look_again": lambda one: look_again(one.watched.hands, one.planned),  # type: ignore[arg-type]
    "cli.export full": lambda one: _cli_export(one, ""),
    "cli.export redacted": lambda one: _cli_export(one, "--redacted"),
}
# These answer instead of refusing: each with what the answer must be
ANSWERS: dict[str, tuple[Act, Callable[[Any], bool]]] = {
    "Casework.order_capture": (
        lambda one: one.watched.casework.order_capture(one.dsl, one.case.id, one.item.id, SafetyAnswer.NO),
        lambda order: order.state is OrderState.STOPPED,
    ),
    "Casework.ask_to_supply": (
        lambda one: one.watched.casework.ask_to_supply(one.dsl, one.case.id, one.item.id, SafetyAnswer.NO),
        lambda order: order.state is OrderState.STOPPED,
    ),
    "round.carry_out elsewhere": (
        _captured_elsewhere,
        lambda order: (order.state, order.problem) == (OrderState.STOPPED, KNOWN_ELSEWHERE),
    ),
    "TakingIn.ask": (
        lambda one: one.watched.desk.taking_in.ask(one.dsl, one.case.id, one.item.id, SafetyAnswer.NO),
        lambda may: may is False,
    ),
    "Casework.order_started": (
        lambda one: one.watched.casework.order_started(one.waiting.id),
        lambda order: order.state is OrderState.STOPPED,
    ),
    "round.carry_out": (lambda one: carry_out(one.watched.hands, one.waiting.id), lambda order: order.state is OrderState.STOPPED),
    "Casework.orders_waiting": (lambda one: one.watched.casework.orders_waiting(), lambda found: found == ()),
    "Casework.plan_checks": (
        lambda one: one.watched.casework.plan_checks(one.watched.clock.now() + timedelta(days=30)),
        lambda found: found == (),
    ),
    "Casework.next_checks": (lambda one: one.watched.casework.next_checks(one.watched.clock.now()), lambda found: found == ()),
    "Casework.tokens_due": (
        lambda one: one.watched.casework.tokens_due(one.watched.clock.now() + timedelta(days=30)),
        lambda found: not [token for token in found if token.case_id],
    ),
    "Casework.propose": (lambda one: one.watched.casework.propose(one.dsl, one.case.id), lambda plan: bool(plan.stops)),
    "Casework.letter_choices": (
        lambda one: one.watched.casework.letter_choices(one.dsl, one.case.id),
        lambda found: all(choice.template.in_stop for choice in found),
    ),
    "round.run_round": (lambda one: run_round(one.watched.hands), lambda report: (report.captures, report.checks) == (0, 0)),
    "proving.prove": (lambda one: proving.prove(one.watched.desk, one.watched.hands.client), lambda given: given == 0),
}


def words(error: SchoolwatchError) -> str:
    """Return everything that a refusal says."""
    return f"{error} {getattr(error, 'screen', '')}".lower()


@pytest.mark.parametrize("path", PATHS)
def test_every_path_refuses_what_was_stopped(stopped: Stopped, path: str) -> None:
    """No connection, no file, no byte; the refusal says that it was stopped."""
    before, _ = stopped.files(), stopped.listener.knocks()
    with pytest.raises(SchoolwatchError) as refused:
        PATHS[path](stopped)

    assert any(word in words(refused.value) for word in ("stop", "indecent", "forbids"))
    assert stopped.listener.knocks() == 0
    assert stopped.files() == before


@pytest.mark.parametrize("path", ANSWERS)
def test_every_path_that_answers_gives_nothing(stopped: Stopped, path: str) -> None:
    """No connection, no file; and the answer is that nothing is done."""
    act, holds = ANSWERS[path]
    before, _ = stopped.files(), stopped.listener.knocks()
    answer = act(stopped)

    assert holds(answer)
    assert stopped.listener.knocks() == 0
    assert stopped.files() == before


# --- no answer at all ---


def test_without_an_answer_nothing_begins(open_case: Stopped) -> None:
    """No question answered, no capture, no upload, no file; an order that came about without an answer is stopped by the worker."""
    desk = open_case.watched.casework
    before, _ = open_case.files(), open_case.listener.knocks()
    with pytest.raises(AnswerMissingError):
        desk.order_capture(open_case.dsl, open_case.case.id, open_case.item.id, None)
    with pytest.raises(AnswerMissingError):
        desk.ask_to_supply(open_case.dsl, open_case.case.id, open_case.item.id, None)
    with pytest.raises(AnswerMissingError):
        _taken(open_case, None)
    bare = open_case.waiting.model_copy(update={"id": "o-bare", "answer": None})
    with open_case.watched.desk.store.begin("system") as work:
        work.orders.add(bare)
        work.commit()
    order = carry_out(open_case.watched.hands, bare.id)

    assert order.state is OrderState.STOPPED
    assert open_case.listener.knocks() == 0
    assert open_case.files() == before


# --- the measure measures ---


def test_the_server_counts_and_the_folder_is_watched(open_case: Stopped) -> None:
    """The same capture in a case that nobody stopped does knock, and a new file in the state folder is seen."""
    open_case.listener.knocks()
    carry_out(open_case.watched.hands, open_case.waiting.id)
    knocked = open_case.listener.knocks()
    before = open_case.files()
    open_case.watched.desk.vault.put(b"a new file")

    assert knocked > 0
    assert len(open_case.files()) == len(before) + 1


GIVE = (
    "Safe.reveal",
    "Safe.pack full",
    "Safe.papers",
    "TakingIn.take elsewhere",
    "Pictures.tile",
    "Redacting.begin",
    "cli.export full",
    "Casework.paper letter.pdf",
    "Casework.paper request.txt",
    "Casework.host_to_look_up",
    "Casework.check_facts",
    "Casework.preview",
)


@pytest.mark.parametrize("path", GIVE)
def test_the_same_paths_give_what_was_not_stopped(open_case: Stopped, path: str) -> None:
    """The table would be worth nothing if these paths gave nothing to anybody."""
    assert PATHS[path](open_case)


# --- no path can be forgotten ---

HARMLESS: dict[str, frozenset[str]] = {
    "shows only what people wrote down, never a copy, and asks nobody": frozenset(
        {
            "Casework.case",
            "Casework.case_by_ref",
            "Casework.chronology",
            "Casework.clocks",
            "Casework.care_of",
            "Casework.correctable",
            "Casework.disclosures",
            "Casework.earlier_removals",
            "Casework.copies_of",
            "Casework.finding",
            "Casework.ladder",
            "Casework.letters",
            "Casework.looked_up",
            "Casework.start_of",
            "Casework.threads_of",
            "Casework.tokens_of",
            "Casework.parts",
            "Casework.stop_sheet",
            "Casework.covered_phrases",
            "Casework.capture_facts",
            "Casework.captured_at",
        }
    ),
    "asks whether the person may export; the safe then asks the guard (Safe.pack, Safe.papers)": frozenset({"Casework.may_export"}),
    "writes down what a person did or heard elsewhere": frozenset(
        {
            "Casework.acknowledged",
            "Casework.agree",
            "Casework.agree_without_consent",
            "Casework.answer_reporter",
            "Casework.assess",
            "Casework.assign",
            "Casework.attribute_source",
            "Casework.claimed",
            "Casework.close",
            "Casework.close_investigation",
            "Casework.consent_answered",
            "Casework.decide",
            "Casework.decide_own_page",
            "Casework.decide_subject_request",
            "Casework.disclose",
            "Casework.drop_draft",
            "Casework.drop_letter",
            "Casework.filed",
            "Casework.filing_answered",
            "Casework.filing_declined",
            "Casework.go_without_consent",
            "Casework.hold",
            "Casework.investigation_step",
            "Casework.known_earlier",
            "Casework.letter_sent",
            "Casework.missed",
            "Casework.no_capture",
            "Casework.note",
            "Casework.offer_support",
            "Casework.on_own_page",
            "Casework.open_referral",
            "Casework.papers_given",
            "Casework.point_to_procedure",
            "Casework.record_advice",
            "Casework.referral_made",
            "Casework.referral_outcome",
            "Casework.refused",
            "Casework.release_hold",
            "Casework.revealed",
            "Casework.support_answered",
            "Casework.to_safeguarding",
            "Casework.transferred",
            "Casework.undo",
            "Casework.approve_letter",
            "Casework.check_by_hand",
            "Casework.link_copy",
            "Casework.not_a_copy",
            "Casework.child_summary",
            "Casework.token_granted",
            "Casework.token_refused",
            "Casework.token_later",
        }
    ),
    "ends an order, or says how far it is": frozenset(
        {"Casework.cancel_capture", "Casework.order_cancelled", "Casework.order_failed", "Casework.order_progress"}
    ),
    "is the STOP itself, its one way back, or what the police direct": frozenset(
        {
            "Casework.saw_indecent",
            "Casework.supply_stopped",
            "Casework.stopped_by_words",
            "Casework.lift_stop",
            "Casework.destroy_directed",
            "destroying.destroy",
        }
    ),
    "only hands on to a path of the table: the engine's jobs begin carry_out and look_again": frozenset({"jobs.capture", "jobs.check"}),
    "is handed a record that its caller was given by a path of the table": frozenset({"pictures.drawable", "proving.ask"}),
    "keeps in memory what a path of the table drew, or gives it back to one (Pictures.fetch, Pictures.sharpen)": frozenset(
        {"Looks.grant", "Looks.take", "pictures.session_mark"}
    ),
    "is about people and their sessions, the names of settings or of columns, not about a case": frozenset(
        {"SignIn.user", "SignIn.sign_out", "SignIn.whose"}
    ),
}


def _public(module: ModuleType, room: str) -> Iterator[tuple[str, Any]]:
    """Yield every public function and method that a module defines, by a short name."""
    for name, found in inspect.getmembers(module):
        if name.startswith("_") or getattr(found, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(found):
            yield f"{room}.{name}", found
        if inspect.isclass(found):
            methods = inspect.getmembers(found, inspect.isfunction)
            yield from ((f"{name}.{verb}", act) for verb, act in methods if not verb.startswith("_"))


def verbs() -> set[str]:
    """Return every public verb that is handed something of a case, found by looking at the program itself."""
    names = {f"Casework.{name}": act for name, act in inspect.getmembers(Casework, inspect.isfunction) if not name.startswith("_")}
    for info in pkgutil.iter_modules(schoolwatch.__path__):
        if "testing" not in info.name and info.name not in {"__main__", "demo"}:
            names |= dict(_public(importlib.import_module(f"schoolwatch.{info.name}"), info.name))
    return {name for name, act in names.items() if NAMES & inspect.signature(act).parameters.keys()}


def test_every_verb_is_in_the_table_or_harmless_for_a_reason() -> None:
    """A verb that is new, and is handed a case or what hangs on one, has to be put into the table or explained."""
    told = {name.split(" ")[0] for name in (*PATHS, *ANSWERS)} | frozenset().union(*HARMLESS.values())

    assert sorted(verbs() - told) == []


def test_no_verb_is_both_gated_and_called_harmless() -> None:
    """The two lists exclude each other, and neither names what is no longer there (but for reasons that outlive a rename)."""
    gated = {name.split(" ")[0] for name in (*PATHS, *ANSWERS)}

    assert sorted(gated & frozenset().union(*HARMLESS.values())) == []
    assert len(gated) >= 40


# --- what was sealed off is in no backup, and goes only as the police direct ---


def test_what_was_stopped_is_in_no_backup(stopped: Stopped) -> None:
    """The files of the stopped case are withheld from every copy of the vault."""
    with stopped.watched.desk.store.read() as work:
        withheld = withheld_files(work)

    assert {file.sha256 for file in stopped.kept.files} <= withheld


def test_a_lift_gives_the_case_back(tmp_path: Path, empty_database: Path, listener: Listener) -> None:
    """A stop by words, lifted by the lead with a reason: pack and picture are there again, and nothing was lost."""
    for one in _made("words", tmp_path, empty_database, listener):
        one.watched.casework.lift_stop(one.dsl, one.case.id, WHY)

        assert one.watched.desk.safe.pack(one.dsl, one.case.id)[1]
        assert not one.watched.as_it_is(one.case).stop


def test_what_the_police_direct_goes_and_its_traces_stay(tmp_path: Path, empty_database: Path, listener: Listener) -> None:
    """Sealed off, then destroyed under a reference: the files are gone, manifest, seal and register stay, and the pack stays refused."""
    for one in _made("seen", tmp_path, empty_database, listener):
        desk, names = one.watched.desk, {file.name: file.sha256 for file in one.kept.files}
        gone = destroy(desk, one.dsl, one.kept.id, Direction("PC Invented 77", "CAD 9/2026", desk.clock.now()))
        left = [name for name, sha256 in names.items() if desk.vault.path(sha256).exists()]
        with pytest.raises(SchoolwatchError):
            desk.safe.pack(one.dsl, one.case.id)
        with desk.store.read() as work:
            verify(work.custody.where(order_by="number"))
            kept = work.evidence.get(one.kept.id)

        assert gone == len(names) - 1
        assert left == ["custody.jsonl"]
        assert kept == one.kept
        assert all(desk.vault.path(file.sha256).exists() for file in kept.seal_files)
