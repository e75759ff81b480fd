"""From a post to a Reading: mentions first, then, only where the school is mentioned, the components of pipeline.cfg."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import compress, islice
from pathlib import Path
from typing import Any, TypeVar

from spacy.lang.en import English
from spacy.language import Language
from spacy.pipeline import Sentencizer
from spacy.util import load_config
from thinc.api import Config

from data.model.posts import Post, storable
from data.model.readings import Mention, Reading, Score, Span
from data.model.watch import School, StaffMember, WatchTerm
from nlp.components import COMPONENTS
from nlp.conversations import without_namesakes
from nlp.cues import LEXICONS
from nlp.draft import Draft, attach
from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.factory import spacy_name
from nlp.heads import WEIGHTS
from nlp.mentions import Found, Matcher
from nlp.normal import Folded
from nlp.people import People
from nlp.proposals import disguised_mentions
from nlp.readable import NO_TEXT, why_unreadable
from nlp.records import made
from nlp.relevance import OURS, facts_by_school, judge
from nlp.runs import Runs
from nlp.threads import hostile
from nlp.vocabulary import common_words
from nlp.watched import Watched

T = TypeVar("T")

CONFIG = Path(__file__).parent / "pipeline.cfg"
_EXPLICIT = frozenset({"porn", "nsfw", "sexual", "nudity", "nude", "graphic-media", "adult"})  # labels as servers and apps write them
_LABELLED = "the platform or its author marks the post as sexual or sensitive"
_WORDS_ASKED = ("IS_PUNCT", "IS_SPACE")  # what the components ask of a word: the rest of spaCy's questions take most of its time
_TOGETHER = 32  # posts that are read side by side: more of them find no more at hand, and take more memory
_MOST_JUDGED = 20  # mentions of one school that are weighed one by one; more of them say nothing new


@dataclass(frozen=True, slots=True)
class Subject:
    """A post with what it is about: where it means one of the schools, and where the same words stand for another place or person."""

    post: Post
    mentions: tuple[Mention, ...]
    namesakes: tuple[Mention, ...] = ()

    def inheriting(self, mentions: Sequence[Mention]) -> Subject:
        """Return it with what its conversation is about, where it names no school itself."""
        return self if self.mentions else Subject(self.post, without_namesakes(mentions, self.namesakes), self.namesakes)


class Reader:
    """Reads posts. Pure but for the time it is given; never raises on any text; one Reader serves one thread at a time."""

    def __init__(self, watched: Watched, language: Language, settings: dict[str, Any]) -> None:
        """Take what is watched (staff lists for reading only) and the pipeline; see `open_reader`."""
        self.matcher = Matcher(watched.terms)
        self.version: str = settings["version"]
        self.words = common_words().with_own([term.phrase for term in watched.terms] + [member.name for member in watched.staff])
        self._facts = facts_by_school(watched.terms, watched.staff, watched.schools)
        self._people = People(watched.staff)
        self._language = language
        self._characters: int = settings["characters"]
        self._floors: dict[str, float] = settings["floors"]

    def read(self, post: Post, now: datetime, inherited: Sequence[Mention] = ()) -> Reading:
        """Return what the machine read in the post at `now`: suggestions with reasons.

        `inherited`: what the conversation that it belongs to is about (nlp.conversations); it counts where the post names no school itself.
        """
        return self.read_subjects([one.inheriting(inherited) for one in self.subjects([post])], now)[0]

    def read_many(self, posts: Sequence[Post], now: datetime) -> list[Reading]:
        """Return a reading of each post, in their order, as `read` gives one: many side by side take less time than one after the other."""
        return self.read_subjects(self.subjects(posts), now)

    def subjects(self, posts: Iterable[Post]) -> list[Subject]:
        """Return what each of the posts is about, by its own words."""
        return [
            subject for some in _lots(posts) for subject in map(self._subject, some, self.matcher.places_in([post.text for post in some]))
        ]

    def read_subjects(self, subjects: Iterable[Subject], now: datetime) -> list[Reading]:
        """Return a reading at `now` of each post of which it is known what it is about, in their order."""
        return [reading for some in _lots(subjects) for reading in self._read(some, now)]

    def _read(self, subjects: Sequence[Subject], now: datetime) -> list[Reading]:
        with undisturbed():
            return list(self._readings(subjects, now))

    def _readings(self, subjects: Sequence[Subject], now: datetime) -> Iterator[Reading]:
        obstacles = [self._obstacle(one.post, one.mentions) for one in subjects]
        asked = [one.mentions and not obstacle for one, obstacle in zip(subjects, obstacles, strict=True)]
        drafts = iter(self.drafts([(one.post, one.mentions) for one in compress(subjects, asked)]))
        for one, obstacle, is_asked in zip(subjects, obstacles, asked, strict=True):
            yield self._reading(one, obstacle, next(drafts) if is_asked else Draft(Folded.of("")), now)

    def _reading(self, subject: Subject, obstacle: str | None, draft: Draft, now: datetime) -> Reading:
        post, mentions = subject.post, subject.mentions
        values = {
            "post_id": post.id,
            "post_version": post.version,
            "pipeline": self.version,
            "read_at": now,
            "mentions": mentions,
            "namesakes": subject.namesakes,
            "scores": self.kept(draft),
            "gravity": draft.gravity,
            "hostile": hostile(draft) if draft.scores or draft.gravity else None,
            "stop_cue": (*_labelled(post), *draft.stop_cue),
            "not_read": obstacle or self._cut(post, mentions) or next(iter(draft.faults), None),
        }
        return made(Reading, values)

    def mentions(self, text: str) -> tuple[tuple[Mention, ...], tuple[Mention, ...]]:
        """Return where the text means one of the schools, and where the same words stand for another place or person, with reasons.

        A name that hides behind signs or spaced letters is found too.
        """
        return self._parted(text, self.matcher.places(text))

    def _subject(self, post: Post, found: Sequence[Found]) -> Subject:
        return Subject(post, *self._parted(post.text, found))

    def _parted(self, text: str, found: Sequence[Found]) -> tuple[tuple[Mention, ...], tuple[Mention, ...]]:
        """Return the mentions that mean the schools, and the others."""
        judged = tuple(self._judged(text, found or disguised_mentions(self.matcher, text, self.words)))
        return tuple(one for one in judged if one.sure >= OURS), tuple(one for one in judged if one.sure < OURS)

    def _judged(self, text: str, found: Sequence[Found | Mention]) -> Iterator[Mention]:
        """Yield the mentions with how sure they are; of one school the first twenty are weighed, the rest follow the surest of them."""
        surest: dict[str, list[float]] = {}
        for mention in found:
            values = surest.setdefault(mention.school_id, [])
            if len(values) >= _MOST_JUDGED:
                yield _mention(mention, sure=max(values))
                continue
            relevance = judge(text, mention, self._facts[mention.school_id])
            values.append(relevance.value)
            yield _mention(mention, sure=relevance.value, reasons=relevance.reasons)

    def draft(self, post: Post, mentions: tuple[Mention, ...]) -> Draft:
        """Return the filled draft of a post, whether or not it mentions a school, low scores too: what scorers are judged by."""
        return self.drafts([(post, mentions)])[0]

    def drafts(self, asked: Iterable[tuple[Post, tuple[Mention, ...]]]) -> list[Draft]:
        """Return the filled draft of each post with its mentions, in their order."""
        return [draft for some in _lots(asked) for draft in self._filled([self._begun(*one) for one in some])]

    def _begun(self, post: Post, mentions: tuple[Mention, ...]) -> tuple[str, Draft]:
        """Return the text that is read, and its draft before any component saw it."""
        text = storable(post.text[: self._characters])
        folded = Folded.unmasked(text, self.words)
        schools = tuple(dict.fromkeys(mention.school_id for mention in mentions))
        named = tuple(mention for mention in mentions if not mention.inherited and mention.end <= len(text))
        return text, Draft(folded, self._people.find(folded, schools), named, post.media)

    def _filled(self, begun: Sequence[tuple[str, Draft]]) -> list[Draft]:
        """Return the drafts after every component: one component after the other, each for all posts while what it needs is at hand."""
        with self._language.vocab.memory_zone():  # spaCy would keep every word it meets, and hostile text fill the memory
            docs = [attach(self._language.make_doc(text), draft) for text, draft in begun]
            for _, component in self._language.pipeline:  # as Language does, without a check of each component at each post
                docs = list(component.pipe(docs, batch_size=len(docs))) if hasattr(component, "pipe") else list(map(component, docs))
            del docs
        return [draft for _, draft in begun]

    def kept(self, draft: Draft) -> tuple[Score, ...]:
        """Return the scores of a draft that are worth keeping in a Reading: those not below the floor of their head."""
        return tuple(score.kept() for score in draft.scores if score.value >= self._floors.get(score.head, 0.0))

    @staticmethod
    def _obstacle(post: Post, mentions: tuple[Mention, ...]) -> str | None:
        """Return why the post is not read; of a text without a mention only whether there are words in it at all."""
        if not mentions and any(char.isalpha() and char.isascii() for char in post.text[:80]):
            return None
        reason = why_unreadable(post.text)
        return reason if mentions or reason in NO_TEXT else None

    def _cut(self, post: Post, mentions: tuple[Mention, ...]) -> str | None:
        if not mentions or len(post.text) <= self._characters:
            return None
        return f"read in part: scores come from the first {self._characters:,} of {len(post.text):,} characters"


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector from looking through memory meanwhile: what a lot of posts needs for a moment is gone right after it.

    Looked through in between it would be taken for something that stays, and all that does stay be looked through again and again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _lots(all_of_them: Iterable[T]) -> Iterator[list[T]]:
    """Yield lots of so many as are read side by side."""
    rest = iter(all_of_them)
    while some := list(islice(rest, _TOGETHER)):
        yield some


def _mention(found: Found | Mention, **values: Any) -> Mention:
    """Return what was found as a record, made once with all its values."""
    place = {"start": found.start, "end": found.end, "term_id": found.term_id, "school_id": found.school_id}
    return made(Mention, {**place, **values})


def _labelled(post: Post) -> tuple[Span, ...]:
    """Return a stop cue when labels say what the text does not: marked sexual, or marked sensitive with something attached."""
    marked = _EXPLICIT & {label.lower() for label in post.labels} or (post.sensitive and post.media)
    return (Span(start=0, end=0, why=_LABELLED),) if marked else ()


def open_reader(
    terms: Sequence[WatchTerm],
    staff: Sequence[StaffMember] = (),
    config: Path | None = None,
    *,
    schools: Sequence[School] = (),
    without: frozenset[str] = frozenset(),
) -> Reader:
    """Return a Reader for these terms and staff, built by pipeline.cfg or by `config`, `without` the components of these names.

    `schools` tell the towns, by which namesakes elsewhere are known.

    Raises:
        ModelMissingError: the configuration or a word list is not there.
        ModelMismatchError: the configuration names a component that this version does not have, or lacks its [reading] part.
    """
    path = config or CONFIG
    if not path.is_file():
        raise ModelMissingError(path.name)
    try:
        loaded = load_config(path)
    except ValueError as error:
        raise ModelMismatchError(path.name, "a configuration that spaCy can read", "something else") from error
    reading = loaded.pop("reading", None)
    loaded["nlp"]["pipeline"] = [name for name in loaded["nlp"]["pipeline"] if name not in without]
    if not reading or {"characters", "floors"} - reading.keys():
        raise ModelMismatchError(path.name, "a configuration with [reading] characters and [reading.floors]", "one without")
    language = _language(_known(loaded, path.name))
    return Reader(Watched(tuple(terms), tuple(staff), tuple(schools)), language, {**reading, "version": _version(path)})


def _known(loaded: Config, name: str) -> Config:
    """Return the configuration with factories as spaCy names them, each component known and versioned."""
    for component in loaded.get("components", {}).values():
        factory = component.get("factory", "")
        if factory not in {*COMPONENTS, "sentencizer"}:
            raise ModelMismatchError(name, f"made of {', '.join(COMPONENTS)} and sentencizer", f"one that names '{factory}'")
        component["factory"] = spacy_name(factory)
    return loaded


def _language(config: Config) -> Language:
    """Build the spaCy pipeline; where it cuts sentences, on runs instead of words."""
    language = English.from_config(config, auto_fill=True)
    for part in config.get("components", {}).values():
        if part.get("factory") == "sentencizer":
            language.tokenizer = Runs(language, part.get("punct_chars") or Sentencizer.default_punct_chars)
    words: Any = language.vocab
    words.lex_attr_getters = {number: words.lex_attr_getters[number] for number in map(words.strings.__getitem__, _WORDS_ASKED)}
    return language


def _version(path: Path) -> str:
    """Return one string for configuration, code, word lists and weights: any change of theirs changes it."""
    code = [*sorted(CONFIG.parent.glob("*.py")), *sorted(CONFIG.parent.glob("components/*.py"))]
    parts = [part.read_bytes() for part in (path, *code, *sorted(LEXICONS.glob("*.t*")))]
    parts += [part.read_bytes() for part in sorted(WEIGHTS.glob("*.json"))]  # each seals the arrays beside it
    seal = hashlib.sha256(b"\0".join(parts)).hexdigest()
    return f"schoolwatch.reading.v1+{seal[:12]}"
