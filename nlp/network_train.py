"""Trains the small network beside the linear heads: one layer of rectified units over the same inputs, all heads at once.

What a word means for one label helps the others, which heads fitted one by one cannot use. Plain numpy: backpropagation with dropout on
inputs and units (Srivastava et al. 2014) and Adam steps (Kingma and Ba 2015), taken for the inputs that stand in a batch only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained. Chosen on writers held out of nlp/corpus."""

    width: int = 96  # units
    rounds: int = 30  # times that every post is shown
    batch: int = 64  # posts
    step: float = 5e-3  # the first; falls to nothing in a straight line
    inputs_dropped: float = 0.5
    units_dropped: float = 0.5
    decay: float = 1e-5
    spread: float = 0.06  # of the first weights of inputs
    rarest: float = 8.0  # a right answer that is rare counts so many times at most
    seed: int = 0


DEFAULT_RECIPE = Recipe()
_MOMENTUM, _SCALING, _LEAST = 0.9, 0.98, 1e-6
_STEEPEST = 30.0  # raw answers beyond are as good as certain


@dataclass(slots=True)
class Layer:
    """A matrix with its constants."""

    weights: Floats
    bias: Floats


class _Adam:
    """Steps for one array; rows that are not named rest."""

    def __init__(self, values: Floats) -> None:
        self._values = values
        self._mean, self._square = np.zeros_like(values), np.zeros_like(values)

    def step(self, slope: Floats, size: float, decay: float = 0.0, rows: Any = slice(None)) -> None:
        mean = _MOMENTUM * self._mean[rows] + (1 - _MOMENTUM) * slope
        square = _SCALING * self._square[rows] + (1 - _SCALING) * slope * slope
        self._mean[rows], self._square[rows] = mean, square
        self._values[rows] -= np.float32(size) * (mean / (np.sqrt(square) + np.float32(_LEAST)) + np.float32(decay) * self._values[rows])


class _Training:
    """A network while it is trained."""

    def __init__(self, inputs: csr_matrix, truth: Floats, recipe: Recipe) -> None:
        self._inputs, self._truth, self._recipe = inputs.astype(np.float32).tocsr(), truth.astype(np.float32), recipe
        self._random = np.random.default_rng(recipe.seed)
        often = self._truth.mean(axis=0)
        self._weight = np.clip((1 - often) / (often + _LEAST), 1, recipe.rarest).astype(np.float32)
        width, heads = recipe.width, truth.shape[1]
        self.entry = Layer(self._normal(inputs.shape[1], width) * np.float32(recipe.spread), np.zeros(width, np.float32))
        odds = np.log((often + 1e-3) / (1 - often + 1e-3)).astype(np.float32)
        self.exit = Layer(self._normal(width, heads) / np.float32(np.sqrt(width)), odds)
        self._steps = [_Adam(array) for layer in (self.entry, self.exit) for array in (layer.weights, layer.bias)]

    def _normal(self, *shape: int) -> Floats:
        return self._random.standard_normal(shape).astype(np.float32)

    def _kept(self, shape: tuple[int, ...], dropped: float) -> Floats:
        return ((self._random.random(shape, np.float32) >= dropped) / np.float32(1 - dropped)).astype(np.float32)

    def run(self) -> tuple[Layer, Layer]:
        count, recipe = self._inputs.shape[0], self._recipe
        batches = -(-count // recipe.batch)
        for turn in range(recipe.rounds):
            order = self._random.permutation(count)
            for place in range(batches):
                done = (turn * batches + place + 1) / (recipe.rounds * batches)
                self._learn(order[place * recipe.batch : (place + 1) * recipe.batch], recipe.step * (1 - done))
        return self.entry, self.exit

    def _learn(self, rows: npt.NDArray[Any], size: float) -> None:
        """Show one batch and step down the slope of its loss."""
        from scipy.sparse import csr_matrix

        some = self._inputs[rows]
        used, places = np.unique(some.indices, return_inverse=True)
        values = some.data * self._kept(some.data.shape, self._recipe.inputs_dropped)
        shown = csr_matrix((values, places, some.indptr), shape=(len(rows), len(used)))
        raw = shown @ self.entry.weights[used] + self.entry.bias
        open_units = (raw > 0) * self._kept(raw.shape, self._recipe.units_dropped)
        units = raw * open_units
        answers = 1 / (1 + np.exp(-np.clip(units @ self.exit.weights + self.exit.bias, -_STEEPEST, _STEEPEST)))
        right = self._truth[rows]
        error = ((answers - right) * np.where(right > 0, self._weight, 1) / len(rows)).astype(np.float32)
        back = (error @ self.exit.weights.T) * open_units
        entry_weights, entry_bias, exit_weights, exit_bias = self._steps
        entry_weights.step(np.asarray(shown.T @ back), size, self._recipe.decay, used)
        entry_bias.step(back.sum(axis=0), size)
        exit_weights.step(units.T @ error, size)
        exit_bias.step(error.sum(axis=0), size)


def trained(inputs: csr_matrix, truth: Floats, recipe: Recipe = DEFAULT_RECIPE) -> tuple[Layer, Layer]:
    """Return the layer from inputs to units and the layer from units to raw answers; the same rows give the same weights.

    `inputs` has a row for each post, `truth` a row of right answers (0 or 1), a column for each head.
    """
    return _Training(inputs, truth, recipe).run()
