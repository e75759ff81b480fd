"""Who is said to have done what to whom, and how it is said: rules over parsed sentences, without any text of their own.

A claim is what a sentence says, never what is true. «Allegedly» and «in my opinion he stole» leave it a claim of fact; a question, a
denial, a court report and an «if» do not (scoring.md, traps). Relations are those of Universal Dependencies 2.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from nlp.acts import VERBS, Act, Found, acts

Kind = Literal["staff", "pupil", "school", "other", "writer", "unknown"]
MOST = 12  # claims of one post: more say nothing new
_CLOSE = 3  # steps down
_HIGHEST = 6  # steps up a sentence's tree
_NEAR = 70  # characters between a name and an act whose subject the parser missed
_SAID_LATELY = 120  # characters between the school's name and a «they» that means it
_SHORT = 7  # words of «That's fraud.», «Straight up robbery.»
_SUBJECTS = ("nsubj", "nsubj:pass", "nsubj:outer", "csubj")
_OBJECTS = ("obj", "iobj", "nsubj:pass")
_NAMED_AS = frozenset(("nsubj", "nsubj:pass", "obj", "iobj", "obl:agent", "conj", "ROOT"))  # a capital elsewhere is often a place or a day
_ONTO = frozenset(("at", "on", "with", "to", "against", "into", "upon", "of", "about", "for", "towards", "over"))
_NAMING = ("flat", "appos", "flat:name")
_SAME_THING = (*_NAMING, "compound")  # «the Brackenby account» is no Brackenby
_RELCL = ("acl:relcl", "advcl:relcl")
_BEING = frozenset(("is", "was", "were", "are", "been", "being", "be", "got", "gets"))
_RELATIVE = frozenset(("who", "that", "which", "whom", "whos"))
_REFLEXIVE = frozenset(("himself", "herself", "themselves", "hisself", "myself", "ourselves", "yourself", "each"))
_OBLIQUE = frozenset(("him", "her"))
_HELPERS = frozenset(
    ("did", "does", "do", "is", "are", "was", "were", "has", "have", "had", "can", "could", "will", "would", "should", "wo", "ca")
)
_WORDING = {
    "staff": "a member of staff", "pupil": "a pupil", "school": "the school", "writer": "the writer", "other": "someone",
    "unknown": "someone",
}  # fmt: skip
_SAID = (
    ("sarcasm", "says, perhaps not in earnest, that"), ("negated", "denies that"), ("question", "asks whether"),
    ("report", "reports, as found or said officially or in a story, that"), ("hypothetical", "speaks of the chance that"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a parsed sentence: lower case, its tag, its relation, the place of its head (its own at the root), its characters."""

    text: str
    tag: str
    relation: str
    head: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sentence says that someone did. `act_span` are characters of the plain text; `patient` is whom it was done to."""

    actor: Kind
    act: str
    act_span: tuple[int, int]
    patient: Kind | None = None
    negated: bool = False
    question: bool = False
    report: bool = False
    hearsay: bool = False
    opinion: bool = False
    sarcasm: bool = False
    hypothetical: bool = False

    @property
    def kind_of_act(self) -> Act:
        """Return the class of the act, with how grave it is."""
        return acts().acts[self.act]

    @property
    def asserted(self) -> bool:
        """Whether it is stated as fact; rumour, and opinion about a fact, are. A judgement marked as opinion is not."""
        if any(getattr(self, name) for name, _ in _SAID):
            return False
        return self.kind_of_act.fact or not self.opinion

    @property
    def stance(self) -> str:
        """Return in one word how it is said."""
        return next((name for name, _ in _SAID if getattr(self, name)), "asserted" if self.asserted else "opinion")

    @property
    def is_grave(self) -> bool:
        """Whether a crime or grave misconduct of someone of the school is stated as fact."""
        return self.asserted and self.kind_of_act.is_grave and self.actor in ("staff", "school")

    def why(self) -> str:
        """Return in plain words what is said and how; never whether it is true or unlawful."""
        how = next((words for name, words in _SAID if getattr(self, name)), None)
        if how is None:
            told = "passes on, as told or heard, that" if self.hearsay else "says, as a fact, that"
            how = told if self.asserted and self.kind_of_act.fact else "gives the opinion that" if self.opinion else "says that"
        return f"{how} {self._said()}"

    def _said(self) -> str:
        act = self.kind_of_act
        if self.actor == "unknown" and self.patient and self.patient != "unknown":
            return f"{_WORDING[self.patient]} {act.suffered}"
        whom = _WORDING[self.patient or "unknown"]
        return f"{_WORDING[self.actor]} {act.did.format(whom=whom)}"


@dataclass(frozen=True, slots=True)
class Scene:
    """Who is in the post: where staff are named and the school is mentioned, in plain characters, and the plain text."""

    text: str
    people: tuple[tuple[int, int], ...] = ()
    schools: tuple[tuple[int, int], ...] = ()
    pupils: tuple[int, ...] = field(default=())  # where pupils are spoken of

    def antecedent(self, pronoun: str, place: int) -> Kind:
        """Return of whom «he» or «she» speaks: the last one before, of that sex where the words tell; else one named later."""
        staff = [start for start, end in self.people if _fits(self.text[start:end], pronoun)]
        before = staff[: bisect_right(staff, place)]
        pupils = [start for start in self.pupils if start < place and _fits(self.text[start:].split(" ", 1)[0], pronoun)]
        if before and not (pupils and pupils[-1] > before[-1] and pronoun in ("him", "her")):
            return "staff"
        return "pupil" if pupils else "staff" if staff else "unknown"


def _fits(name: str, pronoun: str) -> bool:
    words = acts().words
    first = name.split(" ", 1)[0].strip(".,")
    if pronoun in words["he"]:
        return first not in ("mrs", "miss", "ms", "daughter", "girl", "lass", "girls", "niece", "headmistress")
    return first not in ("mr", "sir", "son", "boy", "lad", "boys", "nephew", "headmaster") or pronoun not in words["she"]


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of a whole sentence beforehand."""

    question: bool = False
    doubted: bool = False  # ends with a question mark, however it begins: «"Drunk by dinnertime"?»
    opinion: bool = False
    hearsay: bool = False
    official: bool = False
    condemns: bool = False
    sport: bool = False


class Clause:
    """One parsed sentence."""

    def __init__(self, words: Sequence[Word], scene: Scene) -> None:
        """Take the words and who is in the post."""
        self.words, self.scene = words, scene
        self._list = acts()
        self._under: list[list[int]] = [[] for _ in words]
        for place, word in enumerate(words):
            if word.head != place:
                self._under[word.head].append(place)

    def under(self, place: int, *relations: str) -> list[int]:
        """Return the words directly under one, in these relations."""
        return [child for child in self._under[place] if not relations or self.words[child].relation in relations]

    def above(self, place: int) -> list[int]:
        """Return the words over one, the nearest first."""
        found: list[int] = []
        while self.words[place].head != place and len(found) < _HIGHEST:
            place = self.words[place].head
            found.append(place)
        return found

    def anchor(self, found: Found) -> int | None:
        """Return the word by which the found words hang in the sentence."""
        inside = [place for place, word in enumerate(self.words) if word.start < found.end and found.start < word.end]
        outside = [place for place in inside if self.words[place].head not in inside or self.words[place].head == place]
        verbs = [place for place in outside if self.words[place].tag.startswith("V")]
        return _first(verbs or outside)

    def kind(self, place: int, depth: int = 0) -> Kind | None:
        """Return who a word stands for; None when for nobody."""
        word = self.words[place]
        if self._in(place, self.scene.people):
            return "staff"
        if word.text in self._list.marks["containers"] and depth == 0:
            inner = [self.kind(child, 1) for child in self.under(place, "nmod", "nmod:of")]
            if any(inner):
                return next(kind for kind in inner if kind)
        known = self._by_word(place)
        if known:
            return known
        for child in self.under(place, *(_SAME_THING if word.tag.startswith("NNP") else _NAMING)):
            kind = self.kind(child, depth + 1) if depth < _CLOSE else None
            if kind in ("staff", "pupil"):
                return kind
        if self._in(place, self.scene.schools):
            return "school"
        return "other" if word.tag in ("NNP", "NNPS") and word.relation in _NAMED_AS else None

    def _in(self, place: int, spans: Iterable[tuple[int, int]]) -> bool:
        word = self.words[place]
        return any(start < word.end and word.start < end for start, end in spans)

    def _by_word(self, place: int) -> Kind | None:
        text, words = self.words[place].text, self._list.words
        if text in words["he"] or text in words["she"]:
            return self.scene.antecedent(text, self.words[place].start)
        if text in words["writer"]:
            return "writer"
        if text == "they":
            near = self.words[place].start - _SAID_LATELY
            return "school" if any(near <= start < self.words[place].start for start, _ in self.scene.schools) else "unknown"
        if self._in(place, self.scene.schools) and text not in words["staff"]:
            return "school"
        for name, kind in _BY_WORD:
            if text in words[name]:
                return kind
        return None

    # who did it

    def doer(self, place: int, depth: int = 0) -> int | None:
        """Return the logical subject of a verb, an adjective or a noun said of somebody."""
        if self.is_passive(place):
            return _first((*self.under(place, "obl:agent"), *self._by(place)))
        subject = self._subject(place)
        if subject is not None:
            return subject
        by = [
            child for child in self._by(place) if self.kind(child) is not None and self.words[place].tag in ("VBN", "VBD")
        ]  # «Rigged by him»
        return by[0] if by else self._raised(place, depth) if depth < _HIGHEST else None

    def is_passive(self, place: int) -> bool:
        """Whether a verb is in the passive."""
        if self.under(place, "nsubj:pass", "aux:pass", "csubj:pass"):
            return True
        word = self.words[place]
        if word.tag == "VBN" and any(self.words[child].text in _BEING for child in self.under(place, "cop")):
            return True
        if word.relation == "conj" and word.tag == "VBN" and not self.under(place, *_SUBJECTS, "aux"):
            return self.is_passive(word.head)
        return (
            self.words[place].tag == "VBN"
            and self.words[place].relation in ("acl", "amod", *_RELCL)
            and not self.under(place, "nsubj", "aux")
        )

    def _by(self, place: int) -> list[int]:
        """Return the words that «by» joins to this one."""
        joined = self.under(place, "obl", "nmod")
        return [child for child in joined if any(self.words[case].text == "by" for case in self.under(child, "case"))]

    def _subject(self, place: int) -> int | None:
        for child in self.under(place, *_SUBJECTS):
            if self.words[child].text in _RELATIVE and self.words[place].relation in _RELCL:
                return self._meant(self.words[place].head, self.words[child].text)
            return child
        return None

    def _meant(self, place: int, relative: str) -> int:
        """Return the word that a relative clause speaks of: «who» is no school, but the man at its gate."""
        while relative == "who" and self.kind(place) in ("school", None) and self.words[place].relation in ("nmod", "obl", "appos"):
            place = self.words[place].head
        return place

    def _raised(self, place: int, depth: int) -> int | None:
        """Return the subject that a word shares with the word over it."""
        word, relation = self.words[place], self.words[place].relation
        if word.head == place:
            return None
        if relation in ("acl", *_RELCL, "amod", "compound", "appos"):
            why = any(self.words[mark].text == "for" for mark in self.under(place, "mark", "case"))  # «thrown out of school for stealing»
            return self._raised(word.head, depth + 1) if why and depth < _HIGHEST else word.head
        if relation in ("xcomp", "ccomp", "obj", "obl"):
            seen = [child for child in self.under(word.head, "obj") if child != place and self.kind(child) is not None]
            if seen and word.tag != "VBN":
                return seen[0]
        if self.is_passive(word.head):
            return _first((*self.under(word.head, "nsubj:pass"), *self._raised_noun(word.head)))
        return self.doer(word.head, depth + 1)

    def _raised_noun(self, place: int) -> list[int]:
        return [self.words[place].head] if self.words[place].relation in ("acl", "amod", *_RELCL) else []

    def deed_doer(self, place: int) -> int | None:
        """Return who is said to be behind a deed named by a noun: «his theft», «theft by», «guilty of theft»."""
        for child in (*self.under(place, "nmod:poss"), *self._by(place)):
            if self.kind(child) is not None:
                return child
        if self.under(place, *_SUBJECTS):
            return None  # «that is theft»: see `_missed`
        for head in self.above(place)[:2]:
            if self.words[head].text in self._list.marks["deed_heads"]:
                accused = [
                    child for child in self.under(head, "obj") if child != place and self.kind(child) is not None
                ]  # «charged him with»
                subject = _first([*accused, *self.under(head, "nsubj", "nsubj:pass")])
                return subject if subject is not None else self.doer(head)
        return None

    def called(self, place: int) -> int | None:
        """Return who bears a noun as a name: «that thief Mr Quillander»."""
        return _first([child for child in self.under(place, *_SAME_THING) if self.kind(child) in ("staff", "pupil")])

    # to whom

    def sufferers(self, place: int) -> list[int]:
        """Return the words for what or whom it was done to, the likeliest first."""
        objects = self.under(place, *_OBJECTS, *(("nsubj",) if self.is_passive(place) else ()))
        over = self.words[place].head
        relation = self.words[place].relation
        if (relation in _RELCL and not objects) or (relation in ("acl", "amod") and self.is_passive(place)):
            objects.append(over)
        for child in self.under(place, "obl", "nmod"):
            if any(self.words[case].text in _ONTO for case in self.under(child, "case")):
                objects.append(child)
        shared = (
            self.under(over, *_OBJECTS, *(("nsubj",) if self.is_passive(over) else ()))
            if relation == "conj" and (not objects or self.is_passive(place))
            else []
        )
        return [*shared, *objects] if self.is_passive(place) else [*objects, *shared]

    def holds(self, place: int, names: tuple[str, ...], depth: int = 0) -> bool:
        """Whether a word, or what stands closely under it, is of these word lists."""
        if any(self.words[place].text in self._list.words[name] for name in names):
            return True
        below = self.under(place, "nmod", "conj", "compound", "nmod:of", "obl", "nummod")
        return depth < _CLOSE and any(self.holds(child, names, depth + 1) for child in below)


def _first(places: Sequence[int]) -> int | None:
    return places[0] if places else None


_BY_WORD: tuple[tuple[str, Kind], ...] = (
    ("staff", "staff"), ("pupil", "pupil"), ("school", "school"), ("unknown", "unknown"), ("person", "other"),
)  # fmt: skip


def claims_in(words: Sequence[Word], found: Sequence[Found], scene: Scene, marks: Marks) -> Iterator[Claim]:
    """Yield what a parsed sentence says, for the words for acts that were found in it."""
    clause = Clause(words, scene)
    for one in found:
        place = clause.anchor(one)
        if place is None or (marks.sport and one.lemma in one.act.sport):
            continue
        told = _told(clause, one, place)
        if told is not None:
            actor, patient = told
            yield _marked(Claim(actor, one.act.name, (one.start, one.end), patient), clause, one, place, marks)


def settled(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Return the claims without those said twice."""
    kept: dict[Claim, Claim] = {}
    for claim in claims:
        kept.setdefault(replace(claim, act_span=(0, 0)), claim)
    return tuple(kept.values())[:MOST]


def _told(clause: Clause, one: Found, place: int) -> tuple[Kind, Kind | None] | None:
    """Return doer and sufferer; None when the words do not mean the act here."""
    if one.kind == "done":
        return _removed(clause, place)
    if not _means_it(clause, one, place):
        return None
    is_deed = one.kind == "deeds" or (one.kind in VERBS and clause.words[place].tag == "NN")  # «sacked for stealing»
    doer = clause.deed_doer(place) if is_deed else clause.called(place) if _stands_alone(clause, one, place) else clause.doer(place)
    actor = clause.kind(doer) if doer is not None else _missed(clause, one, place)
    if (doer is not None and actor is None) or (doer is None and _stands_alone(clause, one, place)):
        return None  # he only played a thief; a thing did it: «the ball hit the lad»
    patient = _patient(clause, place, actor) if one.kind in VERBS or one.kind == "phrases" else None
    tampered = one.act.name == "dishonesty" and clause.is_passive(place)  # «the survey was binned»: by somebody
    if not _suits(one, actor, patient) or (actor in (None, "unknown") and patient not in ("staff", "pupil") and not tampered):
        return None
    return actor or "unknown", patient


def _stands_alone(clause: Clause, one: Found, place: int) -> bool:
    """Whether a noun that calls somebody something is no predicate: «that thief Mr Quillander», «he played a thief»."""
    if one.kind != "doers" or clause.under(place, *_SUBJECTS, "cop"):
        return False
    return clause.words[place].relation in ("obj", "iobj", "obl", "nsubj", "nsubj:pass", "nmod", "nmod:poss") or any(
        clause.kind(child) == "staff" for child in clause.under(place, *_NAMING)
    )


def _suits(one: Found, actor: Kind | None, patient: Kind | None) -> bool:
    """Whether such a doer and sufferer make the act what it is."""
    if one.kind == "on_pupil":
        return patient == "pupil" and actor in ("staff", "other")
    if one.kind == "on_money":
        return actor != "school" or one.act.name == "dishonesty"  # schools take and spend money every day
    return patient is not None or not (one.kind == "on_person" or (one.act.suffered_by_hand and one.kind in VERBS))


def _removed(clause: Clause, place: int) -> tuple[Kind, Kind | None] | None:
    patient = _patient(clause, place) or _next_to(clause, place)
    doer = clause.doer(place)
    actor: Kind = (clause.kind(doer) if doer is not None else None) or "unknown"
    return (actor, patient) if patient in ("staff", "pupil") else None


def _next_to(clause: Clause, place: int) -> Kind | None:
    """Return of whom a bare participle speaks: «another teacher sacked», «got sacked»."""
    doer = clause.doer(place)
    return clause.kind(doer) if doer is not None and clause.words[place].tag in ("VBN", "VBD", "JJ") else None


def _means_it(clause: Clause, one: Found, place: int) -> bool:
    """Whether the words, as they stand, mean the act: a verb is one, what must be done to money is."""
    word, direct = clause.words[place], clause.under(place, "obj")
    if one.kind in VERBS:
        if clause.under(place, "cop") and not clause.is_passive(place):
            return False  # «that is humiliating»
        is_verb = word.tag.startswith("V") or word.text.endswith("ing") or bool(clause.under(place, "nsubj", "obj", "nsubj:pass"))
        return is_verb and word.relation not in ("amod", "compound") and _on_the_right(clause, one, place)
    if one.kind in ("traits", "doers", "deeds") and direct and not word.tag.startswith("N"):
        return False  # «leathered him» is no state of the doer
    return not (one.kind in ("doers", "deeds") and word.tag in ("VBD", "VBZ", "VBP", "VBG", "MD"))


def _on_the_right(clause: Clause, one: Found, place: int) -> bool:
    """Whether the object of a verb is such that the verb means the act."""
    if one.kind == "on_money" and (one.lemma not in acts().words["always"] or one.act.name != "dishonesty"):
        return any(clause.holds(what, ("papers" if one.act.name == "dishonesty" else "money",)) for what in clause.sufferers(place))
    direct = clause.under(place, "obj", "nsubj:pass")
    if one.kind in ("on_things", "on_money"):
        return any(clause.words[what].text not in _REFLEXIVE and clause.kind(what) in (None, "unknown", "other") for what in direct)
    return not (one.act.on_somebody and direct) or any(clause.kind(what) is not None for what in direct)


def _patient(clause: Clause, place: int, actor: Kind | None = None) -> Kind | None:
    """Return to whom it was done; «him» is not the one who did it, and a school is no place for «at»."""
    direct = clause.under(place, *_OBJECTS)
    for what in clause.sufferers(place):
        kind, text = clause.kind(what), clause.words[what].text
        if kind is None or text in _REFLEXIVE or text in ("it", "that", "which") or (kind == "school" and what not in direct):
            continue
        if kind == actor and text in _OBLIQUE:
            return "pupil" if actor != "pupil" and clause.scene.pupils else "staff" if actor != "staff" and clause.scene.people else "other"
        return kind
    return None


def _missed(clause: Clause, one: Found, place: int) -> Kind | None:
    """Return the doer whom the parser missed: the nearest person named before, or of a sentence without a subject the one spoken of."""
    if one.kind == "deeds":
        return _behind(clause, one, place)
    if clause.is_passive(place) or clause.words[place].tag == "VB":
        return None
    before = [end for start, end in clause.scene.people if start < one.start]
    begins = clause.words[place].tag in ("VBD", "VBN", "VBG", "NN", "JJ") and place - _start_of(clause, place) <= 1
    if (
        not before
        and begins
        and one.kind in ("on_money", "on_things", "phrases")
        and any(start < clause.words[0].start for start, _ in clause.scene.schools)
    ):
        return "school"
    if before and (begins or (0 <= one.start - before[-1] <= _NEAR and before[-1] > clause.words[0].start)):
        return "staff"
    after = [start for start, _ in clause.scene.people if one.end <= start <= one.end + _NEAR // 2 and start < clause.words[-1].end]
    return "staff" if after and one.kind in ("doers", "traits") else None


def _behind(clause: Clause, one: Found, place: int) -> Kind | None:
    """Return who is behind a deed («That's fraud.») that only sums up what was said before."""
    summed = [clause.words[subject].text in ("that", "thats", "this", "it") for subject in clause.under(place, *_SUBJECTS)]
    if not all(summed) or clause.words[place].head != place or (not summed and len(clause.words) > _SHORT):
        return None
    if any(start < one.start for start, _ in clause.scene.people):
        return "staff"
    return "school" if any(start < one.start for start, _ in clause.scene.schools) else None


def _start_of(clause: Clause, place: int) -> int:
    """Return the first word of the part of the sentence that hangs on a word."""
    first, level = place, [place]
    while level:
        first = min(first, *level)
        level = [child for parent in level for child in clause.under(parent)]
    return first


# how it is said


def _marked(claim: Claim, clause: Clause, one: Found, place: int, marks: Marks) -> Claim:
    said = _Said(clause, one, place)
    return replace(
        claim,
        negated=said.negated(),
        question=marks.question or said.asked() or (marks.doubted and _is_bare(clause, place)),
        report=said.reported() or marks.official or marks.condemns or said.called(),
        hearsay=marks.hearsay or said.heard(),
        opinion=marks.opinion or said.thought(),
        sarcasm=said.has("sarcasm"),
        hypothetical=said.supposed(),
    )


def _is_bare(clause: Clause, place: int) -> bool:
    """Whether a word is all there is of a sentence, without a subject."""
    return clause.words[place].head == place and not clause.under(place, *_SUBJECTS)


class _Said:
    """How the words at one place are said."""

    def __init__(self, clause: Clause, one: Found, place: int) -> None:
        self.clause, self.one, self.place = clause, one, place
        self.marks = acts().marks
        self.chain = _governing(clause, place)
        self.text = clause.scene.text[clause.words[0].start : clause.words[-1].end]

    def has(self, phrases: str) -> bool:
        """Whether the sentence holds one of these phrases as words."""
        padded = f" {self.text} "
        return any(f" {phrase}" in padded for phrase in self.marks[phrases])

    def _texts(self, places: Iterable[int]) -> set[str]:
        return {self.clause.words[place].text for place in places}

    def _denied(self, place: int) -> bool:
        """Whether a word of denial stands under this one, outside the words for the act themselves."""
        words = self.clause.words
        for child in self.clause.under(place, "advmod", "det", "cc", "cc:preconj", "case", "mark", "aux", "neg"):
            after = words[child + 1].text if child + 1 < len(words) else ""
            outside = not self.one.start <= words[child].start < self.one.end
            if outside and words[child].text in self.marks["negation"] and after not in self.marks["not_negation"]:
                return True
        return False

    def negated(self) -> bool:
        words = self.clause.words
        if self._denied(self.place) or self.has("denials"):
            return True
        if any(
            words[none].text in ("no", "nothing")
            for what in self.clause.under(self.place, "obj")
            for none in (what, *self.clause.under(what, "det"))
        ):
            return True
        if any(words[subject].text in ("nobody", "none", "neither", "no") for subject in self.clause.under(self.place, *_SUBJECTS)):
            return True
        for over in self.chain:
            doubted = "believe" in words[over].text and self._texts(self.clause.under(over, "aux")) & {"ca", "can", "could"}
            if words[over].text in self.marks["carries_negation"] and self._denied(over) and not doubted:
                return True
            if self._texts([over, *self.clause.under(over, "amod", "advmod")]) & self.marks["undoes"]:
                return True
        return False

    def asked(self) -> bool:
        """Whether it is asked, openly without a question mark («did he steal») or in another sentence («wondering whether he stole»)."""
        words = self.clause.words
        top = (self.place, *self.chain)[-1]
        first = words[_start_of(self.clause, top)] if words[top].relation == "ROOT" else words[top]
        subject = self.clause.under(top, "nsubj", "nsubj:pass")
        inverted = [child for child in self.clause.under(top, "aux", "aux:pass", "cop") if subject and child < subject[0]]
        if inverted and words[inverted[0]].text in _HELPERS and first.start == words[inverted[0]].start:
            return True
        whether = self._texts(child for place in (self.place, *self.chain) for child in self.clause.under(place, "mark")) & {
            "if",
            "whether",
        }
        return bool(whether and self._texts(self.chain) & self.marks["asks"])

    def reported(self) -> bool:
        if self.has("official"):
            return True
        near = [child for over in self.chain for child in self.clause.under(over, *_SUBJECTS, "obj", "obl", "nmod", "obl:agent")]
        return bool(
            self._texts([*self.chain, *(child for child in near if child != self.place and child not in self.chain)])
            & self.marks["reports"]
        )

    def called(self) -> bool:
        """Whether somebody is told to have called another so: «he called my son a liar» makes no liar of the son."""
        return self.one.kind == "doers" and bool(self._texts(self.chain[:1]) & self.marks["call"])

    def heard(self) -> bool:
        beside = self.clause.under(self.place, "advmod", "parataxis", "discourse")
        return bool(self._texts([*self.chain, *beside]) & self.marks["hearsay"])

    def thought(self) -> bool:
        beside = self.clause.under(self.place, "parataxis", "discourse", "obl")
        found = [place for place in (*self.chain, *beside) if self.clause.words[place].text in self.marks["opinion"]]
        return any(self._texts(self.clause.under(place)) & {"i", "we", "my", "me"} or place in beside for place in found)

    def supposed(self) -> bool:
        """Whether it is only possible, planned, feared, wished or ordered."""
        clause, word = self.clause, self.clause.words[self.place]
        if self._texts(self.chain) & self.marks["supposes"]:
            return True
        for place in (self.place, *self.chain):
            if self._texts(clause.under(place, "mark")) & self.marks["supposes"]:
                return True
        for place in (self.place, *_sharing(clause, self.place)):
            helpers = self._texts(clause.under(place, "aux"))
            if helpers & self.marks["supposes"] and "must" not in helpers:
                return True
        root = word.relation == "ROOT" and self.one.kind in (*VERBS, "phrases")
        return (
            root and word.tag == "VB" and not clause.under(self.place, "nsubj", "aux") and self.place - _start_of(clause, self.place) <= 1
        )


def _sharing(clause: Clause, place: int) -> list[int]:
    """Return the verbs over one whose helping verbs count for it too: «he would never try to steal»."""
    found = []
    for over in clause.above(place):
        if clause.words[place].relation != "xcomp" and not (clause.words[place].relation == "conj" and not clause.under(place, *_SUBJECTS)):
            break
        found.append(over)
        place = over
    return found


def _governing(clause: Clause, place: int) -> list[int]:
    """Return the words over one that say how it is meant, up to where a statement of its own begins."""
    found = []
    for over in clause.above(place):
        relation = clause.words[place].relation
        if relation in ("parataxis", "conj") and clause.under(place, *_SUBJECTS):
            break
        if relation != "conj":
            found.append(over)
        place = over
    return found
