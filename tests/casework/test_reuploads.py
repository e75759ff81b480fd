"""Posts that come back: what counts as the same, what the system links by itself, what it puts before a person (A20, §5.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import reuploads
from casework.copies import MOST_OPEN
from casework.reuploads import (
    MOST_KEYS,
    NEAR,
    SHARED,
    Earlier,
    Resemblance,
    groups_of_post,
    keys_of_item,
    print_of,
    print_of_post,
    resemblance,
    whole_keys,
)
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, TEXT, a_case, a_check, a_post, a_reading, a_score, a_user, an_evidence, an_item, fill
from data.clock import FixedClock
from data.errors import CaseError, NotFoundError, PermissionDeniedError
from data.model.cases import Case, CaseState, Confidentiality, Verdict
from data.model.copies import CopyState, FoundCopy, ItemPrint, Match
from data.model.evidence import SafetyAnswer
from data.model.findings import DecisionKind, FindingState
from data.model.people import Role
from data.model.posts import Media, PlatformName, PostId, SeenPost
from data.model.readings import Category, Severity
from data.store import Store
from evidence.custody import CustodyDraft

DSL = a_user(Role.DSL)
HEAD = a_user(Role.HEADTEACHER, user_id="u-head")
CHAIR = a_user(Role.CHAIR, user_id="u-chair")
STAFF = a_user(Role.STAFF, user_id="u-staff")
QUARTER = timedelta(minutes=15)
LONG = (
    "Mr Quillfeather at Fernley Green Primary School took the money from the trip fund and hid it in a red tin behind the stage. "
    "We all saw it, the office knows it, and not one of them will say a word to the parents who paid for that trip last winter. "
    "Ask him where the money went and he walks away. He should not be near the children, and everybody in the town must be told."
)
NEWS = f"Fernley Gazette: a post that was shared in the town said this, which the school denies: {LONG} No money is missing, it says."
COMMON = ("Fernley Green Primary School is a disgrace", "I love this school so much", "ha ha ha ha ha ha ha ha ha ha ha", "Shame!", "")
PICTURE = Media(kind="image", url="https://pictures.example/red-tin.jpg")


def the_print(text: str, **changes: object) -> ItemPrint:
    """The print of an item with these words."""
    return print_of(an_item(), a_post(text, **changes), school_id=SCHOOL_ID, now=NOON)


def new_print(text: str, **changes: object) -> ItemPrint:
    """The print of a new post elsewhere."""
    elsewhere: dict[str, object] = {"address": "https://other.example/9", "permalink": "https://other.example/9", "author_handle": "other"}
    return print_of_post(a_post(text, **elsewhere | changes), NOON)


def alike(new: str, known: str, **changes: object) -> Resemblance | None:
    """In what two texts of two accounts resemble each other."""
    return resemblance(new_print(new, **changes), the_print(known))


@pytest.mark.parametrize("text", [TEXT, LONG])
@pytest.mark.parametrize(
    "changed",
    [
        str.upper,
        lambda text: text.replace(" ", "  \n"),
        lambda text: text.replace(",", " \u2013").replace(".", "!!! 😡"),
        lambda text: f"\u200b{text} https://short.example/x?utm_source=a",
        lambda text: text.replace("e", "é"),
    ],
    ids=["capitals", "white space", "signs", "a link behind it", "accents"],
)
def test_the_same_words_are_the_same(text: str, changed: object) -> None:
    """Capitals, white space, signs, emoji, accents, invisible characters and links do not make another text."""
    found = alike(changed(text), text)  # type: ignore[operator]

    assert found == Resemblance(Match.SAME_TEXT, 1.0, same_author=False)


def test_almost_the_same_words_are_near() -> None:
    """A word changed in a long text, or a tag behind a short one, is near; half of the words changed is not."""
    for new, known in ((LONG.replace("red", "blue"), LONG), (f"{TEXT} #shame", TEXT)):
        found = alike(new, known)
        assert found is not None
        assert (found.match, NEAR <= found.likeness < 1) == (Match.NEAR_TEXT, True)
    assert alike(" ".join(LONG.split()[::2]), LONG) is None
    assert alike("Mr Quillfeather at Fernley Green Primary School gave money to the trip fund, bless him.", TEXT) is None


@pytest.mark.parametrize("text", COMMON)
def test_short_common_words_never_match(text: str) -> None:
    """What many people write about any school is no copy of anything, however equal it is."""
    assert alike(text, text) is None


def test_the_same_account_is_believed_with_fewer_words() -> None:
    """Four words that the same account wrote word for word are the same; a display name alone is no account."""
    assert (
        resemblance(new_print("he is a thief", author_handle="bo"), the_print("He is a thief!", author_handle="bo")) is None
    )  # other sites
    same = {"author_handle": "@bo@a.example"}
    assert resemblance(new_print("he is a thief", **same), the_print("He is a thief!", **same)) is not None
    named = {"author_handle": None, "author_id": None, "author_name": "Bo"}
    found = resemblance(new_print(LONG, **named), the_print(LONG, **named))
    assert found is not None
    assert not found.same_author


def test_a_quotation_is_told_from_a_copy() -> None:
    """The removed words inside a longer text are a quotation: news, or somebody who condemns it."""
    found = alike(NEWS, LONG)

    assert found is not None
    assert found.match is Match.QUOTED_TEXT
    assert not found.is_same_words


def test_picture_and_address_are_compared_too() -> None:
    """The same picture's address, and the same address with the same or with other words, are told apart."""
    known = the_print(LONG, media=(PICTURE,))
    other = "We had a lovely day at the fair and thank everybody who came to help us with the stalls"
    for new, match, likeness in (
        (new_print(other, media=(PICTURE,)), Match.SAME_MEDIA, 1.0),
        (new_print(LONG, address=a_post().address), Match.SAME_ADDRESS, 1.0),
        (new_print(other, address=a_post().address), Match.SAME_ADDRESS, 0.0),
    ):
        found = resemblance(new, known)
        assert found is not None
        assert (found.match, found.likeness) == (match, likeness)


def test_picture_hashes_have_their_place() -> None:
    """Prints of pictures are compared once something makes them; nothing does yet."""
    known = the_print(LONG).model_copy(update={"pictures": ("p1",)})
    found = resemblance(new_print("other words").model_copy(update={"pictures": ("p1",)}), known)

    assert found is not None
    assert found.match is Match.SAME_PICTURE
    assert the_print(LONG, media=(PICTURE,)).pictures == ()


def test_a_print_holds_no_words() -> None:
    """Nothing of the text, the author or the address can be read in a print."""
    shown = the_print(LONG, author_handle="quillfeather-watch").model_dump_json(exclude={"school_id"}).lower()

    assert not any(word in shown for word in ("quillfeather", "fernley", "forum", "trip", "money"))


_WORD = st.sampled_from([*dict.fromkeys(LONG.split()), "bus", "fair", "gate", "lunch", "choir", "rain"])
_EDIT = st.tuples(st.integers(0, 200), st.sampled_from(["drop", "add", "swap"]), _WORD)


@settings(max_examples=300, deadline=None)
@given(st.lists(_WORD, min_size=8, max_size=120), st.lists(_EDIT, max_size=6), st.lists(_WORD, max_size=60))
def test_the_index_misses_nothing(words: list[str], edits: list[tuple[int, str, str]], around: list[str]) -> None:
    """Whatever two texts are found alike when compared also share a key of the index; asking costs a bounded number of keys."""
    changed = list(words)
    for place, kind, word in edits:
        at = place % max(1, len(changed))
        changed[at : at + (kind != "add")] = [] if kind == "drop" else [word]
    text = " ".join([*around, *changed])
    known, new = the_print(" ".join(words)), new_print(text)
    found = resemblance(new, known)
    groups, indexed = groups_of_post(new), set(keys_of_item(known))

    assert len(groups) <= MOST_KEYS
    assert found is None or set(whole_keys(new)) & indexed or len(set(groups) & indexed) >= SHARED


@given(st.lists(_WORD, min_size=8, max_size=60))
def test_likeness_goes_both_ways(words: list[str]) -> None:
    """A text is like itself, and near is near from either side."""
    text = " ".join(words)
    one, other = alike(text, LONG), alike(LONG, text)
    near = [found.match for found in (one, other) if found is not None and found.is_same_words]

    assert len(near) in {0, 2}


@pytest.mark.parametrize(
    ("found", "automatic"),
    [
        (Resemblance(Match.SAME_TEXT, 1.0, same_author=True), True),
        (Resemblance(Match.NEAR_TEXT, 0.9, same_author=True), True),
        (Resemblance(Match.SAME_ADDRESS, 1.0, same_author=False), True),
        (Resemblance(Match.SAME_ADDRESS, 0.0, same_author=True), False),
        (Resemblance(Match.SAME_TEXT, 1.0, same_author=False), False),
        (Resemblance(Match.NEAR_TEXT, 0.99, same_author=False), False),
        (Resemblance(Match.QUOTED_TEXT, 1.0, same_author=True), False),
        (Resemblance(Match.SAME_MEDIA, 1.0, same_author=True), False),
        (Resemblance(Match.SAME_PICTURE, 1.0, same_author=True), False),
    ],
)
def test_only_the_same_account_or_place_is_linked_by_the_system(found: Resemblance, *, automatic: bool) -> None:
    """Another account's words, quotations and pictures go to a person; so does everything while the case is open, or was there before."""
    gone = a_case(state=CaseState.CLOSED, gone_observed_at=NOON)
    after = NOON + timedelta(days=1)

    assert reuploads.is_automatic(found, gone, after) is automatic
    assert not reuploads.is_automatic(found, gone, NOON - timedelta(days=1))
    assert not reuploads.is_automatic(found, a_case(state=CaseState.REQUESTED), after)
    assert not reuploads.is_automatic(found, a_case(state=CaseState.CLOSED, gone_observed_at=None), after)


def test_a_stopped_case_is_compared_with_nothing() -> None:
    """In a case that may be about an indecent image nothing is compared (evidence.md §8)."""
    assert reuploads.may_match(a_case())
    assert not reuploads.may_match(a_case(stop=True))
    assert not reuploads.may_match(a_case(lead_category=Category.CSAM))


def test_severity_rises_by_one_at_most_to_critical() -> None:
    """What came back is one step more serious."""
    assert [reuploads.severity_again(one) for one in Severity] == [Severity.S1, Severity.S2, Severity.S3, Severity.S4, Severity.S4]


def test_two_earlier_removals_are_told_for_section_5() -> None:
    """Once, twice, and whether the same account is behind both."""
    first = a_case(id="a", ref="SW-1", gone_observed_at=NOON, opened_at=NOON - 2 * QUARTER)
    second = a_case(id="b", ref="SW-2", gone_observed_at=NOON + QUARTER, opened_at=NOON - QUARTER)
    third = a_case(id="c", ref="SW-3", opened_at=NOON + 2 * QUARTER)
    family, same, mixed = (third, second, first), {one: {"u1"} for one in "abc"}, {"a": {"u1"}, "b": {"u2"}, "c": {"u1"}}

    assert "without asking" in reuploads.earlier(third, family, same).says
    assert reuploads.earlier(third, family, mixed).says == "Removed twice before (SW-1, SW-2)."
    assert reuploads.earlier(second, family, same).says == ""
    assert reuploads.earlier(third, (third, first), same) == Earlier(("SW-1",), 1)


# --- on the real store


@dataclass
class Scene:
    """A school with one post that a case is about, and the posts that come after it."""

    store: Store
    clock: FixedClock
    desk: Casework = field(init=False)
    case: Case = field(init=False)
    number: int = 100

    def __post_init__(self) -> None:
        self.clock.moment = NOON
        finding = fill(self.store, DSL, HEAD, CHAIR, STAFF, text=LONG)
        self.desk = Casework(self.store, self.clock)
        decided = self.desk.decide(
            DSL, finding.id, DecisionKind.OPEN_CASE, Category.DEFAMATION_INDIVIDUAL, Severity.S2, "teacher", "states it as a fact"
        )
        assert decided.case is not None
        self.case = decided.case
        self.desk.seek_copies([])

    def item(self) -> str:
        """The case's first item."""
        return self.desk.case(DSL, self.case.id).items[0].id

    def removed(self, *, closed: bool = True) -> Case:
        """Capture, then see it gone twice before anybody was asked; close the case, unless it is to stay as verified."""
        order = self.desk.order_capture(DSL, self.case.id, self.item(), SafetyAnswer.NO)
        self.desk.order_started(order.id)
        draft = CustodyDraft(at=self.clock.now(), by="u-dsl", evidence_id=f"e-{order.id}", what="sealed")
        sealed = an_evidence(self.case.id, order.item_id, order.id, ref=f"{self.case.ref}-E1")
        self.desk.evidence_sealed(order.id, sealed, [draft])
        for slot in ("a", "b"):
            check = a_check(Verdict.REMOVED_UNKNOWN, case_id=self.case.id, item_id=self.item(), slot=slot, at=self.clock.now())
            self.desk.check_seen(self.case.id, check)
            self.clock.forward(QUARTER)
        self.desk.move(DSL, self.case.id, CaseState.VERIFIED_REMOVED, {})
        self.case = self.desk.case(DSL, self.case.id).case
        if closed:
            self.case = self.desk.close(DSL, self.case.id, "gone_before_request", "look sooner", "offered")
        self.clock.forward(timedelta(days=2))
        return self.case

    def collect(self, text: str = LONG, *, author: str | None = "someone", flagged: bool = False, **more: object) -> PostId:
        """A post comes in, on the same forum unless told otherwise, and is read."""
        self.number += 1
        facts: dict[str, Any] = {
            "platform": PlatformName.FORUM,
            "native_id": str(self.number),
            "permalink": f"https://forum.example.org/t/{self.number}",
            "author_handle": author,
            "text": text,
        }
        with self.store.begin("system") as work:
            post_id = work.posts.keep([SeenPost(**facts | more)], source_id=None, seen_at=self.clock.now()).post_ids[0]
            work.commit()
        if flagged:
            self.desk.flag_reading(a_reading(a_score()).model_copy(update={"post_id": post_id}))
        return post_id

    def follow(self) -> Case:
        """The post comes back: go on with the case that this opens."""
        copy = self.found()
        assert copy is not None
        self.desk.seek_copies([])
        self.case = self.desk.case(DSL, str(copy.linked_case_id)).case
        return self.case

    def found(self, text: str = LONG, **more: object) -> FoundCopy | None:
        """What is found of a post that comes in."""
        copies = self.desk.seek_copies([self.collect(text, **more)])  # type: ignore[arg-type]
        return copies[0] if copies else None


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """One open case about one post."""
    return Scene(store, clock)


def test_the_same_account_again_opens_a_linked_case(scene: Scene) -> None:
    """After a removal: a case of its own with its own finding, post and 24 hours, one severity higher, evidence by reference (A20)."""
    old = scene.removed()
    copy = scene.found(flagged=True)
    assert copy is not None
    again = scene.desk.case(DSL, str(copy.linked_case_id))

    assert (copy.state, copy.match, copy.by) == (CopyState.LINKED, Match.SAME_TEXT, "system")
    assert (again.case.reuploaded_from, again.case.severity, again.case.state) == (old.id, Severity.S3, CaseState.TRIAGED)
    assert (again.case.known_at, again.standing.used) == (scene.clock.now(), 0.0)
    assert again.finding.id == copy.finding_id != old.finding_id
    assert [one.post_id for one in again.items] == [copy.post_id]
    assert (again.evidence, again.events[1].fields["evidence"], again.events[1].fields["match"]) == ((), ["SW-2026-0001-E1"], "same_text")
    assert again.events[0].fields["reuploaded_from"] == old.ref
    assert scene.desk.inbox(DSL, [SCHOOL_ID]).rows == ()
    assert scene.desk.finding(DSL, again.finding.id).case == again.case


def test_a_post_is_found_once(scene: Scene) -> None:
    """Read again, by a job that runs twice or after an update, the same post opens nothing more."""
    scene.removed()
    post_id = scene.collect()
    first, second = scene.desk.seek_copies([post_id]), scene.desk.seek_copies([post_id, post_id])

    assert (len(first), second) == (1, ())
    assert len(scene.desk.cases(DSL, [SCHOOL_ID])) == 1


@pytest.mark.parametrize(
    ("text", "match"), [(LONG.upper(), Match.SAME_TEXT), (LONG.replace("red", "blue"), Match.NEAR_TEXT), (NEWS, Match.QUOTED_TEXT)]
)
def test_another_account_goes_to_a_person(scene: Scene, text: str, match: Match) -> None:
    """The words of a removed post by somebody else may condemn or report it: it waits in the inbox with the reason, no case is opened."""
    scene.removed()
    copy = scene.found(text, author="gazette")
    rows = scene.desk.inbox(DSL, [SCHOOL_ID]).rows

    assert copy is not None
    assert (copy.state, copy.match) == (CopyState.PROPOSED, match)
    assert scene.desk.cases(DSL, [SCHOOL_ID]) == ()
    assert [one.finding.id for one in rows] == [copy.finding_id]
    assert "post that was removed" in rows[0].finding.reasons[0]
    assert scene.desk.copies_of(DSL, scene.case.id)[0].may_link


def test_one_click_links_a_proposed_copy(scene: Scene) -> None:
    """What a person calls a copy becomes a linked case; the second click, and the second person, are told."""
    scene.removed()
    copy = scene.found(author="other")
    assert copy is not None
    linked = scene.desk.link_copy(DSL, copy.id)
    for act in (lambda: scene.desk.link_copy(HEAD, copy.id), lambda: scene.desk.not_a_copy(HEAD, copy.id, "no")):
        with pytest.raises(CaseError, match="already by user u-dsl"):
            act()
    finding = scene.desk.finding(DSL, str(copy.finding_id))

    assert (linked.reuploaded_from, linked.severity) == (scene.case.id, Severity.S3)
    assert finding.finding.state is FindingState.DECIDED
    assert finding.decided is not None
    assert (finding.decided.by, finding.decided.case_id) == ("u-dsl", linked.id)


def test_what_is_no_copy_is_set_aside_and_still_judged(scene: Scene) -> None:
    """Set aside with a reason, it leaves the case's list of questions and stays in the inbox."""
    scene.removed()
    copy = scene.found(NEWS, author="gazette")
    assert copy is not None
    with pytest.raises(CaseError, match="why it is no copy"):
        scene.desk.not_a_copy(DSL, copy.id, " ")
    scene.desk.not_a_copy(DSL, copy.id, "a fair report")
    file = scene.desk.copies_of(DSL, scene.case.id)[0]

    assert (file.copy.state, file.copy.reason, file.may_link) == (CopyState.SET_ASIDE, "a fair report", False)
    assert len(scene.desk.inbox(DSL, [SCHOOL_ID]).rows) == 1


def test_a_copy_of_an_open_case_is_proposed_to_it(scene: Scene) -> None:
    """While the case is open even the same account's copy is only proposed; linked, it is a further item that must go too."""
    copy = scene.found()
    assert copy is not None
    before = scene.desk.case(DSL, scene.case.id)
    same = scene.desk.link_copy(DSL, copy.id)
    after = scene.desk.case(DSL, scene.case.id)

    assert (copy.state, same.id, same.severity) == (CopyState.PROPOSED, scene.case.id, Severity.S2)
    assert (len(before.items), len(after.items)) == (1, 2)
    assert [row.case.id for row in scene.desk.cases(DSL, [SCHOOL_ID])] == [scene.case.id]


def test_a_second_return_hangs_on_the_open_case(scene: Scene) -> None:
    """While the first return is still dealt with, the next copy is proposed to that case, not to the old one."""
    scene.removed()
    first = scene.found()
    scene.desk.seek_copies([])
    second = scene.found()

    assert first is not None
    assert second is not None
    assert (second.case_id, second.state) == (first.linked_case_id, CopyState.PROPOSED)


def test_what_stood_before_the_removal_did_not_come_back(scene: Scene) -> None:
    """A copy that was collected before the post went, and is only read now, is for a person."""
    early = scene.collect()
    scene.removed()

    assert [one.state for one in scene.desk.seek_copies([early])] == [CopyState.PROPOSED]


def test_a_judged_post_and_a_cases_own_post_are_left_alone(scene: Scene) -> None:
    """What a person has judged is not asked again, and a case is not a copy of itself."""
    own = scene.desk.case(DSL, scene.case.id).items[0].post_id
    assert own is not None
    judged = scene.collect(flagged=True)
    finding = next(row.finding for row in scene.desk.inbox(DSL, [SCHOOL_ID]).rows if row.finding.post_id == judged)
    scene.desk.decide(
        DSL, finding.id, DecisionKind.NO_ACTION, Category.FAIR_CRITICISM, Severity.S0, "none", "quoted to condemn", Category.FAIR_CRITICISM
    )

    assert scene.desk.seek_copies([own, judged]) == ()


def test_a_proposal_that_was_judged_in_the_inbox_is_settled(scene: Scene) -> None:
    """Who judges the post in the inbox has answered the question."""
    scene.removed()
    copy = scene.found(NEWS, author="gazette")
    assert copy is not None
    scene.desk.decide(
        DSL, str(copy.finding_id), DecisionKind.NO_ACTION, Category.NEWS_REPORT, Severity.S0, "none", "a report", Category.NEWS_REPORT
    )

    assert not scene.desk.copies_of(DSL, scene.case.id)[0].may_link
    with pytest.raises(CaseError, match="in the inbox"):
        scene.desk.link_copy(DSL, copy.id)


def test_a_case_that_ended_without_a_removal_has_no_returns(scene: Scene) -> None:
    """What was withdrawn was never asked away: nothing came back."""
    scene.desk.move(DSL, scene.case.id, CaseState.WITHDRAWN, {"who_withdrew": "the teacher", "withdrawn_at": NOON, "reason": "peace"})

    assert scene.found() is None


def test_a_stopped_case_gives_no_copies(scene: Scene) -> None:
    """Once a case was stopped nothing is compared with it, and nothing that was proposed is linked (evidence.md §8)."""
    copy = scene.found(author="other")
    assert copy is not None
    scene.desk.order_capture(DSL, scene.case.id, scene.item(), SafetyAnswer.YES)

    assert scene.found(author="third") is None
    assert not scene.desk.copies_of(DSL, scene.case.id)[0].may_link
    with pytest.raises(CaseError, match="stopped"):
        scene.desk.link_copy(DSL, copy.id)


def test_permission_is_asked_before_anything_is_written(scene: Scene) -> None:
    """Who may not see or judge the case learns nothing and changes nothing."""
    scene.removed()
    copy = scene.found(author="other")
    assert copy is not None
    for act in (
        lambda: scene.desk.link_copy(STAFF, copy.id),
        lambda: scene.desk.not_a_copy(STAFF, copy.id, "no"),
        lambda: scene.desk.copies_of(STAFF, scene.case.id),
        lambda: scene.desk.earlier_removals(STAFF, scene.case.id),
    ):
        with pytest.raises((PermissionDeniedError, NotFoundError)):
            act()

    assert scene.desk.copies_of(DSL, scene.case.id)[0].copy.state is CopyState.PROPOSED


def test_a_case_about_the_head_is_not_betrayed_in_the_inbox(scene: Scene) -> None:
    """A copy for a case that only the chair sees stands on that case's page alone; the inbox, which the head reads, gets no hint."""
    with scene.store.begin("system") as work:
        case = work.cases.get(scene.case.id)
        hidden = case.model_copy(update={"confidentiality": Confidentiality.RESTRICTED_CHAIR, "target": "headteacher", "revision": 9})
        work.cases.change(hidden, case.revision)
        work.commit()
    copy = scene.found(author="other")

    assert copy is not None
    assert copy.finding_id is None
    assert scene.desk.inbox(HEAD, [SCHOOL_ID]).rows == ()
    assert scene.desk.copies_of(CHAIR, scene.case.id)[0].may_link
    assert len(scene.desk.case(CHAIR, scene.desk.link_copy(CHAIR, copy.id).id).items) == 2


def test_a_shared_address_says_nothing(scene: Scene) -> None:
    """Where many posts stand at one address, as in a feed without links, the address is no sign."""
    scene.removed()
    address = {"permalink": "https://forum.example.org/t/12#post-3"}
    other = "Come to the summer fair on the green, there will be cakes and a band and games for everybody"

    first = scene.found(other, author="x", **address)
    second = scene.found(other.replace("summer", "winter"), author="y", **address)

    assert first is not None
    assert (first.match, first.state) == (Match.SAME_ADDRESS, CopyState.PROPOSED)
    assert second is None


def test_nobody_is_flooded(scene: Scene) -> None:
    """A text that goes round is proposed so many times at most; a picture that a person called meaningless is not proposed again."""
    ids = [scene.collect(author=f"a{number}") for number in range(MOST_OPEN + 5)]

    assert len(scene.desk.seek_copies(ids)) == MOST_OPEN


def test_a_meaningless_picture_is_proposed_once(store: Store, clock: FixedClock) -> None:
    """A site's own emblem is on every post: once set aside it is silent."""
    scene = Scene(store, clock)
    shown = scene.collect(media=(PICTURE,), author="first", flagged=True)
    finding = next(row.finding for row in scene.desk.inbox(DSL, [SCHOOL_ID]).rows if row.finding.post_id == shown)
    scene.desk.decide(DSL, finding.id, DecisionKind.OPEN_CASE, Category.STAFF_IMAGE, Severity.S2, "teacher", "his picture")
    scene.desk.seek_copies([])
    words = "A photo of the new gate by the green, which the parents painted last week in the sun"
    copy = scene.found(words, author="other", media=(PICTURE,))
    assert copy is not None
    scene.desk.not_a_copy(DSL, copy.id, "the forum's own emblem")

    assert copy.match is Match.SAME_MEDIA
    assert scene.found(words.replace("new", "old"), author="third", media=(PICTURE,)) is None


def test_removed_twice_before_is_counted(scene: Scene) -> None:
    """The third time the same account posts it, the case says what section 5 makes of that (§2.2)."""
    scene.removed()
    second = scene.follow()
    scene.removed(closed=False)
    third = scene.follow()
    says = scene.desk.earlier_removals(DSL, third.id).says

    assert scene.desk.earlier_removals(DSL, second.id).refs == ("SW-2026-0001",)

    assert "Removed twice before" in says
    assert "without asking the poster" in says


def test_a_copy_is_found_among_thousands(store: Store, clock: FixedClock) -> None:
    """With 2,000 prints in the index the same post is found as surely (what it costs: benchmarks/test_copies.py)."""
    scene = Scene(store, clock)
    with store.begin("system") as work:
        for number in range(2_000):
            text = f"{' '.join(str(number * 7 + step) for step in range(30))} at Fernley Green Primary School, said the town"
            made = print_of(an_item(id=f"x{number}"), a_post(text), school_id=SCHOOL_ID, now=NOON).model_copy(
                update={"address": f"a{number}"}
            )
            work.prints.keep(made, keys_of_item(made))
        work.commit()
    found = [len(scene.desk.seek_copies([scene.collect(author=f"b{number}")])) for number in range(5)]

    assert found == [1] * 5
