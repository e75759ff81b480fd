"""Whatever leaves the safe leaves exactly one line that the case page shows: packs, papers, notices, letters, summaries (A34, A36, B38)."""

from __future__ import annotations

import pytest

from casework.child_summary import OnlineRisk, SummaryForm
from casework.errors import IllegalMoveError
from casework.exports import Export, exports
from casework.notice import AskKind
from data.model.cases import Case
from evidence.report import Variant
from schoolwatch.testing import Watched

FORM = SummaryForm("L.M.", "Year 8", "A picture of L.M. was passed round.", risks=(OnlineRisk.CONDUCT,), to_whom="the child's new school")


def left(watched: Watched, case: Case) -> list[Export]:
    """Return the list of the case page, without what was there before."""
    with watched.desk.store.read() as work:
        return list(exports(work, work.cases.get(case.id)))


def chronicled(watched: Watched, case: Case) -> int:
    """Return how many lines the case's chronology has."""
    return len(watched.casework.chronology(watched.user(), case.id))


def one_more(watched: Watched, case: Case, before: tuple[int, int]) -> str:
    """Return what the one new line of the list says; there is one in the chronology too."""
    found = left(watched, case)
    assert (len(found), chronicled(watched, case)) == (before[0] + 1, before[1] + 1)
    assert found[-1].by == watched.user().id
    return found[-1].words


def so_far(watched: Watched, case: Case) -> tuple[int, int]:
    """Return how many lines there are before something leaves."""
    watched.forward(minutes=1)
    return len(left(watched, case)), chronicled(watched, case)


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        (Variant.FULL, "full evidence pack, with SW-2026-0001-E1"),
        (Variant.REDACTED, "evidence pack; no evidence went along: no working copy was made"),
    ],
)
def test_a_pack_leaves_one_line(watched: Watched, case: Case, variant: Variant, said: str) -> None:
    """The full one in the custody chain; one that holds no evidence in the case's history, for the chain is about evidence."""
    before = so_far(watched, case)
    watched.desk.safe.pack(watched.user(), case.id, variant)

    assert one_more(watched, case, before).replace(case.ref, "SW-2026-0001") == said


def test_papers_for_the_person_leave_one_line(watched: Watched, case: Case) -> None:
    """With evidence and without, and never two for the same papers."""
    room, dsl = watched.casework, watched.user()
    item = room.case(dsl, case.id).items[0].id
    filing = room.offer_filing(dsl, case.id, item, "teacher", "head", words="Please take this post down. It names me.")
    before = so_far(watched, case)
    watched.desk.safe.papers(dsl, filing.id)
    with_evidence = one_more(watched, case, before)
    before = so_far(watched, case)
    room.papers_made(dsl, filing.id, "ab" * 32)

    assert with_evidence == f"papers for the person concerned, with {case.ref}-E1"
    assert one_more(watched, case, before) == "papers for the person concerned, without evidence"


@pytest.mark.parametrize(("form", "said"), [("pdf", "as PDF"), ("txt", "as text"), ("eml", "as a mail draft")])
def test_a_notice_and_a_letter_leave_one_line(watched: Watched, case: Case, form: str, said: str) -> None:
    """Each time that one is taken out, in every form."""
    room, dsl = watched.casework, watched.user()
    request = watched.ask(case)
    chosen = next(one.template for one in room.letter_choices(dsl, case.id) if not one.template.in_stop and not one.template.head_approves)
    details = {one.key: True if one.kind is AskKind.TICK else one.example for one in chosen.asks}
    letter = room.draft_letter(dsl, case.id, chosen.key, "the person concerned", details)
    for kind, record_id, name in (("request", request.id, "the notice of a request"), ("letter", letter.id, "a letter")):
        before = so_far(watched, case)
        room.paper(dsl, kind, record_id, form)
        assert one_more(watched, case, before) == f"{name}, {said}"


def test_a_childs_summary_leaves_one_line(watched: Watched, case: Case) -> None:
    """For whom it was taken stands there."""
    before = so_far(watched, case)
    watched.casework.child_summary(watched.user(), case.id, FORM)

    assert one_more(watched, case, before) == "a child's summary, for the child's new school"


def test_what_is_refused_leaves_no_line(watched: Watched, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case that was stopped while the paper was made: it does not leave, and no line says that it did (evidence.md §8.4)."""
    request = watched.ask(case)
    before = so_far(watched, case)

    def and_stopped(*_: object) -> bytes:
        """Stop the case while the paper is being made."""
        with watched.desk.store.begin("system") as work:
            work.cases.replace(work.cases.get(case.id).model_copy(update={"stop": True}))
            work.commit()
        return b"%PDF"

    monkeypatch.setattr("casework.letters._made", and_stopped)
    with pytest.raises(IllegalMoveError, match="indecent image"):
        watched.casework.paper(watched.user(), "request", request.id, "pdf")

    assert (len(left(watched, case)), chronicled(watched, case)) == before
