"""What the machine read in a post: mentions, scores, a reading. Suggestions with reasons, never decisions."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from pydantic import field_validator
from sqlmodel import Field

from data.columns import Json, Number
from data.model.base import Record, UtcTime
from data.model.posts import PostId


class Category(StrEnum):
    """The taxonomy of domain.md §4, in its total order: the first present leads (§4.1 rule 1)."""

    CSAM = "csam"
    THREAT_TO_LIFE = "threat_to_life"
    GROOMING = "grooming"
    SELF_HARM = "self_harm"
    SAFEGUARDING_DISCLOSURE = "safeguarding_disclosure"
    STALKING = "stalking"
    STAFF_ALLEGATION = "staff_allegation"
    STAFF_PUPIL_CONTACT = "staff_pupil_contact"
    EXTREMISM = "extremism"
    VIOLENCE_INCITEMENT = "violence_incitement"
    VIOLENCE_INTIMIDATION = "violence_intimidation"
    DANGEROUS_CHALLENGE = "dangerous_challenge"
    INTIMATE_IMAGE_ADULT = "intimate_image_adult"
    SEXUAL_HARASSMENT = "sexual_harassment"
    HATE = "hate"
    DOXXING = "doxxing"
    PUPIL_PERSONAL_DATA = "pupil_personal_data"
    PUPIL_IMAGE = "pupil_image"
    PUPIL_BULLYING = "pupil_bullying"
    CONFIDENTIAL_LEAK = "confidential_leak"
    IMPERSONATION = "impersonation"
    KNOWINGLY_FALSE = "knowingly_false"
    HARASSMENT_STAFF = "harassment_staff"
    DEFAMATION_INDIVIDUAL = "defamation_individual"
    STAFF_IMAGE = "staff_image"
    OBSCENE_CONTENT = "obscene_content"  # B18
    STAFF_CONDUCT = "staff_conduct"
    COPYRIGHT_MISUSE = "copyright_misuse"
    ABUSE_OF_PUPILS_BY_PUBLIC = "abuse_of_pupils_by_public"
    WHISTLEBLOWING = "whistleblowing"
    NEWS_REPORT = "news_report"
    CAMPAIGN_OR_UNION = "campaign_or_union"
    SATIRE_PARODY = "satire_parody"
    CRITICISM_INSTITUTION = "criticism_institution"
    FAIR_CRITICISM = "fair_criticism"
    DISREPUTE_ONLY = "disrepute_only"
    QUERY = "query"
    PRAISE = "praise"
    SPAM = "spam"
    NAMESAKE = "namesake"
    NEUTRAL_MENTION = "neutral_mention"


CATEGORY_ORDER: tuple[Category, ...] = tuple(Category)
HARMS: frozenset[Category] = frozenset(CATEGORY_ORDER[: CATEGORY_ORDER.index(Category.WHISTLEBLOWING)])
OUTCOMES: frozenset[Category] = frozenset(Category) - HARMS  # §4.3, B4: reaching one is a successful result; takedown is off
SAFEGUARDING: frozenset[Category] = frozenset(CATEGORY_ORDER[:12])  # A7: each risk by name; never proposed below S3 (§4.2)
NO_CAPTURE: frozenset[Category] = frozenset({Category.CSAM})  # §5.7 rule 1


def lead(categories: tuple[Category, ...] | frozenset[Category]) -> Category:
    """Return the category that leads by the order of domain.md §4.1; nothing at all is a neutral mention."""
    return min(categories, key=CATEGORY_ORDER.index, default=Category.NEUTRAL_MENTION)


class Severity(IntEnum):
    """S0 to S4 of domain.md §4.2: suggested by the machine, set by a person."""

    S0 = 0
    S1 = 1
    S2 = 2
    S3 = 3
    S4 = 4

    @property
    def word(self) -> str:
        """How it is said on screen."""
        return ("None", "Low", "Medium", "High", "Critical")[self]


class Span(Record):
    """Characters `start` to `end` (end not included) of the post's original text, and why they matter, in plain words."""

    start: int
    end: int
    why: str


class Mention(Record):
    """Where a watch term was found in the original text, how sure it is that the school is meant, and the words that decided."""

    start: int
    end: int
    term_id: str
    school_id: str
    sure: float = 1.0
    reasons: tuple[Span, ...] = ()
    inherited: bool = False  # the post does not name the school: the conversation it belongs to does, as the reason says


class Head(StrEnum):
    """What a scorer answers (domain.md §4.5)."""

    DEFAMATION = "defamation"
    HARASSMENT = "harassment"
    THREAT = "threat"
    PUPIL_IMAGE = "pupil_image"  # identifiable pupil: picture, or personal data in the text
    SAFEGUARDING = "safeguarding"
    NO_ACTION = "no_action"
    HATE = "hate"
    SEXUAL = "sexual"
    CONFIDENTIAL = "confidential"


class Score(Record):
    """One head's answer: a number in [0, 1], the category it speaks for, the scorer with its version, the spans behind it."""

    head: Head
    category: Category
    value: float
    scorer: str
    spans: tuple[Span, ...] = ()

    @field_validator("value")
    @classmethod
    def _in_range(cls, value: float) -> float:
        if not 0.0 <= value <= 1.0:
            msg = "a score lies between 0 and 1"
            raise ValueError(msg)
        return value


class Reading(Record):
    """All mentions and scores of one version of a post from one version of the pipeline; `not_read` says why nothing was scored."""

    post_id: PostId = Field(sa_type=Number)
    post_version: int
    pipeline: str
    read_at: UtcTime
    mentions: tuple[Mention, ...] = Field(default=(), sa_type=Json)
    namesakes: tuple[Mention, ...] = Field(default=(), sa_type=Json)  # the same words, taken for another place or person
    scores: tuple[Score, ...] = Field(default=(), sa_type=Json)
    gravity: tuple[float, ...] = Field(default=(), sa_type=Json)  # how likely it is S2, S3, S4 or more; empty: not judged
    hostile: float | None = None  # how hostile it is at somebody, from all scores, also those too low to be kept; None: not judged
    stop_cue: tuple[Span, ...] = Field(default=(), sa_type=Json)  # text cues of an indecent image: blocks capture (evidence.md §8.3)
    not_read: str | None = None

    def schools(self) -> tuple[str, ...]:
        """Return the schools mentioned, each once, in order of appearance."""
        return tuple(dict.fromkeys(mention.school_id for mention in self.mentions))

    def conversation(self, school_id: str) -> str | None:
        """Return why the post is taken to be about a school that it does not name («in a conversation about …»); None if it names it."""
        mine = [mention for mention in self.mentions if mention.school_id == school_id]
        if not mine or not all(mention.inherited for mention in mine):
            return None
        return next((reason.why for mention in mine for reason in mention.reasons), "in a conversation about the school")
