"""The small network beside the linear heads: what it can learn that they cannot, and that its reasons are its own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from nlp import heads
from nlp.features import Seen, Token
from nlp.heads import HEADS, STACKED, Model, Network, Vocabulary
from nlp.network_train import Recipe, trained

QUICK = Recipe(width=16, rounds=60, batch=16, inputs_dropped=0.0, units_dropped=0.0, spread=0.5)


def either() -> tuple[csr_matrix, np.ndarray]:
    """Return rows of two inputs, and whether just one of them is there: no line parts those."""
    rows = np.array([[1, 0], [0, 1], [1, 1], [0, 0]] * 40, np.float32)
    return csr_matrix(rows), (rows.sum(axis=1) == 1).astype(np.float32)[:, None]


def test_it_learns_what_depends_on_two_things_together() -> None:
    """«Either, not both» is beyond any sum of weights; the network tells all of them right."""
    inputs, truth = either()
    entry, exits = trained(inputs, truth, QUICK)
    raw = np.maximum(inputs @ entry.weights + entry.bias, 0) @ exits.weights + exits.bias

    assert ((raw > 0) == (truth > 0)).all()


def test_the_same_rows_give_the_same_weights() -> None:
    """Training has no luck in it but that of its seed."""
    first, second = (trained(*either(), QUICK) for _ in range(2))
    other = trained(*either(), Recipe(width=16, rounds=60, batch=16, seed=1))

    assert all((one.weights == again.weights).all() for one, again in zip(first, second, strict=True))
    assert (first[0].weights != other[0].weights).any()


@pytest.fixture
def model() -> Model:
    """Return a model of five words with random weights."""
    chance = np.random.default_rng(3)
    words = {word: number for number, word in enumerate(("took", "the", "money", "took the", "the money"))}
    vocabulary = Vocabulary({"words": words, "pieces": {}, "facts": {}}, np.ones(5, np.float32), dict.fromkeys(heads.BLOCKS, 1.0))

    def some(*shape: int) -> heads.Floats:
        return chance.standard_normal(shape).astype(np.float32)

    network = Network(some(5, 8), some(8), some(8, len(HEADS)), some(len(HEADS)))
    second = np.zeros((3 * len(HEADS), len(STACKED)), np.float32)
    curves = np.tile(np.array([1.0, 0.0], np.float32), (len(HEADS), 1))
    rows = heads.shapes(np.zeros(len(HEADS), np.float32)).shape[0]
    return Model(vocabulary, some(5, len(HEADS)), some(len(HEADS)), network, curves, np.resize(second, (rows, len(STACKED))), {})


def seen(**values: float) -> Seen:
    """Return «took the money» with these values of its inputs."""
    tokens = tuple(Token(word, place * 6, place * 6 + 5) for place, word in enumerate(("took", "the", "money")))
    known = {"took": 1.0, "the": 1.0, "money": 1.0, "took the": 1.0, "the money": 1.0}
    return Seen(tokens, known | values, {})


def test_the_answer_is_the_mean_of_both(model: Model) -> None:
    """Linear heads and network count alike."""
    numbers, values = model.vocabulary.vector(seen())
    linear = values @ model.linear[numbers] + model.bias
    units = np.maximum(values @ model.network.entry[numbers] + model.network.entry_bias, 0)
    deep = units @ model.network.exit + model.network.exit_bias

    assert np.allclose(model.logits(seen()), (linear + deep) / 2, atol=1e-5)


def test_the_reasons_are_what_the_answer_is_made_of(model: Model) -> None:
    """The words' weights and the constants add up to the raw answer, the units that are silent left out."""
    numbers, values = model.vocabulary.vector(seen())
    answer = model.answer(seen())
    spoken = model.weighed(answer, HEADS).sum(axis=0) * values[0]  # all values are alike here
    constant = model.bias + model.network.exit_bias + model.network.entry_bias[answer.units] @ model.network.exit[answer.units]

    assert len(set(values.tolist())) == 1
    assert 0 < answer.units.size < 8
    assert np.allclose(spoken + constant / 2, model.logits(seen()), atol=1e-4)
    assert numbers.tolist() == [0, 1, 2, 3, 4]
