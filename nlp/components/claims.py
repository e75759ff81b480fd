"""What is said that people did (nlp.claims), as the first reasons of scores that speak of it; it scores nothing itself.

The parser runs only where a score asks for it, on sentences with a word for an act and somebody who may have done it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from spacy.tokens import Doc

from data.model.readings import Category
from nlp.acts import Found, acts
from nlp.claims import Claim, Marks, Scene, Word, claims_in, settled
from nlp.draft import Draft, Rated, Sentence, draft_of
from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.factory import register_together
from nlp.normal import fold
from nlp.parser import Arc, Parser, shipped

NAME = "schoolwatch.claims.v1"
ASKED = 0.35  # a lower score is hardly shown, and its words are reason enough
_ACCUSES = frozenset({Category.DEFAMATION_INDIVIDUAL, Category.KNOWINGLY_FALSE})
_TELLS = frozenset({Category.SAFEGUARDING_DISCLOSURE, Category.STAFF_ALLEGATION})
_ASKING = _ACCUSES | _TELLS
_LONGEST = 60  # words that are parsed together: an unpunctuated post is cut
_MOST = 6  # parts of one post that are parsed
_SHOUTED = 0.6  # share of capitals
_SURNAME, _PLACE = "Smith", "Lincoln"
_TITLES = frozenset(("mr", "mrs", "ms", "miss", "mx", "dr", "sir", "madam"))
_PLAINER = {
    "ta": "teacher", "tas": "teachers", "senco": "teacher", "slt": "management", "tcher": "teacher", "teecher": "teacher",
    "headteacher": "teacher",
    "u": "you", "ur": "your", "wor": "our", "cos": "because", "coz": "because", "n": "and", "wi": "with", "bairn": "child",
    "bairns": "children", "wean": "child", "weans": "children", "lad": "boy", "lads": "boys", "lass": "girl", "em": "them", "pe": "class",
}  # fmt: skip
_NO_NAMES = frozenset(
    (
        "the",
        "my",
        "our",
        "a",
        "of",
        "his",
        "her",
        "their",
        "this",
        "that",
        "one",
        "s",
        "'s",
        "year",
        "maths",
        "english",
        "science",
        "pe",
        "form",
    )
)
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})
_CLITICS = {"nt": "n't", "s": "'s", "m": "'m", "ve": "'ve", "re": "'re", "ll": "'ll", "d": "'d"}
_WORD = re.compile(r"\w+")
_PRONOUNS = re.compile(r"\b(?:he|she|hes|shes|him|her|his|they|i|we|who)\b")

_THEM = frozenset(("him", "her", "them", "em", "me", "us"))
_ASKS_FOR = frozenset(("on_money", "on_pupil", "on_person", "done"))
_EARLY, _SHORT = 12, 50  # characters
_BEFORE, _BEHIND = 40, 50  # characters around a verb in which what it is done to stands


@dataclass(frozen=True, slots=True)
class _Part:
    """Words to be parsed together: as the parser reads them, with their plain characters."""

    sentence: Sentence
    found: tuple[Found, ...]
    shown: tuple[str, ...]
    places: tuple[tuple[int, int], ...]


def read(docs: Sequence[Doc]) -> None:
    """Put what is said that somebody did before the other reasons of an accusation or a telling of harm."""
    asked = [doc for doc in docs if _is_asked(draft_of(doc))]
    if asked:
        find(asked)
    for draft in map(draft_of, asked):
        draft.scores = [_reasoned(draft, score) for score in draft.scores]


def _is_asked(draft: Draft) -> bool:
    return any(score.value >= ASKED and score.category in _ASKING for score in draft.scores)


def _reasoned(draft: Draft, score: Rated) -> Rated:
    """Return the score with the claims that bear on it first."""
    if score.value < ASKED:
        return score
    accusing = score.category in _ACCUSES
    told = [claim for claim in draft.claims if (_accuses(claim) if accusing else score.category in _TELLS and _tells(claim))]
    first = tuple(draft.span(*claim.act_span, claim.why()) for claim in told)
    return replace(score, spans=tuple(dict.fromkeys((*first, *score.spans)))) if first else score


def _accuses(claim: Claim) -> bool:
    return claim.actor in ("staff", "school", "other") and claim.kind_of_act.fact


def _tells(claim: Claim) -> bool:
    return claim.patient in ("pupil", "writer") and claim.asserted


def find(docs: Sequence[Doc]) -> None:
    """Put the claims of each post on its draft: what is worth parsing in any of them is parsed at once."""
    told = [(doc, draft, found) for doc, draft, found in map(_worded, docs) if found]
    if not told:
        return
    parser = _parser()
    if isinstance(parser, str):
        for _, draft, _ in told:
            draft.faults.append(parser)
        return
    scenes = [scene_of(draft) for _, draft, _ in told]
    parts = [list(islice(_parts(*one, scene, parser), _MOST)) for one, scene in zip(told, scenes, strict=True)]
    parsed = iter(parser.parse([part.shown for some in parts for part in some]))
    for (_, draft, _), scene, some in zip(told, scenes, parts, strict=True):
        draft.claims = list(settled(_claims(scene, some, parsed)))


def _worded(doc: Doc) -> tuple[Doc, Draft, list[Found]]:
    """Return a post with its words for acts."""
    draft = draft_of(doc)
    return doc, draft, acts().find(draft.masked) if draft.masked else []


@cache
def _parser() -> Parser | str:
    """Return the parser, or in one plain line why there is none."""
    try:
        return shipped()
    except (ModelMissingError, ModelMismatchError) as error:
        return f"read in part, without claims: {error}"


def _claims(scene: Scene, parts: Sequence[_Part], parsed: Iterator[tuple[Arc, ...]]) -> Iterator[Claim]:
    """Yield what is said in the parts, whose arcs come next."""
    for part, arcs in zip(parts, parsed, strict=False):
        words = [
            Word(shown.lower().replace("'", ""), arc.tag, arc.relation, arc.head, start, end)
            for shown, arc, (start, end) in zip(part.shown, arcs, part.places, strict=True)
        ]
        yield from claims_in(words, part.found, scene, marks_of(part.sentence))


def scene_of(draft: Draft) -> Scene:
    """Return who is in the post."""
    pupils = acts().words["pupil"]
    schools = tuple((draft.folded.at(mention.start), draft.folded.at(mention.end)) for mention in draft.mentions)
    return Scene(
        draft.folded.text,
        tuple((person.start, person.end) for person in draft.people),
        schools,
        tuple(match.start() for match in _WORD.finditer(draft.masked) if match[0] in pupils),
    )


def marks_of(sentence: Sentence) -> Marks:
    """Return what the markers say of a sentence."""
    has = sentence.marks.keys()
    return Marks(
        question=sentence.is_question and sentence.text.rstrip().endswith("?"),
        doubted=sentence.text.rstrip(' "”').endswith("?"),
        opinion="opinion" in has,
        hearsay="hearsay" in has,
        official="official" in has,
        condemns="condemns" in has,
        sport="sport_or_play" in has,
    )


def _parts(doc: Doc, draft: Draft, found: list[Found], scene: Scene, parser: Parser) -> Iterator[_Part]:
    """Yield what is worth parsing: sentences, or of long ones the stretch around the words for an act."""
    text = doc.text
    starts = [span.start_char for span in doc.sents] if doc.has_annotation("SENT_START") else [0]
    for sentence, start, end in zip(draft.sentences, starts, [*starts[1:], len(text)], strict=True):
        here = tuple(one for one in found if sentence.start <= one.start < sentence.end)
        here = _promising(here, sentence, scene) if here else ()
        if not here or not (_speaks_of_somebody(sentence, scene) or _sums_up(here, sentence, scene)):
            continue
        plain = draft.folded.text[sentence.start : sentence.end].strip()
        if fold(text[start:end]).strip() == plain:
            words = list(_words(draft, parser, text, start, end))
        else:  # disguised: what is read is the plain text
            words = [(text, sentence.start + at, sentence.start + at + len(text))
                     for text, at in parser.words(draft.folded.text[sentence.start : sentence.end])]  # fmt: skip
        yield from _stretches(sentence, here, _without_tail(words, scene), scene)


def _words(draft: Draft, parser: Parser, text: str, first: int, last: int) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a sentence as they were written, but for letters that are none of ours, with their plain characters."""
    begin, stop = first, last
    while begin and not text[begin - 1].isspace():  # «stole.She»: a sentence may begin inside of what is cut as one
        begin -= 1
    while stop < len(text) and not text[stop].isspace():
        stop += 1
    for word, at in parser.words(text[begin:stop]):
        if first <= begin + at < last:
            start, end = draft.folded.at(begin + at), draft.folded.at(begin + at + len(word))
            plain = word.translate(_APOSTROPHES)
            shown = plain if plain.isascii() else draft.folded.text[start:end]
            if shown.strip():
                yield shown, start, end


def _without_tail(words: list[tuple[str, int, int]], scene: Scene) -> list[tuple[str, int, int]]:
    """Return the words without the school's name as people hang it on the end («he is a bully fernley green #fernleygreen»)."""
    last = len(words)
    while last and _is_tail(words[last - 1], scene):
        last -= 1
    cut = last < len(words) and any(any(char.isalnum() for char in text) for text, _, _ in words[last:])
    joined = last and words[last - 1][0].lower() in acts().words["joins"]
    return words if joined or not cut else words[:last]


def _is_tail(word: tuple[str, int, int], scene: Scene) -> bool:
    text, start, _ = word
    return not text[-1:].isalnum() or any(first <= start < last for first, last in scene.schools)


def _speaks_of_somebody(sentence: Sentence, scene: Scene) -> bool:
    """Whether the sentence speaks of staff, of the school, or by a pronoun of somebody in the post."""
    if any(sentence.start <= start < sentence.end for start, _ in (*scene.people, *scene.schools)):
        return True
    return bool(scene.people or scene.schools or scene.pupils) and _PRONOUNS.search(sentence.text) is not None


def _sums_up(found: tuple[Found, ...], sentence: Sentence, scene: Scene) -> bool:
    """Whether a sentence («That's fraud.», «Pocketed the lot.») goes on about somebody named before."""
    before = any(start < sentence.start for start, _ in (*scene.people, *scene.schools))
    short = sentence.end - sentence.start <= _SHORT
    return before and any(one.start - sentence.start <= _EARLY or (short and one.kind == "deeds") for one in found)


def _promising(found: Iterable[Found], sentence: Sentence, scene: Scene) -> tuple[Found, ...]:
    """Return those words for acts that may mean the act, as far as the words near them tell without a parser."""
    return tuple(one for one in found if _may_mean(one, sentence, scene))


def _may_mean(one: Found, sentence: Sentence, scene: Scene) -> bool:
    if one.kind not in _ASKS_FOR and one.act.fact:
        return True
    if one.kind == "on_money" and one.lemma in acts().words["always"]:
        return True
    named = any(sentence.start <= start < sentence.end for start, _ in scene.people)
    if not one.act.fact:
        return named or _PRONOUNS.search(sentence.text) is not None
    first = max(0, one.start - sentence.start - _BEFORE)
    near = frozenset(_WORD.findall(sentence.text, first, one.end - sentence.start + _BEHIND))
    if named and one.kind in ("on_person", "done"):
        return True
    return not near.isdisjoint(_asked_for("papers" if one.kind == "on_money" and one.act.name == "dishonesty" else one.kind))


@cache
def _asked_for(kind: str) -> frozenset[str]:
    """Return the words of which one must stand near a verb for it to mean the act."""
    known = acts().words
    people = known["pupil"] | _THEM
    return {
        "on_money": known["money"],
        "papers": known["papers"],
        "on_pupil": people,
        "on_person": people | known["staff"],
        "done": people | known["staff"],
    }[kind]


def _stretches(sentence: Sentence, found: tuple[Found, ...], words: list[tuple[str, int, int]], scene: Scene) -> Iterator[_Part]:
    shouted = _is_shouted("".join(text for text, _, _ in words))
    for first in range(0, len(words), _LONGEST):
        some = words[first : first + _LONGEST]
        here = tuple(one for one in found if some[0][1] <= one.start < some[-1][2])
        if here:
            before = [0, *(end for _, _, end in some)]
            shown = tuple(
                _shown(_CLITICS.get(text, text) if start == last else text, start, scene, shouted=shouted)
                for (text, start, _), last in zip(some, before, strict=False)
            )
            yield _Part(sentence, here, shown, tuple((start, end) for _, start, end in some))


def _is_shouted(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return letters > 0 and sum(map(str.isupper, text)) > _SHOUTED * letters


def _shown(text: str, start: int, scene: Scene, *, shouted: bool) -> str:
    """Return a word as the parser knows it: no shouting, plain apostrophes, and for names one that the treebank is full of.

    So the parser sees no one's name, and a rare surname is not taken for an adjective.
    """
    text = text.replace(" ", "")
    if any(first <= start < last for first, last in scene.people):
        plain = text.lower().rstrip(".")
        return (
            _PLAINER.get(plain, text)
            if plain in _NO_NAMES or _is_role(plain) or not text[:1].isalpha()
            else plain.capitalize()
            if plain in _TITLES
            else _SURNAME
        )
    for first, last in scene.schools:
        if first <= start < last and text[:1].isalpha() and scene.text[first] not in "#@":
            return "School" if start + len(text) >= last and start > first else _PLACE
    return _PLAINER.get(text.lower()) or (text.lower() if shouted else text)


def _named(text: str, plain: str) -> str:
    """Return a word of the name or role of a member of staff as the parser knows it."""
    if plain in _NO_NAMES or _is_role(plain) or not text[:1].isalpha():
        return _PLAINER.get(plain, text)
    return plain.capitalize() if plain in _TITLES else _SURNAME


def _is_role(text: str) -> bool:
    words = acts().words
    return text in words["staff"] or text in words["pupil"]


register_together(NAME, read)
