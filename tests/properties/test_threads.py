"""However posts are found, in whatever order and how often: an alert loses no post, keeps its id, and is written only when it changed."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from casework import threads
from casework.testing import NOON, a_finding, a_thread, a_user
from data.model.findings import FindingState
from data.model.posts import PostId
from data.model.readings import Category, Severity
from data.model.threads import ThreadAlert, ThreadFinding, ThreadKind

POSTS = st.lists(st.integers(1, 12), min_size=2, max_size=6, unique=True).map(sorted)
KINDS = st.sampled_from(list(ThreadKind))
TARGETS = st.sampled_from(["t-1", "t-2", None])


def found_of(ids: list[int], kind: ThreadKind, target: str | None) -> ThreadFinding:
    """Return a finding whose posts stand ten minutes apart by number, so that each post has one time."""
    moments = [NOON + timedelta(minutes=10 * one) for one in ids]
    gaps = tuple(10 * (later - earlier) for earlier, later in pairwise(ids))
    return a_thread(*ids, kind=kind, target=target, gaps=gaps, since=moments[0]).model_copy(update={"until": moments[-1]})


FOUND = st.builds(found_of, POSTS, KINDS, TARGETS)
ROUNDS = st.lists(
    st.tuples(st.lists(FOUND, max_size=4), st.dictionaries(st.integers(1, 12).map(PostId), st.floats(0, 1)), st.booleans()), max_size=8
)


@settings(max_examples=150, deadline=None)
@given(rounds=ROUNDS)
def test_alerts_only_grow(rounds: list[tuple[list[ThreadFinding], dict[PostId, float], bool]]) -> None:
    """Through any rounds of finding and setting aside: posts are never lost, times stay in order, nothing is doubled."""
    kept: dict[str, ThreadAlert] = {}
    for number, (found, hostile, sets_aside) in enumerate(rounds):
        now = NOON + timedelta(days=1, minutes=number)
        changed = threads.merge(found, list(kept.values()), hostile, now)
        assert len({alert.id for alert in changed}) == len(changed)
        for alert in changed:
            before = kept.get(alert.id)
            assert set(before.post_ids if before else ()) <= set(alert.post_ids)
            assert list(alert.post_ids) == sorted(alert.post_ids)
            assert len(alert.gaps) == len(alert.post_ids) - 1
            if before is not None and not threads.is_open(before):
                fresh = set(alert.post_ids) - set(before.post_ids)
                assert threads.is_open(alert) is any(hostile.get(one, 0.0) >= threads.AGAIN for one in fresh)
        kept |= {alert.id: alert for alert in changed}
        assert threads.merge(found, list(kept.values()), hostile, now) == ()
        if sets_aside:
            kept |= {one.id: threads.aside(one, a_user(), "seen", now) for one in kept.values() if threads.is_open(one)}


@settings(max_examples=200, deadline=None)
@given(
    severity=st.sampled_from(list(Severity)),
    category=st.sampled_from(list(Category)),
    state=st.sampled_from(list(FindingState)),
    kinds=st.lists(KINDS, max_size=5),
)
def test_a_raise_never_lowers_and_never_touches_a_decision(
    severity: Severity, category: Category, state: FindingState, kinds: list[ThreadKind]
) -> None:
    """Any alerts in any order: a suggestion goes up or stays, a judged post stays as it is, each reason stands once."""
    before = a_finding(severity=severity, lead_category=category, categories=(category,), state=state)
    after = before
    for kind in kinds:
        after = threads.raised(after, threads.begun(a_thread(1, 2, kind=kind), NOON))

    assert after.severity >= before.severity
    assert len(set(after.reasons)) == len(after.reasons)
    assert after == before or state is not FindingState.DECIDED
    assert (after.state, after.categories, after.stop) == (before.state, before.categories, before.stop)
