"""How serious a matter is (policy A17, domain.md §6): factors with anchors, what can be measured beforehand, bands, overrides. Pure.

# A17: the policy's own four factors stand first; the rest are ours. # B2: republishing, copies and press are asked about.
A factor that nobody answered is absent and counts as 0; the form says "not assessed". The form never sets a case's severity by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from casework.errors import SeriousnessRefusedError
from data.model.care import Band, Seriousness, SourceKind
from data.model.posts import Counts
from data.model.readings import Severity

RULE = "seriousness.v1"  # kept with every version: a later rule does not rewrite an earlier judgement
HIGHEST = 4
MAX_NOTE = 2_000
SERIOUS_SUM, MODERATE_SUM = 18, 9
GRAVE = 3  # an answer from which one factor alone makes it serious
ASKED_FROM, MUST_FROM = Severity.S2, Severity.S3  # §6: filled for S2 and above, required for S3 and S4


@dataclass(frozen=True)
class Factor:
    """One question of the form. `anchors`: answer -> what it stands for; an answer without anchor is not offered."""

    key: str
    label: str
    anchors: Mapping[int, str]
    is_policys: bool = False


FACTORS: tuple[Factor, ...] = (
    Factor(
        "nature",
        "What it says or shows",
        {
            0: "a comment that anyone may make",
            1: "impolite",
            2: "insults a person, or a claim that may be wrong",
            3: "a grave untrue claim, hatred, sexual, or a child can be told",
            4: "a threat, abuse, or against the law",
        },
        is_policys=True,
    ),
    Factor(
        "visible",
        "How long people could see it",
        {0: "gone within the hour", 1: "less than a day", 2: "one to seven days", 3: "more than a week", 4: "more than a month, or pinned"},
        is_policys=True,
    ),
    Factor(
        "recirculation",
        "How far it may spread again",  # A4, B2: what friends see is passed on; it may be copied, altered, taken up by the press
        {
            0: "a closed or tiny circle",
            1: "fewer than 100 saw it",
            2: "a local group, 100 to 1,000",
            3: "passed on or photographed, more than 1,000",
            4: "spreading fast, in the press, or copied to other places",
        },
        is_policys=True,
    ),
    Factor(
        "impact_person",
        "What it does to the person",  # B21: health, wellbeing, confidence
        {
            0: "nothing known",
            1: "annoyance",
            2: "upset, wants to talk",
            3: "distress, off work or school, afraid",
            4: "health or safety in danger",
        },
        is_policys=True,
    ),
    Factor(
        "impact_school",
        "What it does to the school and those around it",
        {0: "nothing", 1: "a few questions", 2: "parents worried", 3: "lessons or peace disturbed", 4: "closure or extra safety steps"},
        is_policys=True,
    ),
    Factor(
        "child",
        "Whether a child can be told",
        {0: "no", 2: "could be guessed", 3: "by name or picture", 4: "by name or picture, and sensitive or at risk"},
    ),
    Factor(
        "vulnerable",
        "How vulnerable the person concerned is",
        {0: "nothing known", 2: "somewhat", 3: "very: a child, special needs, ill, new to teaching", 4: "has a risk plan"},
    ),
    Factor(
        "repetition", "Whether it is repeated", {0: "the first", 2: "the second", 3: "three or more, or several authors", 4: "a campaign"}
    ),
    Factor(
        "threat",
        "How real a threat is",
        {0: "no threat", 1: "a joke", 2: "unclear", 3: "says what", 4: "says what, and with what or when"},
    ),
    Factor(
        "truth",
        "What it rests on",
        {
            0: "true, or an opinion with a basis",
            1: "an opinion with little basis",
            2: "mixed",
            3: "probably untrue",
            4: "shown to be untrue",
        },
    ),
    Factor(
        "author",
        "Who posted it",
        {0: "unknown", 1: "a member of the public", 2: "a parent", 3: "a pupil or member of staff", 4: "a known risk, or organised"},
    ),
)
BY_KEY: dict[str, Factor] = {factor.key: factor for factor in FACTORS}
# B21: the manners of bullying online that the policy names; ticked for the record, they count for nothing by themselves
MANNERS: dict[str, str] = {
    "names": "calling names",
    "comments": "spiteful comments",
    "exclusion": "shutting somebody out",
    "intimidation": "frightening somebody",
    "rumours": "spreading rumours",
    "flood": "message upon message that nobody wanted",
}
BAND_LABELS: dict[Band, str] = {
    Band.MINOR: "minor",
    Band.MODERATE: "moderate",
    Band.SERIOUS: "serious",
    Band.CRITICAL: "critical",
}
_ORDER: tuple[Band, ...] = tuple(Band)
_CRITICAL_AT_4 = ("nature", "child", "vulnerable", "threat")
_SERIOUS_AT_3 = ("nature", "impact_person", "child", "repetition")
_NOT_SUMMED = frozenset({"author"})  # §6: who posted it chooses the procedure and never raises the band


def band(answers: Mapping[str, int]) -> Band:
    """Return the band of the answers, exactly by §6; what was not answered counts as 0."""
    if any(answers.get(key, 0) == HIGHEST for key in _CRITICAL_AT_4):
        return Band.CRITICAL
    total = sum(value for key, value in answers.items() if key in BY_KEY and key not in _NOT_SUMMED)
    if total >= SERIOUS_SUM or any(answers.get(key, 0) >= GRAVE for key in _SERIOUS_AT_3):
        return Band.SERIOUS
    return Band.MODERATE if total >= MODERATE_SUM else Band.MINOR


def not_assessed(answers: Mapping[str, int]) -> tuple[str, ...]:
    """Return the labels of the factors that nobody answered, in the form's order."""
    return tuple(factor.label for factor in FACTORS if factor.key not in answers)


def checked(answers: Mapping[str, int], notes: Mapping[str, str]) -> tuple[dict[str, int], dict[str, str]]:
    """Return the answers and notes as they are kept; raises SeriousnessRefusedError naming the factor that does not fit."""
    for key, value in answers.items():
        if key not in BY_KEY:
            msg = f"'{key[:40]}' is no factor of this form; open the page again"
            raise SeriousnessRefusedError(msg)
        if value not in BY_KEY[key].anchors:
            msg = f"'{BY_KEY[key].label}': choose one of the answers that are offered"
            raise SeriousnessRefusedError(msg)
    return dict(answers), {key: _note(key, text) for key, text in notes.items() if key in BY_KEY and text.strip()}


def manners_of(chosen: Collection[str]) -> list[str]:
    """Return the manners of bullying that were ticked, in our order; one that is not on the list is dropped."""
    return [manner for manner in MANNERS if manner in chosen]


def _note(key: str, text: str) -> str:
    if len(text) > MAX_NOTE:
        msg = f"the note to '{BY_KEY[key].label}' is longer than {MAX_NOTE:,} characters; shorten it"
        raise SeriousnessRefusedError(msg)
    return text.strip()


def overridden(computed: Band, chosen: Band | None, *, is_head: bool, reason: str) -> Band | None:
    """Return the override to keep; up is free, down is the headteacher's with a reason (§6). The computed band itself is no override."""
    if chosen is None or chosen is computed:
        return None
    if _ORDER.index(chosen) > _ORDER.index(computed):
        return chosen
    if not is_head:
        msg = f"the answers make it {BAND_LABELS[computed]}; only the headteacher may set it lower"
        raise SeriousnessRefusedError(msg)
    if not reason.strip():
        msg = "to set it lower than the answers make it, write the reason"
        raise SeriousnessRefusedError(msg)
    return chosen


def still_asked(severity: Severity, latest: Seriousness | None) -> tuple[str, ...]:
    """Return what keeps an S3 or S4 case from closing: no form, or factors not assessed (§6). Empty for the others."""
    if severity < MUST_FROM:
        return ()
    return not_assessed(latest.answers) if latest else tuple(factor.label for factor in FACTORS)


# --- what can be measured beforehand ---


@dataclass(frozen=True)
class Sight:
    """What is known of when it could be seen. `claimed_at` is the author's word, everything else we saw ourselves."""

    first_seen_at: datetime
    last_seen_at: datetime
    claimed_at: datetime | None = None
    gone_at: datetime | None = None


@dataclass(frozen=True)
class Visible:
    """How long it could be seen: at least and at most. `at_most` None: nobody knows when it was posted."""

    at_least: timedelta
    at_most: timedelta | None
    is_gone: bool

    @property
    def says(self) -> str:
        """The interval in words."""
        least, end = _hours(self.at_least), "" if self.is_gone else ", and it may still be up"
        if self.at_most is None:
            return f"at least {least}; when it was posted is not known{end}"
        most = _hours(self.at_most)
        return f"{most}{end}" if most == least else f"between {least} and {most}{end}"


@dataclass(frozen=True)
class Measured:
    """The facts that fill in the form, as they were at that moment. `reach` None: the platform publishes no numbers."""

    visible: Visible
    copies: int
    platforms: tuple[str, ...]
    reach: Counts | None
    earlier: int  # earlier cases linked to this one
    authors: int

    @property
    def says(self) -> dict[str, str]:
        """Return factor key -> what was measured, in words for the form."""
        return {
            "visible": self.visible.says,
            "recirculation": f"{_reach(self.reach)}; copies known: {self.copies}; on {', '.join(self.platforms) or 'no platform known'}",
            "repetition": f"earlier linked cases: {self.earlier}; authors known: {self.authors}",
        }

    def kept(self) -> dict[str, Any]:
        """Return what the record keeps: plain numbers and words, no address, no handle."""
        least, most = self.visible.at_least.total_seconds() / 3600, self.visible.at_most
        return {
            "hours_at_least": round(least, 2),
            "hours_at_most": None if most is None else round(most.total_seconds() / 3600, 2),
            "is_gone": self.visible.is_gone,
            "copies": self.copies,
            "platforms": list(self.platforms),
            "reach": _published(self.reach),
            "earlier": self.earlier,
            "authors": self.authors,
        }


def visible(sight: Sight, now: datetime) -> Visible:
    """Return how long it could be seen, as an interval: from what we saw to what is possible."""
    end = sight.gone_at or now
    seen = max(min(sight.last_seen_at, end) - sight.first_seen_at, timedelta(0))
    believed = sight.claimed_at is not None and sight.claimed_at <= sight.first_seen_at  # a claim after we saw it is wrong
    most = end - sight.claimed_at if believed and sight.claimed_at is not None else None
    return Visible(seen, None if most is None else max(most, seen), is_gone=sight.gone_at is not None)


def suggested(measured: Measured) -> dict[str, int]:
    """Return the answers that the facts suggest; of an interval the longer end that is known. A person may choose otherwise."""
    found = {"visible": _visible_level(measured.visible), "repetition": _repeated(measured)}
    spread = _spread(measured)
    return found | ({"recirculation": spread} if spread is not None else {})


_STEPS = ((timedelta(days=30), 4), (timedelta(days=7), 3), (timedelta(days=1), 2), (timedelta(hours=1), 1))


def _visible_level(found: Visible) -> int:
    span = found.at_most if found.at_most is not None else found.at_least
    return next((level for over, level in _STEPS if span >= over), 0)


def _repeated(measured: Measured) -> int:
    if measured.earlier >= 2 or measured.authors >= 2:  # noqa: PLR2004 - with this one three; or several authors
        return 3
    return 2 if measured.earlier else 0


_LOCAL, _MANY = 100, 1_000


def _spread(measured: Measured) -> int | None:
    """Return the answer for spreading; None when nothing was published and no copy is known, for then nothing was measured."""
    if len(measured.platforms) > 1:
        return 4  # copied to another place
    views = measured.reach.views if measured.reach else None
    if views is None:
        return None
    return 1 if views < _LOCAL else (2 if views <= _MANY else 3)


def _published(reach: Counts | None) -> dict[str, int]:
    return {} if reach is None else {name: value for name, value in reach.model_dump().items() if value is not None}


def _reach(reach: Counts | None) -> str:
    found = _published(reach)
    return ", ".join(f"{name}: {value:,}" for name, value in found.items()) if found else "reach: not published"


def _hours(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    if hours < 1:
        return f"{int(hours * 60)} min"
    return f"{int(hours)} h" if hours < 48 else f"{int(hours // 24)} days"  # noqa: PLR2004 - from two days on, days


# --- who posted it chooses the procedure ---


class Procedure(StrEnum):
    """What follows from who posted it (§6, factor 10)."""

    NONE_YET = "none_yet"
    PUBLIC = "public"
    PARENT_MEETING = "parent_meeting"
    BEHAVIOUR_POLICY = "behaviour_policy"
    DISCIPLINARY = "disciplinary"
    PUPIL_OR_STAFF = "pupil_or_staff"
    POLICE = "police"


PROCEDURE_SAYS: dict[Procedure, str] = {
    Procedure.NONE_YET: "Nobody knows who posted it: no procedure yet.",
    Procedure.PUBLIC: "A member of the public: the platform's rules, and the police where it may be an offence.",
    Procedure.PARENT_MEETING: "A parent: offer a meeting first, unless there is a threat, a child's picture or a safeguarding concern.",
    Procedure.BEHAVIOUR_POLICY: "A pupil: the behaviour policy. The sanction is kept in the school's own system, here only its reference.",
    Procedure.DISCIPLINARY: "A member of staff: the bullying or disciplinary procedure. Here only a pointer to it.",
    Procedure.PUPIL_OR_STAFF: "A pupil or member of staff: say which in the investigation; each has a procedure of its own.",
    Procedure.POLICE: "A known risk, or organised: speak to the police before anything else.",
}
_OF_LEVEL = {0: Procedure.NONE_YET, 1: Procedure.PUBLIC, 2: Procedure.PARENT_MEETING, 3: Procedure.PUPIL_OR_STAFF, 4: Procedure.POLICE}
_OF_KIND = {
    SourceKind.PUPIL: Procedure.BEHAVIOUR_POLICY,  # A16
    SourceKind.STAFF: Procedure.DISCIPLINARY,  # A24
    SourceKind.PARENT: Procedure.PARENT_MEETING,
    SourceKind.PUBLIC: Procedure.PUBLIC,
}


def procedure(author: int | None, kind: SourceKind = SourceKind.UNKNOWN) -> Procedure:
    """Return the procedure that the answer about the author picks; what a person found out in the investigation is more exact."""
    if author == HIGHEST:
        return Procedure.POLICE
    return _OF_KIND.get(kind, _OF_LEVEL.get(author or 0, Procedure.NONE_YET))
