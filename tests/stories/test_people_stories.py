"""Stories about people, through the service on a real store, and two of them again in a real browser by a person's clicks.

A teacher who must file in person; a threat with consent refused and then given; a disclosure that locks every request; a post about the
head; an indecent image suspected.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Page, expect, sync_playwright
from streamlit.runtime import Runtime

from casework.duties import DutyKind
from casework.errors import AdviceMissingError, ConsentMissingError, FieldsMissingError, FilingRefusedError
from casework.notice import Wording
from dashboard.parts import at_desk
from dashboard.parts.testing import PASSWORD, SCHOOL, World, build
from dashboard.server import create_app
from data.clock import FixedClock
from data.errors import CaseError, NotFoundError
from data.model.care import Attribution, Consent, FilingState, ReferralBody, SourceKind, SupportAnswer, SupportKind
from data.model.cases import Capacity, Case, CaseState, Confidentiality, Ground, Route, Verdict
from data.model.evidence import OrderState, SafetyAnswer
from data.model.findings import DecisionKind
from data.model.readings import Category, Severity

HOUR = timedelta(hours=1)
PATIENCE = 60_000  # milliseconds: machines are shared and slow


@pytest.fixture
def world(tmp_path: Path, clock: FixedClock, database_url: str) -> Iterator[World]:
    """A desk with one person for each role."""
    made = build(tmp_path, clock, database_url)
    yield made
    made.desk.close()


def with_lead(world: World, key: str, category: Category, target: str = "pupil", severity: Severity = Severity.S3) -> Case:
    """Flag a post and give it to the safeguarding lead."""
    finding = world.flag(key, f"something that should worry us ({key})", severity, category)
    kind = DecisionKind.SAFEGUARDING
    return world.keep(key, world.desk.casework.decide(world.people["dsl"], finding.id, kind, category, severity, target, "A worry."))


def locked(world: World, key: str) -> None:
    """Nobody can be asked: neither by the school nor by the person concerned."""
    room, dsl, case = world.desk.casework, world.people["dsl"], world.cases[key]
    item = room.case(dsl, case.id).items[0].id
    way = (Route.FEDIVERSE_MODERATORS, Ground.PLATFORM_RULES, Capacity.SCHOOL_REPRESENTATIVE)
    with pytest.raises(CaseError):
        room.draft(dsl, case.id, item, *way, Wording(what_it_is="A post.", rule_breached="No harassment"))
    with pytest.raises(FilingRefusedError):
        room.offer_filing(dsl, case.id, item, "teacher", "u-deputy", words="Please remove it.")


def test_a_teacher_files_in_person_and_it_goes(world: World) -> None:
    """A19, A20, A23: support, papers, filed with a number, found gone twice, closed; the site's own word stops nothing."""  # A19 A20 A23
    case = world.open_case("shouted", "Q should be ashamed of himself")
    world.capture("shouted")
    room, dsl, head = world.desk.casework, world.people["dsl"], world.people["head"]
    offer = room.offer_support(head, case.id, "teacher", [SupportKind.UNION])
    room.support_answered(head, offer.id, SupportAnswer.ACCEPTED)
    item = room.case(dsl, case.id).items[0].id
    filing = room.offer_filing(dsl, case.id, item, "teacher", "u-deputy", words="Please remove this; it names me.")
    name, content = world.desk.safe.papers(dsl, filing.id)
    room.papers_given(dsl, filing.id)
    world.clock.forward(2 * HOUR)
    room.filed(dsl, filing.id, "F-1")
    room.filing_answered(dsl, filing.id, "We removed it.")
    running = room.case(dsl, case.id)
    for slot in ("one", "two"):
        world.clock.forward(HOUR)
        world.look("shouted", Verdict.REMOVED_UNKNOWN, slot)
    done = room.close(dsl, case.id, "removed", "Ask the person first.", "The union.")

    assert (name.endswith("-papers.zip"), content[:2]) == (True, b"PK")
    assert (running.case.state, running.standing.stopped_at) == (CaseState.REQUESTED, None)
    assert (done.state, done.outcome) == (CaseState.CLOSED, "removed")


def test_a_threat_with_consent_refused_and_then_given(world: World) -> None:
    """A22: nobody goes to the police over the teacher's head; when the teacher agrees, they are told, beside the case."""  # A22
    case = with_lead(world, "gate", Category.THREAT_TO_LIFE, "teacher", Severity.S4)
    room, head = world.desk.casework, world.people["head"]
    referral = room.open_referral(head, case.id, ReferralBody.POLICE, "He writes that he will come.", "the teacher")
    room.consent_answered(head, referral.id, False, "in person")
    with pytest.raises(ConsentMissingError):
        room.referral_made(head, referral.id, "101")
    world.clock.forward(HOUR)
    room.consent_answered(head, referral.id, True, "by telephone")
    made = room.referral_made(head, referral.id, "101", "ref 9", force="Ashcombe Police", offences=["threat"])

    assert (made.consent, made.made_at) == (Consent.GIVEN, world.clock.now())
    assert room.case(head, case.id).case.state is CaseState.SAFEGUARDING_LEAD


def test_a_disclosure_locks_every_request_until_advice(world: World) -> None:
    """A10: neither draft nor papers nor investigation before the LADO's word; with it the case goes on."""  # A10
    case = with_lead(world, "worry", Category.STAFF_ALLEGATION, "teacher")
    room, dsl = world.desk.casework, world.people["dsl"]
    locked(world, "worry")
    with pytest.raises(AdviceMissingError):
        room.open_investigation(dsl, case.id, "u-dsl")
    assert DutyKind.LADO in {duty.kind for duty in room.care_of(dsl, case.id).duties}
    world.clock.forward(4 * 24 * HOUR)
    assert any(duty.kind is DutyKind.LADO and duty.is_late(world.clock.now()) for duty in room.care_of(dsl, case.id).duties)
    referral = room.open_referral(dsl, case.id, ReferralBody.LADO, "An allegation in public.")
    room.referral_made(dsl, referral.id, "telephone", "LADO-4")
    room.referral_outcome(dsl, referral.id, "Look into it; removal may be asked for.")

    assert room.case(dsl, case.id).case.state is CaseState.TRIAGED
    assert room.open_investigation(dsl, case.id, "u-dsl").lead == "u-dsl"


def test_a_post_about_the_head_goes_round_the_head(world: World) -> None:
    """§7.3: the chair has it; for the head there is no case, in list, search, file and export; the chair does what the head would."""
    finding = world.flag("head", "the head is a bully", Severity.S2, Category.HARASSMENT_STAFF)
    kind, category = DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF
    room, head, chair = world.desk.casework, world.people["head"], world.people["chair"]
    decided = room.decide(world.people["dsl"], finding.id, kind, category, Severity.S2, "headteacher", "About the head.")
    case = room.cases(chair, [SCHOOL])[0].case
    room.assess(chair, case.id, {"nature": 2}, {})
    room.offer_support(chair, case.id, "headteacher", [SupportKind.UNION])

    assert (decided.visible, case.confidentiality, case.owner_id) == (False, Confidentiality.RESTRICTED_CHAIR, "u-chair")
    assert (room.cases(head, [SCHOOL]), room.search(head, case.ref, [SCHOOL]).cases) == ((), ())
    for act in (room.case, room.care_of, room.may_export):
        with pytest.raises(NotFoundError):
            act(head, case.id)


def test_a_colleague_who_posted_it_is_asked_to_remove_it(world: World) -> None:
    """A24, B14, A27: named by a person with a basis; the case is the head's; the duty stands until the colleague was asked."""  # A24 B14
    case = world.open_case("leak", "look what the office sent round", Category.CONFIDENTIAL_LEAK)
    room, dsl, head = world.desk.casework, world.people["dsl"], world.people["head"]
    inquiry = room.open_investigation(dsl, case.id, "u-dsl")
    room.attribute_source(dsl, inquiry.id, Attribution.ADMITTED, SourceKind.STAFF, "Said so to the deputy.")
    owed = {duty.kind for duty in room.care_of(head, case.id).duties}

    assert room.case(head, case.id).case.confidentiality is Confidentiality.RESTRICTED_HT
    assert {DutyKind.AUTHOR, DutyKind.PROCEDURE} <= owed


def test_an_indecent_image_suspected_ends_with_the_lead(world: World) -> None:
    """B36, B37: stopped at the question, nothing kept, nothing asked; passed on by the address and closed by the lead."""  # B36 B37
    case = world.open_case("swap", "pictures, swap?", Category.PUPIL_BULLYING, "pupils")
    room, dsl = world.desk.casework, world.people["dsl"]
    order = room.order_capture(dsl, case.id, room.case(dsl, case.id).items[0].id, SafetyAnswer.NOT_SURE)
    locked(world, "swap")
    room.record_advice(dsl, case.id, "police", "Do not open it.")
    referral = room.open_referral(dsl, case.id, ReferralBody.IWF, "The address only.")
    room.referral_made(dsl, referral.id, "online", "IWF-2")
    with pytest.raises(FieldsMissingError):
        room.move(dsl, case.id, CaseState.CLOSED, {"advice": "police"})
    closed = room.close(dsl, case.id, "passed_on", "Stop early.", "The pupils' families were told.")

    assert (order.state, closed.state) == (OrderState.STOPPED, CaseState.CLOSED)
    assert room.case(dsl, case.id).evidence == ()
    assert not list(world.desk.vault.root.glob("??/*"))


# --- the same in a real browser ---


@pytest.fixture
def window(browser_path: str, world: World) -> Iterator[Page]:
    """A browser window at the sign-in page of a server at this desk."""
    config = uvicorn.Config(create_app(world.desk.settings, lambda _: world.desk), host="127.0.0.1", port=0, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Europe/London")
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        for _ in range(200):
            if server.started:
                break
            page.wait_for_timeout(100)
        port = server.servers[0].sockets[0].getsockname()[1]
        page.goto(f"http://127.0.0.1:{port}/login")
        yield page
        browser.close()
    server.should_exit = True
    thread.join(20)
    Runtime._instance = None
    at_desk.use(None)


def at_case(window: Page, who: str, case: Case, piece: str) -> None:
    """Sign in, open a case and unfold a piece of it."""
    window.get_by_label("User name").fill(who)
    window.get_by_label("Password").fill(PASSWORD)
    window.get_by_role("button", name="Sign in").click()
    window.wait_for_url(lambda address: "/login" not in address)
    window.goto(window.url.split("/", 3)[0] + "//" + window.url.split("/", 3)[2] + f"/case?id={case.id}")
    window.locator("summary", has_text=piece).click()
    window.wait_for_timeout(1_500)  # the page draws itself once more when a piece opens


def choose(window: Page, label: str, words: str) -> None:
    """Choose from a list that opens."""
    wanted = window.get_by_role("option", name=words, exact=True)
    for _ in range(20):  # a redraw folds the list away again
        window.get_by_role("combobox", name=label).click()
        window.wait_for_timeout(700)
        if wanted.count():
            break
    wanted.click()


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_in_the_browser_a_teacher_files_in_person(world: World, window: Page) -> None:
    """By clicks: the offer, the papers as a download, handed over, filed."""
    case = world.open_case("shouted", "Q should be ashamed of himself")
    world.capture("shouted")
    at_case(window, "dsl", case, "The person files the report")
    choose(window, "Who helps the person?", "Invented deputy")
    window.get_by_role("button", name="Offer this help").click()
    with window.expect_download() as papers:
        window.get_by_role("link", name="Make the papers").click()
    window.get_by_text("papers for the person were made").wait_for()
    window.get_by_role("button", name="The person has the papers").click()
    window.get_by_label("Number that the site gave").fill("F-1")
    window.get_by_role("button", name="The person has filed it").click()
    window.get_by_text("Reference: F-1").wait_for()

    assert papers.value.suggested_filename == f"Schoolwatch-{case.ref}-papers.zip"
    found = world.desk.casework.care_of(world.people["dsl"], case.id).filings[0]
    assert (found.state, found.reference) == (FilingState.FILED, "F-1")
    assert world.desk.casework.case(world.people["dsl"], case.id).case.state is CaseState.REQUESTED


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_in_the_browser_consent_is_refused_and_then_given(world: World, window: Page) -> None:
    """By clicks: the head asks, the teacher says no and the page refuses; then yes, and the police are told."""
    case = with_lead(world, "gate", Category.THREAT_TO_LIFE, "teacher", Severity.S4)
    at_case(window, "head", case, "Police and other bodies")
    choose(window, "Put it to", "the police")
    window.get_by_label("Why is it put to them?").fill("He writes that he will come.")
    window.get_by_role("button", name="Open the referral").click()
    for answer, said in (("no", "Consent: the person does not agree"), ("yes", "Consent: the person agrees")):
        window.get_by_role("radiogroup", name="Does the person agree?").get_by_text(answer, exact=True).click()
        window.get_by_label("How did they say so?").fill("in person")
        window.get_by_role("button", name="Record the answer").first.click()
        window.get_by_text(said).wait_for()
        if answer == "no":
            choose(window, "Told by", "101")
            window.get_by_label("Police force").fill("Ashcombe Police")
            window.get_by_role("button", name="They were told").click()
            window.get_by_text("only when the person concerned agrees").wait_for()
    window.get_by_role("button", name="They were told").click()
    window.get_by_text("Ashcombe Police").first.wait_for()

    made = world.desk.casework.care_of(world.people["head"], case.id).referrals[0]
    assert (made.consent, made.force, made.made_at is not None) == (Consent.GIVEN, "Ashcombe Police", True)
