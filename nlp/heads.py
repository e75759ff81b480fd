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
from itertools import repeat
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
        numbers = np.array([self._known[piece] for piece in pieces if piece in self._known], np.int64)
        if len(self) >= _MOST_WORDS_KEPT:  # hostile text cannot make the table grow without end
            self.clear()
        self[word] = numbers
        return numbers


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
        return self.vector_of(seen, self.found(seen))

    def vector_of(self, seen: Seen, found: list[int]) -> tuple[Whole, Floats]:
        """Return the same when its runs of words are looked up already. Few steps over long arrays: each costs more than its sums."""
        words = Counter(found)
        words.pop(_UNKNOWN, None)
        pieces, often = self._pieces(seen.tokens)
        facts, levels = self._facts(seen.facts)
        size, last = len(words), len(words) + len(pieces)
        numbers = np.concatenate([np.fromiter(words, np.int64, size), pieces, facts])
        values = np.concatenate([np.fromiter(words.values(), np.float32, size), often, levels])
        counts = values[:last]
        np.log(counts, out=counts)
        counts += 1
        counts *= self.rarity.take(numbers[:last])
        self._scale("words", values[:size])
        self._scale("pieces", values[size:last])
        values[last:] *= np.float32(self.scales["facts"])
        return numbers, values

    def _pieces(self, tokens: Sequence[Token]) -> tuple[Whole, Floats]:
        """Return the numbers of the words' pieces in order, and how often each is there (numpy's unique takes twice as long)."""
        if not tokens:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        each = np.concatenate([self._of_word[token.text] for token in tokens])
        each.sort()
        is_edge = np.ones(len(each) + 1, np.bool_)
        np.not_equal(each[1:], each[:-1], out=is_edge[1:-1])
        edges = is_edge.nonzero()[0]
        return each.take(edges[:-1]), (edges[1:] - edges[:-1]).astype(np.float32)

    def _scale(self, block: str, values: Floats) -> None:
        """Make the values of a block together as long as the block's scale."""
        if values.size:
            values *= np.float32(self.scales[block] / float(np.sqrt(values @ values)))

    def _facts(self, found: Mapping[str, float]) -> tuple[Whole, Floats]:
        numbers = np.fromiter(map(self.numbers["facts"].get, found, repeat(_UNKNOWN)), np.int64, len(found))
        levels, is_known = np.fromiter(found.values(), np.float32, len(found)), numbers >= 0
        return numbers[is_known], levels[is_known]


@dataclass(frozen=True, slots=True)
class Network:
    """One layer of rectified units between the inputs and the heads."""

    entry: Floats  # a row for each input, a column for each unit
    entry_bias: Floats
    exit: Floats  # a row for each unit, a column for each head
    exit_bias: Floats

    def joined(self, linear: Floats, units: Floats) -> Floats:
        """Return the raw answers: the mean of the linear heads' and of the network's."""
        both: Floats = (linear + units @ self.exit + self.exit_bias) * np.float32(0.5)
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
        return self._raw(*self.vocabulary.vector(seen))[0]

    def values(self, seen: Seen) -> dict[str, float]:
        """Return each head's calibrated answer."""
        return self.answer(seen).values

    def answer(self, seen: Seen) -> Answer:
        """Return each head's calibrated answer, and what is needed to say why."""
        found = self.vocabulary.found(seen)
        raw, units = self._raw(*self.vocabulary.vector_of(seen, found))
        curved = raw * self.curves[:, 0] + self.curves[:, 1]
        answers = dict(zip((*HEADS, *STACKED), chance(np.concatenate([curved, shapes(raw) @ self.second])).tolist(), strict=True))
        return Answer(seen.tokens, answers, units.nonzero()[0], found)

    def _raw(self, numbers: Whole, values: Floats) -> tuple[Floats, Floats]:
        """Return the raw answers to inputs and their values, and how strongly each unit answers."""
        sums = (values @ self.rows.some(numbers)) * self.rows.scale
        units = np.maximum(sums[len(HEADS) :] + self.network.entry_bias, 0)
        return self.network.joined(sums[: len(HEADS)] + self.bias, units), units

    def weighed(self, answer: Answer, heads: Sequence[str]) -> Floats:
        """Return what each word, with the word pairs that it stands in, speaks for each of the heads: a row a token, a column a head.

        A network of rectified units is linear in the inputs of one post: only the units that answer to it count.
        """
        count, part = len(answer.tokens), self._through.take([_PLACES[head] for head in heads], axis=1)
        share = np.zeros((len(part), 1), np.float32)
        share[: len(HEADS)] = share[answer.units + len(HEADS)] = 0.5
        found = answer.found[: max(0, 2 * count - 1)]
        places = {number: place for place, number in enumerate(dict.fromkeys(found))}
        numbers = np.fromiter(places, np.int64, len(places))
        each: Floats = self.rows.some(numbers) @ (part * share)  # of unknown ones nought, as the row at _UNKNOWN is empty
        each *= self.vocabulary.rarity.take(numbers)[:, None]
        spoken = each.take([places[number] for number in found], axis=0)  # once for all: a word that comes twice weighs just the same
        words, pairs = spoken[:count], spoken[count:] * np.float32(0.5)
        words[:-1] += pairs
        words[1:] += pairs
        return words


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
