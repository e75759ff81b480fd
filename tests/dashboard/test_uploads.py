"""What a person brings, by the page: the question before the chooser, the files, the account, the seal, and every refusal."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import dashboard.app
from casework.intake import ReportForm
from dashboard.parts.testing import CODE, World
from data.errors import CaseError, EvidenceError, PermissionDeniedError
from data.model.cases import Case, CaseState
from data.model.evidence import Completeness, Evidence, EvidenceKind, OrderState, SafetyAnswer
from data.model.findings import DecisionKind
from data.model.readings import Category, Severity
from evidence.capture import is_intact
from evidence.errors import CaptureForbiddenError, SuppliedRefusedError
from evidence.supplied import Account, Brought
from evidence.testing import square
from evidence.vault import Vault
from schoolwatch.desk import Desk

APP = str(Path(dashboard.app.__file__))
SCREEN = square((30, 90, 200), 40)
SAYS = "supplied by a person, not captured by us"
Sit = Callable[[Desk, str | None], None]


@pytest.fixture
def case(world: World) -> Case:
    """A case about a post, of which nothing was captured yet."""
    return world.open_case("fresh", "Fernley Green: make Mr Q quit, message him all day")


@pytest.fixture
def told(world: World) -> Case:
    """A case without any address: somebody told of a private message."""
    room, dsl = world.desk.casework, world.people["dsl"]
    report = room.report(CODE, ReportForm(says="A message to our telephone.", reporter="a parent"))
    finding = next(row.finding for row in room.inbox(dsl, dsl.schools()).rows if row.report == report)
    kind, category = DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF
    return world.keep("told", room.decide(dsl, finding.id, kind, category, Severity.S2, "teacher", "It targets one teacher."))


def open_case(world: World, at: Sit, case: Case, who: str = "dsl") -> AppTest:
    """Open a case's page as somebody, with every piece of it unfolded."""
    at(world.desk, world.token(who))
    test = AppTest.from_file(APP, default_timeout=20)
    test.query_params["id"] = case.id
    test.run()
    test.switch_page("views/case.py")
    test.query_params["id"] = case.id
    return test.run()


def words(test: AppTest) -> str:
    """Return everything that stands on the page, as text."""
    kinds = ("title", "subheader", "markdown", "text", "caption", "info", "warning", "error", "success", "code")
    return "\n".join(str(one.value) for kind in kinds for one in getattr(test, kind)).replace("\\", "")


def press(test: AppTest, label: str) -> AppTest:
    """Press a button."""
    return next(one for one in test.button if one.label == label).click().run()


def answered(test: AppTest, answer: SafetyAnswer) -> AppTest:
    """Answer the question of the piece for what people bring: the last one on the page."""
    [one for one in test.radio if one.label.startswith("Could this show")][-1].set_value(answer)
    return test.run()


def fill(test: AppTest, **more: str) -> AppTest:
    """Type the account."""
    known = {"Supplied by": "a parent", "What does it show?": "the message of Tuesday"} | more
    for label, value in known.items():
        next(one for one in test.text_input if one.label == label).set_value(value)
    next(one for one in test.text_area if one.label.startswith("How was it made?")).set_value("A screenshot on her telephone.")
    return test


def file_of(world: World, case: Case) -> tuple[CaseState, tuple[Evidence, ...]]:
    """Return where a case stands and its evidence."""
    file = world.desk.casework.case(world.people["dsl"], case.id)
    return file.case.state, file.evidence


def vault_files(world: World) -> list[Path]:
    """Return what lies in the vault."""
    return [path for path in world.desk.vault.root.rglob("*") if path.is_file()]


def an_account(world: World, **more: object) -> Account:
    """Make what a person says."""
    known: dict[str, object] = {"supplied_by": "a parent", "how": "by telephone", "shows": "a message", "handed_over_at": world.clock.now()}
    return Account(**(known | more))  # type: ignore[arg-type]


# --- the page ---


def test_the_question_stands_before_the_chooser_and_has_no_default(world: World, at: Sit, case: Case) -> None:
    """No chooser on the page; going on without an answer is refused."""
    test = open_case(world, at, case)
    before = [one.value for one in test.radio if one.label.startswith("Could this show")]
    press(test, "Go on to the files")

    assert before == [None, None]
    assert len(test.file_uploader) == 0
    assert any("Answer the safety question" in one.value for one in test.error)


@pytest.mark.parametrize("answer", [SafetyAnswer.YES, SafetyAnswer.NOT_SURE])
@pytest.mark.parametrize("key", ["fresh", "told"])
def test_yes_or_not_sure_stops_and_no_chooser_ever_appears(
    world: World, at: Sit, answer: SafetyAnswer, key: str, request: pytest.FixtureRequest
) -> None:
    """The case goes to the lead, with or without an address; not a byte was asked for."""
    case: Case = request.getfixturevalue("case" if key == "fresh" else key)
    test = press(answered(open_case(world, at, case), answer), "Stop here and hand over to the safeguarding lead")
    file = world.desk.casework.case(world.people["dsl"], case.id)

    assert file.case.stop
    assert file.case.state is CaseState.SAFEGUARDING_LEAD
    assert [order.state for order in file.orders] == [OrderState.STOPPED]
    assert len(test.file_uploader) == 0
    assert "No file was asked for" in words(test)
    assert vault_files(world) == []


def test_a_screenshot_is_sealed_as_supplied_and_opens_the_way(world: World, at: Sit, case: Case) -> None:
    """After "no": chooser, account, seal; the page says what it is; a request may be drafted next."""
    test = press(answered(open_case(world, at, case), SafetyAnswer.NO), "Go on to the files")
    test.file_uploader[0].set_value([("IMG 1 (Kayley).png", SCREEN, "image/png"), ("talk.txt", b"you will see", "text/plain")])
    press(fill(test), "Seal it as evidence")
    state, kept = file_of(world, case)
    seen = words(test)

    assert not [one.value for one in test.error]
    assert (state, len(kept)) == (CaseState.EVIDENCE_CAPTURED, 1)
    assert (kept[0].kind, kept[0].completeness, kept[0].counts) == (EvidenceKind.SUPPLIED, Completeness.SUPPLIED, True)
    assert {one.name for one in kept[0].files} == {"supplied-01.png", "supplied-02.txt", "supplied.json", "custody.jsonl"}
    assert is_intact(kept[0], world.desk.vault)
    assert SAYS in seen.lower()
    assert "Supplied by: a parent" in seen
    assert "IMG 1 (Kayley).png" in seen
    assert "full capture" not in seen
    assert len(test.file_uploader) == 0


def test_the_history_says_that_a_person_brought_it(world: World, at: Sit, told: Case) -> None:
    """In a case without an address the way is opened by what was brought, and the history says so."""
    dsl, room = world.people["dsl"], world.desk.casework
    world.desk.taking_in.take(dsl, told.id, "", SafetyAnswer.NO, [Brought("a.png", SCREEN)], an_account(world))
    lines = [line.text for line in room.chronology(dsl, told.id)]
    test = open_case(world, at, told)

    assert room.case(dsl, told.id).case.state is CaseState.EVIDENCE_CAPTURED
    assert any("a person brought was sealed (not captured by us)" in line for line in lines)
    assert "Supplied by a person, not captured by us" in words(test)


def test_what_is_not_taken_in_is_refused_here_and_what_was_typed_stays(world: World, at: Sit, case: Case) -> None:
    """A program is named; nothing is kept; the account can be sent again with another file."""
    test = press(answered(open_case(world, at, case), SafetyAnswer.NO), "Go on to the files")
    test.file_uploader[0].set_value([("voice.mp3", b"MZ\x90\0" + bytes(200), "audio/mpeg")])
    press(fill(test), "Seal it as evidence")

    assert any("a program" in one.value for one in test.error)
    assert next(one for one in test.text_input if one.label == "Supplied by").value == "a parent"
    assert (file_of(world, case)[1], vault_files(world)) == ((), [])


def test_without_a_file_or_words_the_page_says_what_is_missing(world: World, at: Sit, case: Case) -> None:
    """One thing after the other."""
    test = press(answered(open_case(world, at, case), SafetyAnswer.NO), "Go on to the files")
    press(test, "Seal it as evidence")
    none = [one.value for one in test.error]
    test.file_uploader[0].set_value([("a.png", SCREEN, "image/png")])
    press(test, "Seal it as evidence")

    assert any("no file was chosen" in one.lower() for one in none)
    assert any("who supplied it" in one.value for one in test.error)


def test_what_a_mail_says_of_itself_stands_as_text(world: World, at: Sit, case: Case) -> None:
    """Headers and attachments are shown, hostile signs and all, and nothing of it becomes markup."""
    mail = b"From: <script>alert(1)</script> <x@bad.example>\r\nTo: o@fernley.example\r\nSubject: **you** ![x](https://bad.example/a.png)\r\n\r\nx"
    dsl = world.people["dsl"]
    world.desk.taking_in.take(dsl, case.id, "", SafetyAnswer.NO, [Brought("m.eml", mail)], an_account(world))
    test = open_case(world, at, case)
    codes = "\n".join(one.value for one in test.code)

    assert "Subject: **you** ![x](https://bad.example/a.png)" in codes
    assert "bad.example" not in "\n".join(str(one.value) for one in test.markdown)


@pytest.mark.parametrize("who", ["comms", "governor", "it", "staff"])
def test_others_are_not_offered_it_and_are_refused(world: World, case: Case, who: str) -> None:
    """Only who may capture evidence takes it in, and sees what it says of itself."""
    user = world.people[who]
    kept = world.desk.taking_in.take(world.people["dsl"], case.id, "", SafetyAnswer.NO, [Brought("a.png", SCREEN)], an_account(world))
    with pytest.raises(PermissionDeniedError):
        world.desk.taking_in.take(user, case.id, "", SafetyAnswer.NO, [Brought("b.txt", b"b")], an_account(world))
    with pytest.raises(PermissionDeniedError):
        world.desk.taking_in.ask(user, case.id, "", SafetyAnswer.NO)
    with pytest.raises(PermissionDeniedError):
        world.desk.taking_in.about(user, kept.id)


def test_an_ended_or_stopped_case_is_offered_no_chooser(full_world: World, at: Sit) -> None:
    """Neither on the page nor by the service."""
    dsl = full_world.people["dsl"]
    for key in ("closed", "stopped"):
        test = open_case(full_world, at, full_world.cases[key])

        assert "Go on to the files" not in [one.label for one in test.button]
    with pytest.raises(CaptureForbiddenError):
        full_world.desk.taking_in.take(
            dsl, full_world.cases["stopped"].id, "", SafetyAnswer.NO, [Brought("a.png", SCREEN)], an_account(full_world)
        )


# --- the service ---


def test_a_case_stopped_while_files_were_chosen_takes_nothing(world: World, case: Case) -> None:
    """The answer was "no", but the case was stopped meanwhile: refused, nothing recorded, not a byte in the vault."""
    dsl, room = world.people["dsl"], world.desk.casework
    assert world.desk.taking_in.ask(dsl, case.id, "", SafetyAnswer.NO)
    room.order_capture(dsl, case.id, room.case(dsl, case.id).items[0].id, SafetyAnswer.YES)
    with pytest.raises(CaptureForbiddenError):
        world.desk.taking_in.take(dsl, case.id, "", SafetyAnswer.NO, [Brought("a.png", SCREEN)], an_account(world))

    assert (room.case(dsl, case.id).evidence, vault_files(world)) == ((), [])


def test_the_same_files_are_taken_in_once(world: World, case: Case) -> None:
    """A second click adds nothing and says where they are."""
    dsl, take = world.people["dsl"], world.desk.taking_in.take
    take(dsl, case.id, "", SafetyAnswer.NO, [Brought("a.png", SCREEN)], an_account(world))
    with pytest.raises(SuppliedRefusedError, match=f"as {case.ref}-E1"):
        take(dsl, case.id, "", SafetyAnswer.NO, [Brought("b.png", SCREEN)], an_account(world))

    assert len(file_of(world, case)[1]) == 1


def test_captures_and_what_was_brought_are_numbered_together_and_chained(world: World, case: Case) -> None:
    """E1 is ours, E2 was brought; the custody chain holds each step and each seal."""
    dsl = world.people["dsl"]
    world.capture("fresh")
    item = world.desk.casework.case(dsl, case.id).items[0]
    kept = world.desk.taking_in.take(dsl, case.id, item.id, SafetyAnswer.NO, [Brought("a.png", SCREEN)], an_account(world))
    with world.desk.store.read() as work:
        mine = [(event.what, event.detail) for event in work.custody.where() if event.evidence_id == kept.id]

    assert (kept.ref, kept.address, kept.item_id) == (f"{case.ref}-E2", item.address, item.id)
    assert [what for what, _ in mine] == ["opened", "safety answer", "supplied", "sealed"]
    assert mine[-1][1] == kept.seal_sha256


def test_a_full_disk_leaves_no_record(world: World, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk refuses at the second file: no evidence, no order, no history, and the case waits as before."""
    dsl, real = world.people["dsl"], world.desk.vault.put
    kept: list[int] = []

    def put(_vault: Vault, content: bytes) -> str:
        """Keep one file, then be full."""
        if kept:
            raise EvidenceError("evidence could not be stored (No space left on device); free some disk space")
        kept.append(len(content))
        return real(content)

    monkeypatch.setattr(Vault, "put", put)
    with pytest.raises(EvidenceError, match="free some disk space"):
        world.desk.taking_in.take(dsl, case.id, "", SafetyAnswer.NO, [Brought("a.png", SCREEN)], an_account(world))
    file = world.desk.casework.case(dsl, case.id)

    assert (file.evidence, file.orders, file.case.state) == ((), (), CaseState.TRIAGED)


def test_an_item_of_another_case_is_refused(world: World, case: Case) -> None:
    """What is brought belongs to an address of this case, or to none."""
    other = world.open_case("other", "Fernley Green: make Mr Q quit, all of you")
    dsl = world.people["dsl"]
    item = world.desk.casework.case(dsl, other.id).items[0]
    with pytest.raises(CaseError, match="does not belong to case"):
        world.desk.taking_in.take(dsl, case.id, item.id, SafetyAnswer.NO, [Brought("a.png", SCREEN)], an_account(world))


def test_a_place_in_a_photograph_is_warned_of(world: World, at: Sit, case: Case) -> None:
    """Where it was taken may be somebody's home: the page says that it is in the file, not where."""
    tags = Image.Exif()
    tags[0x8825] = {1: "N", 2: (51.0, 1.0, 2.0)}
    kept = io.BytesIO()
    Image.new("RGB", (30, 30)).save(kept, "JPEG", exif=tags)
    dsl = world.people["dsl"]
    made = world.clock.now() - timedelta(hours=3)
    one = world.desk.taking_in.take(dsl, case.id, "", SafetyAnswer.NO, [Brought("a.jpg", kept.getvalue())], an_account(world, made_at=made))
    facts = world.desk.taking_in.about(dsl, one.id)

    assert "contains the place where it was taken" in words(open_case(world, at, case))
    assert "51" not in json.dumps(facts["files"][0]["says_of_itself"])


BAD = "send me your nudes, you are 14 years old, send nudes now"


@pytest.mark.parametrize(
    "files",
    [
        [Brought("talk.txt", BAD.encode())],
        [Brought("talk.txt", BAD.encode("utf-16"))],
        [Brought("mail.eml", f"From: a@bad.example\nTo: b@bad.example\nSubject: x\nContent-Type: text/html\n\n<p>{BAD}</p>".encode())],
        [Brought("a.png", SCREEN), Brought(f"{BAD}.png", SCREEN)],
    ],
    ids=["text", "wide text", "mail", "name"],
)
def test_words_that_give_a_sign_stop_it_though_the_answer_was_no(world: World, case: Case, files: list[Brought]) -> None:
    """Evidence.md §8.3 for what people bring: read first; the case is stopped, no byte is kept, and only the sign's name is."""
    dsl, room = world.people["dsl"], world.desk.casework
    with pytest.raises(CaptureForbiddenError, match="words of what was brought"):
        world.desk.taking_in.take(dsl, case.id, "", SafetyAnswer.NO, files, an_account(world))
    file = room.case(dsl, case.id)

    assert (file.case.stop, file.evidence, vault_files(world)) == (True, (), [])
    assert [order.state for order in file.orders] == [OrderState.STOPPED]
    assert file.orders[0].signals
    assert "nudes, you" not in str(file.orders[0])


def test_what_is_said_about_it_is_read_too_and_the_lead_may_lift_the_stop(world: World, case: Case) -> None:
    """The lead gives a reason; then the same signs stop it no more, and another sign still does."""
    dsl, room = world.people["dsl"], world.desk.casework
    told = an_account(world, shows="a message that says: send me nudes")
    with pytest.raises(CaptureForbiddenError):
        world.desk.taking_in.take(dsl, case.id, "", SafetyAnswer.NO, [Brought("a.png", SCREEN)], told)
    room.lift_stop(dsl, case.id, "It is a message in words only, read to me.")
    kept = world.desk.taking_in.take(dsl, case.id, "", SafetyAnswer.NO, [Brought("a.png", SCREEN)], told)
    with pytest.raises(CaptureForbiddenError):
        world.desk.taking_in.take(dsl, case.id, "", SafetyAnswer.NO, [Brought("b.txt", b"cp vids for trade on mega")], an_account(world))

    assert kept.kind is EvidenceKind.SUPPLIED
    assert room.case(dsl, case.id).case.stop
