"""What the machine suggests for a reading: which categories, how severe, whether a takedown. One rule for the product and for its judging.

Pure, of records only: casework makes findings of it, `nlp.evaluate` measures it. Sources: domain.md §4.1 (order, safeguarding first),
§4.2 (S3 at least for the first twelve), §4.3 (outcomes that stand against a takedown), §4.4 (default severities).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from data.model.readings import CATEGORY_ORDER, HARMS, OUTCOMES, SAFEGUARDING, Category, Head, Reading, Score, Severity, lead

# §4.4, column "Default sev"; where it gives two, the lower one stands here and a raising fact lifts it
DEFAULT_SEVERITY: dict[Category, Severity] = {
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
TOLD: frozenset[Category] = frozenset(
    {Category.SAFEGUARDING_DISCLOSURE, Category.STAFF_ALLEGATION}
)  # somebody tells of harm to a child: looked into first, never put forward for takedown whatever else is in the post
ADVICE_FIRST: frozenset[Category] = TOLD | {
    Category.CSAM,
    Category.THREAT_TO_LIFE,
    Category.GROOMING,
    Category.SELF_HARM,
}  # §4.4: police, CEOP or the safeguarding lead act before anybody asks for a removal
_LOOKED_AT_FIRST: frozenset[Category] = ADVICE_FIRST | {
    Category.PUPIL_PERSONAL_DATA
}  # who gives away a child's details often tells of harm to that child as well: the safeguarding lead looks before removal is put forward
_STANDS_AGAINST: frozenset[Category] = ANSWERED | {Category.NEWS_REPORT, Category.PRAISE, Category.CAMPAIGN_OR_UNION}


@dataclass(frozen=True)
class FlagRules:
    """Above which score a head's answer is flagged. `version` is kept with every finding; new numbers are a new version."""

    version: str = "flag.v5"
    thresholds: dict[Head, float] = field(
        default_factory=lambda: {
            Head.DEFAMATION: 0.5,
            Head.HARASSMENT: 0.5,
            Head.THREAT: 0.35,  # §4.1 rule 4: recall before precision where a person may be in danger; rules of danger count 0.5 at least
            Head.PUPIL_IMAGE: 0.3,
            Head.SAFEGUARDING: 0.15,
            Head.NO_ACTION: 0.5,
            Head.HATE: 0.25,
            Head.SEXUAL: 0.25,
            Head.CONFIDENTIAL: 0.25,
        }
    )
    grave: float = 0.85  # from here on a defamation or harassment score proposes S3 (§4.4: "S3 if crime or abuse alleged")
    sure: float = 0.35  # below this no score proposes S4
    veto: float = 0.5  # from here on an outcome of §4.3 stands against a takedown suggestion
    told: float = 0.02  # from here on somebody may be telling of harm to a child: then no takedown is suggested
    doubt: float = 0.15  # from here on criticism, news or praise forbids a takedown suggestion
    graver: tuple[float, float, float] = (0.5, 0.45, 0.45)  # from which chances on the reading speaks for S2, S3, S4
    takedown: float = 0.75  # from here on a harm is put forward for takedown: precision before recall


DEFAULT_RULES = FlagRules()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a person should be shown, before any words are put to it. `shown` is empty when only a stop cue or an unread text speaks."""

    shown: tuple[Score, ...]
    categories: tuple[Category, ...]
    severity: Severity
    takedown: bool = False

    @property
    def lead(self) -> Category:
        """The category that leads (§4.1 rule 1)."""
        return lead(self.categories)


def suggestion(reading: Reading, rules: FlagRules) -> Suggestion | None:
    """Return what the reading suggests, or None when there is nothing a person needs to see.

    Safeguarding beats everything; an outcome of §4.3 silences an ordinary harm but never a safeguarding one; a stop cue is S4 and never
    a takedown; what could not be read is shown low.
    """
    shown = _shown(reading, rules)
    if reading.stop_cue:
        rest = tuple(category for category in in_order(shown) if category is not Category.CSAM)
        return Suggestion(shown, (Category.CSAM, *rest), Severity.S4)
    if shown:
        return Suggestion(shown, in_order(shown), _severity(shown, reading, rules), takedown=_takedown(shown, reading, rules))
    return Suggestion((), (Category.NEUTRAL_MENTION,), Severity.S1) if reading.not_read is not None else None


def above(reading: Reading, rules: FlagRules) -> tuple[Score, ...]:
    """Return the scores that reach the threshold of their head."""
    return tuple(score for score in reading.scores if score.value >= rules.thresholds.get(score.head, 1.0))


def severity_of(score: Score, rules: FlagRules) -> Severity:
    """Return the severity that one score proposes (§4.4 defaults; a grave score of an ordinary harm proposes S3)."""
    default = DEFAULT_SEVERITY[score.category]
    if score.value < rules.sure:  # a weak sign of danger is looked at today (S3, §4.2), not called critical
        default = min(default, Severity.S3)
    is_grave = score.category in {Category.DEFAMATION_INDIVIDUAL, Category.HARASSMENT_STAFF} and score.value >= rules.grave
    return max(default, Severity.S3) if is_grave else default


def _severity(shown: tuple[Score, ...], reading: Reading, rules: FlagRules) -> Severity:
    """Return the severity of what is shown: by category, raised or (outside safeguarding, by one step at most) lowered by the reading."""
    usual = max(severity_of(score, rules) for score in shown)
    if not reading.gravity or usual < Severity.S2:  # not judged, or an outcome that is answered: criticism stays S0 or S1
        return usual
    steps = zip((Severity.S2, Severity.S3, Severity.S4), reading.gravity, rules.graver, strict=True)
    learned = max((step for step, likely, least in steps if likely >= least), default=Severity.S1)
    lowest = usual if any(score.category in SAFEGUARDING for score in shown) else Severity(usual - 1)
    return max(learned, lowest)


def in_order(scores: tuple[Score, ...]) -> tuple[Category, ...]:
    """Return the categories of the scores, each once, the leading one first."""
    return tuple(sorted({score.category for score in scores}, key=CATEGORY_ORDER.index))


def _shown(reading: Reading, rules: FlagRules) -> tuple[Score, ...]:
    enough = above(reading, rules)
    veto = _veto(reading, rules)
    # §4.1 rule 2, §4.3: an outcome stands against an ordinary harm that is no surer than it, never against safeguarding
    harms = (score for score in enough if score.category in HARMS and (score.category in SAFEGUARDING or score.value > veto))
    return (*harms, *(score for score in enough if score.category in ANSWERED))


def _veto(reading: Reading, rules: FlagRules) -> float:
    """Return the value of the surest outcome that may stand against a harm, or 0."""
    return max((score.value for score in reading.scores if score.category in OUTCOMES and score.value >= rules.veto), default=0.0)


def _takedown(shown: tuple[Score, ...], reading: Reading, rules: FlagRules) -> bool:
    """Whether to put the post forward: a sure harm leads, no outcome speaks against it, nobody tells of harm to a child."""
    categories = {score.category for score in shown}
    if categories & TOLD or lead(frozenset(categories)) in _LOOKED_AT_FIRST or _veto(reading, rules) or _doubted(reading, rules):
        return False
    return any(score.value >= rules.takedown for score in shown if score.category in HARMS)


def _doubted(reading: Reading, rules: FlagRules) -> bool:
    """Whether the post may yet be a telling of harm, or criticism, news or praise: precision first (§4.3)."""
    return any(
        score.value >= (rules.told if score.category in TOLD else rules.doubt)
        for score in reading.scores
        if score.category in TOLD or score.category in _STANDS_AGAINST
    )
