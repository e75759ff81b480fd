"""From a reading to "a person should look at this": one finding per mentioned school, with reasons and never a verdict.

A mention without harm makes no finding: it stays counted in the readings, and the inbox is not flooded. Fair criticism above its
threshold does make one (S0 or S1), so that the head can answer it (policy B31, B32). What could not be read is flagged low and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from casework.tuning import suggested
from data.model.base import new_id
from data.model.findings import Finding
from data.model.posts import Post
from data.model.readings import HARMS, Category, Reading, Score, Severity, Span
from data.model.suggestion import ANSWERED, DEFAULT_RULES, DEFAULT_SEVERITY, FlagRules, Suggestion, in_order, severity_of

CATEGORY_LABELS: dict[Category, str] = {
    Category.CSAM: "possible indecent image of a child",
    Category.THREAT_TO_LIFE: "possible threat to life",
    Category.GROOMING: "possible grooming",
    Category.SELF_HARM: "possible self-harm or suicide",
    Category.SAFEGUARDING_DISCLOSURE: "possible sign that a child is being harmed",
    Category.STALKING: "possible stalking",
    Category.STAFF_ALLEGATION: "possible allegation that an adult harmed a child",
    Category.STAFF_PUPIL_CONTACT: "possible private contact between staff and a pupil",
    Category.EXTREMISM: "possible extremism",
    Category.VIOLENCE_INCITEMENT: "may call for violence",
    Category.VIOLENCE_INTIMIDATION: "may threaten or intimidate",
    Category.DANGEROUS_CHALLENGE: "may encourage a dangerous stunt",
    Category.INTIMATE_IMAGE_ADULT: "possible intimate image of an adult",
    Category.SEXUAL_HARASSMENT: "possible sexual harassment",
    Category.HATE: "possible hate",
    Category.DOXXING: "may give away where a person lives or how to find them",
    Category.PUPIL_PERSONAL_DATA: "may give personal details of a pupil",
    Category.PUPIL_IMAGE: "may show an identifiable pupil",
    Category.PUPIL_BULLYING: "possible bullying of a pupil",
    Category.CONFIDENTIAL_LEAK: "possible leak of confidential matter",
    Category.IMPERSONATION: "may pass itself off as the school or a person",
    Category.KNOWINGLY_FALSE: "possible hoax",
    Category.HARASSMENT_STAFF: "may harass a member of staff",
    Category.DEFAMATION_INDIVIDUAL: "possible defamation of an individual: needs a person's view, maybe a lawyer's",
    Category.STAFF_IMAGE: "may use a picture of staff without permission",
    Category.OBSCENE_CONTENT: "possible obscene content",
    Category.STAFF_CONDUCT: "possible breach by a member of staff",
    Category.COPYRIGHT_MISUSE: "may use the school's own work without permission",
    Category.ABUSE_OF_PUPILS_BY_PUBLIC: "general abuse of pupils",
    Category.WHISTLEBLOWING: "raises a concern in the public interest",
    Category.NEWS_REPORT: "news report",
    Category.CAMPAIGN_OR_UNION: "campaign or union matter",
    Category.SATIRE_PARODY: "satire or parody",
    Category.CRITICISM_INSTITUTION: "harsh criticism of the school as a body",
    Category.FAIR_CRITICISM: "fair criticism",
    Category.DISREPUTE_ONLY: "speaks badly of the school, no more",
    Category.QUERY: "question",
    Category.PRAISE: "praise",
    Category.SPAM: "spam",
    Category.NAMESAKE: "another place or person of the same name",
    Category.NEUTRAL_MENTION: "mention, nothing more",
}

_WHY: dict[Category, str] = {
    Category.CSAM: "may be, or speak of, an indecent image of a child",
    Category.DEFAMATION_INDIVIDUAL: "may state a crime or grave wrong as a fact about a named person",
    Category.HARASSMENT_STAFF: "may abuse or target a member of staff",
    Category.PUPIL_IMAGE: "may show a pupil who can be recognised",
    Category.PUPIL_PERSONAL_DATA: "may give personal details of a pupil",
    Category.FAIR_CRITICISM: "appears to criticise the school; criticism is answered, not removed",
    Category.CRITICISM_INSTITUTION: "appears to criticise the school as a body; criticism is answered, not removed",
}

STOPPED = "may speak of an indecent image of a child: do not open it; the safeguarding lead decides"
NOT_READ = "this post could not be scored by the machine, so a person should read it"


def flag(reading: Reading, post: Post, rules: FlagRules, *, now: datetime, school_id: str) -> Finding | None:
    """Return the finding for one mentioned school, or None when there is nothing a person needs to see.

    Rules of domain.md §4.1, §4.2: safeguarding beats everything; an outcome of §4.3 silences a takedown suggestion but never a
    safeguarding one; the machine never proposes less than S3 for the first twelve categories.
    """
    if school_id not in reading.schools():
        return None
    found = suggested(reading, post.text, rules)
    if found is None or (reading.conversation(school_id) and not _stands_alone(found)):
        return None
    return Finding(
        id=new_id(now),
        school_id=school_id,
        post_id=post.id,
        post_version=reading.post_version,
        platform=post.platform,
        severity=found.severity,
        lead_category=found.lead,
        categories=found.categories,
        reasons=(*_reasons(found, reading), *_heard(reading, school_id)),
        highlights=_highlights(found, reading),
        stop=bool(reading.stop_cue) or Category.CSAM in found.categories,
        rule=f"{rules.version}+{reading.pipeline}",
        seen_at=post.first_seen_at,
        made_at=now,
    )


def flag_all(
    reading: Reading, post: Post, rules: FlagRules, *, now: datetime, own: Mapping[str, FlagRules] | None = None
) -> tuple[Finding, ...]:
    """Return a finding for each mentioned school that needs one; `own` holds the rules of schools that changed theirs."""
    of = own or {}
    found = (flag(reading, post, of.get(school_id, rules), now=now, school_id=school_id) for school_id in reading.schools())
    return tuple(finding for finding in found if finding is not None)


def default_severity(category: Category) -> Severity:
    """Return the severity that domain.md §4.4 gives a category where nothing else is known."""
    return DEFAULT_SEVERITY[category]


def _reasons(found: Suggestion, reading: Reading) -> tuple[str, ...]:
    """Return the reasons in plain words, those of the leading category first."""
    surest = sorted(found.shown, key=lambda score: -score.value)
    lines = tuple(_reason(category, [score for score in surest if score.category is category]) for category in in_order(found.shown))
    if reading.stop_cue:
        return (STOPPED, *lines)
    return lines or (f"{NOT_READ} ({reading.not_read})",)


def _heard(reading: Reading, school_id: str) -> tuple[str, ...]:
    """Return the line that says why a post which does not name the school is shown to it."""
    why = reading.conversation(school_id)
    return (f"{why}: the post does not name it",) if why else ()


def _stands_alone(found: Suggestion) -> bool:
    """Whether an answer that does not name the school is a finding of its own: a harm above its threshold, of S2 or more.

    Criticism, and what could not be read, are not: they are part of the conversation, which is looked at as a whole.
    """
    return found.lead in HARMS and found.severity >= Severity.S2


def _highlights(found: Suggestion, reading: Reading) -> tuple[Span, ...]:
    return (*reading.stop_cue, *(span for score in found.shown for span in score.spans))


def _reason(category: Category, scores: Sequence[Score]) -> str:
    """Return one line for a category, whichever scorers found it."""
    why = _WHY.get(category, CATEGORY_LABELS[category])
    shown = tuple(dict.fromkeys(span.why for score in scores for span in score.spans if span.why))
    return f"{why}: {'; '.join(shown[:3])}" if shown else why


__all__ = [
    "ANSWERED",
    "CATEGORY_LABELS",
    "DEFAULT_RULES",
    "NOT_READ",
    "STOPPED",
    "FlagRules",
    "default_severity",
    "flag",
    "flag_all",
    "severity_of",
]
