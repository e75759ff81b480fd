"""Whether a mention means our school or a namesake: another town's school, a street, a church, a club, a hill, a tram stop.

Evidence is weighed as log-odds: what the term is, the words directly around it, the school's town and staff, and what the post talks about.
Every word that weighed is shown. Word lists: lexicons/relevance.toml. Developed on nlp/corpus; never on tests/gold.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from data.model.readings import Mention, Span
from data.model.watch import School, StaffMember, TermKind, WatchTerm
from nlp.normal import Folded, fold
from nlp.records import span_of
from nlp.vocabulary import common_words

OURS = 0.5  # from here on a mention counts as the school's
_REACH = 400  # characters looked at on either side
_LEXICON = Path(__file__).parent / "lexicons" / "relevance.toml"
_SIGIL, _DOMAIN, _SCHOOL_NAME, _NAME, _TOWN_NAME, _ABBREVIATION = (
    4.0,
    4.0,
    2.2,
    1.4,
    1.2,
    0.2,
)  # where the weighing starts, by what the term is
_OTHER_CASE = -0.6  # «kPa», «fps»: an abbreviation not written as one
_STAFF, _TOWN, _AT, _PLACE, _NAMESAKE, _OTHER_TOWN, _IN_TOWN, _SECOND = 3.0, 1.0, 1.0, -1.4, -6.0, -4.5, -1.8, 0.5
_MOST_REASONS = 8
_FEW_WORDS, _MOST_WORDS = 6, 3
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "sir", "madam", "fr", "rev"})
_IN_OTHER_TOWN = re.compile(
    r"(?:['\u2019]s)?(?:,? (?:in|near|over in|down in|up in) (?:the )?([A-Z][a-z]{2,})(?![\w'\u2019])"
    r"|, ([A-Z][a-z]{2,})(?=[,.;:!?)]|\s*$))"
)
_OTHER_TOWN_BEHIND = re.compile(r" ([A-Z][a-z]{3,})(?![\w'\u2019])")
_OTHER_TOWN_BEFORE = re.compile(
    r"\b(?:[Aa]|[Tt]he|[Aa]nother|[Oo]ther) ([A-Z][a-z]{2,})(?: [Pp]rimary| [Hh]igh)?"
    r" (?:school|academy|college|primary)s?,? (?:called |named )?$"
)
_KIND_BEFORE = re.compile(r"(?:school|academy|college|primary)s?,? (?:called |named )?$")  # asked first: seldom there, quickly told
_KIND_REACH = 20  # characters that it takes at most
_POSSESSIVE = re.compile(r"s(?!\w)")
_PREPOSITION_REACH = 12  # characters that it takes at most, and one before
_PREPOSITION = re.compile(r"(?<!\w)(at|@|in|on|along|down|off)( the)? $")
_CASED_WORDS = re.compile(r"[A-Za-z]{2,}")
_TIMES = r"(?:[?*+]|\{[^}]*\})?"
_CHOICE = re.compile(r"\(((?:[^()]|\([^()]*\))*)\)((?![?*+{]).*)")  # an expression that begins with a choice
_ELEMENT = re.compile(rf"(?:\((?:[^()]|\([^()]*\))*\)|\[[^]]*\]|\\.|.){_TIMES}")
_WITHIN_WORD = re.compile(r"(?:[\w()|?*+\[\]{},]|\\[dw])+")  # an element without a space or any other sign
_TOP_LEVEL = re.compile(r"(?:\((?:[^()]|\([^()]*\))*\)|[^|()])+")
_SHAPES = {
    "behind": r" (?:{})(?!\w)",
    "before": r"(?<!\w)(?:{})\W{{1,2}}$",
    "school": r"(?<!\w)(?:{})(?!\w)",
    "topic": r"(?<!\w)(?:{})(?!\w)",
}
_WORD = re.compile(r"\w+")
_MOST_KEPT = 20_000  # words whose kinds are remembered
_NO_TOWN = frozenset({"ofsted", "facebook", "instagram", "whatsapp", "september", "october", "november", "december", "january", "february"})


class Placed(Protocol):
    """A mention, or the place of one that is not made yet."""

    @property
    def start(self) -> int:
        """Where it begins in the original text."""

    @property
    def end(self) -> int:
        """Where it ends."""

    @property
    def term_id(self) -> str:
        """Which term was found."""


@dataclass(frozen=True, slots=True)
class Relevance:
    """How sure it is, in [0, 1], that the school is meant, and the words that weighed, the heaviest first."""

    value: float
    reasons: tuple[Span, ...]

    @property
    def is_ours(self) -> bool:
        """Whether the mention counts as the school's."""
        return self.value >= OURS


@dataclass(frozen=True)
class Facts:
    """What is known of one school."""

    school_id: str
    town: str | None = None
    staff: tuple[str, ...] = ()
    terms: Mapping[str, WatchTerm] = field(default_factory=dict)
    places: frozenset[str] = frozenset()  # folded words of the town and of the school's own names
    surnames: re.Pattern[str] | None = None
    plain_surnames: tuple[str, ...] = ()  # the same, one by one: asked first
    namesakes: tuple[str, ...] = ()

    @cached_property
    def plain_town(self) -> str:
        """The town as folded text has it; nothing where it is not known."""
        return fold(self.town or "").strip()

    @classmethod
    def of(cls, terms: Iterable[WatchTerm], staff: Iterable[StaffMember] = (), school: School | None = None) -> Facts:
        """Take one school's terms (the words they must not be near are its namesakes), its staff list and, where known, its town."""
        own = {term.id: term for term in terms}
        school_id = school.id if school else next(iter(own.values())).school_id
        town = school.town if school else None
        names = tuple(member.name for member in staff)
        surnames = tuple(dict.fromkeys(filter(None, map(_surname, names))))
        phrases = [term.phrase for term in own.values()] + ([school.name] if school else []) + ([town] if town else [])
        namesakes = {fold(word).strip() for term in own.values() for word in term.not_near}
        return cls(
            school_id,
            town,
            names,
            own,
            frozenset(word for phrase in phrases for word in re.findall(r"\w+", fold(phrase))),
            _any_of(surnames),
            surnames,
            tuple(sorted(name for name in namesakes - {fold(term.phrase).strip() for term in own.values()} if name)),
        )


def facts_by_school(terms: Sequence[WatchTerm], staff: Sequence[StaffMember] = (), schools: Sequence[School] = ()) -> dict[str, Facts]:
    """Return the facts of every school that has a term."""
    known = {school.id: school for school in schools}
    ids = dict.fromkeys(term.school_id for term in terms)
    return {
        one: Facts.of(
            [term for term in terms if term.school_id == one], [member for member in staff if member.school_id == one], known.get(one)
        )
        for one in ids
    }


def judge(text: str, mention: Placed, facts: Facts) -> Relevance:
    """Return how surely `mention` in `text` means the school of `facts`, with reasons as spans of the original. Never raises.

    Looks at 400 characters on either side, so that a long text costs no more than a short one.
    """
    first = max(0, mention.start - _REACH)
    scene = _Scene(text[first : mention.end + _REACH], mention, first, facts)
    weighed = [*_kind(scene), *_around(scene)]
    _spoken_of(scene, weighed)
    odds = sum([weight for weight, _ in weighed])
    places = dict.fromkeys([place for _, place in sorted(weighed, key=_heaviest) if place[2]])
    return Relevance(round(1 / (1 + math.exp(-odds)), 3), tuple(span_of(*place) for place in islice(places, _MOST_REASONS)))


def ours(text: str, mentions: Sequence[Mention], facts: Mapping[str, Facts]) -> tuple[tuple[Mention, ...], tuple[Relevance, ...]]:
    """Return the mentions that mean the schools, and the judgement on every mention given, in order."""
    judged = tuple(judge(text, mention, facts[mention.school_id]) for mention in mentions)
    return tuple(mention for mention, one in zip(mentions, judged, strict=True) if one.is_ours), judged


_Place = tuple[int, int, str]  # a Span before it is kept: few of those found are
_Weighed = tuple[float, _Place]
_Found = tuple[int, int, str]  # plain characters, and the word that stands there


def _heaviest(one: _Weighed) -> float:
    return -abs(one[0])


class _Ground:
    """What all mentions in one piece of text share."""

    def __init__(self, cut: str) -> None:
        self.folded = Folded.of(cut)
        self.spoken_of = _matches(self.folded.text)  # the words of each kind that stand in the text
        self._staff: tuple[Facts, list[_Found]] | None = None

    @cached_property
    def is_mixed(self) -> bool:
        """Whether capitals say something: not all words begin with one."""
        firsts = [word[0] for word in _CASED_WORDS.findall(self.folded.original)]
        return len(firsts) < _FEW_WORDS or sum(map(str.isupper, firsts)) * 2 <= len(firsts)

    def staff(self, facts: Facts) -> list[_Found]:
        """Return where surnames of the school's staff stand."""
        if facts.surnames is None or not any(map(self.folded.text.__contains__, facts.plain_surnames)):
            return []
        if self._staff is None or self._staff[0] is not facts:
            self._staff = facts, [(*match.span(), match[0]) for match in facts.surnames.finditer(self.folded.text)]
        return self._staff[1]


_ground = lru_cache(maxsize=2)(_Ground)  # asked for every mention of one post


class _Scene:
    """A mention in its surroundings: `start` and `end` are plain characters of `text`, `first` is where the cut begins."""

    __slots__ = ("end", "facts", "first", "folded", "ground", "plain", "sign", "start", "term", "text")

    def __init__(self, cut: str, mention: Placed, first: int, facts: Facts) -> None:
        self.ground = _ground(cut)
        self.folded = self.ground.folded
        self.text = self.folded.text
        self.start, self.end = self.folded.at(mention.start - first), self.folded.at(mention.end - first)
        self.first, self.facts, self.term = first, facts, facts.terms.get(mention.term_id)
        self.plain = self.text[self.start : self.end]
        self.sign = self.text[max(0, self.start - 1) : self.start] in {"#", "@"}

    @property
    def written(self) -> str:
        return self.folded.original[slice(*self.folded.span(self.start, self.end))]

    @property
    def behind(self) -> int:
        """Where the plain text goes on behind the mention and its possessive s."""
        possessive = _POSSESSIVE.match(self.text, self.end)
        return possessive.end() if possessive else self.end

    def span(self, start: int, end: int, why: str) -> _Place:
        first, last = self.folded.span(start, end)
        return self.first + first, self.first + last, why

    def itself(self, why: str) -> _Place:
        return self.span(self.start, self.end, why)

    def of_original(self, start: int, end: int, why: str) -> _Place:
        return self.first + start, self.first + end, why


@dataclass(frozen=True, slots=True)
class _Group:
    why: str
    weight: float
    pattern: re.Pattern[str]


@cache
def _lexicon() -> dict[str, Any]:
    return tomllib.loads(_LEXICON.read_text(encoding="utf-8"))


def _ways(entry: Mapping[str, Any]) -> list[str]:
    """Return the alternatives of an entry."""
    return _TOP_LEVEL.findall(str(entry["words"]).replace("\n", ""))


def _words(entry: Mapping[str, Any]) -> str:
    """Return the alternatives of an entry as one expression, sorted under their first letters: fewer tries at each place."""
    under: dict[str, list[str]] = {}
    for way in _ways(entry):
        literal = way[0].isalnum() and way[1:2] not in {"", "?", "*", "{"}
        under.setdefault(way[0] if literal else "", []).append(way[1:] if literal else way)
    loose = under.pop("", [])
    return "|".join([*(f"{letter}(?:{'|'.join(ways)})" for letter, ways in under.items()), *loose])


@cache
def _groups(kind: str) -> tuple[_Group, ...]:
    return tuple(_Group(one["why"], one["weight"], re.compile(_SHAPES[kind].format(_words(one)))) for one in _lexicon()[kind].values())


@cache
def _any_group(kind: str) -> re.Pattern[str]:
    """Return one expression for all groups of a kind: it tells at one look that none is there, as mostly."""
    ways = [way for entry in _lexicon()[kind].values() for way in _ways(entry)]
    return re.compile(_SHAPES[kind].format(_words({"words": "|".join(ways)})))


@cache
def _named(kind: str) -> re.Pattern[str]:
    ending = r"$" if kind == "street" else r"(?!\w)"
    return re.compile(rf"(?<!\w)(?:{_words(_lexicon()[kind])}){ending}")


@lru_cache(maxsize=_MOST_KEPT)
def _is_named(kind: str, plain: str) -> bool:
    """Whether the words of a term, as they are written here, name a school or a street."""
    return _named(kind).search(plain) is not None


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    each = "|".join(map(re.escape, dict.fromkeys(words)))
    return re.compile(rf"(?<!\w)(?:{each})s?(?!\w)") if each else None


def _surname(name: str) -> str:
    words = [word for word in fold(name).replace(".", " ").split() if word not in _TITLES]
    return " ".join(words) if "-" in name else words[-1] if words else ""


def _kind(scene: _Scene) -> Iterator[_Weighed]:
    """Weigh what the term is by itself."""
    plain, term = scene.plain, scene.term
    if scene.sign or plain[:1] in {"#", "@"}:
        yield _SIGIL, scene.itself("the school's own hashtag or handle")
    elif term and term.kind is TermKind.SITE_DOMAIN:
        yield _DOMAIN, scene.itself("the school's own address")
    elif _is_named("name", plain):
        yield _SCHOOL_NAME, scene.itself("named as a school")
    elif term and term.kind is TermKind.ABBREVIATION:
        yield _ABBREVIATION, scene.itself("an abbreviation, which may stand for other things")
        if scene.written != term.phrase:
            yield _OTHER_CASE, scene.itself("not written as the abbreviation is")
    else:
        yield _TOWN_NAME if _is_town(scene) else _NAME, scene.itself("the school's name, or a place's")


def _around(scene: _Scene) -> Iterator[_Weighed]:
    """Weigh the words directly before and behind the name."""
    text, behind = scene.text, scene.behind
    for group in _groups("behind") if _any_group("behind").match(text, behind) else ():
        match = group.pattern.match(text, behind)
        if match and not _is_own(scene, match[0]):
            yield group.weight, scene.span(match.start() + 1, match.end(), group.why)
            break
    before = text[max(0, scene.start - 40) : scene.start]
    for group in _groups("before") if _any_group("before").search(before) else ():
        match = group.pattern.search(before)
        if match:
            start = max(0, scene.start - 40) + match.start()
            yield group.weight, scene.span(start, scene.start, group.why)
    if before.endswith(" "):
        yield from _preposition(scene, before[-_PREPOSITION_REACH:])
    if scene.facts.namesakes:
        yield from _namesakes(scene)
    yield from _towns(scene)


def _is_own(scene: _Scene, words: str) -> bool:
    """Whether a watch term of the school goes on like this: «Cradmoor High School» behind «Cradmoor»."""
    whole = " ".join(re.findall(r"\w+", scene.plain + words))
    return any(" ".join(re.findall(r"\w+", fold(term.phrase))).startswith(whole) for term in scene.facts.terms.values())


def _preposition(scene: _Scene, before: str) -> Iterator[_Weighed]:
    """Weigh «at Fernley Green» for the school; «in» or «on» a name that is a street's or a park's, against."""
    match = _PREPOSITION.search(before)
    if match is None:
        return
    start = scene.start - len(match[0])
    if match[1] in {"at", "@"}:
        yield _AT, scene.span(start, scene.start, "said to happen at it")
    elif match[1] == "in" and _is_town(scene):
        yield _IN_TOWN, scene.span(start, scene.end, "written as the town is")
    elif _is_named("street", scene.plain) and not _is_named("name", scene.plain):
        yield _PLACE, scene.span(start, scene.end, "written as a street or an open place is")


def _is_town(scene: _Scene) -> bool:
    """Whether the term is also the name of the town."""
    return scene.plain == scene.facts.plain_town


def _namesakes(scene: _Scene) -> Iterator[_Weighed]:
    """Weigh the namesakes that the school's own terms list."""
    around = scene.text[max(0, scene.start - 60) : scene.end + 60]
    for name in scene.facts.namesakes:  # those that are no term of its own
        place = around.find(name)
        if place >= 0 and " " in name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", around):
            start = max(0, scene.start - 60) + place
            yield _NAMESAKE, scene.span(start, start + len(name), "listed as a namesake")
            return


def _towns(scene: _Scene) -> Iterator[_Weighed]:
    """Weigh our town for the school, another town's name beside it against."""
    original = scene.folded.original
    start, end = scene.folded.span(scene.start, scene.end)
    for pattern in () if scene.sign else (_IN_OTHER_TOWN, _OTHER_TOWN_BEHIND):
        match = pattern.match(original, end)
        is_other = match and _is_other_town(match[match.lastindex or 0], scene, certain=pattern is _IN_OTHER_TOWN)
        if match and is_other and scene.ground.is_mixed:  # asked last: it looks at all words
            yield _OTHER_TOWN, scene.of_original(*match.span(match.lastindex or 0), "another town's, it seems")
            break
    match = _OTHER_TOWN_BEFORE.search(original, 0, start) if _KIND_BEFORE.search(original[max(0, start - _KIND_REACH) : start]) else None
    if match and _is_other_town(match[1], scene, certain=True):
        yield _OTHER_TOWN, scene.of_original(*match.span(1), "another town's, it seems")
    town = scene.facts.plain_town
    is_there = town and town in scene.text and not _is_town(scene)
    for found in re.finditer(rf"(?<!\w){re.escape(town)}(?!\w)", scene.text) if is_there else ():
        if found.end() <= scene.start or found.start() >= scene.end:
            yield _TOWN, scene.span(*found.span(), "the school's town is named")
            return


def _is_other_town(word: str, scene: _Scene, *, certain: bool) -> bool:
    if not certain and not _is_named("name", scene.plain):
        return False
    plain = fold(word)
    if plain in scene.facts.places or plain in _NO_TOWN or (scene.facts.surnames and scene.facts.surnames.fullmatch(plain)):
        return False
    return plain not in common_words()


def _spoken_of(scene: _Scene, weighed: list[_Weighed]) -> None:
    """Weigh what else the post speaks of: staff, school life, or other things; a second word of a kind weighs half."""
    first, last = scene.start, scene.end
    for start, end, _ in scene.ground.staff(scene.facts):
        if end <= first or start >= last:
            weighed.append((_STAFF, scene.span(start, end, "a member of staff is named")))
            break
    for group, found in scene.ground.spoken_of:
        seen: list[str] = []
        for start, end, word in found:
            if (end <= first or start >= last) and word not in seen:
                weighed.append((group.weight * _SECOND ** len(seen), scene.span(start, end, group.why)))
                seen.append(word)
                if len(seen) == _MOST_WORDS:
                    break


def _matches(plain: str) -> list[tuple[_Group, list[_Found]]]:
    """Return the words of each kind that stand in a text; a kind is looked for only at words that may begin one of it."""
    groups, begun_by = _spoken_groups(), _begun_by()
    found: dict[int, list[_Found]] = {}
    begun = [(word.start(), numbers) for word in _WORD.finditer(plain) if (numbers := begun_by[word[0]])]  # few words in a post
    for start, numbers in begun:
        for number in numbers:
            earlier = found.get(number)
            if earlier and start < earlier[-1][1]:
                continue
            match = groups[number].pattern.match(plain, start)
            if match:
                found.setdefault(number, []).append((start, match.end(), match[0]))
    return [(groups[number], found[number]) for number in sorted(found)]


@cache
def _spoken_groups() -> tuple[_Group, ...]:
    """Return the kinds of words that tell what is spoken of."""
    return (*_groups("school"), *_groups("topic"))


class _Begun(dict[str, tuple[int, ...]]):
    """The numbers of the kinds that a text may hold from a word on. Fills itself as words are met."""

    def __init__(self) -> None:
        super().__init__()
        entries = [*_lexicon()["school"].values(), *_lexicon()["topic"].values()]
        firsts = [[first for way in _ways(entry) for first in _firsts(way)] for entry in entries]
        self._each = [re.compile("|".join(ways)) for ways in firsts]
        self._any = re.compile(_words({"words": "|".join(way for ways in firsts for way in ways)}))

    def __missing__(self, word: str) -> tuple[int, ...]:
        is_any = self._any.fullmatch(word)
        numbers = tuple(number for number, pattern in enumerate(self._each) if pattern.fullmatch(word)) if is_any else ()
        if len(self) < _MOST_KEPT:
            self[word] = numbers
        return numbers


@cache
def _begun_by() -> _Begun:
    return _Begun()


def _firsts(way: str) -> list[str]:
    """Return expressions for how the first word may be written of all that the given one matches."""
    choice = _CHOICE.fullmatch(way)
    if choice:
        return [first for one in _TOP_LEVEL.findall(choice[1]) for first in _firsts(one + choice[2])]
    written = ""
    for element in _ELEMENT.findall(way):
        if element == " ":
            return [written]
        if not _WITHIN_WORD.fullmatch(element):
            return [written + r"\w*"]
        written += element
    return [written]
