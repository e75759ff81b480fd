"""Letters, summaries and messages of domain.md §9: filled, guarded, approved where the head must agree, as PDF and mail draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest

from casework.errors import ConsentMissingError, IllegalMoveError, NoticeIncompleteError, PersonalDataError
from casework.notice import AskKind, Letter, NoticeFacts, Rendered, check_details
from casework.notices import LETTERS
from casework.personal_data import Guard
from casework.service import Casework
from casework.sheet import sheet
from casework.testing import NOON, a_user, an_evidence, fill
from data.clock import FixedClock
from data.errors import CaseError, NotFoundError, PermissionDeniedError
from data.model.base import new_id
from data.model.care import Consent, OverrideCode, Referral, ReferralBody
from data.model.care import Letter as Kept
from data.model.cases import Case
from data.model.evidence import SafetyAnswer
from data.model.findings import DecisionKind
from data.model.people import Role
from data.model.readings import Category, Severity
from data.store import Store
from evidence.custody import CustodyDraft
from evidence.pdf import Bullets, Paragraph

DSL, HEAD = a_user(Role.DSL), a_user(Role.HEADTEACHER, user_id="u-head")
COMMS, STAFF = a_user(Role.COMMS_LEAD, user_id="u-comms"), a_user(Role.STAFF, user_id="u-staff")
NOW = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)
FACTS = NoticeFacts(
    case_ref="SW-2026-0007",
    now=NOW,
    school_name="Fernley Green Primary School",
    school_address="Orchard Lane, Fernley Green FG1 2AB",
    reply_mailbox="office@fernley-green.example",
    sender_role="Designated Safeguarding Lead",
    capacity="",
    recipient="the duty officer",
    platform="forum.example.org",
    addresses=("https://forum.example.org/t/12#post-3",),
    seen_at=NOW,
    what_it_is="",
    concerned_role="a teacher",
    wish="remove",
    why_urgent="",
    requested_by=NOW + timedelta(hours=24),
    evidence=("page.html of SW-2026-0007-E1 (abababababab)",),
    author="@someone",
    done=("03 Jul 2026, 13:00 BST (12:00 UTC): evidence SW-2026-0007-E1 kept",),
    standing="20 h left",
    next_check="03 Jul 2026, 14:00 BST (13:00 UTC)",
    online="last look: still there",
    linked=("SW-2026-0003, 12 May 2026, harassment staff",),
)
EVERY = pytest.mark.parametrize("letter", LETTERS.values(), ids=list(LETTERS))
THREATS = ("sue", "solicitor", "court", "legal action", "defamatory", "libel", "illegal", "damages", "demand")
PUBLIC = {"public_reply", "wikipedia"}
OF_CASE = [one for one in LETTERS.values() if one.of_case]


def filled(letter: Letter) -> NoticeFacts:
    """Return the facts with an answer to each of the letter's asks."""
    return replace(FACTS, details=answers(letter))


def answers(letter: Letter) -> dict[str, str | bool]:
    """Return the form filled in by its examples."""
    return {one.key: True if one.kind is AskKind.TICK else one.example for one in letter.asks}


# --- every letter ---


@EVERY
def test_filled_letter_says_what_was_answered(letter: Letter) -> None:
    """Each answer stands in it, but for what only the school's record needs."""
    own_record = {"criticism", "poster", "article", "reach"}
    body = letter.render(filled(letter)).body

    written = [one for one in letter.asks if one.kind is not AskKind.TICK and one.key not in own_record and one.example]
    assert [one.key for one in written if one.example not in body] == []


@EVERY
def test_letters_carry_who_writes_and_public_words_carry_no_case(letter: Letter) -> None:
    """Case number, time, role, school's address, reply mailbox on every letter; none of them where the words go public."""
    rendered = letter.render(filled(letter))
    parts = (FACTS.case_ref, FACTS.school_address, FACTS.reply_mailbox, FACTS.sender_role, "13:00 BST (12:00 UTC)")

    assert [part for part in parts if (part in rendered.body) is (letter.key in PUBLIC)] == []
    assert FACTS.case_ref in rendered.subject


@EVERY
def test_letter_threatens_nobody(letter: Letter) -> None:
    """Plain words, no legal conclusion (§9)."""
    words = f" {letter.render(filled(letter)).body.lower()} "

    assert [threat for threat in THREATS if f" {threat} " in words] == []


@EVERY
def test_what_is_missing_is_named(letter: Letter) -> None:
    """Each needed answer, left out alone, is refused by its own words; so is each fact that is required."""
    for one in [one for one in letter.asks if one.needed]:
        with pytest.raises(NoticeIncompleteError) as refused:
            letter.render(replace(FACTS, details={**answers(letter), one.key: False if one.kind is AskKind.TICK else " "}))
        assert refused.value.fields == (one.label,)
    for name in letter.required:
        empty = {name: () if name == "addresses" else (None if name == "seen_at" else " ")}
        with pytest.raises(NoticeIncompleteError):
            letter.render(replace(filled(letter), **empty))  # type: ignore[arg-type]


@EVERY
def test_examples_pass_the_guard_and_a_childs_name_does_not(letter: Letter) -> None:
    """What the form shows may be sent; a pupil's name in any free text is blocked by the field's name."""
    guard = Guard(NOW, FACTS.school_address, FACTS.school_name)
    check_details(answers(letter), letter.asks, guard)
    for one in letter.asks:
        if one.kind in {AskKind.LINE, AskKind.TEXT}:
            with pytest.raises(PersonalDataError) as refused:
                check_details({**answers(letter), one.key: "our daughter Leah, 4B"}, letter.asks, guard)
            assert refused.value.field == one.label
            assert "Leah" not in str(refused.value)


def test_every_letter_of_the_table_stands_under_its_key() -> None:
    """The table's key is the letter's key; the asks of a letter are unique."""
    for key, letter in LETTERS.items():
        assert key == letter.key
        assert len({one.key for one in letter.asks}) == len(letter.asks)


# --- what single letters may not say ---


def test_a_proposal_for_an_encyclopaedia_declares_itself_and_the_head_agrees_first() -> None:
    """The connection is declared, the article is not touched, the wording is neutral by a tick, the head approves (B5, B29, B30)."""
    letter = LETTERS["wikipedia"]
    body = letter.render(filled(letter)).body

    assert letter.head_approves
    assert body.startswith("Declaration: I am connected with the subject of this article")
    assert "I do not edit the article" in body
    with pytest.raises(NoticeIncompleteError, match="neutral"):
        letter.render(replace(FACTS, details={**answers(letter), "neutral": False}))


def test_the_iwf_sheet_holds_the_address_and_nothing_about_it() -> None:
    """URL only: no evidence, no author, no words of the post (evidence.md §8)."""
    body = LETTERS["iwf"].render(filled(LETTERS["iwf"])).body

    assert FACTS.addresses[0] in body
    assert FACTS.author not in body
    assert FACTS.evidence[0] not in body


@pytest.mark.parametrize("key", ["staff_update", "parent_update", "all_parents"])
def test_updates_name_no_author_and_no_address(key: str) -> None:
    """Nothing about other people, nothing that helps to find the post."""
    body = LETTERS[key].render(filled(LETTERS[key])).body

    assert FACTS.author not in body
    assert FACTS.addresses[0] not in body
    assert FACTS.linked[0] not in body


def test_the_police_summary_holds_every_part_of_its_row() -> None:
    """Victim, consent and its time, verbatim words, address, times, author, linked incidents, tag, impact, risk, evidence (A22)."""
    letter = LETTERS["police"]
    body = letter.render(filled(letter)).body

    for part in (
        "Consent:",
        "I know which gate you use.",
        FACTS.author,
        FACTS.linked[0],
        FACTS.evidence[0],
        "not a conclusion",
        "Risk now",
    ):
        assert part in body, part


def test_an_override_without_a_reason_is_refused() -> None:
    """The closed list of reasons needs its own words (A22)."""
    letter = LETTERS["police"]

    with pytest.raises(CaseError, match="why the person's consent was overridden"):
        letter.render(replace(FACTS, details={**answers(letter), "consent": "overridden: risk to life", "override_reason": " "}))


# --- on a case ---


class Scene:
    """A case with evidence, and people."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        clock.moment = NOON
        self.store, self.clock, self.desk = store, clock, Casework(store, clock)
        self.finding = fill(store, DSL, HEAD, COMMS, STAFF)

    def opened(self, category: Category = Category.HARASSMENT_STAFF, target: str = "teacher") -> Case:
        """Open a case and seal evidence of its post."""
        made = self.desk.decide(DSL, self.finding.id, DecisionKind.OPEN_CASE, category, Severity.S2, target, "It targets somebody.")
        assert made.case is not None
        return made.case

    def sealed(self, case: Case) -> None:
        """Capture its post."""
        item = self.desk.case(DSL, case.id).items[0]
        order = self.desk.order_started(self.desk.order_capture(DSL, case.id, item.id, SafetyAnswer.NO).id)
        evidence = an_evidence(case.id, item.id, order.id)
        self.desk.evidence_sealed(
            order.id, evidence, [CustodyDraft(at=self.clock.now(), by="u-dsl", evidence_id=evidence.id, what="sealed")]
        )

    def stopped(self) -> Case:
        """Open a case and answer the safety question so that it is stopped."""
        case = self.opened(Category.PUPIL_IMAGE, "pupil")
        item = self.desk.case(DSL, case.id).items[0]
        self.desk.order_capture(DSL, case.id, item.id, SafetyAnswer.YES)
        return self.desk.case(DSL, case.id).case

    def refer(self, case: Case, **changes: object) -> None:
        """Keep a police referral as the referrals room writes it."""
        made = Referral(id=new_id(NOON), case_id=case.id, body=ReferralBody.POLICE, why="threat", opened_by="u-head", opened_at=NOON)
        with self.store.begin(by="u-head") as work:
            work.referrals.add(made.model_copy(update=changes))
            work.commit()

    def letter(self, case: Case, key: str, **changes: str | bool) -> Kept:
        """Draft a letter with its form filled in."""
        by = HEAD if key == "police" else DSL
        return self.desk.draft_letter(by, case.id, key, "the person concerned", {**answers(LETTERS[key]), **changes})

    def pdf(self, letter: Kept) -> bytes:
        """Return the letter's PDF."""
        return self.desk.paper(HEAD, "letter", letter.id, "pdf").content


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """A school with people and one flagged post."""
    return Scene(store, clock)


CASES: dict[str, tuple[Category, str]] = dict.fromkeys(LETTERS, (Category.HARASSMENT_STAFF, "teacher")) | {
    "parent_update": (Category.PUPIL_BULLYING, "pupil"),
    "ceop": (Category.GROOMING, "pupil"),
    "public_reply": (Category.KNOWINGLY_FALSE, "school"),
}


@pytest.mark.parametrize("key", [one.key for one in OF_CASE if one.key != "iwf"])
def test_each_letter_from_a_case_as_pdf_and_mail_draft(scene: Scene, key: str, words_of: Callable[[bytes], str]) -> None:
    """Drafted through the service with nothing missing; two other programs read the same words."""
    case = scene.opened(*CASES[key])
    scene.refer(case, consent=Consent.GIVEN, consent_at=NOON)
    letter = scene.letter(case, key)
    kept, last = scene.desk.letters(HEAD, case.id), scene.desk.case(HEAD, case.id).events[-1].what
    if LETTERS[key].head_approves:  # not even by an address typed by hand is there a mail draft of words that wait for approval
        with pytest.raises(IllegalMoveError, match="not approved yet"):
            scene.desk.paper(HEAD, "letter", letter.id, "eml")
        scene.desk.approve_letter(HEAD, letter.id)
    draft = message_from_bytes(scene.desk.paper(HEAD, "letter", letter.id, "eml").content, policy=policy.default)
    read = words_of(scene.pdf(letter))

    body = " ".join(letter.body.split())
    assert " ".join(draft.get_content().split()) == body
    assert draft["X-Unsent"] == "1"
    assert [word for word in body.replace("- ", " ").split() if word not in read.replace(" ", "")] == []
    assert kept == (letter,)
    assert last == "letter drafted"


@pytest.mark.parametrize("key", [one.key for one in OF_CASE if one.head_approves])
def test_what_the_head_must_agree_to_waits_for_the_head(scene: Scene, key: str, words_of: Callable[[bytes], str]) -> None:
    """Not sent before approval, not approved by others, its paper says DRAFT until then (B31, B30)."""
    case = scene.opened(*CASES[key])
    letter = scene.letter(case, key)
    before = words_of(scene.pdf(letter))
    with pytest.raises(CaseError, match="headteacher approves"):
        scene.desk.letter_sent(DSL, letter.id)
    with pytest.raises(PermissionDeniedError):
        scene.desk.approve_letter(DSL, letter.id)

    approved = scene.desk.approve_letter(HEAD, letter.id)
    sent = scene.desk.letter_sent(DSL, letter.id, NOON - timedelta(hours=1), "T-5")

    assert "DRAFT" in before
    assert "DRAFT" not in words_of(scene.pdf(letter))
    assert (approved.approved_by, sent.sent_at, sent.reference) == ("u-head", NOON - timedelta(hours=1), "T-5")
    with pytest.raises(CaseError, match="already"):
        scene.desk.approve_letter(HEAD, letter.id)


def test_a_letter_needs_no_approval_where_none_is_asked(scene: Scene) -> None:
    """An update for the member of staff is sent by whoever wrote it; twice is refused."""
    letter = scene.letter(scene.opened(), "staff_update")
    scene.desk.letter_sent(DSL, letter.id)

    with pytest.raises(CaseError, match="already"):
        scene.desk.letter_sent(DSL, letter.id)


def test_a_letter_given_up_stays_in_the_record(scene: Scene) -> None:
    """Refused or dropped with a reason; nothing can be done with it afterwards."""
    case = scene.opened()
    letter = scene.letter(case, "all_parents")
    with pytest.raises(CaseError, match="empty"):
        scene.desk.drop_letter(HEAD, letter.id, "  ")
    dropped = scene.desk.drop_letter(HEAD, letter.id, "It would draw attention.")

    assert (dropped.refused_by, dropped.refused_why) == ("u-head", "It would draw attention.")
    assert scene.desk.letters(DSL, case.id)[0].refused_at == NOON
    with pytest.raises(CaseError, match="already"):
        scene.desk.letter_sent(DSL, letter.id)


def test_the_police_summary_waits_for_consent(scene: Scene) -> None:
    """No referral, asked, refused: no summary. Given, or overridden with a second person: written (A22)."""
    case = scene.opened()
    for changes in (None, {"consent": Consent.ASKED}, {"consent": Consent.REFUSED}):
        if changes is not None:
            scene.refer(case, **changes)
        with pytest.raises(ConsentMissingError):
            scene.letter(case, "police")
    scene.refer(
        case,
        opened_at=NOON + timedelta(minutes=1),
        consent=Consent.REFUSED,
        override=OverrideCode.CHILD_AT_RISK,
        override_reason="a child walks with the teacher",
        override_by="u-head",
        override_second="u-dsl",
        override_at=NOON,
    )

    assert scene.letter(case, "police", consent="overridden: a child is at risk", override_reason="a child is near").body


def test_a_summary_for_the_police_is_for_those_who_may_refer(scene: Scene) -> None:
    """The comms lead and staff write no letter in a case that they do not see."""
    case = scene.opened()
    for user in (COMMS, STAFF):
        with pytest.raises((PermissionDeniedError, NotFoundError)):
            scene.desk.draft_letter(user, case.id, "staff_update", "x", answers(LETTERS["staff_update"]))
        with pytest.raises((PermissionDeniedError, NotFoundError)):
            scene.desk.letter_choices(user, case.id)


def test_in_a_stopped_case_only_the_protecting_bodies_are_written_to(scene: Scene) -> None:
    """IWF and CEOP sheets, police and LADO: addresses only, no mail draft, no evidence; everything else is refused."""
    case = scene.stopped()
    offered = {one.template.key for one in scene.desk.letter_choices(DSL, case.id)}
    with pytest.raises(IllegalMoveError):
        scene.letter(case, "staff_update")
    lado = scene.letter(case, "lado_csc")

    assert offered <= {"police", "lado_csc", "ceop", "iwf"}
    assert "page.html" not in lado.body
    with pytest.raises(IllegalMoveError, match="nothing goes by mail"):
        scene.desk.paper(DSL, "letter", lado.id, "eml")
    assert scene.desk.paper(DSL, "letter", lado.id, "pdf").content.startswith(b"%PDF")


@pytest.mark.parametrize("is_stopped", [False, True])
def test_no_letter_of_a_stopped_case_speaks_of_its_removal(scene: Scene, monkeypatch: pytest.MonkeyPatch, is_stopped: bool) -> None:
    """B36: whatever a letter would say of the 24 hours and of our next look is empty there; elsewhere it is filled in."""
    case = scene.stopped() if is_stopped else scene.opened(Category.PUPIL_IMAGE, "pupil")
    nosy = replace(LETTERS["lado_csc"], key="nosy", asks=(), says=(lambda facts: f"[{facts.standing}{facts.next_check}]",))
    monkeypatch.setitem(LETTERS, "nosy", nosy)
    body = scene.desk.preview_letter(DSL, case.id, "nosy", "the LADO", {}).body

    assert ("[]" in body, "of 24 h" in body) == (is_stopped, not is_stopped)


def test_forms_start_with_the_words_of_the_post_but_not_in_a_stopped_case(scene: Scene) -> None:
    """The verbatim words are filled in for the police; a stopped case repeats nothing."""
    case = scene.opened()
    starts = {one.template.key: one.start.details for one in scene.desk.letter_choices(HEAD, case.id)}

    assert "took money" in str(starts["police"]["verbatim"])


def test_a_stopped_case_repeats_no_words(scene: Scene) -> None:
    """No post text in any form of a stopped case."""
    case = scene.stopped()

    assert all("took money" not in str(one.start.details) for one in scene.desk.letter_choices(DSL, case.id))


def test_unknown_letters_and_covers_are_not_found(scene: Scene) -> None:
    """A letter that does not exist, or belongs to no case, is refused."""
    case = scene.opened()
    for key in ("none", "governors_report"):
        with pytest.raises(NotFoundError):
            scene.desk.draft_letter(DSL, case.id, key, "", {})


def test_letters_say_what_was_done_without_the_words_of_the_post(scene: Scene) -> None:
    """Opened, evidence kept, with times; nothing of the post itself."""
    case = scene.opened()
    scene.sealed(case)
    body = scene.letter(case, "staff_update").body

    assert "case opened" in body
    assert "evidence SW-2026-0001-E1 kept" in body
    assert "took money" not in body


def test_a_name_in_the_recipient_is_blocked(scene: Scene) -> None:
    """Who gets it is checked like every other field."""
    case = scene.opened()

    with pytest.raises(PersonalDataError, match="who gets it"):
        scene.desk.preview_letter(DSL, case.id, "staff_update", "the parents of Leah Marsh", answers(LETTERS["staff_update"]))


def test_preview_writes_nothing(scene: Scene) -> None:
    """Looking at a letter leaves no trace."""
    case = scene.opened()
    words = scene.desk.preview_letter(DSL, case.id, "staff_update", "the teacher", answers(LETTERS["staff_update"]))

    assert case.ref in words.subject
    assert scene.desk.letters(DSL, case.id) == ()


def test_lists_become_lists_on_paper() -> None:
    """Titles stay paragraphs, hyphens become bullets, numbers become steps."""
    document = sheet(Rendered("S", "Title:\n- one\n- two\nafter\n\n1. first\n2. second\n"), made_at=NOW, school="F", footer="f")

    assert document.blocks == (
        Paragraph("Title:"),
        Bullets(("one", "two")),
        Paragraph("after"),
        Bullets(("first", "second"), numbered=True),
    )
