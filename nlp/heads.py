"""The learned heads: one calibrated number in [0, 1] for each label, from what `nlp.features` sees, with numpy alone.

Each label's raw answer is the mean of a linear head's and of a small network's (one layer of rectified units for all heads together),
and goes through a Platt curve (Platt 1999, "Probabilistic outputs for support vector machines"). For one post both are sums over its
inputs, which gives the reasons. What spans labels (any harm, urgency, criticism, everyday talk) is answered by a second, small layer
over the first one's answers (stacking, Wolpert 1992). Curves and second layer are fitted on writers whose posts the heads had not seen.
Weights are arrays (`heads.npz`, eight-bit whole numbers with a scale) beside a JSON with the vocabulary; never a pickle.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, chain, repeat
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nlp.errors import ModelMismatchError
from nlp.features import VERSION, Seen, Token, cut
from nlp.weight_files import card_of, contents, seal_of

Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]

WEIGHTS = Path(__file__).parent / "weights"
FORMAT = "schoolwatch.heads.v2"
LABEL_HEADS = (
    "defamation", "harassment", "threat", "hate", "sexual", "self_harm", "grooming", "confidential", "pupil_identifiable_text",
    "disclosure", "fair_criticism", "news", "praise", "neutral",
)  # fmt: skip
HARMS = 9  # the first nine labels are harm by the writer
MILD = slice(10, 14)  # criticism, news, praise, everyday talk
HEADS = (*LABEL_HEADS, "any_harm", "urgent", "grave", "review", "about_pupil")
STACKED = ("fair_criticism", "neutral", "any_harm", "urgent", "grave", "review", "about_pupil")
BLOCKS = ("words", "pieces", "facts")
_MOST_WORDS_KEPT = 20_000
_EIGHT_BITS = 127.0
_STEEPEST = 30.0
_EVERYWHERE = 3.7  # inverse document frequency: in one of fifteen posts
_UNKNOWN = -1  # the number of a word that is no input: that of the last row, which is empty
_NO_NUMBERS = np.empty(0, np.int64)
_PLACES = {head: place for place, head in enumerate(HEADS)}


class _PieceNumbers(dict[str, Whole]):
    """The numbers of a word's known pieces, each as often as it stands in the word; fills itself as words are met.

    A post has a few dozen words but hundreds of pieces: looked up one by one they cost more than all else that the heads do.
    """

    def __init__(self, known: Mapping[str, int]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, word: str) -> Whole:
        pieces = cut(word) if word[0].isalpha() else ()  # masks, signs and numbers have none
        numbers = np.array([number for number in map(self._known.get, pieces) if number is not None], np.int64)
        if len(self) >= _MOST_WORDS_KEPT:  # hostile text cannot make the table grow without end
            self.clear()
        self[word] = numbers
        return numbers


class _Block(NamedTuple):
    """Inputs of one kind of several posts, the posts one behind the other: their numbers, their values, and where each post's begin."""

    numbers: Whole
    values: Floats
    edges: list[int]

    def of(self, post: int) -> slice:
        """Return where a post's stand."""
        return slice(self.edges[post], self.edges[post + 1])


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Which inputs the heads know, by block, with their number, their weight (inverse document frequency) and the block's scale."""

    numbers: dict[str, dict[str, int]]
    rarity: Floats
    scales: dict[str, float]
    common: frozenset[str] = field(init=False, repr=False, compare=False)  # they stand in so many posts that they explain nothing («the»)
    _of_word: _PieceNumbers = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Start without any word's pieces."""
        rarities = self.rarity.tolist()
        object.__setattr__(
            self, "common", frozenset(word for word, place in self.numbers["words"].items() if rarities[place] < _EVERYWHERE)
        )
        object.__setattr__(self, "_of_word", _PieceNumbers(self.numbers["pieces"]))

    def found(self, seen: Seen) -> list[int]:
        """Return the numbers of words, of pairs and then of other runs, `_UNKNOWN` for those that are no input.

        Three in a row are looked up where both pairs are inputs: training keeps no rarer run within a kept one, and half the time of a
        look-up is waiting for the memory.
        """
        number_of, runs, count = self.numbers["words"].get, list(seen.runs), len(seen.tokens)
        found = list(map(number_of, runs, repeat(_UNKNOWN)))
        last = max(0, 2 * count - 1)
        pairs = zip(found[count:last], found[count + 1 : last], runs[count:last], runs[2:count], strict=False)
        found[last:last] = [number_of(f"{pair} {text}", _UNKNOWN) for one, other, pair, text in pairs if one >= 0 and other >= 0]
        return found

    def vector(self, seen: Seen) -> tuple[Whole, Floats]:
        """Return the numbers of the known inputs of a post and their values."""
        return self.vectors([seen], [self.found(seen)])[0]

    def vectors(self, seen: Sequence[Seen], found: Sequence[list[int]]) -> list[tuple[Whole, Floats]]:
        """Return the same for each of some posts whose runs of words are looked up already.

        Few steps over long arrays, for all posts at once: each step costs more than its sums.
        """
        blocks = self._words(found), self._pieces([one.tokens for one in seen]), self._facts([one.facts for one in seen])
        return [
            (
                np.concatenate([block.numbers[block.of(post)] for block in blocks]),
                np.concatenate([block.values[block.of(post)] for block in blocks]),
            )
            for post in range(len(seen))
        ]

    def _words(self, found: Sequence[list[int]]) -> _Block:
        counters = [Counter(some) for some in found]
        for counter in counters:
            counter.pop(_UNKNOWN, None)
        edges = [0, *accumulate(map(len, counters))]
        numbers = np.fromiter(chain.from_iterable(counters), np.int64, edges[-1])
        return self._counted(
            "words", numbers, np.fromiter(chain.from_iterable(map(Counter.values, counters)), np.float32, edges[-1]), edges
        )

    def _pieces(self, tokens: Sequence[Sequence[Token]]) -> _Block:
        """Return the words' pieces in order, and how often each is there (numpy's unique takes twice as long)."""
        of_word, size = self._of_word, len(self.rarity)
        each = [[of_word[token.text] for token in some] for some in tokens]
        lengths = [sum(map(len, some)) for some in each]
        keys = np.concatenate([_NO_NUMBERS, *chain.from_iterable(each)])
        keys += np.repeat(np.arange(len(tokens)) * size, lengths)  # so that each post's stand apart
        keys.sort()
        is_edge = np.ones(len(keys) + 1, np.bool_)
        np.not_equal(keys[1:], keys[:-1], out=is_edge[1:-1])
        firsts = is_edge.nonzero()[0]
        keys = keys.take(firsts[:-1])
        edges = keys.searchsorted(np.arange(len(tokens) + 1) * size).tolist()
        return self._counted("pieces", keys % size, (firsts[1:] - firsts[:-1]).astype(np.float32), edges)

    def _counted(self, name: str, numbers: Whole, counts: Floats, edges: list[int]) -> _Block:
        """Return inputs that are there so many times: the values of each post's are together as long as the block's scale."""
        np.log(counts, out=counts)
        counts += 1
        counts *= self.rarity.take(numbers)
        block = _Block(numbers, counts, edges)
        parts = [block.values[block.of(post)] for post in range(len(edges) - 1)]
        sizes = np.sqrt(np.array([part @ part for part in parts], np.float32)).astype(np.float64)
        sizes[sizes == 0] = 1
        counts *= np.repeat((self.scales[name] / sizes).astype(np.float32), list(map(len, parts)))
        return block

    def _facts(self, found: Sequence[Mapping[str, float]]) -> _Block:
        known = self.numbers["facts"]
        some = [[(known[name], level) for name, level in facts.items() if name in known] for facts in found]
        numbers = np.array([number for facts in some for number, _ in facts], np.int64)
        levels = np.array([level for facts in some for _, level in facts], np.float32) * np.float32(self.scales["facts"])
        return _Block(numbers, levels, [0, *accumulate(map(len, some))])


@dataclass(frozen=True, slots=True)
class Network:
    """One layer of rectified units between the inputs and the heads."""

    entry: Floats  # a row for each input, a column for each unit
    entry_bias: Floats
    exit: Floats  # a row for each unit, a column for each head
    exit_bias: Floats

    def joined(self, linear: Floats, units: Floats) -> Floats:
        """Return the raw answers: the mean of the linear heads' and of the network's."""
        both: Floats = (linear + _times(units, self.exit) + self.exit_bias) * np.float32(0.5)
        return both


@dataclass(frozen=True, slots=True)
class Answer:
    """What the heads answer to one post, the words' numbers and the units of the network that answered: what its reasons are made of."""

    tokens: tuple[Token, ...]
    values: dict[str, float]
    units: Whole
    found: list[int]  # the number of each word, then of each pair in a row, then others


class Rows(NamedTuple):
    """The weights of linear heads and network side by side, a row for each input and an empty one: one step gives both.

    Loaded ones stay the eight-bit numbers that they were stored as: a post's few hundred rows lie all over the array, and what is small
    comes four times as fast.
    """

    weights: npt.NDArray[Any]
    scale: Floats  # of each column

    @classmethod
    def of(cls, linear: npt.NDArray[Any], entry: npt.NDArray[Any], scale: Floats | None = None) -> Rows:
        """Return two arrays side by side; without a scale they are taken as they are."""
        weights = np.zeros((len(linear) + 1, linear.shape[1] + entry.shape[1]), linear.dtype)
        weights[:-1, : linear.shape[1]], weights[:-1, linear.shape[1] :] = linear, entry
        return cls(weights, np.ones(weights.shape[1], np.float32) if scale is None else scale)

    def some(self, numbers: Whole) -> Floats:
        """Return some inputs' rows, not yet scaled."""
        return self.weights.take(numbers, axis=0).astype(np.float32, copy=False)


_NO_ROWS = Rows(np.empty((0, 0), np.float32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class Model:
    """All heads."""

    vocabulary: Vocabulary
    linear: Floats
    bias: Floats
    network: Network
    curves: Floats  # a row for each head: slope and offset of its Platt curve
    second: Floats  # a column for each of STACKED, a row for each of `shapes`, the last one the constants
    card: dict[str, Any]  # versions, row counts, hashes
    rows: Rows = field(default=_NO_ROWS, repr=False, compare=False)  # made of `linear` and the network's entry unless they are given
    _through: Floats = field(init=False, repr=False, compare=False)  # what each column of the rows speaks for each head

    def __post_init__(self) -> None:
        """Put the weights side by side."""
        rows = Rows.of(self.linear, self.network.entry) if self.rows is _NO_ROWS else self.rows
        object.__setattr__(self, "rows", rows)
        exits = np.concatenate([np.eye(len(HEADS), dtype=np.float32), self.network.exit])
        object.__setattr__(self, "_through", exits * rows.scale[:, None])

    def logits(self, seen: Seen) -> Floats:
        """Return the raw answer of each head."""
        answers: Floats = self._raw([self.vocabulary.vector(seen)])[0][0]
        return answers

    def values(self, seen: Seen) -> dict[str, float]:
        """Return each head's calibrated answer."""
        return self.answer(seen).values

    def answer(self, seen: Seen) -> Answer:
        """Return each head's calibrated answer, and what is needed to say why."""
        return self.answers([seen])[0]

    def answers(self, seen: Sequence[Seen]) -> list[Answer]:
        """Return the same for each of some posts: whatever the others are, each post's answer is the same to the last digit."""
        if not seen:
            return []
        found = list(map(self.vocabulary.found, seen))
        raw, units = self._raw(self.vocabulary.vectors(seen, found))
        curved = raw * self.curves[:, 0] + self.curves[:, 1]
        values = chance(np.concatenate([curved, _times(shapes(raw), self.second)], axis=1)).tolist()
        names = (*HEADS, *STACKED)
        return [
            Answer(one.tokens, dict(zip(names, some, strict=True)), answering.nonzero()[0], known)
            for one, some, answering, known in zip(seen, values, units, found, strict=True)
        ]

    def _raw(self, vectors: Sequence[tuple[Whole, Floats]]) -> tuple[Floats, Floats]:
        """Return a row of raw answers for each post's inputs and their values, and how strongly each unit answers."""
        sums = np.stack([values @ self.rows.some(numbers) for numbers, values in vectors]) * self.rows.scale
        units = np.maximum(sums[:, len(HEADS) :] + self.network.entry_bias, 0)
        return self.network.joined(sums[:, : len(HEADS)] + self.bias, units), units

    def weighed(self, answer: Answer, heads: Sequence[str]) -> Floats:
        """Return what each word, with the word pairs that it stands in, speaks for each of the heads: a row a token, a column a head."""
        spoken = self.weighed_at([answer], [range(len(answer.tokens))])[0]
        return spoken.take([_PLACES[head] for head in heads], axis=1)

    def weighed_at(self, answers: Sequence[Answer], places: Sequence[Sequence[int]]) -> list[Floats]:
        """Return for each answer what the words at these places of its post, with their pairs, speak for each head.

        A network of rectified units is linear in the inputs of one post: only the units that answer to it count.
        """
        numbers = np.array(list(chain.from_iterable(map(_numbers_at, answers, places))), np.int64)
        lengths = list(map(len, places))
        share = np.zeros((len(answers), len(self._through)), np.float32)
        share[:, : len(HEADS)] = 0.5
        for row, answer in zip(share, answers, strict=True):
            row[answer.units + len(HEADS)] = 0.5
        rows = self.rows.some(numbers).reshape(-1, 3, len(self._through))  # of unknown ones nought, as the row at _UNKNOWN is empty
        rows *= self.vocabulary.rarity.take(numbers).reshape(-1, 3, 1)
        spoken = (rows[:, 0] + (rows[:, 1] + rows[:, 2]) * np.float32(0.5)) * share.repeat(lengths, axis=0)
        return np.split(spoken @ self._through, list(accumulate(lengths))[:-1])


def _numbers_at(answer: Answer, places: Sequence[int]) -> list[int]:
    """Return the numbers of the word at each place, of the pair that it ends and of the pair that it begins."""
    if not places:
        return []
    words, count = answer.found, len(answer.tokens)
    pairs = [_UNKNOWN, *words[count : max(count, 2 * count - 1)], _UNKNOWN]
    return [number for place in places for number in (words[place], pairs[place], pairs[place + 1])]


def _times(rows: Floats, weights: Floats) -> Floats:
    """Return the product row by row: one for all rows would give other last digits for another number of rows."""
    products: Floats = np.matmul(rows[:, None], weights)
    return products[:, 0]


def chance(raw: Floats) -> Floats:
    """Return numbers between 0 and 1 for raw answers."""
    odds: Floats = np.minimum(np.maximum(-raw, -_STEEPEST), _STEEPEST)  # numpy's clip takes four times as long for a few numbers
    np.exp(odds, out=odds)
    odds += 1
    return np.reciprocal(odds, out=odds)


def shapes(raw: Floats) -> Floats:
    """Return what the second layer sees: the raw answers, as chances, the surest harms, the surest outcome, any harm, and a one."""
    odds, heads = chance(raw), raw.shape[-1]
    harms = odds[..., :HARMS].copy()
    harms.sort(axis=-1)
    seen: Floats = np.empty((*raw.shape[:-1], 2 * heads + 5), raw.dtype)  # filled part by part: faster than putting together
    seen[..., :heads], seen[..., heads:-5] = raw, odds
    seen[..., -5], seen[..., -4] = harms[..., -1], harms[..., -2]
    seen[..., -3] = np.maximum.reduce(odds[..., MILD], axis=-1)
    seen[..., -2] = 1 - np.multiply.reduce(1 - harms, axis=-1)
    seen[..., -1] = 1
    return seen


def squeeze(array: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Return the array in eight bits with the scale of each column."""
    scale = (np.abs(array).max(axis=0) / _EIGHT_BITS).astype(np.float32) if array.size else np.ones(array.shape[1], np.float32)
    scale[scale == 0] = 1
    return np.rint(array / scale).astype(np.int8), scale


def save(model: Model, folder: Path) -> None:
    """Write the weights; the same model gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, npt.NDArray[Any]] = {"rarity": model.vocabulary.rarity.astype(np.float16), "bias": model.bias}
    arrays |= {"curves": model.curves, "second": model.second}
    arrays["linear"], arrays["linear_scale"] = squeeze(model.linear)
    arrays["entry"], arrays["entry_scale"] = squeeze(model.network.entry)
    arrays |= {"entry_bias": model.network.entry_bias, "exit": model.network.exit, "exit_bias": model.network.exit_bias}
    np.savez_compressed(folder / "heads.npz", allow_pickle=False, **arrays)
    seal = seal_of((folder / "heads.npz").read_bytes())
    words = {block: list(model.vocabulary.numbers[block]) for block in BLOCKS}
    card = {**model.card, "scales": model.vocabulary.scales, "heads": list(HEADS), "seal": seal}
    card |= {"vocabulary_hash": _hash(words), "format": FORMAT, "features": VERSION, "vocabulary": words}
    (folder / "heads.json").write_text(json.dumps(card, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def _hash(words: dict[str, list[str]]) -> str:
    return hashlib.sha256("\n".join(word for block in BLOCKS for word in words[block]).encode()).hexdigest()


@cache
def shipped() -> Model:
    """Return the model that came with Schoolwatch. Raises as `load`."""
    return load(WEIGHTS)


def load(folder: Path) -> Model:
    """Return the model of a folder.

    Raises:
        ModelMissingError: one of the two files is not there.
        ModelMismatchError: they are of another version, do not belong together or cannot be read.
    """
    card, sealed = card_of(folder / "heads.json"), contents(folder / "heads.npz")
    found = {"format": card.get("format"), "features": card.get("features"), "heads": tuple(card.get("heads", ()))}
    for name, expected in (("format", FORMAT), ("features", VERSION), ("heads", HEADS)):
        if found[name] != expected:
            raise ModelMismatchError("weights/heads.json", f"of {name} {expected}", f"of {found[name]}")
    if seal_of(sealed) != card["seal"] or _hash(card["vocabulary"]) != card["vocabulary_hash"]:
        raise ModelMismatchError("weights/heads.npz", "the arrays that heads.json was written with", "others")
    try:
        with np.load(folder / "heads.npz", allow_pickle=False) as arrays:
            return _model(card, arrays)
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelMismatchError("weights/heads.npz", "the arrays of the heads", "something else") from error


def _model(card: dict[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Model:
    numbers: dict[str, dict[str, int]] = {}
    first = 0
    for block in BLOCKS:
        numbers[block] = {word: first + place for place, word in enumerate(card["vocabulary"][block])}
        first += len(numbers[block])
    vocabulary = Vocabulary(numbers, arrays["rarity"].astype(np.float32), card["scales"])
    rest = {key: value for key, value in card.items() if key != "vocabulary"}
    linear, entry, scales = arrays["linear"], arrays["entry"], (arrays["linear_scale"], arrays["entry_scale"])
    rows = Rows.of(linear, entry, np.concatenate(scales))
    network = Network(entry.astype(np.float32) * scales[1], arrays["entry_bias"], arrays["exit"], arrays["exit_bias"])
    answers = linear.astype(np.float32) * scales[0]
    return Model(vocabulary, answers, arrays["bias"], network, arrays["curves"], arrays["second"], rest, rows)


def gravity(values: Mapping[str, float]) -> tuple[float, ...]:
    """Return how likely the severity is S2, S3, S4 or more: never more likely graver than milder."""
    urgent = values["urgent"]
    grave = max(urgent, values["grave"])
    return tuple(round(one, 3) for one in (max(grave, values["review"]), grave, urgent))
