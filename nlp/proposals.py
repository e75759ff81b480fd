"""Ways in which a school may be written that nobody has thought of yet: proposed to a person, never added by the machine.

Misspellings, joined, shortened and possessive forms, initials and nicknames of the watch terms; near misses seen in posts; and mentions
that only show once disguises are undone. The kinds of misspelling follow Damerau (CACM 7(3), 1964): a letter left out, doubled, swapped or
taken for one that sounds like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from data.model.readings import Mention
from data.model.watch import TermKind, WatchTerm
from nlp.disguises import may_hide
from nlp.mentions import Matcher
from nlp.normal import Folded, fold
from nlp.vocabulary import Vocabulary, common_words

_KIND_WORDS = frozenset(
    {
        "school", "schools", "primary", "secondary", "junior", "infant", "infants", "juniors", "academy", "college", "high", "grammar",
        "comprehensive", "community", "catholic", "cofe", "ce", "rc", "c", "of", "e", "church", "voluntary", "aided", "trust",
        "learning", "multi", "sixth", "form", "nursery", "prep", "preparatory", "independent", "girls", "boys", "the", "and", "st",
        "saint", "saints",
    }
)  # fmt: skip
_WATCHED = frozenset({TermKind.SCHOOL_NAME, TermKind.NICKNAME, TermKind.EVENT})
_SOUNDS = (
    ("ph", "f"), ("ck", "k"), ("ey", "y"), ("ie", "ei"), ("ei", "ie"), ("ea", "ee"), ("ee", "ea"), ("ou", "o"), ("ough", "borough"),
    ("ough", "uff"), ("igh", "y"), ("oo", "u"), ("oe", "o"), ("ae", "e"), ("wr", "r"), ("kn", "n"), ("mb", "m"), ("x", "ks"), ("z", "s"),
    ("ence", "ance"), ("ton", "tun"), ("ham", "am"), ("oor", "ore"), ("ere", "eer"), ("ow", "o"), ("bury", "berry"),
    ("gh", "g"), ("ui", "u"),
    ("sh", "s"),
)  # fmt: skip
_MUCH_ALIKE = (("er", "a"), ("o", "a"), ("s", "z"), ("e", "a"), ("i", "y"), ("y", "ie"), ("c", "k"), ("th", "f"))
_SHORTEST_WORD, _SHORTEST_FORM = 5, 3
_MOST_MISSPELT = 24  # for each term: a person reads no more
_SYLLABLE = re.compile(r"([^aeiouy]*[aeiouy]+)([^aeiouy])([^aeiouy]?)")
_TOKEN = re.compile(r"[a-z]+")
_NEAR_LENGTH = 8  # from this length on two letters may differ
_MOST_POSTS = 100_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """A phrase that may stand for the school, why, the term that it is like, and in how many posts it was seen (0: made up)."""

    phrase: str
    why: str
    like: str
    kind: TermKind = TermKind.NICKNAME
    seen: int = 0


def propose(terms: Sequence[WatchTerm]) -> tuple[Proposal, ...]:
    """Return forms of one school's terms that are not terms yet, the likeliest kinds first; never a common word."""
    known = {_plain(term.phrase) for term in terms}
    tags = {_plain(term.phrase).replace(" ", "") for term in terms}  # the matcher finds a name joined behind # as it is
    words = common_words()
    kept: dict[str, Proposal] = {}
    for proposal in (one for term in terms if term.active and term.kind in _WATCHED for one in _forms(term.phrase)):
        plain = _plain(proposal.phrase)
        tag = proposal.kind is TermKind.HASHTAG
        if len(plain) >= _SHORTEST_FORM and plain not in (tags if tag else known) and (tag or plain not in words):
            kept.setdefault(f"#{plain}" if tag else plain, proposal)
    return tuple(sorted(kept.values(), key=lambda one: _ORDER.index(one.why)))


def near_misses(terms: Sequence[WatchTerm], posts: Iterable[str]) -> tuple[Proposal, ...]:
    """Return words of `posts` that are a letter or two away from a term's own word, with how often they were seen, the most seen first.

    Looks at no more than 100,000 posts; a word that is common, or a term already, is never proposed.
    """
    wanted = {word: term.phrase for term in terms if term.active and term.kind in _WATCHED for word in _own_words(term.phrase)}
    known = {part for term in terms for part in (*_TOKEN.findall(fold(term.phrase)), _plain(term.phrase))}
    seen: dict[str, int] = {}
    for post, _ in zip(posts, range(_MOST_POSTS), strict=False):
        for token in set(_TOKEN.findall(fold(post))):
            seen[token] = seen.get(token, 0) + 1
    common = common_words()
    fresh = [token for token in seen if len(token) >= _SHORTEST_WORD and token not in known and token not in common]
    found = [Proposal(token, NEAR, phrase, seen=seen[token]) for token in fresh for word, phrase in wanted.items() if is_near(token, word)]
    return tuple(sorted({one.phrase: one for one in found}.values(), key=lambda one: (-one.seen, one.phrase)))


def disguised_mentions(matcher: Matcher, text: str, words: Vocabulary) -> tuple[Mention, ...]:
    """Return mentions that show only when disguises are undone («f3rnl3y gr33n», «F G P S»), as characters of the original text.

    `words` should hold the terms as own words (`Vocabulary.with_own`). A text without any sign of a trick costs one search.
    """
    if not may_hide(fold(text), text):
        return ()
    undone = Folded.unmasked(text, words)
    return tuple(_back(undone, mention) for mention in matcher.find(undone.text))


def _back(undone: Folded, mention: Mention) -> Mention:
    start, end = undone.span(mention.start, mention.end)
    return mention.model_copy(update={"start": start, "end": end})


def is_near(token: str, word: str) -> bool:
    """Whether two words begin alike and differ by one letter (two in long words): left out, put in, changed or swapped."""
    most = 2 if len(word) >= _NEAR_LENGTH else 1
    if token[:1] != word[:1] or token in {word, f"{word}s"} or abs(len(token) - len(word)) > most:
        return False
    return distance(token, word) <= most


def distance(left: str, right: str) -> int:
    """Return the optimal string alignment distance of two words (Damerau 1964; each letter moved at most once)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, char in enumerate(left, start=1):
        older, before, row = before, row, [i]
        for j, other in enumerate(right, start=1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == right[j - 2] and left[i - 2] == other:
                best = min(best, older[j - 2] + 1)
            row.append(best)
    return row[-1]


def _plain(phrase: str) -> str:
    return " ".join(re.findall(r"\w+", fold(phrase)))


def _own_words(phrase: str) -> list[str]:
    """Return the words of a phrase that are the school's own: not «school», not a common word, long enough to be misspelt."""
    words = [word for word in _TOKEN.findall(fold(phrase)) if word not in _KIND_WORDS]
    return [word for word in words if len(word) >= _SHORTEST_WORD and word not in common_words()]


POSSESSIVE, JOINED, SHORT, INITIALS = "with an s, as people speak of it", "written in one word", "shortened", "its initials"
NICKNAME, HASHTAG, MISSPELT, NEAR = (
    "as pupils may call it",
    "as a hashtag",
    "as it may be misspelt",
    "seen in posts, nearly as the term is written",
)
_ORDER = (SHORT, INITIALS, HASHTAG, JOINED, POSSESSIVE, NICKNAME, MISSPELT, NEAR)


def _forms(phrase: str) -> Iterator[Proposal]:
    """Yield every form of one term."""
    yield from _shorter(phrase)
    plain = _plain(phrase)
    own = [word for word in plain.split() if word not in _KIND_WORDS]
    if len(own) > 1:
        yield Proposal("".join(own), JOINED, phrase)
    if own:
        yield Proposal(f"#{''.join(own)}", HASHTAG, phrase, TermKind.HASHTAG)
    if own and not own[-1].endswith("s"):
        saint = "st " if plain.startswith(("st ", "saint ")) else ""
        yield Proposal(f"{saint}{' '.join(own)}s", POSSESSIVE, phrase)
    for word in _own_words(phrase)[:1]:
        yield from (Proposal(name, NICKNAME, phrase) for name in _nicknames(word))
    for word in _own_words(phrase):
        short = " ".join(own) if len(own) < len(plain.split()) and not plain.startswith("st ") else plain
        yield from (
            Proposal(short.replace(word, wrong), MISSPELT, phrase) for wrong in list(dict.fromkeys(_misspelt(word)))[:_MOST_MISSPELT]
        )


def _shorter(phrase: str) -> Iterator[Proposal]:
    words = _plain(phrase).split()
    own = [word for word in words if word not in _KIND_WORDS]
    if own and len(own) < len(words) and words[0] not in {"st", "saint"}:
        yield Proposal(" ".join(own).title(), SHORT, phrase)
    if words[0] in {"st", "saint"} and own:
        yield Proposal(f"St {own[0].title()}", SHORT, phrase)
        yield Proposal(own[0].title(), SHORT, phrase)
    for word in _own_words(phrase)[:1]:
        yield Proposal(word.title(), SHORT, phrase)
        yield from (
            Proposal(f"{word.title()} {kind.title()}", SHORT, phrase) for kind in words if kind in _KIND_WORDS - {"the", "of", "and", "st"}
        )
    letters = "".join(word[0] for word in words if word not in {"the", "of", "and"}).upper()
    for initials in (letters, letters[:-1] if words[-1] == "school" else ""):
        if len(initials) >= _SHORTEST_FORM:
            yield Proposal(initials, INITIALS, phrase, TermKind.ABBREVIATION)


def _nicknames(word: str) -> Iterator[str]:
    """Yield the first syllable with «y» or «ie» behind it («Fernley»: «ferny»; «Tollbeck»: «tolly»), and alone with an article."""
    match = _SYLLABLE.match(word)
    if match is None:
        return
    stem, last, after = match[1], match[2], match[3]
    doubled = stem + last * 2
    yield from (f"{doubled}y", f"{doubled}ie", f"{doubled}ies")
    if after and after != last:
        yield from (f"{stem}{last}{after}y", f"{stem}{last}{after}ie")
    yield f"the {stem}{last}{after}" if after != last else f"the {stem}{last}"


def _misspelt(word: str) -> Iterator[str]:
    """Yield likely misspellings: a double letter single, a single one doubled, two swapped, one left out, one taken for its sound."""
    inner = range(1, len(word))
    yield from (word[:at] + word[at + 1 :] for at in inner if word[at] == word[at - 1])
    yield from _resounded(word, _SOUNDS)
    yield from (
        word[:at] + word[at] + word[at:] for at in inner if word[at] in "lmnprst" and word[at] not in word[at - 1] + word[at + 1 : at + 2]
    )
    yield from (word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] for at in inner[1:] if word[at] != word[at - 1])
    yield from (word[:at] + word[at + 1 :] for at in inner)
    yield from _resounded(word, _MUCH_ALIKE)


def _resounded(word: str, sounds: Sequence[tuple[str, str]]) -> Iterator[str]:
    return (word[:at] + to + word[at + len(sound) :] for sound, to in sounds for at in range(1, len(word)) if word.startswith(sound, at))
