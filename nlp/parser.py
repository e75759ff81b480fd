"""A small tagger and dependency parser: which word stands under which, and as what (subject, object, passive subject, agent…).

A spaCy network of 64 columns and three layers (hash embeddings, Miranda et al. 2022), trained by `nlp.parser_train` on UD English EWT.
Weights are arrays (`parser.npz`, half precision) beside a JSON with labels, figures and the arrays' hash; never a pickle and never
spaCy's own binary format. Relations are those of Universal Dependencies 2, tags those of the Penn Treebank.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from spacy.lang.en import English
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Model

from nlp.errors import ModelMismatchError
from nlp.weight_files import card_of, contents, seal_of

Floats = npt.NDArray[np.float32]

WEIGHTS = Path(__file__).parent / "weights"
FORMAT = "schoolwatch.parser.v1"
PIPES = ("tok2vec", "tagger", "parser")
ROOT = "ROOT"
_WIDTH = 64
_REMEMBERED = 20_000  # words
_FORGETS_AFTER = 2_000  # calls
_TINY = 1e-8
_JSON, _ARRAYS = "weights/parser.json", "weights/parser.npz"
_NO_NUMBERS = np.zeros(_WIDTH, np.float32)
_MEAN = np.full(_WIDTH, 1 / _WIDTH, np.float32)
_LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": _WIDTH, "upstream": "tok2vec"}
_CONFIG: dict[str, dict[str, Any]] = {
    "tok2vec": {
        "model": {
            "@architectures": "spacy.HashEmbedCNN.v2", "width": _WIDTH, "depth": 3, "embed_size": 4000, "window_size": 1,
            "maxout_pieces": 3, "subword_features": True, "pretrained_vectors": None,
        },
    },
    "tagger": {"model": {"@architectures": "spacy.Tagger.v2", "nO": None, "normalize": False, "tok2vec": _LISTENER}},
    "parser": {
        "model": {
            "@architectures": "spacy.TransitionBasedParser.v2", "state_type": "parser", "extra_state_tokens": False, "hidden_width": 64,
            "maxout_pieces": 2, "use_upper": True, "nO": None, "tok2vec": _LISTENER,
        },
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arc:
    """What one word is: the place of the word it stands under (its own place: it stands under none), the relation and the tag."""

    head: int
    relation: str
    tag: str


class Parser:
    """Parses. Serves several threads, one at a time; remembers words (the commonest, as numbers), never texts."""

    def __init__(self, language: Language, card: Mapping[str, Any]) -> None:
        """Take the built network and what is known of it; see `load`."""
        self.card = card
        self._language = language
        self._lock = Lock()
        self._reader = _Reader(language)
        self._zone = ExitStack()
        self._served = 0

    def parse(self, sentences: Iterable[Sequence[str]]) -> list[tuple[Arc, ...]]:
        """Return the arcs of each sentence, which is given in words; no word may be empty or hold white space."""
        vocab = self._language.vocab
        with self._lock:
            self._forget_now_and_then()
            docs = [Doc(vocab, words=list(words)) for words in sentences]
            for doc, rows in zip(docs, self._reader.read_all(docs) if docs else (), strict=True):
                setattr(doc, "tensor", rows)  # noqa: B010 - spaCy's types know only doubles there
            for name in PIPES[1:]:
                pipe: Any = self._language.get_pipe(name)
                pipe.set_annotations(docs, pipe.predict(docs))
            return [tuple(Arc(token.head.i, token.dep_, token.tag_) for token in doc) for doc in docs]

    def words(self, text: str) -> tuple[tuple[str, int], ...]:
        """Return the words of a text with their places, as the parser likes them cut."""
        with self._lock:
            self._forget_now_and_then()
            return tuple((token.text, token.idx) for token in self._language.tokenizer(text) if not token.is_space)

    def _forget_now_and_then(self) -> None:
        """Forget the words of earlier posts: spaCy's table of strings would grow without end."""
        if self._served % _FORGETS_AFTER == 0:
            self._zone.close()
            self._zone.enter_context(self._language.vocab.memory_zone())
        self._served += 1


class _Reader:
    """The first part of the network, which every word passes: the numbers that spaCy's own layers give, in a third of their time.

    A word's own numbers are kept; the layers that look at neighbours are so small that spaCy's administration costs more than they do.
    """

    def __init__(self, language: Language) -> None:
        pipe: Any = language.get_pipe("tok2vec")
        self._embed, encode = pipe.model.layers
        self._known: dict[str, Floats] = {}
        nodes = list(encode.walk())
        mixing, scaling = (
            [node for node in nodes if node.has_param(name) and node.name == kind] for name, kind in (("W", "maxout"), ("G", "layernorm"))
        )
        self._layers = [_Layer.of(*pair) for pair in zip(mixing, scaling, strict=True)]

    def read(self, doc: Doc) -> Floats:
        """Return a row of numbers for each word."""
        return self.read_all([doc])[0]

    def read_all(self, docs: Sequence[Doc]) -> list[Floats]:
        """Return the rows of each of the sentences. Between them stand as many empty rows as the layers look far: none sees another."""
        each = [[token.text for token in doc] for doc in docs]
        self._learn(docs[0].vocab, {word: None for words in each for word in words})
        edge, rows = [_NO_NUMBERS] * len(self._layers), list[Floats]()
        for words in each:
            rows += [*edge, *(self._known[word] for word in words)]
        flowing = np.stack([*rows, *edge])
        for layer in self._layers:
            flowing = layer.of_rows(flowing)
        lasts = list(accumulate(len(words) + len(edge) for words in each))
        return [flowing[last - len(words) : last] for words, last in zip(each, lasts, strict=True)]

    def _learn(self, vocab: Vocab, words: Mapping[str, None]) -> None:
        """Remember the numbers of the words."""
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        unknown = [word for word in words if word not in self._known]
        if unknown:
            self._known.update(zip(unknown, self._embed.predict([Doc(vocab, words=unknown)])[0], strict=True))


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer that looks at the words on either side: the best of three answers, brought to one scale, added to what was."""

    weights: Floats
    bias: Floats
    scale: Floats
    shift: Floats

    @classmethod
    def of(cls, maxout: Any, norm: Any) -> _Layer:
        """Take the numbers of spaCy's layers: residual(expand_window >> maxout >> layernorm)."""
        weights = maxout.get_param("W")
        flat = np.ascontiguousarray(weights.transpose(2, 1, 0).reshape(weights.shape[-1], -1))  # one answer after the other
        return cls(flat, maxout.get_param("b").T.reshape(-1), norm.get_param("G"), norm.get_param("b"))

    def of_rows(self, rows: Floats) -> Floats:
        none = np.zeros((1, rows.shape[1]), np.float32)
        seen = np.concatenate([np.concatenate([none, rows[:-1]]), rows, np.concatenate([rows[1:], none])], axis=1)
        answers = seen @ self.weights + self.bias
        best = answers[:, :_WIDTH]
        for first in range(_WIDTH, answers.shape[1], _WIDTH):
            best = np.maximum(best, answers[:, first : first + _WIDTH])
        best -= (best @ _MEAN)[:, None]
        spread = np.einsum("ij,ij->i", best, best)[:, None] / _WIDTH + _TINY
        answer: Floats = rows + best * (spread**-0.5) * self.scale + self.shift
        return answer


def blank() -> Language:
    """Return the network without its weights and labels."""
    language = English()
    for name, config in _CONFIG.items():
        language.add_pipe(name, config=config)
    return language


def labels_of(language: Language) -> dict[str, Any]:
    """Return the labels that the network knows, as JSON holds them."""
    return {name: getattr(language.get_pipe(name), "label_data", None) for name in PIPES[1:]}


def start(language: Language, examples: Sequence[Example], labels: Mapping[str, Any] | None = None) -> None:
    """Give the network its labels and its first, random numbers."""
    for name in PIPES:
        more = {"labels": labels[name]} if labels and name in labels else {}
        pipe: Any = language.get_pipe(name)
        pipe.initialize(lambda: examples, nlp=language, **more)


def numbers_of(language: Language) -> Iterator[tuple[str, Model[Any, Any], str]]:
    """Yield each array of the network: its name, the layer that holds it and its name there."""
    for name in PIPES:
        model: Model[Any, Any] = getattr(language.get_pipe(name), "model")  # noqa: B009 - spaCy does not say that a pipe has a model
        for place, node in enumerate(model.walk()):
            for param in node.param_names:
                if node.has_param(param):
                    yield f"{name}.{place}.{param}", node, param


def save(language: Language, card: Mapping[str, Any], folder: Path) -> None:
    """Write the weights; the same network gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {key: np.asarray(node.get_param(param)).astype(np.float16) for key, node, param in numbers_of(language)}
    np.savez_compressed(folder / "parser.npz", allow_pickle=False, **arrays)
    seal = seal_of((folder / "parser.npz").read_bytes())
    whole = {**card, "labels": labels_of(language), "seal": seal, "format": FORMAT}
    (folder / "parser.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@cache
def shipped() -> Parser:
    """Return the parser that came with Schoolwatch. Raises as `load`."""
    return load(WEIGHTS)


def load(folder: Path) -> Parser:
    """Return the parser of a folder.

    Raises:
        ModelMissingError: one of the two files is not there.
        ModelMismatchError: they are of another version, do not belong together or cannot be read.
    """
    card, sealed = card_of(folder / "parser.json"), contents(folder / "parser.npz")
    if card.get("format") != FORMAT:
        raise ModelMismatchError(_JSON, f"of format {FORMAT}", f"of {card.get('format')}")
    if seal_of(sealed) != card.get("seal"):
        raise ModelMismatchError(_ARRAYS, "the arrays that parser.json was written with", "others")
    try:
        with np.load(io.BytesIO(sealed), allow_pickle=False) as arrays:
            return Parser(_filled(card["labels"], arrays), {key: value for key, value in card.items() if key != "labels"})
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelMismatchError(_ARRAYS, "the arrays of the parser", "something else") from error


def _filled(labels: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Language:
    language = blank()
    start(language, [_first_example(language)], labels)
    for key, node, param in numbers_of(language):
        array = arrays[key].astype(np.float32)
        if array.shape != node.get_param(param).shape:
            msg = f"{key} has another shape"
            raise ValueError(msg)
        node.set_param(param, cast("Any", array))
    return language


def _first_example(language: Language) -> Example:
    """Return a sentence by which spaCy finds out how wide each layer is."""
    doc = Doc(language.vocab, words=["Yes"])
    return Example.from_dict(doc, {"heads": [0], "deps": [ROOT], "tags": ["UH"]})
