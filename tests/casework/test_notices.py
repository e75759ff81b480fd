"""Each notice of domain.md §9 from a filled case: nothing missing, read back from PDF and mail draft; a planted child's name is blocked."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pikepdf
import pytest

from casework import routes
from casework.asking import platform_rows
from casework.drafting import Known, addressee, contacts, must_suit, starts
from casework.errors import GroundMissingError, IllegalMoveError, NoticeIncompleteError, PersonalDataError
from casework.mail_draft import mail_draft
from casework.notice import Ask, AskKind, Notice, Wording
from casework.notices import NOTICES, notice_for
from casework.personal_data import leaks
from casework.routes import Known as Around
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_case, a_post, a_user, an_evidence, an_item, fill
from data.clock import FixedClock
from data.errors import CaseError, NotFoundError, PermissionDeniedError
from data.model.base import new_id
from data.model.care import Attribution, Investigation, SourceKind
from data.model.cases import Capacity, Case, CaseState, Ground, RequestState, Route, TakedownRequest
from data.model.evidence import SafetyAnswer
from data.model.findings import DecisionKind
from data.model.network import ContactScope, NetworkContact, NetworkLookup
from data.model.people import Role
from data.model.posts import PlatformName
from data.model.readings import Category, Severity
from data.store import Store
from evidence.custody import CustodyDraft

DSL, HEAD, COMMS = a_user(Role.DSL), a_user(Role.HEADTEACHER, user_id="u-head"), a_user(Role.COMMS_LEAD, user_id="u-comms")
ADDRESS = "https://forum.example.org/t/12#post-3"
SCHOOL_ADDRESS, SCHOOL = "Orchard Lane, FG1 2AB", "Fernley Green Primary School"

# route -> (category, whom it concerns, ground, in what capacity): a case in which this notice is the right one
Way = tuple[Category, str, Ground, Capacity]
_PUPIL_PICTURE: Way = (Category.PUPIL_IMAGE, "pupil", Ground.CHILD_IMAGE_PRIVACY, Capacity.PARENT)
_STAFF: Way = (Category.HARASSMENT_STAFF, "teacher", Ground.PLATFORM_RULES, Capacity.SCHOOL_REPRESENTATIVE)
_DEFAMED: Way = (Category.DEFAMATION_INDIVIDUAL, "teacher", Ground.DEFAMATION_INDIVIDUAL, Capacity.SUBJECT)
WAYS: dict[Route, Way] = dict.fromkeys(Route, _STAFF) | {
    Route.SECTION_5: _DEFAMED,
    Route.GDPR_ERASURE: (Category.PUPIL_PERSONAL_DATA, "pupil", Ground.GDPR_ERASURE, Capacity.PARENT),
    Route.ACCOUNT_OWNER: _PUPIL_PICTURE,
    Route.IMPERSONATION: (Category.IMPERSONATION, "school", Ground.IMPERSONATION, Capacity.SCHOOL_REPRESENTATIVE),
    Route.COPYRIGHT: (Category.COPYRIGHT_MISUSE, "school", Ground.COPYRIGHT, Capacity.SCHOOL_REPRESENTATIVE),
    Route.SEARCH_ENGINE: (Category.PUPIL_PERSONAL_DATA, "pupil", Ground.GDPR_ERASURE, Capacity.PARENT),
    Route.COMPLAINANT: _DEFAMED,
}
EVERY = pytest.mark.parametrize("notice", NOTICES.values(), ids=list(NOTICES))


class Scene:
    """A case of the right kind for a notice, captured, and the form filled in."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        clock.moment = NOON
        self.store, self.clock, self.desk = store, clock, Casework(store, clock)
        self.finding = fill(store, DSL, HEAD, COMMS)
        self.case: Case
        self.item = ""

    def ready(self, way: Way) -> Scene:
        """Open a case of this kind and seal evidence of its post."""
        category, target, *_ = way
        made = self.desk.decide(DSL, self.finding.id, DecisionKind.OPEN_CASE, category, Severity.S2, target, "It targets somebody.")
        assert made.case is not None
        self.case, self.item = made.case, self.desk.case(DSL, made.case.id).items[0].id
        order = self.desk.order_started(self.desk.order_capture(DSL, self.case.id, self.item, SafetyAnswer.NO).id)
        evidence = an_evidence(self.case.id, self.item, order.id)
        draft = CustodyDraft(at=self.clock.now(), by="u-dsl", evidence_id=evidence.id, what="sealed")
        self.desk.evidence_sealed(order.id, evidence, [draft])
        return self

    def draft(self, notice: Notice, wording: Wording | None = None, *, forwarded: bool = True) -> TakedownRequest:
        """Draft the notice with every field filled."""
        _, _, ground, capacity = WAYS[notice.route]
        words = wording or filled(notice)
        return self.desk.draft(DSL, self.case.id, self.item, notice.route, ground, capacity, words, forwarded)

    def paper(self, request: TakedownRequest, form: str) -> bytes:
        """Return the request as a file."""
        return self.desk.paper(DSL, "request", request.id, form).content


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """A school with people and one flagged post."""
    return Scene(store, clock)


def filled(notice: Notice, **changes: Any) -> Wording:
    """Return the whole form: what all notices ask and the notice's own asks, by their examples."""
    details = {one.key: True if one.kind is AskKind.TICK else one.example for one in notice.asks}
    made = Wording(
        what_it_is="A post that says as a fact that a member of staff took money.",
        rule_breached="Be civil",
        rule_link="https://forum.example.org/rules",
        unlawful_nature="It states a grave wrong as a fact about a person who can be recognised.",
        complainant="the teacher concerned" if WAYS[notice.route][1] == "teacher" else "the child's parent",
        details=details,
    )
    return replace(made, **changes)


def mail(content: bytes) -> EmailMessage:
    """Return the draft as a mail program reads it."""
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def flat(text: str) -> str:
    """Return the words without regard to where lines end."""
    return " ".join(text.split())


@EVERY
def test_a_filled_case_gives_each_notice_with_nothing_missing_as_pdf_and_mail_draft(
    scene: Scene, notice: Notice, words_of: Callable[[bytes], str]
) -> None:
    """Drafted through the service, opened with two other programs: every part of §9 stands in both (A18, A21)."""
    scene.ready(WAYS[notice.route])
    request = scene.draft(notice)
    if request.state is RequestState.DRAFT:
        with pytest.raises(IllegalMoveError, match="not approved yet"):
            scene.paper(request, "eml")
        scene.desk.approve_request(HEAD, request.id)
    read, draft = words_of(scene.paper(request, "pdf")), mail(scene.paper(request, "eml"))
    written = flat(draft.get_content())

    parts = [
        scene.case.ref,
        ADDRESS,
        "Orchard Lane, Fernley Green FG1 2AB",
        "office@fernley-green.example",
        "Designated Safeguarding Lead",
        "within 24 hours" if notice.route is not Route.COMPLAINANT else "Please do it by",
        "witness code",
        "12:00 UTC",
    ]
    for part in parts:
        assert part in read, part
        assert part in written, part
    for one in notice.asks:
        value = request.details[one.key]
        if isinstance(value, str) and value in request.body:
            assert flat(value) in written
    assert written == flat(request.body)
    assert (draft["X-Unsent"], draft["To"], draft["From"]) == ("1", "", "office@fernley-green.example")
    assert draft["Subject"] == request.subject
    assert not draft.is_multipart()
    with pikepdf.open(io.BytesIO(scene.paper(request, "pdf"))) as opened:
        assert opened.Root.Lang == "en-GB"


@EVERY
def test_a_pupils_name_in_any_field_is_blocked_and_the_field_named(scene: Scene, notice: Notice) -> None:
    """Planted into every free text in turn: refused before anything is written, by the field's own words, without repeating the name."""
    scene.ready(WAYS[notice.route])
    fields: list[tuple[str, Wording]] = [
        ("what it is", filled(notice, what_it_is="It shows Leah Marsh in 4B crying.")),
        ("who is asked", filled(notice, recipient="the parents of Leah Marsh")),
        ("why it is urgent", filled(notice, why_urgent="My son Tom is afraid.")),
        ("on whose behalf", filled(notice, complainant="Leah's mum")),
    ]
    fields += [
        (one.label, filled(notice, details={**filled(notice).details, one.key: "the pupil Leah Marsh, 4B"}))
        for one in notice.asks
        if one.kind in {AskKind.LINE, AskKind.TEXT}
    ]

    for label, wording in fields:
        with pytest.raises(PersonalDataError) as refused:
            scene.draft(notice, wording)
        assert label in refused.value.field
        assert "Leah" not in str(refused.value)
        assert "Tom" not in str(refused.value)
    assert scene.desk.case(DSL, scene.case.id).requests == ()


@EVERY
def test_what_is_missing_is_named_by_the_service_too(scene: Scene, notice: Notice) -> None:
    """An empty form names every needed answer at once; nothing is written."""
    scene.ready(WAYS[notice.route])

    with pytest.raises(NoticeIncompleteError) as refused:
        scene.draft(notice, replace(filled(notice), details={}, what_it_is=" "))

    assert [one.label for one in notice.asks if one.needed and one.label not in refused.value.fields] == []
    assert scene.desk.case(DSL, scene.case.id).requests == ()


def test_a_name_that_only_the_whole_shows_is_found(scene: Scene) -> None:
    """Half a name in the role and half a class in the next words are harmless alone; on the finished line they are not."""
    notice = NOTICES["platform_form"]
    scene.ready(WAYS[notice.route])
    wording = filled(notice, rule_breached="bullying of the pupil", rule_link="Keeley")

    with pytest.raises(PersonalDataError, match=r"line \d+ of the finished words"):
        scene.draft(notice, wording)


# --- section 5 (domain.md §2.2) ---

S5 = NOTICES["section_5"]


@pytest.mark.parametrize(
    "name",
    [
        "Fernley Green Primary School",
        "The Governors of Ashcombe Vale Academy",
        "Ashcombe Trust",
        "a teacher",
        "Headteacher",
        "the deputy head",
        "Priya",
        "P4 Anand2",
        "Fernley School Office",
    ],
)
def test_the_complainant_of_section_5_is_a_named_person(scene: Scene, name: str) -> None:
    """The school, its governors, a role or half a name cannot complain (hard check)."""
    scene.ready(_DEFAMED)

    with pytest.raises(CaseError, match="named person"):
        scene.draft(S5, filled(S5, details={**filled(S5).details, "complainant_name": name}))


def test_consents_of_section_5_start_as_no_and_are_said_as_they_are(scene: Scene) -> None:
    """Untouched boxes say that there is no consent; each consent is its own."""
    scene.ready(_DEFAMED)
    answers = {**filled(S5).details, "consent_name": False, "consent_email": False}
    neither = scene.draft(S5, filled(S5, details=answers)).body
    one = scene.draft(S5, filled(S5, details={**answers, "consent_name": True})).body

    assert neither.count("does not consent") == 2
    assert (
        one.count("does not consent"),
        one.count("The complainant consents to the operator giving the poster the complainant's name"),
    ) == (1, 1)
    assert not any(starts(S5.asks, a_known()).get(key) for key in ("consent_name", "consent_email"))
    assert any("hand over" in warning for warning in S5.warnings)


@pytest.mark.parametrize("source", [Attribution.ADMITTED, Attribution.CONFIRMED_BY_PLATFORM])
def test_section_5_is_not_sent_when_the_poster_is_known(scene: Scene, source: Attribution) -> None:
    """Whoever can be sued needs no notice: refused."""
    scene.ready(_DEFAMED)
    found = Investigation(id=new_id(NOON), case_id=scene.case.id, lead="u-head", opened_by="u-head", opened_at=NOON, source=source)
    with scene.store.begin(by="u-head") as work:
        work.investigations.add(found)
        work.commit()

    with pytest.raises(IllegalMoveError, match="is known"):
        scene.draft(S5)


def test_section_5_needs_a_reader_and_a_whole_address(scene: Scene) -> None:
    """Nobody read it yet, or the mail address is half: refused in words."""
    scene.ready(_DEFAMED)
    for changes, says in (({"reviewed_by": "nobody yet"}, "read the notice first"), ({"complainant_email": "p.anand"}, "not complete")):
        with pytest.raises(CaseError, match=says):
            scene.draft(S5, filled(S5, details={**filled(S5).details, **changes}))


def test_a_notice_that_may_be_forwarded_asks_for_agreement_first(scene: Scene) -> None:
    """Without the tick nothing is drafted (§3.5)."""
    scene.ready(_DEFAMED)

    with pytest.raises(CaseError, match="tick first"):
        scene.draft(S5, forwarded=False)


# --- grounds and hard stops of single notices ---


def test_copyright_waits_for_the_headteacher(scene: Scene) -> None:
    """A draft until the head approves it: not sent before, its paper says so, who approved is kept (B16)."""
    notice = NOTICES["copyright"]
    scene.ready(WAYS[Route.COPYRIGHT])
    request = scene.draft(notice)
    with pytest.raises(IllegalMoveError, match="approves"):
        scene.desk.record_sent(DSL, request.id)
    with pytest.raises(PermissionDeniedError):
        scene.desk.approve_request(DSL, request.id)

    ready = scene.desk.approve_request(HEAD, request.id)
    sent = scene.desk.record_sent(DSL, request.id)

    assert (request.state, ready.state, sent.state) == (RequestState.DRAFT, RequestState.READY, RequestState.SENT)
    assert ready.details["approved_by"] == "u-head"


def test_a_paper_is_a_draft_until_the_head_agreed(scene: Scene, words_of: Callable[[bytes], str]) -> None:
    """The word DRAFT lies behind the words before, and not after."""
    scene.ready(WAYS[Route.COPYRIGHT])
    request = scene.draft(NOTICES["copyright"])
    before = words_of(scene.paper(request, "pdf"))
    scene.desk.approve_request(HEAD, request.id)

    assert "DRAFT" in before
    assert "DRAFT" not in words_of(scene.paper(request, "pdf"))


def test_a_notice_is_only_written_on_its_own_ground(scene: Scene) -> None:
    """Copyright is no pretext: on another ground the notice is refused."""
    scene.ready(_STAFF)

    with pytest.raises(GroundMissingError, match="not written on this ground"):
        scene.desk.draft(
            DSL,
            scene.case.id,
            scene.item,
            Route.COPYRIGHT,
            Ground.PLATFORM_RULES,
            Capacity.SCHOOL_REPRESENTATIVE,
            filled(NOTICES["copyright"]),
            may_be_forwarded=True,
        )


@pytest.mark.parametrize("category", [Category.GROOMING, Category.VIOLENCE_INTIMIDATION, Category.STAFF_ALLEGATION, Category.SELF_HARM])
def test_the_author_is_never_written_to_where_it_could_do_harm(category: Category) -> None:
    """Threats, grooming, allegations: no letter to the author (§3.5)."""
    with pytest.raises(IllegalMoveError, match="warn or provoke"):
        must_suit(NOTICES["author"], a_case(lead_category=category), Ground.PLATFORM_RULES, [])


def test_a_member_of_staff_is_asked_to_take_it_down(scene: Scene) -> None:
    """Who posted confidential or unfit material is asked to help remove it, after a conversation (B13, B14)."""
    scene.ready(_STAFF)
    notice = NOTICES["author"]
    request = scene.draft(notice, filled(notice, details={**filled(notice).details, "who": "a member of staff"}))

    assert "We ask you to take it down." in request.body
    assert "A meeting was offered on: 1 July 2026" in request.body
    with pytest.raises(NoticeIncompleteError, match="a meeting was offered"):
        scene.draft(notice, filled(notice, details={**filled(notice).details, "offered": False}))


def test_the_host_is_told_who_where_and_why(scene: Scene) -> None:
    """Sender, location and nature stand in the letter behind the site, and whether it may be passed on (A21)."""
    scene.ready(_STAFF)
    notice = NOTICES["host"]
    careful = scene.draft(notice).body
    open_one = scene.draft(notice, filled(notice, details={**filled(notice).details, "do_not_forward": False})).body

    assert "192.0.2.17" in careful
    assert "do not forward" in careful
    assert "You may pass the facts on" in open_one


def test_every_way_that_is_proposed_suits_its_notice() -> None:
    """Whatever the plan proposes for any category, place and author, the notice of that way accepts category and ground."""
    rows, seen = platform_rows(), 0
    for category in Category:
        case = a_case(lead_category=category, state=CaseState.REQUESTED, advice_recorded_at=NOON)
        for platform in PlatformName:
            for source in SourceKind:
                found = routes.plan(
                    case, (an_item(platform=platform),), rows, NOON + timedelta(days=8), Around(source=source, has_evidence=True)
                )
                for one in found.proposals:
                    must_suit(notice_for(one.route), case, one.ground, [])
                    seen += 1
    assert seen > 1000


# --- what forms start with ---


def a_known(**changes: Any) -> Known:
    """Return what a case about a forum post knows, with a look-up and a refusal behind it."""
    lookup = NetworkLookup(
        id="l1",
        host="forum.example.org",
        domain="example.org",
        addresses=("192.0.2.17",),
        contacts=(
            NetworkContact(scope=ContactScope.HOST, name="Host", email="abuse@host.example", source="rdap"),
            NetworkContact(scope=ContactScope.REGISTRAR, name="Registrar", email="abuse@registrar.example", source="rdap"),
        ),
        looked_by="u-dsl",
        looked_at=NOON,
    )
    asked = TakedownRequest(
        id="r1",
        case_id="case-1",
        item_id="item-1",
        state=RequestState.REFUSED,
        ground=Ground.PLATFORM_RULES,
        route=Route.SITE_OPERATOR,
        recipient="the operator",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice="site_operator",
        subject="s",
        body="b",
        drafted_by="u-dsl",
        drafted_at=NOON,
        sent_at=NOON,
        reference="4711",
        decision="It does not break our rules.",
    )
    made = Known(a_case(), an_item(), a_post(), lookup, (asked,))
    return replace(made, **changes)


def test_forms_start_with_what_the_case_knows() -> None:
    """The look-up, the operator's answer, the words of the post: filled in; ticks never are."""
    host, s5, rhc = (starts(NOTICES[key].asks, a_known()) for key in ("host", "section_5", "rhc"))

    assert (host["domain"], host["ip"], host["operator_answer"]) == ("example.org", "192.0.2.17", "they refused")
    assert "RDAP" in str(host["looked_up"])
    assert s5 == {"statement": a_post().text}
    assert (rhc["reply"], "4711" in str(rhc["platform_report"])) == ("It does not break our rules.", True)


def test_contacts_of_the_right_party_are_offered() -> None:
    """The host's letter offers the host's address, not the registrar's (A21); other ways offer none."""
    lookup = a_known().lookup

    assert contacts(Route.HOST, lookup) == ("abuse@host.example",)
    assert contacts(Route.REGISTRAR, lookup) == ("abuse@registrar.example",)
    assert contacts(Route.PLATFORM_FORM, lookup) == ()
    assert contacts(Route.HOST, None) == ()


def test_every_way_has_somebody_to_write_to() -> None:
    """A way that a person chose themselves starts with an addressee in words."""
    found = {route: addressee(route, "forum.example.org") for route in Route}

    assert found[Route.SECTION_5] == "the operator of forum.example.org"
    assert all(found.values())
    assert not any("{" in words for words in found.values())


def test_a_form_of_another_time_is_refused(scene: Scene) -> None:
    """An answer that nobody asks any more is not swallowed: the person is told to open the form again."""
    scene.ready(_STAFF)

    with pytest.raises(CaseError, match="the form has changed"):
        scene.draft(NOTICES["site_operator"], filled(NOTICES["site_operator"], details={"gone": "x"}))


@pytest.mark.parametrize("key", ["what_it_is", "unlawful_nature", "recipient"])
def test_ten_thousand_characters_are_the_end(scene: Scene, key: str) -> None:
    """A longer text is refused by the name of its field, with nothing written."""
    scene.ready(_STAFF)

    with pytest.raises(NoticeIncompleteError, match="fewer than 10,000"):
        scene.draft(NOTICES["site_operator"], filled(NOTICES["site_operator"], **{key: "x" * 10_001}))


def test_answers_that_are_not_on_the_list_count_as_missing() -> None:
    """A choice is a choice: free words sent past the form are not taken."""
    notice = NOTICES["posh"]
    wording = filled(notice, details={**filled(notice).details, "age": "older than that"})

    assert wording.details["age"] not in next(one.choices for one in notice.asks if one.key == "age")


# --- answers to a request (§2.4) ---


def test_what_they_answered_stays_with_the_request(scene: Scene) -> None:
    """Acknowledged with the time they promised; refused with their words and the time to appeal."""
    scene.ready(_STAFF)
    request = scene.desk.record_sent(DSL, scene.draft(NOTICES["site_operator"]).id, reference="T-1")
    promised, appeal = NOON + timedelta(days=2), NOON + timedelta(days=14)
    scene.clock.forward(timedelta(minutes=10))
    known = scene.desk.acknowledged(DSL, request.id, "T-2", promised)
    scene.desk.refused(DSL, request.id, "No rule is broken.", appeal)
    kept = scene.desk.case(DSL, scene.case.id).requests[0]

    assert (known.reference, known.promised_by, known.acknowledged_at) == ("T-2", promised, scene.clock.now())
    assert (kept.decision, kept.appeal_by, kept.decided_at, kept.promised_by) == ("No rule is broken.", appeal, scene.clock.now(), promised)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda room, request: room.acknowledged(DSL, request.id, None, NOON - timedelta(days=1)), "before the request was sent"),
        (lambda room, request: room.acknowledged(DSL, request.id, None, NOON + timedelta(days=900)), "more than a year"),
        (lambda room, request: room.acknowledged(DSL, request.id, None, None, NOON - timedelta(hours=1)), "before the request was sent"),
        (lambda room, request: room.acknowledged(DSL, request.id, None, None, NOON + timedelta(hours=1)), "future"),
        (lambda room, request: room.refused(DSL, request.id, "no", datetime(2026, 12, 1)), "time zone"),  # noqa: DTZ001 - that is the point
        (lambda room, request: room.refused(DSL, request.id, " "), "empty"),
    ],
)
def test_impossible_times_of_an_answer_are_refused(scene: Scene, call: Callable[[Casework, TakedownRequest], object], says: str) -> None:
    """A promise before the sending, years ahead or without a zone: refused, and the request stays as it was."""
    scene.ready(_STAFF)
    request = scene.desk.record_sent(DSL, scene.draft(NOTICES["site_operator"]).id)

    with pytest.raises(CaseError, match=says):
        call(scene.desk, request)

    assert scene.desk.case(DSL, scene.case.id).requests[0].state is RequestState.SENT


def test_sent_may_lie_earlier_but_not_ahead(scene: Scene) -> None:
    """The time of sending is the person's word; the future is refused."""
    scene.ready(_STAFF)
    request = scene.draft(NOTICES["site_operator"])
    with pytest.raises(CaseError, match="future"):
        scene.desk.record_sent(DSL, request.id, NOON + timedelta(hours=2))

    assert scene.desk.record_sent(DSL, request.id, NOON - timedelta(hours=1)).sent_at == NOON - timedelta(hours=1)


# --- papers ---


def test_papers_are_for_those_who_may_ask(scene: Scene) -> None:
    """Another role, an unknown number, another form: refused in words."""
    scene.ready(_STAFF)
    request = scene.draft(NOTICES["site_operator"])
    with pytest.raises(PermissionDeniedError):
        scene.desk.paper(COMMS, "request", request.id, "pdf")
    for kind, record_id, form in (("request", "none", "pdf"), ("request", request.id, "exe"), ("case", request.id, "pdf")):
        with pytest.raises(NotFoundError):
            scene.desk.paper(DSL, kind, record_id, form)

    assert scene.desk.paper(DSL, "request", request.id, "txt").content.decode().startswith(request.subject)
    assert scene.desk.paper(DSL, "request", request.id, "eml").name == f"{scene.case.ref}-site_operator.eml"


def test_a_stopped_case_gives_no_notice(scene: Scene) -> None:
    """Once a case is stopped, the papers of earlier requests are not made any more."""
    scene.ready(_STAFF)
    request = scene.draft(NOTICES["site_operator"])
    scene.desk.order_capture(DSL, scene.case.id, scene.item, SafetyAnswer.NOT_SURE)

    with pytest.raises(IllegalMoveError):
        scene.paper(request, "eml")


@pytest.mark.parametrize(
    ("to", "kept"),
    [
        ("abuse@host.example", "abuse@host.example"),
        ("the operator of forum.example.org", ""),
        ("a@b.example\nBcc: c@d.example", ""),
        ("a@b.example, c@d.example", ""),
    ],
)
def test_a_mail_draft_goes_to_one_address_or_none(to: str, kept: str) -> None:
    """Words, lists and smuggled headers leave the address empty."""
    found = mail(mail_draft("Subject\nBcc: x@y.example", "Words\x00 \ud800 ŵ", sender="office@fernley-green.example", to=to))

    assert found["To"] == kept
    assert found["Bcc"] is None
    assert found["Subject"] == "Subject Bcc: x@y.example"
    assert "ŵ" in found.get_content()


def test_the_same_words_give_the_same_draft() -> None:
    """No clock and no chance in it."""
    assert mail_draft("s", "b", sender="a@b.example") == mail_draft("s", "b", sender="a@b.example")


# --- the guard, measured ---

NAMED = """Leah Marsh in 4B is filmed.|my son Tom was there|The pupil Keeley at the gate|Tom (Y4) is shown|Tom Marsh, 4B, is named
Year 4's Leah Marsh cries|4B: Leah Marsh|Tom, aged 9, is filmed|Tom is 9|9-year-old Tom|9 year old Tom|Leah's mum replied
the mother of Leah Marsh|parents of Leah|a boy called Tom|She's called Leah|his name is Tom|LEAH MARSH in 4B|Leah from Miss Hall's class
It was Leah in Year 4 who cried|Dear Leah Marsh in 4B|a girl named Zoë|our daughter Siân|the child's name is Łucja|the students Ali and Ben
My youngest, Tom, was upset|Born 3 May 2017|DOB 3/5/17|date of birth: 3 May 2017|May 3rd, 2017|her birthday is 3 May|12 Orchard Lane
lives at 4 The Green|Flat 3, Marsh House|FG7 9ZZ|9 orchard lane|home address: 12 Low Rd|the twins Ada and Bo|Reception's Ivo
Tom M. in 4B|Leah M (Year 4)|Ada and Bo, both in Year 3|Leah is in Year 4|Leah, a pupil here, cries|Leah (pupil) is shown
Leah goes to Reception|Leah attends our nursery|a Year 4 boy (Tom) is shown|the child (Leah Marsh) is named|Pupil name: Leah Marsh
It names our pupil "Leah Marsh"|Child: Leah Marsh|Mia-Rose's dad|my lad Tom|Flat 2, 14 High Street|No 7 Mill Road|D.O.B. 03.05.2017
a pupil, Keeley Thorn, is filmed|Ruby-Mae O'Neill (7)|Yusuf in Reception|the pupil's name is Amara"""
ORDINARY = """Year 4 is in Reception today|The post is in 4 parts|Facebook is in breach of its own rule|The account is 9 days old
This is 9 pages long|Rule is 5 of your terms|The DSL was told at 9 o'clock|Bullying (13) is the rule|child (initials L.M.)
The chair of governors, Dr Singh, in 4B|Sent on 20 Nov 2026 in reply to yours|Parents in 4B complain|Teachers in Year 6 are named
A post of 20 November 2026 that appears to accuse a teacher.|Mr Quillfeather in Year 4 is named.
A child is shown in school uniform; K can be recognised.|L.M., a pupil of Fernley Green Primary School, is shown.|The pupil LM is shown.
It shows a pupil's name and date of birth.|Their home address is shown in the comment.|The Year 4 teacher is called names.
Miss Hall's class is shown in the picture at the gate.|It was posted on Monday 3pm and shared 24 times in the same way.
Year 6 SATs results are invented.|Pupil Premium money is said to be stolen.|Child Protection is not mentioned. We ask you to look.
Fernley's parents are told to stay away.|A picture of a birthday party in the hall.|Parents of Year 4 pupils were told to come.
The account says it is Fernley Green Primary School and asks children to write to it.|It has been shared 40 times since Friday.
The head is accused of lying about exclusion figures.|The post names a child, gives her class and says where she lives.
A video of two pupils fighting, one of whom can be recognised.|The teacher Anna Petrov is called a thief.
It breaks rule 4b of your community standards.|Bullying, rule 3A|Section 5A of your terms|On 3 July 2026 at 14:00 a comment was added.
The poster lives in the area and says so.|10 parents at the place said the same.|It says that Head of Year 9 took bribes
Photograph of the Year 6 Leavers' Assembly made by the school on 3 July 2026.|a person who can be recognised by pupils and parents
The school was founded by the parish; born out of the parish, it says.|Report a post under Bullying and Harassment, part 2
The child is 9 and in tears.|A boy aged 9 is shown.|Please call the school office on 01632 960001.|192.0.2.17 on port 8080
The pupil is named in full, with class and photo.|In Year 4 the trip was cancelled.|Report 12/2026 of the platform, answered in part
The page uses the logo of Ashcombe Vale Academy and its photographs.|Two pupils were called names in a group of 300 members."""


def lines_of(block: str) -> list[str]:
    """Return the sentences of a block."""
    return [one for line in block.splitlines() for one in line.split("|")]


@pytest.mark.parametrize("text", lines_of(NAMED))
def test_a_name_birthday_or_home_is_found_in_every_manner(text: str) -> None:
    """Children are named in many manners; each of these is caught (A36, B12)."""
    assert leaks(text, now=datetime(2026, 7, 3, 12, tzinfo=UTC), school_address=SCHOOL_ADDRESS, school_name=SCHOOL) != ()


@pytest.mark.parametrize("value", ["@fake", "the link is below", "https://a.example and more", "javascript:alert(1)"])
def test_a_link_is_a_whole_web_address(scene: Scene, value: str) -> None:
    """Where a link is asked for, words are not taken: they would pass the guard unseen."""
    notice = NOTICES["web_archive"]
    scene.ready(_STAFF)

    with pytest.raises(NoticeIncompleteError, match="web address"):
        scene.draft(notice, filled(notice, details={**filled(notice).details, "archive_link": value}))


def test_ordinary_wording_raises_no_false_alarm() -> None:
    """Sentences as schools write them in notices: none is stopped."""
    now = datetime(2026, 7, 3, 12, tzinfo=UTC)
    alarms = [one for one in lines_of(ORDINARY) if leaks(one, now=now, school_address=SCHOOL_ADDRESS, school_name=SCHOOL)]

    assert alarms == []
    assert len(lines_of(ORDINARY)) > 40


@pytest.mark.parametrize("text", ["Aa-" * 3333, "Aa " * 3333, "pupil " * 1666, "A" * 10_000, "12 Aa " * 1666, "Aa" + " " * 9_998])
def test_no_text_makes_the_guard_slow(text: str) -> None:
    """The longest field that a form takes is judged at once, however it is made."""
    start = time.perf_counter()
    leaks(text, now=NOON, school_address=SCHOOL_ADDRESS, school_name=SCHOOL)

    assert time.perf_counter() - start < 3


def test_asks_are_unique_within_a_notice() -> None:
    """No two fields of a form share a key."""
    for notice in NOTICES.values():
        keys = [one.key for one in notice.asks]
        assert len(keys) == len(set(keys))
        assert all(isinstance(one, Ask) for one in notice.asks)


def test_the_school_is_one(scene: Scene) -> None:
    """The scene's school is the one whose name is no leak."""
    with scene.store.read() as work:
        assert work.schools.get(SCHOOL_ID).name == SCHOOL
