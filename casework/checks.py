"""When to look again, and what the looks amount to (domain.md §5.5, platforms.md §1.5).

Only our own looks end a case: two definitive answers "gone", at least fifteen minutes apart, with no contrary answer between them.
A login wall, an error or a redirect is *unknown*: it proves nothing and contradicts nothing (A20). A place that does not answer is
tried again with growing pauses, and one that asks to be left alone is left alone until the time that it named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from casework.transitions import SYSTEM
from data.model.cases import Case, CaseState, RemovalCheck, Verdict, VerdictGroup

APART = timedelta(minutes=15)  # A20, §5.3: two agreeing checks at least this far apart
AGAIN_TRIES = 6  # a place that does not answer is tried again after 15 min, 30 min, 1, 2, 4 and 8 hours, then the schedule goes on
CONFIRM_TRIES = 6  # a confirming look that found a wall or an error is repeated with growing pauses, then the schedule goes on
SLACK = timedelta(seconds=1)  # a look may begin a moment before the minute is full

_AFTER_REQUEST = (*(timedelta(hours=hours) for hours in (1, 4, 12, 24)), *(timedelta(days=days) for days in range(2, 8)))
_AFTER_VERIFIED = (timedelta(hours=24), timedelta(days=3), timedelta(days=7), timedelta(days=14))

VERDICT_LABELS: dict[Verdict, str] = {
    Verdict.PRESENT: "still up",
    Verdict.EDITED: "changed: a person must look",
    Verdict.REMOVED_BY_AUTHOR: "gone: removed by its author",
    Verdict.REMOVED_BY_PLATFORM: "gone: removed by the platform",
    Verdict.REMOVED_UNKNOWN: "gone",
    Verdict.ACCOUNT_GONE: "gone: the account no longer exists",
    Verdict.NOT_VISIBLE_TO_US: "not visible to us: proves nothing",
    Verdict.UNREACHABLE: "no answer: proves nothing",
}


@dataclass(frozen=True)
class PlannedCheck:
    """One look that is to be made: `slot` names it, so that a repeated job writes no second row."""

    case_id: str
    item_id: str
    slot: str
    due_at: datetime


_SLOTS: tuple[tuple[str, str], ...] = (
    ("after-request", "as planned after the request"),
    ("after-verified", "to see that it stays gone"),
    ("confirm-", "a second look must agree that it is gone"),
    ("again-", "there was no answer last time"),
    ("asked-", "somebody asked for it"),
)


def slot_says(slot: str) -> str:
    """Return in words why a look is planned."""
    return next((words for start, words in _SLOTS if slot.startswith(start)), "as planned")


def schedule(sent_at: datetime) -> tuple[tuple[str, datetime], ...]:
    """Return the looks after a request was sent: +1 h, +4 h, +12 h, +24 h, then daily to day 7 (§5.5)."""
    sent_at = sent_at.astimezone(UTC)
    return tuple((f"after-request+{_word(span)}", sent_at + span) for span in _AFTER_REQUEST)


def schedule_verified(verified_at: datetime) -> tuple[tuple[str, datetime], ...]:
    """Return the looks after a removal was verified: +24 h, day 3, 7, 14 (§5.5)."""
    verified_at = verified_at.astimezone(UTC)
    return tuple((f"after-verified+{_word(span)}", verified_at + span) for span in _AFTER_VERIFIED)


def _word(span: timedelta) -> str:
    return f"{span.days}d" if span.days > 1 else f"{int(span.total_seconds() // 3600)}h"


def confirmation_due(checks: Sequence[RemovalCheck]) -> tuple[str, datetime] | None:
    """Return the slot and time of the look that confirms (or refutes) a first "gone" of one item, or None when none is wanted.

    The first comes 15 minutes after the first "gone"; while walls or errors answer instead, the pause doubles, up to six tries.
    """
    first = _first_gone(checks)
    if first is None or _agreed(checks):
        return None
    tries = sum(check.slot.startswith(f"confirm-{first.id}") for check in checks)
    if tries >= CONFIRM_TRIES:
        return None
    return f"confirm-{first.id}-{tries + 1}", first.at + APART * 2**tries


def again_due(checks: Sequence[RemovalCheck]) -> tuple[str, datetime] | None:
    """Return the slot and time at which a place that did not answer is tried again, or None: each pause is twice the one before (§5.5).

    A wall is an answer, and so is "gone" and "still up": only silence, faults and "come back later" are tried again by themselves.
    """
    silent: list[RemovalCheck] = []
    for check in _in_order(check for check in checks if check.by == SYSTEM):
        silent = [*silent, check] if check.verdict is Verdict.UNREACHABLE else []
    if not silent or len(silent) > AGAIN_TRIES:
        return None
    return f"again-{silent[0].id}-{len(silent)}", silent[-1].at + APART * 2 ** (len(silent) - 1)


def left_alone_until(checks: Sequence[RemovalCheck]) -> datetime | None:
    """Return until when the place asked to be left alone (`Retry-After`), by the latest of our looks that got an answer about it."""
    last = next(iter(reversed(_in_order(check for check in checks if check.by == SYSTEM))), None)
    return last.retry_at if last is not None else None


def _in_order(checks: Iterable[RemovalCheck]) -> list[RemovalCheck]:
    return sorted(checks, key=lambda check: (check.at, check.id))


def _run(checks: Iterable[RemovalCheck]) -> list[RemovalCheck]:
    """Return the latest unbroken run of "gone" answers; unknown answers neither break nor lengthen it."""
    run: list[RemovalCheck] = []
    for check in _in_order(checks):
        if check.verdict.group is VerdictGroup.GONE:
            run.append(check)
        elif check.verdict.group is not VerdictGroup.UNKNOWN:
            run = []
    return run


def _first_gone(checks: Iterable[RemovalCheck]) -> RemovalCheck | None:
    return next(iter(_run(checks)), None)


def _agreed(checks: Iterable[RemovalCheck]) -> tuple[RemovalCheck, RemovalCheck] | None:
    """Return the first "gone" and the one that confirms it, or None."""
    run = _run(checks)
    second = next((check for check in run if check.at - run[0].at >= APART), None)
    return (run[0], second) if second is not None else None


class ConclusionWord(StrEnum):
    """What all looks together amount to."""

    NONE = "none"
    UP = "up"
    GONE_ONCE = "gone_once"
    VERIFIED = "verified"
    AMENDED = "amended"
    REAPPEARED = "reappeared"
    CLAIM_WRONG = "claim_wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Conclusion:
    """What the looks say, in one word and one line; `gone_observed_at` is when the last item was first found gone."""

    word: ConclusionWord
    says: str
    gone_observed_at: datetime | None = None
    check_ids: tuple[str, ...] = ()


_SAYS: dict[ConclusionWord, str] = {
    ConclusionWord.NONE: "nobody has looked yet",
    ConclusionWord.UP: "still up at our last look",
    ConclusionWord.GONE_ONCE: "found gone once; a second look at least 15 minutes later must agree",
    ConclusionWord.VERIFIED: "gone: two of our own looks, at least 15 minutes apart, agree",
    ConclusionWord.AMENDED: "the text was changed: a person must judge whether the harm is gone",
    ConclusionWord.REAPPEARED: "it was gone and is up again",
    ConclusionWord.CLAIM_WRONG: "they said it was removed, but we found it still up",
    ConclusionWord.UNKNOWN: "we could not see whether it is still up; that proves nothing",
}
# Over several items the first of these words that any item has speaks for the case: what needs a person comes first.
_WORST = (
    ConclusionWord.REAPPEARED,
    ConclusionWord.CLAIM_WRONG,
    ConclusionWord.AMENDED,
    ConclusionWord.UP,
    ConclusionWord.UNKNOWN,
    ConclusionWord.NONE,
    ConclusionWord.GONE_ONCE,
    ConclusionWord.VERIFIED,
)


def seen(
    case: Case,
    checks: Sequence[RemovalCheck],
    now: datetime,
    *,
    items: Collection[str] = (),
    claimed_at: datetime | None = None,
) -> Conclusion:
    """Return what the looks at a case's items amount to; `items` (all of the case's) must all be gone before it is verified.

    Looks dated after `now` are left out: a wrong clock proves nothing.
    """
    usable = [check for check in checks if check.case_id == case.id and check.at <= now]
    wanted = tuple(dict.fromkeys((*items, *(check.item_id for check in usable)))) if not items else tuple(items)
    if not wanted:
        return Conclusion(ConclusionWord.NONE, _SAYS[ConclusionWord.NONE])
    claimed = claimed_at if case.state is CaseState.CLAIMED_REMOVED else None
    each = [_one([check for check in usable if check.item_id == item_id], claimed) for item_id in wanted]
    worst = min(each, key=lambda one: _WORST.index(one.word))
    times = [one.gone_observed_at for one in each if one.gone_observed_at is not None]
    ids = tuple(check_id for one in each for check_id in one.check_ids)
    return Conclusion(worst.word, worst.says, max(times) if len(times) == len(each) else None, ids)


def _one(checks: Sequence[RemovalCheck], claimed_at: datetime | None) -> Conclusion:
    ordered = _in_order(checks)
    definite = [check for check in ordered if check.verdict.group is not VerdictGroup.UNKNOWN]
    if not definite:
        word = ConclusionWord.UNKNOWN if ordered else ConclusionWord.NONE
        return Conclusion(word, _SAYS[word])
    last = definite[-1]
    if last.verdict.group is VerdictGroup.GONE:
        return _gone(ordered)
    if last.verdict.group is VerdictGroup.AMENDED:
        return Conclusion(ConclusionWord.AMENDED, _SAYS[ConclusionWord.AMENDED], None, (last.id,))
    return _still_up(definite, last, claimed_at)


def _gone(checks: Sequence[RemovalCheck]) -> Conclusion:
    pair = _agreed(checks)
    if pair is None:
        first = _run(checks)[0]
        return Conclusion(ConclusionWord.GONE_ONCE, _SAYS[ConclusionWord.GONE_ONCE], None, (first.id,))
    return Conclusion(ConclusionWord.VERIFIED, _SAYS[ConclusionWord.VERIFIED], pair[0].at, (pair[0].id, pair[1].id))


def _still_up(definite: Sequence[RemovalCheck], last: RemovalCheck, claimed_at: datetime | None) -> Conclusion:
    if any(check.verdict.group is VerdictGroup.GONE for check in definite):
        word = ConclusionWord.REAPPEARED
    elif claimed_at is not None and last.at >= claimed_at:
        word = ConclusionWord.CLAIM_WRONG
    else:
        word = ConclusionWord.UP
    return Conclusion(word, _SAYS[word], None, (last.id,))


def next_check(
    item_id: str,
    checks: Sequence[RemovalCheck],
    *,
    case_id: str,
    sent_at: datetime | None = None,
    verified_at: datetime | None = None,
    asked_at: datetime | None = None,
    now: datetime,
) -> PlannedCheck | None:
    """Return the next look at one item: the latest that is overdue (one, not a burst after a week-end off), else the first to come.

    A look made at or after a planned time stands for it. A request of a person to look now (`asked_at`) and a confirmation come first.
    No look is planned before the time that the place itself named.
    """
    mine = [check for check in checks if check.item_id == item_id]
    slots = [*_asked(asked_at), *_planned(sent_at, verified_at)]
    taken = {check.slot for check in mine}
    last = max((check.at for check in mine if check.by == SYSTEM), default=None)
    open_slots = [(slot, due) for slot, due in slots if slot not in taken and (last is None or last + SLACK < due)]
    extra = confirmation_due(mine) or (again_due(mine) if slots else None)
    if extra is not None:  # never right after another look of ours
        open_slots.insert(0, (extra[0], extra[1] if last is None else max(extra[1], last + APART)))
    if not open_slots:
        return None
    rest = left_alone_until(mine)
    open_slots = [(slot, due if rest is None else max(due, rest)) for slot, due in open_slots]
    overdue = [(slot, due) for slot, due in open_slots if due <= now]
    slot, due = max(overdue, key=lambda one: one[1]) if overdue else min(open_slots, key=lambda one: one[1])
    return PlannedCheck(case_id, item_id, slot, due)


def _asked(asked_at: datetime | None) -> list[tuple[str, datetime]]:
    return [] if asked_at is None else [(f"asked-{asked_at:%Y%m%dT%H%M%S}", asked_at)]


def _planned(sent_at: datetime | None, verified_at: datetime | None) -> list[tuple[str, datetime]]:
    if verified_at is not None:
        return list(schedule_verified(verified_at))
    if sent_at is None:
        return []
    stamp = f"{sent_at:%Y%m%dT%H%M%S}"  # a second request starts its own row of looks
    return [(f"{slot}@{stamp}", due) for slot, due in schedule(sent_at)]
