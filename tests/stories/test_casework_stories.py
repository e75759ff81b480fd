"""Stories of places and posts, each through the real services: a real store, real HTTP on loopback, the worker's own rounds.

A forum whose operator is silent; a film site that hears the person only; criticism that is answered; posts that go before anybody asks;
a post that comes back; a child's photograph. The clock is moved by hand.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest

from casework.clocks import Name
from casework.duties import DutyKind
from casework.errors import DecisionRefusedError, GroundMissingError, IllegalMoveError, PersonalDataError
from casework.ladder import Rung, Standing
from casework.notice import Wording
from casework.seriousness import FACTORS
from data.errors import CaseError
from data.model.care import Attribution, Band, FilingState, SourceKind, SupportAnswer, SupportKind
from data.model.cases import (
    Capacity,
    Case,
    CaseState,
    Ground,
    MissedReason,
    RequestState,
    Route,
    StandingWord,
    TakedownRequest,
    VerdictGroup,
)
from data.model.copies import CopyState, Match
from data.model.findings import DecisionKind, ReportTick
from data.model.network import ContactScope
from data.model.posts import PlatformName, SeenPost
from data.model.readings import Category, Severity
from schoolwatch.demo.moderator import Moderator
from schoolwatch.demo.posts import Place, TownMedia, TownPost
from schoolwatch.demo.watchlist import FERNLEY
from schoolwatch.lookup import LISTS
from schoolwatch.testing import RegistryServer, Stage, Watched

HOUR = timedelta(hours=1)
HTTPS = 443  # the port about which a look-up asks the gate; here it makes the town's own address count as public
ASSESSED = {factor.key: 0 for factor in FACTORS}
WORDS = Wording(
    what_it_is="A post that appears to say as a fact that a member of our staff took money.",
    rule_breached="No false statements of fact about private persons",
    unlawful_nature="It states a grave wrong as a fact about somebody who can be recognised; the school found nothing to support it.",
    why_urgent="It is being read by pupils and parents.",
)


def asked(watched: Watched, case: Case, route: Route, wording: Wording = WORDS, *, forwarded: bool = False) -> TakedownRequest:
    """Whoever is proposed on this way is written to, by hand, and that is recorded."""
    room, dsl = watched.casework, watched.user()
    way = next(one for one in room.propose(dsl, case.id).proposals if one.route is route)
    start = room.start_of(dsl, case.id, way.item_id, route)
    details = {**start.details, **way.prefill, **wording.details}
    full = Wording(**{**vars(wording), "recipient": wording.recipient or way.recipient, "details": details})
    request = room.draft(dsl, case.id, way.item_id, route, way.ground, way.capacity, full, forwarded)
    return room.record_sent(dsl, request.id, reference="T-1", may_be_forwarded=forwarded)


def standing(watched: Watched, case: Case, name: Name) -> StandingWord:
    """How one clock of the case stands."""
    return next(one.standing.word for one in watched.casework.clocks(watched.user(), case.id) if one.name is name)


def rung(watched: Watched, case: Case, which: Rung) -> Standing:
    """How one rung of the ladder stands."""
    return next(one.standing for one in watched.casework.ladder(watched.user(), case.id) if one.rung is which)


def looks(watched: Watched, case: Case) -> list[VerdictGroup]:
    """What our own looks found, oldest first."""
    return [check.verdict.group for check in watched.casework.case(watched.user(), case.id).checks]


def kept_quiet(watched: Watched, *more: str) -> None:
    """What went out to people's telephones says nothing of anybody, and the record of who did what is whole."""
    assert watched.messages()
    assert watched.told_too_much(*more) == []
    with watched.desk.store.read() as work:
        work.audit.verify()


# --- 1. a member of staff is defamed on a forum, and its operator says nothing ---

TIN = TownPost(
    key="tin",
    place=Place.FORUM,
    after=timedelta(0),
    author="saltbox",
    label="defamation_individual",
    title="Fernley Green, the tin",
    text="Mr Oddwell at Fernley Green Primary School stole the money of the summer fair. He took £400 out of the tin. That is a fact.",
)
PARKING = TownPost(
    key="parking",
    place=Place.FORUM,
    after=-HOUR,
    author="hedgerow_hatty",
    label="neutral_mention",
    title="Parking",
    text="The lines outside the mill were painted again. About time.",
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


def test_defamed_on_a_forum_and_the_operator_is_silent(stage: Stage) -> None:  # noqa: PLR0915 - a story
    """The operator is asked within the hour, the helpline after half a day, the host after a day; our own looks decide (A13 to A23)."""
    registry = RegistryServer({"/ip/127.0.0.1": NETWORK})
    with registry.open():
        watched = stage(TIN, PARKING, hours=2, ports=frozenset({registry.port, HTTPS}))
        room, dsl = watched.casework, watched.user()
        registry.listed_in(watched.desk.settings.state_dir / LISTS)

        # A colleague tells the school; Schoolwatch has seen the post as well. It is one matter, and the clock runs from the telling.
        watched.round_in(minutes=15)
        known_at = watched.forward(minutes=15)
        finding = watched.told("tin", "A post says that our site manager took the money of the fair.", ReportTick.INACCURATE)  # A13
        watched.forward(minutes=10)
        case = watched.opened(finding, Category.DEFAMATION_INDIVIDUAL, "staff:oddwell")

        assert (finding.post_id is not None, finding.platform) == (True, PlatformName.FORUM)
        assert len(room.inbox(dsl, dsl.schools()).rows) == 0
        assert (case.known_at, case.reported_at, case.state) == (known_at, known_at, CaseState.TRIAGED)

        # Evidence first; how serious it is; support for the colleague, before anybody outside is asked.
        case = watched.captured(case)  # A14
        form = room.assess(dsl, case.id, ASSESSED | {"nature": 3, "truth": 3}, {"truth": "The tin was counted by two."})  # A17
        offer = room.offer_support(dsl, case.id, "staff:oddwell", [SupportKind.LINE_MANAGER, SupportKind.UNION])  # A23
        room.support_answered(dsl, offer.id, SupportAnswer.ACCEPTED)
        watched.forward(minutes=15)
        first = asked(watched, case, Route.SITE_OPERATOR)  # A18

        assert form.band is Band.SERIOUS
        assert "the operator of 127.0.0.1" in first.recipient
        assert "Oddwell" not in f"{first.subject}{first.body}"
        assert watched.as_it_is(case).state is CaseState.REQUESTED
        for name in (Name.EVIDENCE, Name.FIRST_REQUEST):
            assert standing(watched, case, name) is StandingWord.MET
        assert standing(watched, case, Name.REMOVAL) is StandingWord.ON_TRACK
        assert (rung(watched, case, Rung.POSH), rung(watched, case, Rung.HOST)) == (Standing.LATER, Standing.LATER)

        # The machine looks after one, four and twelve hours. It is still there, and nobody answers.
        for hours in (1, 3, 8):
            watched.round_in(hours=hours)
        assert looks(watched, case) == [VerdictGroup.UP] * 3
        assert (rung(watched, case, Rung.POSH), rung(watched, case, Rung.HOST)) == (Standing.DUE, Standing.LATER)
        with pytest.raises(CaseError, match="give a reason"):  # the ladder is climbed rung by rung
            room.escalate(dsl, case.id, Rung.HOST, "whoever hosts it", "No answer.")

        # Half a day is over: the helpline for professionals.
        room.escalate(dsl, case.id, Rung.POSH, "the helpline, by telephone", "The operator has been silent for half a day.")
        assert watched.as_it_is(case).state is CaseState.ESCALATED
        assert rung(watched, case, Rung.POSH) is Standing.TAKEN

        # A day is over, and the 24 hours with it. Who hosts the forum? Its registry is asked for the address, and for nothing else.
        for minutes in (450, 180, 90):
            watched.round_in(minutes=minutes)
        assert standing(watched, case, Name.REMOVAL) is StandingWord.OVERDUE
        assert rung(watched, case, Rung.HOST) is Standing.DUE
        item = room.case(dsl, case.id).items[0].id
        watched.desk.lookups.begin(dsl, case.id, item)
        watched.desk.lookups.wait(60)
        found = room.looked_up(dsl, case.id, item)
        assert registry.got == ["/ip/127.0.0.1"]
        assert found is not None
        assert (found.network, found.problems) == ("INVENTED-HOSTING", ())
        (host,) = found.contacts
        assert (host.scope, host.email) == (ContactScope.HOST, "abuse@hosting.example")

        # A person chooses among the contacts found, and writes.  # A21
        room.choose_contact(dsl, case.id, item, host)
        with pytest.raises(CaseError, match="tick first"):  # a host may pass a letter on: that is accepted before it is written
            asked(watched, case, Route.HOST)
        second = asked(watched, case, Route.HOST, forwarded=True)
        watched.town.receive_request(watched.address("tin"), watched.clock.now())
        assert second.recipient == "Invented Hosting, abuse desk (abuse@hosting.example)"
        assert "INVENTED" not in second.recipient
        assert "no answer" in second.body
        assert rung(watched, case, Rung.HOST) is Standing.TAKEN
        assert rung(watched, case, Rung.CDN) is Standing.NOT_HERE

        # The host says that it is gone. It is not, and the clock never believed it.  # A20
        watched.forward(hours=1)
        room.claimed(dsl, case.id, "the host")
        watched.look_in(case, minutes=1)
        assert looks(watched, case)[-1] is VerdictGroup.UP
        assert watched.as_it_is(case).gone_observed_at is None

        # An hour later it is; a second look a quarter of an hour on agrees.
        first_gone = watched.look_in(case, hours=1, minutes=10)
        assert looks(watched, case)[-1] is VerdictGroup.GONE
        assert first_gone.state is not CaseState.VERIFIED_REMOVED
        seen_gone = watched.clock.now()
        watched.round_in(minutes=16)
        gone = watched.as_it_is(case)
        assert (gone.state, gone.gone_observed_at) == (CaseState.VERIFIED_REMOVED, seen_gone)
        assert standing(watched, case, Name.REMOVAL) is StandingWord.MISSED

        # It is closed with the reason for the missed day, and a word to whoever told us.  # B23
        ending = ("removed", "Look the host up on the first day.", "Line manager and union.")
        with pytest.raises(CaseError, match="why the 24 hours were missed"):
            room.close(dsl, case.id, *ending, reporter_reply="It is gone. Thank you.")
        with pytest.raises(CaseError, match="was told"):
            room.close(dsl, case.id, *ending, missed_reason=MissedReason.PLATFORM_SLOW)
        closed = room.close(dsl, case.id, *ending, reporter_reply="It is gone. Thank you.", missed_reason=MissedReason.PLATFORM_SLOW)
        assert (closed.state, closed.outcome, closed.missed_reason) == (CaseState.CLOSED, "removed", MissedReason.PLATFORM_SLOW)
        assert [one.key for one in room.case(dsl, case.id).reminders] == [f"removal+{hours}h" for hours in (4, 12, 20, 23, 24)]
        assert any(case.ref in message.subject for message in watched.messages(to="head"))  # after 24 hours the head is told too
        kept_quiet(watched, "hosting.example", "Invented Hosting", "127.0.0.1")


# --- 2. a film that only the teacher herself can have taken down ---

FILM = TownPost(
    key="film",
    place=Place.SOCIAL,
    after=timedelta(0),
    author="quietquill",
    label="staff_image",
    text="Miss Tarrowby of Fernley Green Primary School, what a pathetic, useless idiot. Watch her cry in this film and tell her to quit.",
)
OWN_WORDS = "I can be recognised in this film. I did not agree to it. Please remove it."


def on_a_film_site(watched: Watched, post: TownPost) -> None:
    """Keep a post of the town as one of a film site: its page stands at the town's address, its rules are the film site's."""
    seen = SeenPost(
        platform=PlatformName.YOUTUBE,
        native_id=post.key,
        permalink=watched.address(post.key),
        author_handle=post.author,
        text=post.text,
        created_at=watched.clock.now(),
    )
    with watched.desk.store.begin("system") as work:
        work.posts.keep([seen], source_id=None, seen_at=watched.clock.now())
        work.commit()


def test_only_the_teacher_herself_may_report_the_film(stage: Stage, words_of: Callable[[bytes], str]) -> None:
    """The site hears the person shown, nobody else: the school gives the papers and a named helper, and looks by itself (A19)."""  # A19
    watched = stage(FILM)
    room, dsl = watched.casework, watched.user()
    on_a_film_site(watched, FILM)
    watched.round_in(minutes=5)
    finding = watched.findings("film")[0]
    case = watched.captured(watched.opened(finding, Category.STAFF_IMAGE, "staff:tarrowby"))

    # The plan says who may file. The school itself is refused, before a word is written.
    ways = {one.route: one for one in room.propose(dsl, case.id).proposals}
    item = ways[Route.COMPLAINANT].item_id
    assert any("only the person" in one for one in ways[Route.COMPLAINANT].warnings)
    assert "privacy complaint" in ways[Route.COMPLAINANT].recipient
    with pytest.raises(GroundMissingError, match="belongs to the person concerned"):
        room.draft(dsl, case.id, item, Route.PLATFORM_FORM, Ground.ADULT_IMAGE_PRIVACY, Capacity.SCHOOL_REPRESENTATIVE, WORDS)
    assert room.case(dsl, case.id).requests == ()

    # Help is offered, with the deputy as the named helper, and her own words to paste.
    form = ways[Route.COMPLAINANT].form_link or ""
    offered = room.offer_filing(
        dsl, case.id, item, "staff:tarrowby", "deputy", words=OWN_WORDS, link=form, reply_by=watched.clock.now() + 20 * HOUR
    )
    assert DutyKind.FILING in {duty.kind for duty in room.care_of(dsl, case.id).duties}
    name, papers = watched.desk.safe.papers(watched.user("deputy"), offered.id)
    with zipfile.ZipFile(io.BytesIO(papers)) as folder:
        sheet = words_of(folder.read("read-me-first.pdf"))
        paste = folder.read("words-to-paste.txt").decode()
    assert name == f"Schoolwatch-{case.ref}-papers.zip"
    assert paste == OWN_WORDS
    for words in (OWN_WORDS, "Dev Standin", case.ref, form, "Keep your password to yourself", "You may say no at any time"):
        assert words in sheet
    assert "Dana Safeley" not in sheet
    assert "Quillbrook" not in sheet
    assert watched.as_it_is(case).state is CaseState.EVIDENCE_CAPTURED

    # She takes them home; the case waits for her, and the 24 hours go on.
    room.papers_given(dsl, offered.id)
    assert watched.as_it_is(case).state is CaseState.AWAITING_COMPLAINANT
    watched.round_in(hours=3)
    assert standing(watched, case, Name.REMOVAL) is StandingWord.ON_TRACK

    # She has filed it, and tells the number. The site takes the film down some hours later, and says so to her.
    filed = room.filed(watched.user("deputy"), offered.id, "V-204")
    watched.town.receive_request(watched.address("film"), watched.clock.now())
    assert (filed.state, watched.as_it_is(case).state) == (FilingState.FILED, CaseState.REQUESTED)
    watched.look_in(case, hours=1)
    room.filing_answered(dsl, offered.id, "We have removed the film.")
    assert looks(watched, case) == [VerdictGroup.UP]
    assert watched.as_it_is(case).gone_observed_at is None
    watched.look_in(case, hours=5)
    watched.round_in(minutes=16)

    # Our own looks agree, in time.
    gone = watched.as_it_is(case)
    assert gone.state is CaseState.VERIFIED_REMOVED
    assert standing(watched, case, Name.REMOVAL) is StandingWord.MET
    room.assess(dsl, case.id, ASSESSED, {})
    room.offer_support(dsl, case.id, "staff:tarrowby", [SupportKind.COUNSELLING])
    closed = room.close(dsl, case.id, "removed", "Ask the person on the first morning.", "Counselling.")
    assert closed.state is CaseState.CLOSED
    kept_quiet(watched, OWN_WORDS, "V-204")


# --- 6. criticism is answered, and cannot be made to go away ---

QUEUE = TownPost(
    key="queue",
    place=Place.SOCIAL,
    after=timedelta(0),
    author="cordwainer_cy",
    label="fair_criticism",
    text="Third week without a maths teacher for Year 5 at #fernleygreen. Poor planning in my view, and nobody answers the phone.",
)
RUDE = TownPost(
    key="rude",
    place=Place.SOCIAL,
    after=timedelta(0),
    author="orla_oatfield",
    label="fair_criticism",
    text="Whoever planned the clubs at #fernleygreen did a rubbish job, and Miss Tarrowby was no help at all. I am furious.",
)


def test_fair_criticism_is_answered_and_no_door_leads_to_a_removal(stage: Stage) -> None:
    """It goes to the head for an answer; and where somebody opens a case of it all the same, the code refuses at every door (B31, B32)."""
    watched = stage(QUEUE, RUDE)
    room, dsl, head, comms = watched.casework, watched.user(), watched.user("head"), watched.user("comms")
    watched.round_in(minutes=15)
    finding = watched.findings("queue")[0]

    # No case is opened of criticism, by whomever; the communications lead hands it to the head, who alone decides on an answer.  # B31 B32
    for user in (dsl, head):
        with pytest.raises(DecisionRefusedError, match="answered or put aside, not removed"):
            room.decide(user, finding.id, DecisionKind.OPEN_CASE, Category.FAIR_CRITICISM, Severity.S2, "school", "We dislike it.")
    room.decide(comms, finding.id, DecisionKind.REPLY, Category.FAIR_CRITICISM, Severity.S1, "school", "A fair point about the telephone.")
    assert [file.finding.id for file in room.replies(head, head.schools())] == [finding.id]
    assert room.replies(comms, comms.schools()) == ()
    assert room.cases(head, head.schools()) == ()

    # Another one is taken for an insult and becomes a case. The head sees what it is, and sends it to be answered instead.
    watched.told("rude", "Somebody is rude about a colleague.", ReportTick.INFLAMMATORY)
    case = watched.captured(watched.opened(watched.findings("rude")[0], Category.HARASSMENT_STAFF, "teacher"))
    item = room.case(dsl, case.id).items[0].id
    ask = (case.id, item, Route.FEDIVERSE_MODERATORS, Ground.PLATFORM_RULES, Capacity.SCHOOL_REPRESENTATIVE, WORDS)
    ready = room.draft(dsl, *ask)

    # From the moment at which it counts as criticism, nothing that was begun can go on.
    with watched.desk.store.begin("system") as work:
        now = work.cases.get(case.id)
        work.cases.replace(now.model_copy(update={"lead_category": Category.FAIR_CRITICISM}))
        work.commit()
    before = watched.as_it_is(case)
    plan = room.propose(dsl, case.id)
    assert plan.proposals == ()
    assert any("answered, not removed" in why for why in plan.stops)
    doors: tuple[Callable[[], object], ...] = (
        lambda: room.preview(dsl, *ask),
        lambda: room.draft(dsl, *ask),
        lambda: room.draft(head, *ask),
        lambda: room.record_sent(dsl, ready.id),
        lambda: room.offer_filing(dsl, case.id, item, "teacher", "deputy", words="Please remove it."),
        lambda: room.escalate(dsl, case.id, Rung.POSH, "the helpline", "We dislike it.", skip_reason="None."),
        lambda: room.move(head, case.id, CaseState.REQUESTED, _as_if_sent(watched)),
    )
    for door in doors:
        with pytest.raises(CaseError, match="answered, not removed"):
            door()
    with pytest.raises(IllegalMoveError):
        room.move(head, case.id, CaseState.ESCALATED, {"rung": "host", "recipient": "x", "why": "y", "sent_at": watched.clock.now()})
    assert watched.as_it_is(case) == before
    assert [one.state for one in room.case(dsl, case.id).requests] == [RequestState.READY]
    assert watched.town.moderator.receipts() == ()

    # It is put where it belongs: taken back to judgement, and answered.
    room.drop_draft(dsl, ready.id, "It is criticism.")
    room.correct(dsl, case.id, "It is criticism, not an insult.")
    room.move(head, case.id, CaseState.REPLY_WORKFLOW, {"reply_owner": "the communications lead"})
    closed = room.close(head, case.id, "answered", "Read twice.", "A talk with the colleague.", reporter_reply="It is answered.")
    assert closed.state is CaseState.CLOSED
    watched.round_in(hours=24)
    kept_quiet(watched)


def _as_if_sent(watched: Watched) -> dict[str, object]:
    """What a request that was sent would record: a form filled in to the last field."""
    return {
        "ground": "platform_rules",
        "route": "fediverse_moderators",
        "recipient": "the moderators",
        "capacity": "school_representative",
        "text_version": "abc",
        "sent_at": watched.clock.now(),
        "may_be_forwarded": False,
    }


# --- 8. gone before anybody was asked ---

GOING = tuple(
    TownPost(
        key=f"going-{number}",
        place=Place.SOCIAL,
        after=timedelta(0),
        author=author,
        label="defamation_individual",
        text=text,
        deleted_after=timedelta(hours=3),
    )
    for number, (author, text) in enumerate(
        (
            ("grumblegate", "Mr Quillbrook at #fernleygreen stole the Year 6 trip money and spent it on himself. That is a fact."),
            ("saltbox", "Miss Tarrowby fiddled the SATs at #fernleygreen. She changed the answers herself, she is a fraud and a liar."),
            (
                "tannoy_tim",
                "Mr Oddwell of #fernleygreen sold the new boiler to a friend, took the cash and lied about it to the governors.",
            ),
        )
    )
)
STAYING = tuple(
    TownPost(key=f"staying-{number}", place=Place.SOCIAL, after=timedelta(0), author=author, label="defamation_individual", text=text)
    for number, (author, text) in enumerate(
        (
            (
                "dusk_rider",
                "Everyone should know that Mr Quillbrook forged the swimming certificates at #fernleygreen, fact. He is a crook.",
            ),
            ("quietquill", "Miss Tarrowby from #fernleygreen was caught stealing the charity box in the hall. She is a thief, ask anyone."),
            ("orla_oatfield", "Mr Oddwell from #fernleygreen faked the fire inspection papers and lied to the council. That is criminal."),
        )
    )
)


def test_gone_before_anybody_was_asked_is_counted_apart(stage: Stage) -> None:
    """Three go by themselves and three because they were asked away: the report to governors tells the two apart (A20, §7.4)."""
    watched = stage(*GOING, *STAYING, hours=2)
    room, dsl, head = watched.casework, watched.user(), watched.user("head")
    watched.round_in(minutes=15)
    kind = Category.DEFAMATION_INDIVIDUAL
    going, staying = (
        [watched.captured(watched.opened(watched.findings(post.key)[0], kind, "teacher")) for post in posts] for posts in (GOING, STAYING)
    )
    for case in staying:
        watched.ask(case)

    # Three hours on, everything is down. For those that nobody was asked about, a person records what our looks found.
    watched.forward(hours=3)
    for case in (*going, *staying):
        room.ask_check(dsl, case.id)
    watched.round_in(minutes=1)
    watched.round_in(minutes=16)
    assert [watched.as_it_is(case).state for case in staying] == [CaseState.VERIFIED_REMOVED] * 3
    assert [watched.as_it_is(case).state for case in going] == [CaseState.EVIDENCE_CAPTURED] * 3
    for case in going:
        assert "gone before anyone was asked" in room.case(dsl, case.id).next_step.text
        moved = room.move(dsl, case.id, CaseState.VERIFIED_REMOVED, {})
        assert (moved.outcome, moved.gone_observed_at is not None) == ("gone_before_request", True)
        assert standing(watched, case, Name.REMOVAL) is StandingWord.MET
        with pytest.raises(CaseError):  # an end that fits: it was not our asking
            room.close(dsl, case.id, "not_removed", "None.", "None needed.")
        room.close(dsl, case.id, "gone_before_request", "Nobody had to be asked.", "None needed.")
    for case in staying:
        room.close(dsl, case.id, "removed", "The moderators were quick.", "Line manager.")
    with pytest.raises(CaseError):
        watched.ask(going[0])  # nobody is asked for what is gone

    # Counted apart.
    watched.round_in(hours=24)
    today = watched.clock.now().date()
    made = room.make_report(head, FERNLEY, today - timedelta(days=7), today)
    outcomes = next(table for table in room.figures(head, made.id).tables if table.key == "outcome")
    counted = dict(outcomes.rows)
    assert (counted["removed"], counted["gone before anyone was asked"], outcomes.total) == ("3", "3", "6")
    kept_quiet(watched)


# --- 9. it comes back ---

TRIP = TownPost(
    key="trip",
    place=Place.SOCIAL,
    after=timedelta(0),
    author="grumblegate",
    label="defamation_individual",
    text="Everyone should know: Mr Quillbrook at Fernley Green Primary stole the Year 6 trip money and spent it on himself. #fernleygreen",
)
TRIP_AGAIN = TRIP.model_copy(
    update={"key": "trip-again", "place": Place.FORUM, "author": "saltbox", "after": timedelta(hours=60), "title": "Trip money"}
)


def test_it_comes_back_after_the_case_was_closed(stage: Stage) -> None:
    """At the same address: a linked case by itself, graver, with its own day. In another mouth: a person says that it is the same."""
    watched = stage(TRIP, TRIP_AGAIN, PARKING, hours=2)
    room, dsl = watched.casework, watched.user()
    watched.round_in(minutes=15)
    case = watched.captured(watched.opened(watched.findings("trip")[0], Category.DEFAMATION_INDIVIDUAL, "teacher", Severity.S2))
    watched.ask(case)
    watched.look_in(case, hours=3)
    watched.round_in(minutes=16)
    room.close(dsl, case.id, "removed", "The moderators were quick.", "Union.")
    first = watched.as_it_is(case)
    assert first.state is CaseState.CLOSED

    # A day after, the machine looks once more, as it does for two weeks. It is up again.
    watched.town.moderator = Moderator(timedelta(hours=2))
    back_at = watched.round_in(hours=25)
    assert looks(watched, case)[-1] is VerdictGroup.UP
    (row,) = room.cases(dsl, dsl.schools())
    again = row.case
    assert (first.severity, again.severity) == (Severity.S2, Severity.S3)
    assert (again.reuploaded_from, again.state) == (case.id, CaseState.TRIAGED)
    assert (again.known_at, again.gone_observed_at, again.reporter_type) == (back_at, None, "collected")
    assert standing(watched, again, Name.REMOVAL) is StandingWord.ON_TRACK
    assert watched.as_it_is(case).model_copy(update={"revision": first.revision}) == first  # the old case stays as it ended
    assert [item.address for item in room.case(dsl, again.id).items] == [watched.address("trip")]
    assert "Removed once before" in room.earlier_removals(dsl, again.id).says
    watched.round_in(hours=1)
    assert len(room.cases(dsl, dsl.schools())) == 1  # found once, not at every round

    # The linked case has its own day: evidence, how serious it is (it is High now), the request, gone again.
    again = watched.captured(again)
    with pytest.raises(IllegalMoveError, match="seriousness form first"):
        asked(watched, again, Route.FEDIVERSE_MODERATORS)
    room.assess(dsl, again.id, ASSESSED | {"repetition": 2}, {})
    asked(watched, again, Route.FEDIVERSE_MODERATORS)
    watched.town.receive_request(watched.address("trip"), watched.clock.now())
    watched.look_in(again, hours=3)
    watched.round_in(minutes=16)
    assert watched.as_it_is(again).state is CaseState.VERIFIED_REMOVED
    assert standing(watched, again, Name.REMOVAL) is StandingWord.MET
    room.close(dsl, again.id, "removed", "Watch that account's server.", "Union.")

    # The next day the same words stand on the forum, by somebody else. That is proposed, and nothing more.
    watched.round_in(hours=33)
    (copy,) = (file for one in (case, again) for file in room.copies_of(dsl, one.id))
    earlier = next(watched.as_it_is(one) for one in (case, again) if one.id == copy.copy.case_id)
    assert copy.copy.match in {Match.SAME_TEXT, Match.NEAR_TEXT}
    assert (copy.copy.state, copy.copy.same_author, copy.may_link) == (CopyState.PROPOSED, False, True)
    assert room.cases(dsl, dsl.schools()) == ()

    # A person reads it and says so: a linked case, graver by one, its own day from now.
    linked = room.link_copy(dsl, copy.copy.id)
    assert (linked.reuploaded_from, linked.severity) == (earlier.id, earlier.severity + 1)
    assert (linked.state, linked.known_at) == (CaseState.TRIAGED, watched.clock.now())
    assert [item.address for item in room.case(dsl, linked.id).items] == [watched.address("trip-again")]
    with pytest.raises(CaseError, match="linked already"):
        room.link_copy(dsl, copy.copy.id)
    kept_quiet(watched)


# --- 10. a child's photograph, put up by another parent ---

PICTURE = TownPost(
    key="picture",
    place=Place.SOCIAL,
    after=timedelta(0),
    author="bakewell_bev",
    label="pupil_image",
    text="What a morning at #fernleygreen! Look who won the egg race, right at the front.",
    media=(TownMedia(drawing="tent", alt="Drawing of a tent"),),
)
CHILD = "Tobin"
LETTER = {
    "image": "the picture of the egg race",
    "whose": "a child in our school",
    "why": "The family has asked us to help; the child can be recognised.",
    "ask_by": "Monday",
    "talk": "ring the school office, any morning",
    "known_by": "the class teacher, at the gate",
}
KIND = Wording(
    what_it_is="A photograph in which one pupil can be recognised.",
    rule_breached="No pictures of children without the family's leave",
    unlawful_nature="The family did not agree to it.",
    why_urgent="It is passed around among families.",
)


def test_a_childs_photograph_by_another_parent(stage: Stage, words_of: Callable[[bytes], str]) -> None:
    """The parent who put it up is asked first, kindly, by somebody they know; then the server. The child's name never leaves."""
    watched = stage(PICTURE, hours=2)
    room, dsl = watched.casework, watched.user()
    watched.round_in(minutes=15)
    finding = watched.told("picture", f"{CHILD} in 4B is in this picture and his mother is upset.", ReportTick.IMAGE_WITHOUT_PERMISSION)
    case = watched.captured(watched.opened(finding, Category.PUPIL_IMAGE, "pupil"))
    inquiry = room.open_investigation(dsl, case.id, "dsl")
    assert Route.ACCOUNT_OWNER not in {one.route for one in room.propose(dsl, case.id).proposals}  # nobody knows yet whose account it is
    room.attribute_source(dsl, inquiry.id, Attribution.ADMITTED, SourceKind.PARENT, "Said so at the gate.")

    # The account's owner comes first, by letter, through somebody who knows them.
    first = room.propose(dsl, case.id).proposals[0]
    assert first.route is Route.ACCOUNT_OWNER
    assert any("polite letter by somebody who knows them comes first" in why for why in first.reasons)

    # A child's name in it, wherever it stands, and nothing is written.
    planted = {
        "image": f"the picture of {CHILD} in 4B",
        "why": f"The mother of {CHILD} has asked us to help.",
        "talk": f"ring us about your son's friend, a boy called {CHILD}",
    }
    for key, words in planted.items():
        with pytest.raises(PersonalDataError, match="a child's name") as refusal:
            asked(watched, case, Route.ACCOUNT_OWNER, Wording(**{**vars(KIND), "details": LETTER | {key: words}}))
        assert CHILD not in str(refusal.value)
    with pytest.raises(PersonalDataError):
        asked(
            watched,
            case,
            Route.ACCOUNT_OWNER,
            Wording(**{**vars(KIND), "what_it_is": f"A picture of our pupil {CHILD}.", "details": LETTER}),
        )
    assert room.case(dsl, case.id).requests == ()

    letter = asked(watched, case, Route.ACCOUNT_OWNER, Wording(**{**vars(KIND), "details": LETTER}))
    assert watched.as_it_is(case).state is CaseState.REQUESTED
    assert "We are sure that you meant no harm" in letter.body
    assert Name.MONTH in {one.name for one in room.clocks(dsl, case.id)}

    # A day's silence: it is still there, and now the server's moderators are asked as well; no name in that either.
    for hours in (4, 8, 6):
        watched.round_in(hours=hours)
    assert set(looks(watched, case)) == {VerdictGroup.UP}
    place = Route.FEDIVERSE_MODERATORS  # the report named an address only; that it is a server of the fediverse the collector knew
    assert finding.platform is PlatformName.MASTODON
    with pytest.raises(PersonalDataError, match="a child's name"):
        asked(watched, case, place, Wording(**{**vars(KIND), "unlawful_nature": f"{CHILD}'s mum did not agree to it."}))
    report = asked(watched, case, place, KIND)
    watched.town.receive_request(watched.address("picture"), watched.clock.now())
    watched.look_in(case, hours=3)
    watched.round_in(minutes=16)
    assert watched.as_it_is(case).state is CaseState.VERIFIED_REMOVED
    assert standing(watched, case, Name.REMOVAL) is StandingWord.MET

    # What left: two letters, on paper too, without the child's name. So with every message.
    for request in (letter, report):
        sheet = words_of(room.paper(dsl, "request", request.id, "pdf").content)
        draft = room.paper(dsl, "request", request.id, "eml").content.decode()
        assert case.ref in sheet
        assert CHILD not in f"{sheet}{draft}{request.subject}{request.body}{request.recipient}"
    closed = room.close(dsl, case.id, "removed", "Ask at the gate on the first day.", "Pastoral care.", reporter_reply="It is gone.")
    assert closed.state is CaseState.CLOSED
    kept_quiet(watched, CHILD)
