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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.features import VERSION, Seen, Token, cut, spelt

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


class _PieceNumbers(dict[str, Whole]):
    """The numbers of a word's known pieces, each as often as it stands in the word; fills itself as words are met.

    A post has a few dozen words but hundreds of pieces: looked up one by one they cost more than all else that the heads do.
    """

    def __init__(self, known: Mapping[str, int]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, word: str) -> Whole:
        numbers = np.array([self._known[piece] for piece in cut(word) if piece in self._known], np.int64)
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
    _of_word: _PieceNumbers = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Start without any word's pieces."""
        object.__setattr__(self, "_of_word", _PieceNumbers(self.numbers["pieces"]))

    def vector(self, seen: Seen) -> tuple[Whole, Floats]:
        """Return the numbers of the known inputs of a post and their values."""
        parts = [self._words(seen.words), self._pieces(seen.tokens), self._facts(seen.facts)]
        numbers = np.concatenate([part[0] for part in parts])
        return numbers, np.concatenate([part[1] for part in parts])

    def is_common(self, word: str) -> bool:
        """Whether a word stands in so many posts that it explains nothing to a person («the», «her»)."""
        number = self.numbers["words"].get(word)
        return number is not None and float(self.rarity[number]) < _EVERYWHERE

    def _words(self, found: Mapping[str, float]) -> tuple[Whole, Floats]:
        numbers, counts = self._known("words", found)
        return numbers, self._scaled("words", numbers, counts)

    def _pieces(self, tokens: Sequence[Token]) -> tuple[Whole, Floats]:
        each = [self._of_word[word] for word in spelt(tokens)]
        numbers, counts = np.unique(np.concatenate(each), return_counts=True) if each else (np.empty(0, np.int64), np.empty(0))
        return numbers, self._scaled("pieces", numbers, counts.astype(np.float32))

    def _scaled(self, block: str, numbers: Whole, counts: Floats) -> Floats:
        """Return what counts of a block weigh: dampened, the rare ones more, and together as long as the block's scale."""
        if not numbers.size:
            return np.empty(0, np.float32)
        values: Floats = (1 + np.log(counts)) * self.rarity[numbers]
        scaled: Floats = values * np.float32(self.scales[block] / float(np.sqrt(values @ values)))
        return scaled

    def _facts(self, found: Mapping[str, float]) -> tuple[Whole, Floats]:
        numbers, values = self._known("facts", found)
        return numbers, values * np.float32(self.scales["facts"])

    def _known(self, block: str, found: Mapping[str, float]) -> tuple[Whole, Floats]:
        number_of = self.numbers[block].get
        pairs = [(number, value) for key, value in found.items() if (number := number_of(key)) is not None]
        return np.array([number for number, _ in pairs], np.int64), np.array([value for _, value in pairs], np.float32)


@dataclass(frozen=True, slots=True)
class Network:
    """One layer of rectified units between the inputs and the heads; without units it is silent and the linear heads answer alone."""

    entry: Floats  # a row for each input, a column for each unit
    entry_bias: Floats
    exit: Floats  # a row for each unit, a column for each head
    exit_bias: Floats

    @classmethod
    def silent(cls, inputs: int) -> Network:
        """Return a network without units."""
        heads = len(HEADS)
        return cls(*(np.zeros(shape, np.float32) for shape in ((inputs, 0), 0, (0, heads), heads)))

    def units(self, numbers: Whole, values: Floats) -> Floats:
        """Return how strongly each unit answers to inputs and their values."""
        raised: Floats = np.maximum(values @ self.entry[numbers] + self.entry_bias, 0)
        return raised

    def joined(self, linear: Floats, units: Floats) -> Floats:
        """Return the raw answers: the mean of the linear heads' and of the network's."""
        if not units.size:
            return linear
        both: Floats = (linear + units @ self.exit + self.exit_bias) * np.float32(0.5)
        return both


@dataclass(frozen=True, slots=True)
class Answer:
    """What the heads answer to one post, and the units of the network that answered: what its reasons are made of."""

    tokens: tuple[Token, ...]
    values: dict[str, float]
    units: Whole


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

    def logits(self, seen: Seen) -> Floats:
        """Return the raw answer of each head."""
        numbers, values = self.vocabulary.vector(seen)
        return self.network.joined(values @ self.linear[numbers] + self.bias, self.network.units(numbers, values))

    def values(self, seen: Seen) -> dict[str, float]:
        """Return each head's calibrated answer."""
        return self.answer(seen).values

    def answer(self, seen: Seen) -> Answer:
        """Return each head's calibrated answer, and what is needed to say why."""
        numbers, values = self.vocabulary.vector(seen)
        units = self.network.units(numbers, values)
        raw = self.network.joined(values @ self.linear[numbers] + self.bias, units)
        answers = dict(zip(HEADS, chance(raw * self.curves[:, 0] + self.curves[:, 1]).tolist(), strict=True))
        answers |= dict(zip(STACKED, chance(shapes(raw) @ self.second).tolist(), strict=True))
        return Answer(seen.tokens, answers, np.flatnonzero(units))

    def weighed(self, answer: Answer, heads: Sequence[str]) -> Floats:
        """Return what each word, with the word pairs that it stands in, speaks for each of the heads: a row a token, a column a head.

        A network of rectified units is linear in the inputs of one post: only the units that answer to it count.
        """
        texts, columns = [token.text for token in answer.tokens], np.array([HEADS.index(head) for head in heads], np.int64)
        through = self.network.exit[np.ix_(answer.units, columns)]
        pairs = np.zeros((len(texts) + 1, len(columns)), np.float32)  # the pair before each word; the first and the last lack one
        pairs[1:-1] = self._speaking([f"{one} {other}" for one, other in pairwise(texts)], columns, answer.units, through)
        return self._speaking(texts, columns, answer.units, through) + (pairs[:-1] + pairs[1:]) * np.float32(0.5)

    def _speaking(self, keys: Sequence[str], columns: Whole, units: Whole, through: Floats) -> Floats:
        """Return the weights of words or word pairs for some heads, nought for unknown ones."""
        known = self.vocabulary.numbers["words"]
        places = [place for place, key in enumerate(keys) if key in known]
        numbers = [known[keys[place]] for place in places]
        rows = self.linear[numbers][:, columns]
        if units.size:
            rows = (rows + self.network.entry[numbers][:, units] @ through) * np.float32(0.5)
        spoken = np.zeros((len(keys), len(columns)), np.float32)
        spoken[places] = rows * self.vocabulary.rarity[numbers, None]
        return spoken


def chance(raw: Floats) -> Floats:
    """Return numbers between 0 and 1 for raw answers."""
    bounded = np.minimum(np.maximum(raw, -_STEEPEST), _STEEPEST)  # numpy's clip takes four times as long for a few numbers
    answer: Floats = np.asarray(1 / (1 + np.exp(-bounded)), raw.dtype)
    return answer


def shapes(raw: Floats) -> Floats:
    """Return what the second layer sees: the raw answers, as chances, the surest harms, the surest outcome, any harm, and a one."""
    odds = chance(raw)
    harms, mild = np.sort(odds[..., :HARMS], axis=-1), odds[..., MILD].max(axis=-1, keepdims=True)
    any_of = 1 - np.prod(1 - harms, axis=-1, keepdims=True)
    return np.concatenate([raw, odds, harms[..., -1:], harms[..., -2:-1], mild, any_of, np.ones_like(mild)], axis=-1)


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
    seal = hashlib.sha256((folder / "heads.npz").read_bytes()).hexdigest()
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
    card, sealed = _card(folder), _bytes(folder / "heads.npz")
    found = {"format": card.get("format"), "features": card.get("features"), "heads": tuple(card.get("heads", ()))}
    for name, expected in (("format", FORMAT), ("features", VERSION), ("heads", HEADS)):
        if found[name] != expected:
            raise ModelMismatchError("weights/heads.json", f"of {name} {expected}", f"of {found[name]}")
    if hashlib.sha256(sealed).hexdigest() != card["seal"] or _hash(card["vocabulary"]) != card["vocabulary_hash"]:
        raise ModelMismatchError("weights/heads.npz", "the arrays that heads.json was written with", "others")
    try:
        with np.load(folder / "heads.npz", allow_pickle=False) as arrays:
            return _model(card, arrays)
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelMismatchError("weights/heads.npz", "the arrays of the heads", "something else") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelMissingError(f"weights/{path.name}") from error


def _card(folder: Path) -> dict[str, Any]:
    try:
        card = json.loads(_bytes(folder / "heads.json"))
    except ValueError as error:
        raise ModelMismatchError("weights/heads.json", "a JSON file", "something else") from error
    if not isinstance(card, dict):
        raise ModelMismatchError("weights/heads.json", "a JSON object", "something else")
    return card


def _model(card: dict[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Model:
    numbers: dict[str, dict[str, int]] = {}
    first = 0
    for block in BLOCKS:
        numbers[block] = {word: first + place for place, word in enumerate(card["vocabulary"][block])}
        first += len(numbers[block])
    vocabulary = Vocabulary(numbers, arrays["rarity"].astype(np.float32), card["scales"])
    rest = {key: value for key, value in card.items() if key != "vocabulary"}
    linear: Floats = arrays["linear"].astype(np.float32) * arrays["linear_scale"]
    entry: Floats = arrays["entry"].astype(np.float32) * arrays["entry_scale"]
    network = Network(entry, arrays["entry_bias"], arrays["exit"], arrays["exit_bias"])
    return Model(vocabulary, linear, arrays["bias"], network, arrays["curves"], arrays["second"], rest)


def gravity(values: Mapping[str, float]) -> tuple[float, ...]:
    """Return how likely the severity is S2, S3, S4 or more: never more likely graver than milder."""
    urgent = values["urgent"]
    grave = max(urgent, values["grave"])
    return tuple(round(one, 3) for one in (max(grave, values["review"]), grave, urgent))
