"""What a school's own changes to flagging are, and what a trial of one found, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from casework.flagging import CATEGORY_LABELS
from casework.tuning import percent, severities, tried_at
from dashboard.parts import times
from dashboard.parts.plain_words import counted, one_line
from data.model.readings import Head
from data.model.suggestion import FlagRules
from data.model.tuning import Tuning, TuningKind

HEAD_WORDS: Mapping[Head, str] = {
    Head.DEFAMATION: "grave claims about a person",
    Head.HARASSMENT: "abuse of a person",
    Head.THREAT: "threats",
    Head.PUPIL_IMAGE: "details or pictures of a pupil",
    Head.SAFEGUARDING: "a child at risk",
    Head.NO_ACTION: "criticism that may be answered",
    Head.HATE: "hate",
    Head.SEXUAL: "sexual remarks",
    Head.CONFIDENTIAL: "leaks of confidential matter",
}


def in_words(tuning: Tuning, usual: FlagRules) -> str:
    """Say what a change does: "Flag abuse of a person from 60 % sure on (usually 50 %)"."""
    if tuning.kind is TuningKind.THRESHOLD and tuning.head is not None and tuning.threshold is not None:
        start = percent(usual.thresholds[tuning.head])
        return f"Flag {HEAD_WORDS[tuning.head]} from {percent(tuning.threshold)} sure on (usually {start})."
    label = CATEGORY_LABELS[tuning.category] if tuning.category else "this"
    return f"Do not flag “{label}” where the words “{one_line(tuning.phrase or '', 120)}” stand."


def trial_in_words(tuning: Tuning, now: datetime) -> tuple[str, ...]:
    """Say what a trial found, in a few sentences with numbers."""
    found = tuning.back_test
    if not found:
        return ("Not tried yet.",)
    looked = f"Tried {times.both(tried_at(tuning), now)}, on {counted(found['posts'], 'post', 'posts')} of the last {found['days']} days."
    return (looked, _before_and_after(found), *_people_said(found))


def _before_and_after(found: Mapping[str, Any]) -> str:
    if not found["more"] and not found["fewer"]:
        flagged = f"As many would have been flagged as before: {counted(found['flagged_before'], 'post', 'posts')}."
        return f"{flagged} {found['less_serious']} of them as less serious." if found["less_serious"] else flagged
    more, fewer = found["more_by_severity"], found["fewer_by_severity"]
    return (
        f"It would have flagged {found['flagged_after']} instead of {found['flagged_before']}: "
        f"{found['fewer']} fewer{_beside(fewer)}, {found['more']} more{_beside(more)}."
    )


def _beside(counts: Mapping[str, int]) -> str:
    return f" ({severities(counts)})" if counts else ""


def _people_said(found: Mapping[str, Any]) -> tuple[str, ...]:
    if not found["fewer"]:
        return ()
    said = {"set aside or answered": found["fewer_set_aside"], "not judged yet": found["fewer_waiting"]}
    parts = [f"{number} {word}" for word, number in said.items() if number]
    parts.append(f"{found['fewer_harm'] or 'none'} judged to be harm")
    return (f"What people said of the fewer: {', '.join(parts)}.",)
