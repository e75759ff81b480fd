"""Possible defamation of an individual: a grave thing, said as a fact, of an identifiable person (domain.md §2.1).

Never says that something *is* defamatory: people and perhaps lawyers judge that. Opinion, question, denial, condemnation and official
findings lower the score; «allegedly» and «in my opinion he stole» do not turn an allegation into an opinion.
"""

from __future__ import annotations

from spacy.tokens import Doc

from data.model.readings import Category, Head
from nlp.cues import Hit, compile_phrases, lexicon
from nlp.draft import Draft, Reason, Sentence, draft_of
from nlp.factory import register

NAME = "schoolwatch.defamation.v1"
WORDS = "defamation"
_SOFTENED = {"denies": 0.2, "condemns": 0.2, "official": 0.3, "sport_or_play": 0.4}
_QUESTION, _OPINION = 0.35, 0.55
_SAID_BEFORE, _GROUP = 0.85, 0.6  # the person stands in an earlier sentence; staff as a group are no one person
_TELLING = 0.5  # a parent or child who tells of harm done: for the safeguarding lead, hardly a matter of reputation
_TELLS = compile_phrases(
    ["(my|our) <child>", "who (do|should|can) i (ring|tell|call|report to|contact)", "(a|one) (_ )?(teacher|ta|coach|tutor)"]
)
_NEAR_DENIAL = 40  # a denial counts before the deed, so many characters away at most
_PRONOUNS = (" he ", " she ", " hes ", " shes ", " his ", " her ", " him ")
_GROUPS = ("teachers", "staff", "the teachers", "governors", "management", "slt")


def _about(draft: Draft, sentence: Sentence) -> tuple[float, Reason | None]:
    """Return how surely the sentence is about an identifiable adult of the school, and the words that say so."""
    people = draft.people_in(sentence)
    if people:
        return 1.0, draft.span(people[0].start, people[0].end, people[0].why)
    earlier = [person for person in draft.people if person.start < sentence.start]
    if earlier and any(pronoun in f" {sentence.text} " for pronoun in _PRONOUNS):
        return _SAID_BEFORE, draft.span(earlier[-1].start, earlier[-1].end, earlier[-1].why)
    for group in _GROUPS:
        place = sentence.text.find(group)
        if place >= 0:
            start = sentence.start + place
            return _GROUP, draft.span(start, start + len(group), "speaks of staff as a group, not of one person")
    return 0.0, None


def _softened(sentence: Sentence, hit: Hit) -> float:
    """Return the factor that the sentence's marks leave: 1 for a plain statement of fact."""
    factor = _QUESTION if sentence.is_question else 1.0
    for mark, weight in _SOFTENED.items():
        found = sentence.marks.get(mark)
        if found and (mark != "denies" or hit.start - _NEAR_DENIAL <= found.start <= hit.start):
            factor = min(factor, weight)
    return factor * (_OPINION if "opinion" in sentence.marks and hit.cue.name == "dishonest" else 1.0)


def read(doc: Doc) -> Doc:
    """Score every grave statement about a person."""
    draft = draft_of(doc)
    for sentence, hit, span in draft.hits(lexicon(WORDS)):
        certainty, who = _about(draft, sentence)
        if who is None:
            continue
        value = hit.cue.value * certainty * _softened(sentence, hit)
        telling = _TELLS.search(draft.folded.text[sentence.start : sentence.end]) is not None
        if hit.cue.category is Category.STAFF_ALLEGATION:
            draft.add(Head.DEFAMATION, Category.STAFF_ALLEGATION, value, NAME, (span, who))
        draft.add(Head.DEFAMATION, Category.DEFAMATION_INDIVIDUAL, value * (_TELLING if telling else 1.0), NAME, (span, who))
    return doc


register(NAME, read)
