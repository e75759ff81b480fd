"""Stories of casework clicked through in a real browser, each by its person: one town, one server and one Chromium for all of them.

What a click adds nothing to is prepared through the services. The clock is moved by hand; the worker does its rounds when a story says so.
Pictures of the pages go to the folder named by SCHOOLWATCH_PICTURES, if there is one.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from streamlit.runtime import Runtime

from casework.intake import ReportForm
from casework.ladder import Rung
from casework.seriousness import FACTORS
from dashboard.parts import at_desk
from dashboard.server import create_app
from data.clock import FixedClock
from data.model.care import SupportKind
from data.model.cases import Case, CaseState, Confidentiality, MissedReason, Route
from data.model.copies import CopyState, FoundCopy
from data.model.evidence import OrderState
from data.model.findings import DecisionKind, Finding, ReportTick
from data.model.people import Role
from data.model.posts import PlatformName, SeenPost
from data.model.readings import Category, Severity
from schoolwatch.demo.moderator import Moderator
from schoolwatch.demo.posts import Place, TownMedia, TownPost
from schoolwatch.demo.watchlist import DEMO_PASSWORD, FERNLEY
from schoolwatch.lookup import LISTS
from schoolwatch.testing import WORDING, CountingServer, RegistryServer, Watched, watched_town

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PATIENCE = 60_000  # milliseconds: machines are shared and slow
TALLEST = 9_000  # pixels of a picture
HTTPS = 443  # the port about which a look-up asks the gate; here it makes the town's own address count as public
PEOPLE = ("dsl", "deputy", "head", "comms", "chair")
BROKEN = ("could not be drawn", "Traceback", "Error:", "Exception")
OWN = re.compile(r"(http|ws)://127\.0\.0\.1|data:|blob:")


def _post(key: str, label: str, author: str, text: str, **more: object) -> TownPost:
    return TownPost.model_validate(
        {"key": key, "place": Place.SOCIAL, "after": timedelta(0), "author": author, "label": label, "text": text, **more}
    )


POSTS = (
    _post(
        "tin",
        "defamation_individual",
        "saltbox",
        "Mr Oddwell at Fernley Green Primary School stole the money of the summer fair. He took £400 out of the tin. That is a fact.",
        place=Place.FORUM,
        title="Fernley Green, the tin",
    ),
    _post(
        "weekend",
        "safeguarding_disclosure",
        "hedgerow_hatty",
        "A little one from Year 4 at #fernleygreen told my grandson that nobody feeds her at weekends and that she is scared to go home. "
        "I do not know whom to tell.",
    ),
    _post(
        "head",
        "harassment_staff",
        "saltbox",
        "Mrs Bramblecote is a pathetic, useless excuse for a head. Everyone email her every hour until she quits. #fernleygreen",
    ),
    _post(
        "lunch",
        "fair_criticism",
        "cordwainer_cy",
        "Third week without a maths teacher for Year 5 at #fernleygreen. Poor planning in my view, and nobody answers the phone.",
    ),
    _post(
        "brief",
        "harassment_staff",
        "grumblegate",
        "Miss Tarrowby of Fernley Green Primary School is a pathetic, useless idiot. Everyone message her all day and tell her "
        "to quit. #fernleygreen",
    ),
    _post(
        "money",
        "defamation_individual",
        "grumblegate",
        "Everyone should know: Mr Quillbrook at Fernley Green Primary stole the Year 6 trip money. He took £900 from the trip fund and "
        "spent it on himself. That is a fact. #fernleygreen",
    ),
    _post(
        "photo",
        "pupil_image",
        "vale_runner",
        "Sports day at #fernleygreen, all of Year 2 at the pond. The little one at the front lost both shoes.",
        media=(TownMedia(drawing="pond", alt="children of a class beside a pond"),),
    ),
    _post(
        "gate",
        "harassment_staff",
        "dusk_rider",
        "The caretaker of Fernley Green Primary School is a useless clown, find him at the gate on Friday and tell him "
        "to quit. #fernleygreen",
    ),
    _post(
        "phone",
        "harassment_staff",
        "tannoy_tim",
        "Mr Quillbrook of Fernley Green Primary School is a useless, pathetic idiot. Everyone ring him at night until he "
        "quits. #fernleygreen",
    ),
)
CARD = ["vcard", [["fn", {}, "text", "Invented Hosting, abuse desk"], ["email", {}, "text", "abuse@hosting.example"]]]
NETWORK = {
    "objectClassName": "ip network",
    "handle": "INVENTED-1",
    "name": "INVENTED-HOSTING",
    "startAddress": "127.0.0.0",
    "endAddress": "127.255.255.255",
    "entities": [{"objectClassName": "entity", "roles": ["abuse"], "vcardArray": CARD}],
}


class Breaks(logging.Handler):
    """Keeps what the screens log when a page breaks down."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(record.getMessage())


class House:
    """The town, the desk that watches it, the server of its screens, and the browser; people sit down at windows of it."""

    def __init__(self, watched: Watched, nowhere: CountingServer, browser: Browser, address: str) -> None:
        self.watched, self.nowhere, self.browser, self.address = watched, nowhere, browser, address
        self.asked: list[str] = []
        self.windows: list[Page] = []

    def sit_down(self, who: str, path: str = "/") -> Page:
        """Sign a person in at a fresh window, by its form, and open a page."""
        window = self.browser.new_context(
            viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Europe/London", reduced_motion="reduce"
        ).new_page()
        window.set_default_timeout(PATIENCE)
        window.on("request", lambda request: self.asked.append(request.url))
        self.windows.append(window)
        window.goto(f"{self.address}/login")
        window.get_by_label("User name").fill(who)
        window.get_by_label("Password").fill(DEMO_PASSWORD)
        window.get_by_role("button", name="Sign in").click()
        window.wait_for_url(lambda address: "/login" not in address)
        return self.go(window, path)

    def go(self, window: Page, path: str) -> Page:
        """Open a page by its address."""
        window.goto(f"{self.address}{path}")
        window.get_by_test_id("stMain").wait_for()
        return still(window)

    def rise(self) -> None:
        """Close every window, having looked that nothing is broken on it."""
        for window in self.windows:
            sound(window)
            window.context.close()
        self.windows.clear()
        assert [url for url in self.asked if not OWN.match(url)] == []


@contextmanager
def served(watched: Watched) -> Iterator[str]:
    """Serve the screens of a desk from a thread; yields their address."""
    config = uvicorn.Config(create_app(watched.desk.settings, lambda _: watched.desk), host="127.0.0.1", port=0, log_level="critical")
    server, ready = uvicorn.Server(config), threading.Event()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        ready.wait(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        Runtime._instance = None
        at_desk.use(None)


@contextmanager
def chromium(browser_path: str) -> Iterator[Browser]:
    """One Chromium for every window."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, browser_path: str, empty_database: Path) -> Iterator[House]:
    """The house, built once: the town's posts are read, everybody has a password, and a registry answers for loopback addresses."""
    state = tmp_path_factory.mktemp("house") / "state"
    registry, nowhere = RegistryServer({"/ip/127.0.0.1": NETWORK}), CountingServer()
    with ExitStack() as open_things:
        open_things.enter_context(registry.open())
        open_things.enter_context(nowhere.open())
        ports = frozenset({registry.port, nowhere.port, HTTPS})
        town = watched_town(state, FixedClock(), template=empty_database, posts=POSTS, moderator=Moderator(timedelta(hours=1)), ports=ports)
        watched = open_things.enter_context(town)
        registry.listed_in(state / LISTS)
        with watched.desk.store.begin("system") as work:
            for who in PEOPLE:
                watched.desk.sign_in.set_password(work, work.users.get(who), DEMO_PASSWORD)
            work.commit()
        watched.round_in(minutes=15)
        address = open_things.enter_context(served(watched))
        yield House(watched, nowhere, open_things.enter_context(chromium(browser_path)), address)


@pytest.fixture
def house(built: House) -> Iterator[House]:
    """The house, with nobody at its windows; afterwards no page may have broken down."""
    breaks = Breaks()
    logging.getLogger("dashboard").addHandler(breaks)
    yield built
    built.rise()
    logging.getLogger("dashboard").removeHandler(breaks)
    assert breaks.lines == []


# --- what a person does at a window ---


def still(window: Page) -> Page:
    """Wait until the page is drawn."""
    window.wait_for_timeout(150)  # a click takes a moment to reach the server
    window.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    return window


def sound(window: Page) -> None:
    """Nothing on the page is broken."""
    words = window.locator("body").inner_text()
    assert [one for one in BROKEN if one in words] == []
    assert window.get_by_test_id("stException").count() == 0


def press(window: Page, label: str) -> None:
    """Press a button; where several have the name, the first that stands on the page."""
    window.get_by_role("button", name=label, exact=True).locator("visible=true").first.click()
    still(window)


def field(window: Page, label: str) -> Locator:
    """Return a field to type into; where several forms have it, the first that stands on the page."""
    return window.get_by_role("textbox", name=label).locator("visible=true").first


def fill(window: Page, label: str, words: str) -> None:
    """Type into a field."""
    field(window, label).fill(words)


def tick(window: Page, label: str) -> None:
    """Tick a box."""
    window.get_by_test_id("stCheckbox").filter(has_text=label).locator("visible=true").first.locator("label").first.click()
    still(window)


def choose(window: Page, label: str, words: str) -> None:
    """Choose from a list that opens."""
    wanted = window.get_by_role("option", name=words)
    for _ in range(20):  # a redraw folds the list away again
        window.get_by_role("combobox", name=label).locator("visible=true").first.click()
        window.wait_for_timeout(300)
        if wanted.count():
            break
    wanted.first.click()
    still(window)


def pick(window: Page, question: str, words: str) -> None:
    """Choose one of several that stand on the page."""
    window.get_by_role("radiogroup", name=question).get_by_text(words).first.click()
    still(window)


def unfold(window: Page, title: str) -> None:
    """Unfold a piece of a page."""
    window.locator("summary", has_text=title).first.click()
    still(window)


def see(window: Page, *lines: str) -> None:
    """Each of these words stands on the page, or comes soon."""
    for line in lines:
        expect(window.get_by_text(line).locator("visible=true").first).to_be_visible()


def absent(window: Page, *lines: str) -> None:
    """None of these words stands on the page that is drawn now, unfolded or not."""
    words = still(window).locator("body").text_content() or ""
    assert [line for line in lines if line in words] == []


def not_offered(window: Page, *labels: str) -> None:
    """No button or piece of the page has one of these names, unfolded or not."""
    for label in labels:
        found = still(window).get_by_role("button", name=label, include_hidden=True).or_(window.locator("summary", has_text=label))
        expect(found).to_have_count(0)


def picture(window: Page, name: str) -> None:
    """Look that nothing is broken; keep what the page looks like, wide and narrow, where somebody wants to see it."""
    sound(window)
    folder = os.environ.get("SCHOOLWATCH_PICTURES")
    if folder is None:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for width in (1280, 390):
        window.set_viewport_size({"width": width, "height": 900})
        window.wait_for_timeout(500)
        wanted = window.evaluate("(document.querySelector('[data-testid=stMain]') ?? document.body).scrollHeight")
        window.set_viewport_size({"width": width, "height": min(int(wanted) + 20, TALLEST)})
        window.evaluate("document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)")
        window.wait_for_timeout(300)
        window.screenshot(path=Path(folder) / f"{name}-{width}.png")
    window.set_viewport_size({"width": 1280, "height": 900})
    still(window)


# --- what is prepared ---


def finding_of(house: House, key: str) -> Finding:
    """Return what waits in the inbox about a post of the town."""
    return house.watched.findings(key)[-1]


def told(house: House, address: str, says: str, *ticks: ReportTick) -> Finding:
    """Somebody tells the school of a post; return what then stands in the inbox."""
    room, dsl = house.watched.casework, house.watched.user()
    report = room.report("fernley-report", ReportForm(says=says, address=address, ticks=ticks, reporter="a colleague"))
    return next(row.finding for row in room.inbox(dsl, dsl.schools()).rows if row.report == report)


def case_of(house: House, finding: Finding, category: Category, target: str, severity: Severity = Severity.S2) -> Case:
    """Let the safeguarding lead make a case of it."""
    kind = DecisionKind.OPEN_CASE
    decided = house.watched.casework.decide(house.watched.user(), finding.id, kind, category, severity, target, "Read, and judged a harm.")
    assert decided.case is not None
    return decided.case


def captured(house: House, case: Case) -> Case:
    """Order the evidence of a case and let the worker bring it."""
    house.watched.order(case)
    house.watched.round_in(minutes=5)
    return house.watched.as_it_is(case)


def at(case: Case) -> str:
    """Return where a case's page is."""
    return f"/case?id={case.id}"


def assessed(house: House, case: Case) -> None:
    """Say how serious a case is, and offer support to whom it concerns: what closing asks for."""
    room, dsl = house.watched.casework, house.watched.user()
    room.assess(dsl, case.id, {factor.key: 0 for factor in FACTORS}, {})
    room.offer_support(dsl, case.id, case.target, [SupportKind.LINE_MANAGER])


# --- the stories ---


def test_defamed_on_a_forum_whose_operator_is_silent(house: House) -> None:
    """A13 to A23: a day of silence; by clicks the host is looked up, written to and recorded, our looks find it gone, and it is closed."""
    watched = house.watched
    case = captured(house, case_of(house, finding_of(house, "tin"), Category.DEFAMATION_INDIVIDUAL, "staff:oddwell", Severity.S3))
    assessed(house, case)
    _nobody_answers(house, case)
    window = house.sit_down("dsl", at(case))

    # The ladder says that it is the host's turn. The registry is asked, and a person chooses what it answered.  # A21
    unfold(window, "Next rung: Host")
    see(window, "due now")
    unfold(window, "Who hosts this site?")
    press(window, "Look up who hosts it")
    see(window, "Invented Hosting, abuse desk", "Network: INVENTED-HOSTING.")
    picture(window, "forum-1-host")
    press(window, "Write to this one")
    see(window, "Chosen: it now stands first among the ways")

    # The letter to the host: it may be passed on, so that is accepted first.
    unfold(window, "Draft another request")
    fill(window, "What is it, in one or two lines?", "A post that says as a fact that a member of our staff took money.")
    fill(window, "Why may it be unlawful, in plain words?", "It states a grave wrong as a fact; nothing supports it.")
    fill(window, "When the site's operator was asked", "Friday at 09:20")
    choose(window, "What the operator answered", "no answer")
    press(window, "Show the words")
    see(window, "hosting provider of the site")
    press(window, "Keep these words")
    see(window, "tick first that")
    picture(window, "forum-2-refused")
    tick(window, "The person concerned accepts that it may be passed on or published")
    press(window, "Show the words")
    press(window, "Keep these words")
    see(window, "Ready to send")
    picture(window, "forum-3-ready")
    fill(window, "Reference they gave you, if any", "H-40")
    press(window, "I sent it: record it as sent")
    see(window, "Recorded as sent.")

    # The host acts; two looks of ours agree, and the page says so by itself.
    watched.town.receive_request(watched.address("tin"), watched.clock.now())
    watched.look_in(case, hours=2)
    watched.look_in(case, minutes=20)
    see(window, "Gone: note the lessons and the support offered, then close the case.")
    picture(window, "forum-4-gone")
    choose(window, "Why were the 24 hours missed?", "was slow")
    close(window)
    picture(window, "forum-5-closed")

    done = watched.casework.case(watched.user(), case.id)
    assert (done.case.state, done.case.missed_reason) == (CaseState.CLOSED, MissedReason.PLATFORM_SLOW)
    assert [(one.route, one.reference) for one in done.requests] == [(Route.SITE_OPERATOR, "none"), (Route.HOST, "H-40")]


def _nobody_answers(house: House, case: Case) -> None:
    """Write to the forum's operator; a day goes by, with the helpline told in the middle of it."""
    watched = house.watched
    room, dsl = watched.casework, watched.user()
    way = next(one for one in room.propose(dsl, case.id).proposals if one.route is Route.SITE_OPERATOR)
    request = room.draft(dsl, case.id, way.item_id, way.route, way.ground, way.capacity, WORDING)
    room.record_sent(dsl, request.id, reference="none")
    for hours in (1, 3, 8):
        watched.round_in(hours=hours)
    room.escalate(dsl, case.id, Rung.POSH, "the helpline, by telephone", "The operator has been silent for half a day.")
    watched.round_in(hours=12, minutes=30)


def test_a_disclosure_locks_every_request_until_advice(house: House) -> None:
    """A10: a child may be in need; no form, no capture, nobody to ask, until the advice is recorded."""  # A10
    window = house.sit_down("dsl", f"/finding?id={finding_of(house, 'weekend').id}")
    pick(window, "What is it to be?", "Safeguarding concern")
    choose(window, "Whom does it concern?", "a pupil")
    fill(window, "Why?", "A child may go hungry.")
    press(window, "Record this decision")
    picture(window, "disclosure-1-decided")
    window.get_by_role("button", name=re.compile("Go on to case")).click()
    see(window, "Safeguarding first: nobody is asked to remove it yet.", "Record the advice of the LADO")
    not_offered(window, "Show the words", "Capture the evidence", "Draft a", "I sent it")
    picture(window, "disclosure-2-locked")

    # Without words it is refused and the choice stays; with them the case goes on.
    pick(window, "Whose advice?", "children")
    press(window, "Record the advice")
    picture(window, "disclosure-3-refused")
    fill(window, "What was advised, or why none was needed?", "They visit today. Removal may be asked for.")
    press(window, "Record the advice")
    see(window, "Capture the evidence before anyone is asked")
    absent(window, "nobody is asked to remove it yet")
    picture(window, "disclosure-4-released")


def test_a_post_about_the_head_is_nothing_to_the_head(house: House) -> None:
    """§7.3: judged by the lead; the head finds nothing by list, search or address; the chair has it."""
    finding = finding_of(house, "head")
    lead = house.sit_down("dsl", f"/finding?id={finding.id}")
    pick(lead, "What is it to be?", "Open a case")
    choose(lead, "Whom does it concern?", "the headteacher")
    fill(lead, "Why?", "It calls on people to drive her out.")
    press(lead, "Record this decision")
    see(lead, "The case went to the person who must deal with it")
    not_offered(lead, "Go on to case")
    picture(lead, "head-1-lead")
    chair_user = house.watched.user("chair")
    case = next(row.case for row in house.watched.casework.cases(chair_user, [FERNLEY]) if row.case.finding_id == finding.id)

    head = house.sit_down("head")
    absent(head, "useless excuse for a head")
    house.go(head, "/cases")
    absent(head, case.ref)
    for words in (case.ref, "useless excuse"):
        house.go(head, "/")
        search = head.get_by_label("Search by case number or words")
        search.fill(words)
        search.press("Enter")
        see(head, "Nothing that you may see fits these words")
    house.go(head, at(case))
    see(head, "There is no such case, or it is not yours to see.")
    absent(head, case.ref, "useless excuse")
    picture(head, "head-2-head")
    house.go(head, f"/finding?id={finding.id}")
    see(head, "There is no such flagged post, or it is not yours to see.")
    absent(head, "useless excuse")

    chair = house.sit_down("chair")
    see(chair, case.ref)
    picture(chair, "head-4-chair-list")
    press(chair, "Open")
    see(chair, f"Case {case.ref}", "useless excuse for a head", "restricted: the chair of governors")
    picture(chair, "head-5-chair-case")

    assert case.confidentiality is Confidentiality.RESTRICTED_CHAIR


def test_fair_criticism_is_answered_and_not_removed(house: House) -> None:
    """B31, B32: the communications lead reads it; there is nothing to remove it with, only the way to the head."""  # B31 B32
    finding = finding_of(house, "lunch")
    window = house.sit_down("comms")
    see(window, "Third week without a maths teacher")
    picture(window, "fair-1-inbox")
    house.go(window, f"/finding?id={finding.id}")
    not_offered(window, "emov", "Draft", "Show the words", "Capture", "Ask")
    pick(window, "What is it to be?", "Fair criticism: to the headteacher")
    picture(window, "fair-2-choice")
    press(window, "Record this decision")
    picture(window, "fair-3-refused")
    fill(window, "Why?", "A fair point about the telephone.")
    press(window, "Record this decision")
    see(window, "Decided: Fair criticism: to the headteacher")
    picture(window, "fair-4-decided")


def test_a_case_that_turns_out_to_be_criticism_is_answered(house: House) -> None:
    """B31, B32: the head sends a case to be answered instead; from then on nothing is there to remove it with."""  # B31 B32
    finding = told(house, "", "Somebody is blunt about the dinner queue.")
    case = case_of(house, finding, Category.HARASSMENT_STAFF, "staff")
    window = house.sit_down("head", at(case))
    unfold(window, "Another step")
    choose(window, "Step", "Answer it instead")
    fill(window, "Who writes the reply", "the communications lead")
    press(window, "Answer it instead")
    see(window, "The headteacher decides on the reply.")
    not_offered(window, "Draft a", "Show the words", "Which way?", "Capture the evidence")
    picture(window, "fair-5-reply")
    fill(window, "What was the person who reported it told?", "That we answer it in the open.")
    close(window)

    assert house.watched.as_it_is(case).state is CaseState.CLOSED


def test_an_indecent_image_suspected_is_stopped(house: House) -> None:
    """B36, B37: at the question the case stops; no picture, no link, no knock at the address."""  # B36 B37
    knocks = house.nowhere.connections
    address = f"http://127.0.0.1:{house.nowhere.port}/room/7/picture-of-the-class"
    finding = told(house, address, "Somebody passes a picture round.")
    case = case_of(house, finding, Category.PUPIL_BULLYING, "pupils")
    window = house.sit_down("dsl", at(case))
    press(window, "Capture the evidence")
    see(window, "Answer the safety question first")
    pick(window, "Could this show", "Not sure")
    picture(window, "stop-1-question")
    press(window, "Stop and hand over to the safeguarding lead")
    see(window, "STOP. This may be an indecent image of a child.", "What to do")
    house.watched.round_in(hours=2)
    house.go(window, at(case))
    see(window, "Address kept:")
    absent(window, "picture-of-the-class")
    not_offered(window, "Draft a", "Check now", "Download the evidence pack", "Show the words", "Capture")
    picture(window, "stop-2-stopped")

    assert window.locator('a[href*="picture-of-the-class"], img[src*="media"]').count() == 0
    assert house.nowhere.connections == knocks
    assert [order.state for order in house.watched.casework.case(house.watched.user(), case.id).orders] == [OrderState.STOPPED]


def test_gone_before_anybody_was_asked(house: House) -> None:
    """A20: our looks find it gone while the case is young; recorded by a click, closed, and counted as no request of ours."""  # A20
    watched = house.watched
    case = captured(house, case_of(house, finding_of(house, "brief"), Category.HARASSMENT_STAFF, "staff:tarrowby"))
    assessed(house, case)
    watched.town.receive_request(watched.address("brief"), watched.clock.now())  # by somebody else
    watched.look_in(case, hours=2)
    watched.look_in(case, minutes=20)
    window = house.sit_down("dsl", at(case))
    see(window, "Our checks find it gone before anyone was asked")
    picture(window, "gone-1-found")
    choose(window, "Step", "Gone before anyone was asked")
    press(window, "Gone before anyone was asked")
    picture(window, "gone-2-recorded")
    close(window)

    assert watched.as_it_is(case).state is CaseState.CLOSED
    assert watched.casework.case(watched.user(), case.id).requests == ()


def test_a_post_that_comes_back(house: House) -> None:
    """A20: the same words again open a linked case; almost the same words are put before a person, who links them by a click."""  # A20
    watched = house.watched
    room, dsl = watched.casework, watched.user()
    case = captured(house, case_of(house, finding_of(house, "money"), Category.DEFAMATION_INDIVIDUAL, "staff:quillbrook"))
    watched.ask(case)
    watched.look_in(case, hours=2)
    watched.look_in(case, minutes=20)
    assessed(house, case)
    room.close(dsl, case.id, "removed", "Look again each week.", "Line manager.")
    again = next(post for post in POSTS if post.key == "money").text
    first = next(post for post in watched.posts() if post.permalink == watched.address("money"))
    seen_again(house, "again", again, author_id=first.author_id, author_handle=first.author_handle)
    seen_again(house, "retold", f"They took it down, so here it is once more, pass it on. {again}", author_handle="@somebody")
    watched.round_in(minutes=5)

    window = house.sit_down("dsl", at(case))
    see(window, "The same again?", "linked", "possible copy")
    picture(window, "again-1-closed")
    press(window, "Link it")
    see(window, "Linked. The post is dealt with as the same matter.")
    picture(window, "again-2-linked")
    window.get_by_role("button", name=re.compile("Go to case")).first.click()
    see(window, f"It came back: linked to case {case.ref}.")
    picture(window, "again-3-opened")

    assert {copy.state for copy in copies_in(house, case)} == {CopyState.LINKED}


def copies_in(house: House, case: Case) -> list[FoundCopy]:
    """Return the copies that were found of a case's posts."""
    with house.watched.desk.store.read() as work:
        return work.copies.where(case_id=case.id)


def seen_again(house: House, key: str, text: str, **author: str | None) -> None:
    """Let a further post of the town be seen, as if a source had brought it."""
    now = house.watched.clock.now()
    seen = SeenPost(
        platform=PlatformName.MASTODON,
        native_id=key,
        permalink=f"{house.watched.running.base}/social/@further/{key}",
        text=text,
        created_at=now,
        author_id=author.get("author_id"),
        author_handle=author.get("author_handle"),
    )
    with house.watched.desk.store.begin("system") as work:
        work.posts.keep([seen], source_id=None, seen_at=now)
        work.commit()


def test_a_childs_photograph_and_a_name_that_may_not_leave(house: House) -> None:
    """A36, B12: a child's name in the words of a notice is refused, the words stay typed; without it they are shown."""  # A36 B12
    finding = told(house, house.watched.address("photo"), "Another parent shows our children.", ReportTick.IMAGE_WITHOUT_PERMISSION)
    case = captured(house, case_of(house, finding, Category.PUPIL_IMAGE, "pupils"))
    window = house.sit_down("dsl", at(case))
    picture(window, "photo-1-case")
    what = "A photograph of my pupil Wilf Hawthornly in 2B, by a pond."
    fill(window, "What is it, in one or two lines?", what)
    fill(window, "Which rule of the place does it break?", "No pictures of children without consent")
    press(window, "Show the words")
    see(window, "seems to hold a child's name")
    picture(window, "photo-2-refused")
    assert field(window, "What is it, in one or two lines?").input_value() == what
    not_offered(window, "Keep these words")
    fill(window, "What is it, in one or two lines?", "A photograph of a class of small children beside a pond.")
    press(window, "Show the words")
    see(window, "Keep these words")
    picture(window, "photo-3-words")


def test_two_people_at_two_windows_judge_one_post(house: House) -> None:
    """The first decision stands; the second person is told who decided and what, and finds what was typed."""
    finding = finding_of(house, "gate")
    windows = [house.sit_down(who, f"/finding?id={finding.id}") for who in ("dsl", "deputy")]
    for window, why in zip(windows, ("It names a place and a time.", "Rude, but nothing to act upon."), strict=True):
        pick(window, "What is it to be?", "Open a case")
        choose(window, "Whom does it concern?", "another member of staff")
        fill(window, "Why?", why)
    for window in windows:
        press(window, "Record this decision")
    picture(windows[1], "two-second")
    see(windows[1], "decided this while you were writing", "Dana Safeley", "It names a place and a time.", "Rude, but nothing to act upon.")

    with house.watched.desk.store.read() as work:
        assert [one.by for one in work.decisions.where(finding_id=finding.id)] == ["dsl"]


def test_demoted_while_a_form_is_open(house: House) -> None:
    """A person whose role is taken away meanwhile is told so in words; nothing is recorded, and what was typed is shown."""
    case = captured(house, case_of(house, finding_of(house, "phone"), Category.HARASSMENT_STAFF, "staff:quillbrook"))
    window = house.sit_down("deputy", at(case))
    typed = "A post that calls on people to ring a teacher at night."
    fill(window, "What is it, in one or two lines?", typed)
    fill(window, "Which rule of the place does it break?", "No harassment")
    desk, lead = house.watched.desk, house.watched.user()
    desk.people.set_roles(lead, FERNLEY, "deputy", (Role.COMMS_LEAD,))
    try:
        press(window, "Show the words")
        picture(window, "demoted")
        see(window, typed)
    finally:
        desk.people.set_roles(lead, FERNLEY, "deputy", (Role.DEPUTY_DSL,))

    assert house.watched.casework.case(lead, case.id).requests == ()


def close(window: Page) -> None:
    """Close the case that stands on the page."""
    fill(window, "What was learned?", "Look again before asking.")
    fill(window, "Which support was offered, or why none?", "The line manager talked with the colleague.")
    press(window, "Close the case")
    see(window, "The case is closed.")
