"""From a reading to "a person should look at this": one finding per mentioned school, with reasons and never a verdict.

A mention without harm makes no finding: it stays counted in the readings, and the inbox is not flooded. Fair criticism above its
threshold does make one (S0 or S1), so that the head can answer it (policy B31, B32). What could not be read is flagged low and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from data.model.base import new_id
from data.model.findings import Finding
from data.model.posts import Post
from data.model.readings import HARMS, OUTCOMES, SAFEGUARDING, Category, Head, Reading, Score, Severity, Span, lead

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

# §4.4, column "Default sev"; where it gives two, the lower one stands here and a raising fact lifts it
_DEFAULT: dict[Category, Severity] = {
    **dict.fromkeys(OUTCOMES, Severity.S0),
    **dict.fromkeys(HARMS, Severity.S2),
    **dict.fromkeys(SAFEGUARDING, Severity.S3),
    Category.CSAM: Severity.S4,
    Category.THREAT_TO_LIFE: Severity.S4,
    Category.GROOMING: Severity.S4,
    Category.SELF_HARM: Severity.S4,
    Category.SAFEGUARDING_DISCLOSURE: Severity.S4,
    Category.INTIMATE_IMAGE_ADULT: Severity.S3,
    Category.HATE: Severity.S3,
    Category.DOXXING: Severity.S3,
    Category.PUPIL_PERSONAL_DATA: Severity.S3,
    Category.CONFIDENTIAL_LEAK: Severity.S3,
    Category.COPYRIGHT_MISUSE: Severity.S1,
    Category.ABUSE_OF_PUPILS_BY_PUBLIC: Severity.S1,
    Category.CRITICISM_INSTITUTION: Severity.S1,
    Category.DISREPUTE_ONLY: Severity.S1,
}
ANSWERED: frozenset[Category] = frozenset(
    {Category.FAIR_CRITICISM, Category.CRITICISM_INSTITUTION, Category.DISREPUTE_ONLY, Category.WHISTLEBLOWING}
)  # outcomes that a head answers or looks into: the only ones that reach the inbox without a harm (B31)
NOT_READ = "this post could not be scored by the machine, so a person should read it"


@dataclass(frozen=True)
class FlagRules:
    """Above which score a head's answer is flagged. `version` is kept with every finding; new numbers are a new version."""

    version: str = "flag.v1"
    thresholds: dict[Head, float] = field(
        default_factory=lambda: {
            Head.DEFAMATION: 0.5,
            Head.HARASSMENT: 0.5,
            Head.THREAT: 0.35,  # §4.1 rule 4: recall before precision where a person may be in danger
            Head.PUPIL_IMAGE: 0.5,
            Head.SAFEGUARDING: 0.35,
            Head.NO_ACTION: 0.5,
        }
    )
    grave: float = 0.85  # from here on a defamation or harassment score proposes S3 (§4.4: "S3 if crime or abuse alleged")
    veto: float = 0.5  # from here on an outcome of §4.3 stands against a takedown suggestion


DEFAULT_RULES = FlagRules()


def flag(reading: Reading, post: Post, rules: FlagRules, *, now: datetime, school_id: str) -> Finding | None:
    """Return the finding for one mentioned school, or None when there is nothing a person needs to see.

    Rules of domain.md §4.1, §4.2: safeguarding beats everything; an outcome of §4.3 silences a takedown suggestion but never a
    safeguarding one; the machine never proposes less than S3 for the first twelve categories.
    """
    if school_id not in reading.schools():
        return None
    judged = _judge(reading, rules)
    if judged is None:
        return None
    categories, severity, reasons, spans = judged
    return Finding(
        id=new_id(now),
        school_id=school_id,
        post_id=post.id,
        post_version=reading.post_version,
        platform=post.platform,
        severity=severity,
        lead_category=lead(categories),
        categories=categories,
        reasons=reasons,
        highlights=spans,
        stop=bool(reading.stop_cue) or Category.CSAM in categories,
        rule=f"{rules.version}+{reading.pipeline}",
        seen_at=post.first_seen_at,
        made_at=now,
    )


def flag_all(reading: Reading, post: Post, rules: FlagRules, *, now: datetime) -> tuple[Finding, ...]:
    """Return a finding for each mentioned school that needs one."""
    found = (flag(reading, post, rules, now=now, school_id=school_id) for school_id in reading.schools())
    return tuple(finding for finding in found if finding is not None)


_Judged = tuple[tuple[Category, ...], Severity, tuple[str, ...], tuple[Span, ...]]


def _judge(reading: Reading, rules: FlagRules) -> _Judged | None:
    above = tuple(score for score in reading.scores if score.value >= rules.thresholds.get(score.head, 1.0))
    harms = _harms(above, reading, rules)
    answered = tuple(score for score in above if score.category in ANSWERED)
    shown = harms + answered
    if reading.stop_cue:
        return _stopped(reading, shown)
    if not shown:
        return _unread(reading)
    categories = _ordered(shown)
    severity = max(suggest(score, rules) for score in shown)
    return categories, severity, _reasons(shown), tuple(span for score in shown for span in score.spans)


def _harms(above: tuple[Score, ...], reading: Reading, rules: FlagRules) -> tuple[Score, ...]:
    harms = tuple(score for score in above if score.category in HARMS)
    veto = max((score.value for score in reading.scores if score.category in OUTCOMES and score.value >= rules.veto), default=0.0)
    # §4.1 rule 2, §4.3: an outcome stands against an ordinary harm that is no surer than it, never against safeguarding
    return tuple(score for score in harms if score.category in SAFEGUARDING or score.value > veto)


def _stopped(reading: Reading, shown: tuple[Score, ...]) -> _Judged:
    reasons = ("may speak of an indecent image of a child: do not open it; the safeguarding lead decides", *_reasons(shown))
    spans = (*reading.stop_cue, *(span for score in shown for span in score.spans))
    return (Category.CSAM, *(category for category in _ordered(shown) if category is not Category.CSAM)), Severity.S4, reasons, spans


def _unread(reading: Reading) -> _Judged | None:
    if reading.not_read is None:
        return None
    return (Category.NEUTRAL_MENTION,), Severity.S1, (f"{NOT_READ} ({reading.not_read})",), ()


def suggest(score: Score, rules: FlagRules) -> Severity:
    """Return the severity that one score proposes (§4.4 defaults; a grave score of an ordinary harm proposes S3)."""
    default = _DEFAULT[score.category]
    is_grave = score.category in {Category.DEFAMATION_INDIVIDUAL, Category.HARASSMENT_STAFF} and score.value >= rules.grave
    return max(default, Severity.S3) if is_grave else default


def default_severity(category: Category) -> Severity:
    """Return the severity that domain.md §4.4 gives a category where nothing else is known."""
    return _DEFAULT[category]


def _ordered(scores: tuple[Score, ...]) -> tuple[Category, ...]:
    order: Callable[[Category], int] = list(Category).index
    return tuple(sorted({score.category for score in scores}, key=order))


def _reasons(scores: tuple[Score, ...]) -> tuple[str, ...]:
    by_lead = sorted(scores, key=lambda score: (list(Category).index(score.category), -score.value))
    lines = (_reason(score) for score in by_lead)
    return tuple(dict.fromkeys(lines))


def _reason(score: Score) -> str:
    why = _WHY.get(score.category, CATEGORY_LABELS[score.category])
    shown = tuple(dict.fromkeys(span.why for span in score.spans if span.why))
    return f"{why}: {'; '.join(shown[:3])}" if shown else why
