"""What a school changed about flagging: which changes count now, what they may not touch, and what they would have done before.

Pure. A change is tried on the last 90 days before it goes live, has an owner, a reason and an end, and can be undone. No change hides a
stop cue, a safeguarding category, a telling of harm or a critical post (domain.md §4.1 rule 2, §4.2): for such a post only changes that
show more are counted. Nothing is learned by itself: a person reads what the machine said beside what people decided, and chooses.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from casework.errors import TuningRefusedError
from data.model.findings import Decision, DecisionKind
from data.model.readings import HARMS, SAFEGUARDING, Category, Head, Reading, Severity
from data.model.suggestion import ANSWERED, DEFAULT_RULES, TOLD, FlagRules, Suggestion, in_order, suggestion
from data.model.tuning import Tuning, TuningKind

LONGEST = timedelta(days=180)
BACK = timedelta(days=90)
FRESH = timedelta(hours=24)  # so old may a trial be when the change goes live
SHORTEST_PHRASE, LONGEST_PHRASE = 6, 120  # letters and digits of a single word; characters of a phrase
MAX_WHY = 2_000
NAMED = 50  # ids that a refusal names at most
LOWERED_ONLY: frozenset[Head] = frozenset({Head.SAFEGUARDING, Head.THREAT, Head.PUPIL_IMAGE})  # more may be shown, never less
_LIMITS: dict[Head, tuple[float, float]] = {
    Head.DEFAMATION: (0.2, 0.8),
    Head.HARASSMENT: (0.2, 0.8),
    Head.NO_ACTION: (0.2, 0.8),
    Head.HATE: (0.1, 0.6),
    Head.SEXUAL: (0.1, 0.6),
    Head.CONFIDENTIAL: (0.1, 0.6),
    Head.THREAT: (0.1, 1.0),
    Head.PUPIL_IMAGE: (0.1, 1.0),
    Head.SAFEGUARDING: (0.05, 1.0),
}  # wide enough to matter, too narrow to switch a head off; the upper end of `LOWERED_ONLY` is the usual threshold
SUPPRESSIBLE: frozenset[Category] = (
    (HARMS | ANSWERED)
    - SAFEGUARDING
    - {
        Category.PUPIL_IMAGE,
        Category.PUPIL_PERSONAL_DATA,
        Category.WHISTLEBLOWING,  # who is complained of must not be able to hide it (§4.3)
    }
)
_STEP = 0.1
_ENOUGH, _MOSTLY, _MISSED = 8, 0.8, 3


@dataclass(frozen=True)
class Suppression:
    """Posts with these folded words are not flagged for this category."""

    category: Category
    phrase: str


@dataclass(frozen=True)
class SchoolRules(FlagRules):
    """Rules with a school's own changes: `version` names them, `usual` is what they depart from."""

    usual: FlagRules = DEFAULT_RULES
    suppressions: tuple[Suppression, ...] = ()

    def showing_more(self) -> FlagRules:
        """Return the usual rules with only those thresholds that were lowered."""
        usual = self.usual.thresholds
        return replace(self.usual, version=self.version, thresholds={head: min(self.thresholds[head], usual[head]) for head in usual})


class Seen(NamedTuple):
    """A reading of a post, and what became of it: its flagged post, what the machine flagged it for, and the decision that stands."""

    reading: Reading
    text: str
    finding_id: str | None = None
    decision: Decision | None = None
    said: tuple[Category, ...] = ()  # empty where a person reported the post and the machine did not flag it


class HeadRow(NamedTuple):
    """What the machine flagged by one head, and what people decided about it."""

    head: Head
    flagged: int
    harm: int
    answered: int
    set_aside: int
    waiting: int


class Idea(NamedTuple):
    """A threshold that a person may want to try, and the counts that speak for it."""

    head: Head
    threshold: float
    why: str


def limits(head: Head, usual: FlagRules = DEFAULT_RULES) -> tuple[float, float]:
    """Return between which numbers a head's threshold may be moved."""
    low, high = _LIMITS[head]
    return low, usual.thresholds[head] if head in LOWERED_ONLY else high


def folded(text: str) -> str:
    """Return the words of a text, each after one blank, in one case and one form: "Mr Q's" is "mr q s"."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def is_live(tuning: Tuning, now: datetime) -> bool:
    """Whether a change counts at a moment: switched on, not undone, not run out; 180 days after it was made it ends in any case."""
    if tuning.live_at is None or now < tuning.live_at:
        return False
    ends = min(tuning.expires_at, tuning.made_at + LONGEST, tuning.ended_at or tuning.expires_at)
    return now < ends


def live(tunings: Iterable[Tuning], now: datetime) -> tuple[Tuning, ...]:
    """Return the changes that count at a moment, in the order in which they went live."""
    return tuple(sorted((one for one in tunings if is_live(one, now)), key=lambda one: (one.live_at or one.made_at, one.id)))


def rules_for(school_id: str, tunings: Iterable[Tuning], now: datetime, usual: FlagRules = DEFAULT_RULES) -> FlagRules:
    """Return a school's rules at a moment. What lies outside the limits is brought inside or left out, whatever is stored.

    Of two thresholds of one head the later counts. The version names the ids of the changes that count.
    """
    mine = [one for one in live(tunings, now) if one.school_id == school_id and _counts(one)]
    if not mine:
        return usual
    thresholds = dict(usual.thresholds)
    for one in mine:
        if one.kind is TuningKind.THRESHOLD and one.head is not None and one.threshold is not None:
            low, high = limits(one.head, usual)
            thresholds[one.head] = min(max(one.threshold, low), high)
    hidden = tuple(Suppression(one.category, folded(one.phrase)) for one in mine if one.category is not None and one.phrase)
    same = {one.name: getattr(usual, one.name) for one in fields(FlagRules) if one.name not in {"version", "thresholds"}}
    version = f"{usual.version}~{','.join(one.id for one in mine)}"
    return SchoolRules(version=version, thresholds=thresholds, usual=usual, suppressions=hidden, **same)


def _counts(tuning: Tuning) -> bool:
    """Whether a stored change is one that may be counted at all."""
    if tuning.kind is TuningKind.THRESHOLD:
        return tuning.head is not None and tuning.threshold is not None
    return tuning.category in SUPPRESSIBLE and _is_phrase(folded(tuning.phrase or ""))


def _is_phrase(phrase: str) -> bool:
    return len(phrase) <= LONGEST_PHRASE and (len(phrase.split()) > 1 or len(phrase) >= SHORTEST_PHRASE)


def suggested(reading: Reading, text: str, rules: FlagRules) -> Suggestion | None:
    """Return what a reading suggests under a school's rules; without own changes the same as `suggestion`.

    Whatever the usual rules would show of safeguarding is shown, and nothing beside it is taken away.
    """
    found = suggestion(reading, rules)
    if not isinstance(rules, SchoolRules):
        return found
    usual = suggestion(reading, rules.usual)
    if usual is not None and is_guarded(usual, reading, rules):
        return suggestion(reading, rules.showing_more())
    if found is None or is_guarded(found, reading, rules):
        return found
    return _quietened(found, reading, text, rules)


def is_guarded(found: Suggestion, reading: Reading, rules: FlagRules) -> bool:
    """Whether nothing may hide it: a stop cue, a safeguarding category, a critical post, or a sign that somebody tells of harm."""
    told = any(score.category in TOLD and score.value >= rules.told for score in reading.scores)
    return bool(reading.stop_cue) or told or found.severity >= Severity.S4 or not SAFEGUARDING.isdisjoint(found.categories)


def _quietened(found: Suggestion, reading: Reading, text: str, rules: SchoolRules) -> Suggestion | None:
    """Take away the categories that the school does not want to see beside these words; what cannot be read stays."""
    hidden = _hidden(text, rules.suppressions) if found.shown and rules.suppressions else frozenset()
    kept = tuple(score for score in found.shown if score.category not in hidden)
    if len(kept) == len(found.shown):
        return found
    if not kept:
        return None
    stripped = reading.model_copy(update={"scores": tuple(score for score in reading.scores if score.category not in hidden)})
    alone = suggestion(stripped, rules)
    severity = min(found.severity, alone.severity) if alone else found.severity
    takedown = found.takedown and any(score.value >= rules.takedown for score in kept if score.category in HARMS)
    return Suggestion(kept, in_order(kept), severity, takedown=takedown)


def _hidden(text: str, suppressions: tuple[Suppression, ...]) -> frozenset[Category]:
    words = f" {folded(text)} "
    return frozenset(one.category for one in suppressions if f" {one.phrase} " in words)


def check(tuning: Tuning, now: datetime, usual: FlagRules = DEFAULT_RULES) -> None:
    """Raise TuningRefusedError, saying what would be right, unless the change may be tried."""
    if not tuning.why.strip():
        raise TuningRefusedError("write one line why; it stands beside your name for as long as the change counts")
    if len(tuning.why) > MAX_WHY:
        raise TuningRefusedError(f"the reason is longer than {MAX_WHY:,} characters; shorten it")
    if not now < tuning.expires_at <= now + LONGEST:
        raise TuningRefusedError(f"a change ends by itself: choose between 1 and {LONGEST.days} days")
    (_check_threshold if tuning.kind is TuningKind.THRESHOLD else _check_suppression)(tuning, usual)


def _check_threshold(tuning: Tuning, usual: FlagRules) -> None:
    if tuning.head is None or tuning.threshold is None or tuning.category is not None or tuning.phrase is not None:
        raise TuningRefusedError(
            "say which kind of flag it is about, and how sure the machine must be; nothing else belongs to this change"
        )
    low, high = limits(tuning.head, usual)
    if tuning.head in LOWERED_ONLY and tuning.threshold > high:
        raise TuningRefusedError(
            "where children or people in danger are concerned more may be shown, never less; "
            f"choose between {percent(low)} and {percent(high)}"
        )
    if not low <= tuning.threshold <= high:
        raise TuningRefusedError(f"this can be moved between {percent(low)} and {percent(high)}; choose a number in between")
    if tuning.threshold == usual.thresholds[tuning.head]:
        raise TuningRefusedError("this is the usual number already; undo the change that counts now to return to it")


def _check_suppression(tuning: Tuning, _usual: FlagRules) -> None:
    if tuning.category is None or tuning.phrase is None or tuning.head is not None or tuning.threshold is not None:
        raise TuningRefusedError("say which kind of flag it is about, and the words; nothing else belongs to this change")
    if tuning.category not in SUPPRESSIBLE:
        raise TuningRefusedError("flags about safeguarding, children's details or concerns in the public interest cannot be switched off")
    if not _is_phrase(folded(tuning.phrase)):
        raise TuningRefusedError(
            f"give at least two words, or one of {SHORTEST_PHRASE} letters, and {LONGEST_PHRASE} characters at most; "
            "a short word stands in too many posts"
        )


def percent(number: float) -> str:
    """Say how sure: "60 %"."""
    return f"{number * 100:.0f} %"


def back_test(
    tuning: Tuning, seen: Sequence[Seen], now: datetime, others: Iterable[Tuning] = (), usual: FlagRules = DEFAULT_RULES
) -> dict[str, Any]:
    """Return what the change would have done to these readings, beside the changes that count already: counts, and ids of flagged posts.

    `harm_ids` names what would not have been shown although a person judged it to be harm: with any such the change cannot go live.
    """
    before = rules_for(tuning.school_id, others, now, usual)
    tried = tuning.model_copy(update={"live_at": now, "ended_at": None, "expires_at": max(tuning.expires_at, now + FRESH), "made_at": now})
    after = rules_for(tuning.school_id, (*others, tried), now, usual)
    mine = [one for one in seen if tuning.school_id in one.reading.schools()]
    pairs = [(one, suggested(one.reading, one.text, before), suggested(one.reading, one.text, after)) for one in mine]
    more = [new for _, old, new in pairs if old is None and new is not None]
    fewer = [(one, old) for one, old, new in pairs if old is not None and new is None]
    harm = [one for one, _ in fewer if is_harm(one.decision)]
    return {
        "at": now.astimezone(UTC).isoformat(),
        "days": BACK.days,
        "posts": len(mine),
        "flagged_before": sum(old is not None for _, old, _ in pairs),
        "flagged_after": sum(new is not None for _, _, new in pairs),
        "more": len(more),
        "more_by_severity": _by_severity(more),
        "fewer": len(fewer),
        "fewer_by_severity": _by_severity([old for _, old in fewer]),
        "less_serious": sum(old is not None and new is not None and new.severity < old.severity for _, old, new in pairs),
        "fewer_harm": len(harm),
        "fewer_set_aside": sum(one.decision is not None and not is_harm(one.decision) for one, _ in fewer),
        "fewer_waiting": sum(one.decision is None for one, _ in fewer),
        "harm_ids": [one.finding_id for one in harm if one.finding_id][:NAMED],
    }


def _by_severity(found: Sequence[Suggestion]) -> dict[str, int]:
    counts = Counter(one.severity for one in found)
    return {severity.word: counts[severity] for severity in sorted(counts, reverse=True)}


def is_harm(decision: Decision | None) -> bool:
    """Whether a person judged the post to be harm: a final category of §4.4, a case, or a safeguarding concern."""
    if decision is None or decision.kind is DecisionKind.HOLD:
        return False
    return decision.category in HARMS or decision.kind in {DecisionKind.OPEN_CASE, DecisionKind.SAFEGUARDING}


def check_live(tuning: Tuning, others: Iterable[Tuning], now: datetime, usual: FlagRules = DEFAULT_RULES) -> None:
    """Raise TuningRefusedError unless the change may go live: tried within 24 hours, hiding no harm, once, within its limits."""
    if tuning.live_at is not None or tuning.ended_at is not None:
        raise TuningRefusedError(f"change {tuning.id} went live or was dropped already; make a new one")
    check(tuning, now, usual)
    tried = tried_at(tuning)
    if tried is None or not now - FRESH <= tried <= now:
        raise TuningRefusedError(f"try change {tuning.id} on the last {BACK.days} days first; a trial counts for 24 hours")
    check_hides_no_harm(tuning)
    same = [one for one in live(others, now) if one.id != tuning.id and _is_same(one, tuning)]
    if same:
        raise TuningRefusedError(f"change {same[-1].id} already counts for this; undo it first")


def check_hides_no_harm(tuning: Tuning) -> None:
    """Raise TuningRefusedError, naming the flagged posts, when the last trial would have hidden what a person judged to be harm."""
    if hidden := tuning.back_test.get("fewer_harm"):
        ids = ", ".join(tuning.back_test.get("harm_ids", ()))
        raise TuningRefusedError(f"change {tuning.id} would have hidden {hidden} that people judged to be harm: {ids}; it cannot go live")


def tried_at(tuning: Tuning) -> datetime | None:
    """Return when the change was last tried, or None."""
    at = tuning.back_test.get("at")
    return datetime.fromisoformat(at) if isinstance(at, str) else None


def _is_same(one: Tuning, other: Tuning) -> bool:
    if one.kind is not other.kind or one.school_id != other.school_id:
        return False
    return (one.head, one.category, folded(one.phrase or "")) == (other.head, other.category, folded(other.phrase or ""))


def said_and_decided(seen: Sequence[Seen]) -> tuple[HeadRow, ...]:
    """Return, for each head that flagged anything, what people made of it. A post flagged by two heads stands in both rows."""
    counts: dict[Head, Counter[str]] = {}
    for one in seen:
        for head in _heads(one):
            counts.setdefault(head, Counter())[_became(one.decision)] += 1
    return tuple(
        HeadRow(head, counts[head].total(), *(counts[head][word] for word in ("harm", "answered", "set aside", "waiting")))
        for head in Head
        if head in counts
    )


def _heads(one: Seen) -> frozenset[Head]:
    """Return the heads that spoke for what the post was flagged for; a score below every possible threshold did not."""
    return frozenset(score.head for score in one.reading.scores if score.category in one.said and score.value >= _LIMITS[score.head][0])


def _became(decision: Decision | None) -> str:
    if decision is None or decision.kind is DecisionKind.HOLD:
        return "waiting"
    if is_harm(decision):
        return "harm"
    return "answered" if decision.kind is DecisionKind.REPLY else "set aside"


def ideas(seen: Sequence[Seen], rules: FlagRules) -> tuple[Idea, ...]:
    """Return thresholds worth a trial: up where nearly all of the weakest flags were set aside, down where harm was missed."""
    found = (idea for head in Head for idea in (_up(head, seen, rules), _down(head, seen, rules)))
    return tuple(idea for idea in found if idea is not None)


def _up(head: Head, seen: Sequence[Seen], rules: FlagRules) -> Idea | None:
    start = rules.thresholds[head]
    to = round(start + _STEP, 2)
    if head in LOWERED_ONLY or to > limits(head, _usual(rules))[1]:
        return None
    band = [_became(one.decision) for one in seen if head in _heads(one) and start <= _surest(one.reading, head) < to]
    aside = band.count("set aside")
    if "harm" in band or "answered" in band or aside < _ENOUGH or aside < _MOSTLY * len(band):
        return None
    said = f"{aside} of {len(band)} flags between {percent(start)} and {percent(to)} sure were set aside, none was judged to be harm"
    return Idea(head, to, said)


def _down(head: Head, seen: Sequence[Seen], rules: FlagRules) -> Idea | None:
    """Propose what would have shown posts that people reported and judged to be the very thing that this head looks for."""
    start, (low, _) = rules.thresholds[head], limits(head, _usual(rules))
    missed = sorted(
        score.value
        for one in seen
        if is_harm(one.decision)
        for score in one.reading.scores
        if score.head is head and one.decision is not None and score.category is one.decision.category and low <= score.value < start
    )
    if len(missed) < _MISSED:
        return None
    to = max(low, int(missed[0] * 100) / 100)
    return Idea(head, to, f"{len(missed)} posts that people judged to be harm were between {percent(to)} and {percent(start)} sure")


def _surest(reading: Reading, head: Head) -> float:
    return max((score.value for score in reading.scores if score.head is head), default=0.0)


def _usual(rules: FlagRules) -> FlagRules:
    return rules.usual if isinstance(rules, SchoolRules) else rules


def names_a_person(phrase: str, names: Iterable[str]) -> bool:
    """Whether a phrase holds a word of anybody's name: nobody is left unprotected by name (§7.3: least of all by whom it concerns)."""
    words = {word for name in names for word in folded(name).split()} - _TITLES
    return any(word in words for word in folded(phrase).split() if len(word) > 2)  # noqa: PLR2004 - initials and "of"


_TITLES = frozenset({"mr", "mrs", "miss", "mister", "madam", "sir", "the", "and", "rev", "father", "sister", "doctor"})


def severities(counts: Mapping[str, int]) -> str:
    """Say counts by severity: "2 Medium, 5 Low"."""
    return ", ".join(f"{number} {word}" for word, number in counts.items())
