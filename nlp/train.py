"""Makes every shipped weight of the learned heads again: `python -m nlp.train --data FOLDER --corpus nlp/corpus`.

Reads our own labelled posts and, from the data folder, the development posts; holds out one writer at a time to fit the calibration and
to print honest figures; then fits on all and writes `nlp/weights`. Needs scikit-learn (the extra `train`), which reading does not.
The same files give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from data.errors import ReadingError
from data.model.readings import Mention
from nlp import measures
from nlp.conversations import inherited
from nlp.features import Seen, see
from nlp.heads import BLOCKS, HEADS, LABEL_HEADS, STACKED, WEIGHTS, Floats, Model, Network, Vocabulary, chance, save, shapes
from nlp.labelled import HARMLESS_LABELS, Labelled, read_posts, read_terms
from nlp.network_train import DEFAULT_RECIPE, Recipe, trained
from nlp.pipeline import open_reader

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

CORPUS = Path(__file__).parent / "corpus"
DEVELOPMENT = ("school_posts_dev.jsonl", "school_terms_dev.json")  # of the data folder
_SCALES = {"words": 1.0, "pieces": 1.0, "facts": 0.7}
_OFTEN_ENOUGH = {"words": 2, "pieces": 3, "facts": 3}  # posts that an input stands in
_STIFFNESS = 2.0  # inverse strength of the linear part's penalty
_CONSTANT = 3.0  # the constant input: large, so that it is hardly penalised
_PAIRED = 1.0  # weight of each minimal pair as a row of its own
_SECOND_STIFFNESS = 0.1
_GRAVE, _URGENT, _REVIEW = 3, 4, 2
_NARROWEST = 1e-6
_TURNS = 4
_LEAST_POSITIVES = 3  # fewer teach a head nothing


@dataclass(frozen=True, slots=True)
class Lesson:
    """A labelled post and what the heads see of it."""

    post: Labelled
    seen: Seen

    def truth(self) -> list[float]:
        """Return the right answer of each head."""
        post = self.post
        labels = [float(label in post.labels) for label in LABEL_HEADS]
        steps = [float(post.severity >= least) for least in (_URGENT, _GRAVE, _REVIEW)]
        return [*labels, float(post.is_harm), *steps, float(post.is_harm and post.target == "pupil")]


def lessons(posts: Path, terms: Path) -> tuple[Lesson, ...]:
    """Return the posts of a file as lessons. Raises BadFileError."""
    watched = read_terms([terms])
    reader = open_reader(watched.terms, watched.staff, schools=watched.schools, without=frozenset({"heads"}))
    found: dict[int, Lesson] = {}
    about: dict[str, tuple[Mention, ...]] = {}  # an answer is read in its conversation, as in the product
    for number, labelled in sorted(enumerate(read_posts([posts]), start=1), key=lambda one: (one[1].t_min or 0, one[0])):
        post, series = labelled.post(number), labelled.series or ""
        mentions = reader.mentions(post.text)[0]
        if series and mentions:
            about.setdefault(series, inherited(mentions, {}))
        found[number] = Lesson(labelled, see(reader.draft(post, mentions or about.get(series, ()))))
    return tuple(found[number] for number in sorted(found))


def sources(folder: Path | None, corpus: Path) -> list[tuple[Path, Path]]:
    """Return every posts file with its terms file: our own, then the data folder's.

    Raises:
        ReadingError: a folder holds none.
    """
    own = [(posts, posts.with_name(posts.name.replace(".jsonl", ".terms.json"))) for posts in sorted(corpus.glob("*.jsonl"))]
    if not own:
        msg = f"there are no posts (*.jsonl) in {corpus}"
        raise ReadingError(msg)
    return [*own, (folder / DEVELOPMENT[0], folder / DEVELOPMENT[1])] if folder else own


def vocabulary_of(taught: Sequence[Lesson]) -> Vocabulary:
    """Return the inputs that stand in enough of the posts."""
    numbers: dict[str, dict[str, int]] = {}
    rarity: list[float] = []
    for block in BLOCKS:
        counts = Counter(key for lesson in taught for key in getattr(lesson.seen, block))
        kept = sorted(key for key, count in counts.items() if count >= _OFTEN_ENOUGH[block])
        numbers[block] = {key: len(rarity) + place for place, key in enumerate(kept)}
        rarity += [float(np.log((1 + len(taught)) / (1 + counts[key])) + 1) for key in kept]
    return Vocabulary(numbers, np.array(rarity, np.float16).astype(np.float32), dict(_SCALES))


def matrix(vocabulary: Vocabulary, taught: Sequence[Lesson]) -> csr_matrix:
    """Return a row of inputs for each lesson."""
    from scipy.sparse import csr_matrix

    vectors = [vocabulary.vector(lesson.seen) for lesson in taught]
    edges = np.cumsum([0, *(len(numbers) for numbers, _ in vectors)])
    columns = np.concatenate([numbers for numbers, _ in vectors])
    values = np.concatenate([values for _, values in vectors])
    return csr_matrix((values.astype(np.float64), columns, edges), shape=(len(taught), len(vocabulary.rarity)))


def pairs_of(taught: Sequence[Lesson]) -> list[tuple[int, int]]:
    """Return the minimal pairs of one harmful and one harmless post, by their places."""
    by_name: dict[str, list[int]] = {}
    for place, lesson in enumerate(taught):
        if lesson.post.pair:
            by_name.setdefault(lesson.post.pair, []).append(place)
    harm = [lesson.post.is_harm for lesson in taught]
    return [(one, other) for twins in by_name.values() for one in twins for other in twins if harm[one] and not harm[other]]


def straight(inputs: csr_matrix, truth: npt.NDArray[Any], twins: Sequence[tuple[int, int]] = ()) -> tuple[Floats, float]:
    """Return weights and constant of one linear head; the difference of two near twins is a row of its own, either way round."""
    from scipy.sparse import csr_matrix, hstack, vstack
    from sklearn.linear_model import LogisticRegression

    count, positives = len(truth), int(truth.sum())
    if min(positives, count - positives) < _LEAST_POSITIVES:
        return np.zeros(inputs.shape[1], np.float32), float(np.log((positives + 0.5) / (count - positives + 0.5)))
    rows = hstack([inputs, np.full((count, 1), _CONSTANT)], format="csr")
    answers = truth.astype(int)
    weights = np.where(answers == 1, count / 2 / positives, count / 2 / (count - positives))
    told = [pair for pair in twins if truth[pair[0]] != truth[pair[1]]]
    if told:
        apart = csr_matrix(rows[[one for one, _ in told]] - rows[[other for _, other in told]])
        sides = np.array([truth[one] > truth[other] for one, other in told]).astype(int)
        rows = vstack([rows, apart, -apart], format="csr")
        answers = np.concatenate([answers, sides, 1 - sides])
        weights = np.concatenate([weights, np.full(2 * len(told), _PAIRED / 2)])
    fitted = LogisticRegression(C=_STIFFNESS, fit_intercept=False, max_iter=400, tol=1e-3).fit(rows, answers, sample_weight=weights)
    return fitted.coef_[0][:-1].astype(np.float32), float(fitted.coef_[0][-1] * _CONSTANT)


def fit(taught: Sequence[Lesson], recipe: Recipe = DEFAULT_RECIPE) -> Model:
    """Return the heads fitted on these lessons, not yet calibrated."""
    vocabulary = vocabulary_of(taught)
    inputs, truth, twins = matrix(vocabulary, taught), truths(taught), pairs_of(taught)
    columns = [straight(inputs, truth[:, head], twins) for head in range(len(HEADS))]
    linear = np.stack([weights for weights, _ in columns], axis=1)
    bias = np.array([constant for _, constant in columns], np.float32)
    plain = np.tile(np.array([1.0, 0.0], np.float32), (len(HEADS), 1))
    entry, exits = trained(inputs, truth.astype(np.float32), recipe)
    network = Network(entry.weights, entry.bias, exits.weights, exits.bias)
    return Model(vocabulary, linear, bias, network, plain, np.zeros((1, len(STACKED)), np.float32), {})


def truths(taught: Sequence[Lesson]) -> npt.NDArray[Any]:
    """Return the right answers, a row for each lesson."""
    return np.array([lesson.truth() for lesson in taught])


def held_out(taught: Sequence[Lesson]) -> npt.NDArray[Any]:
    """Return raw answers for each lesson from heads that saw no post of its writer."""
    answers = np.zeros((len(taught), len(HEADS)))
    for writer, others in _turns(taught):
        model = fit([taught[place] for place in others.tolist()])
        for place in writer.tolist():
            answers[place] = model.logits(taught[place].seen)
    return answers


def curve(raw: npt.NDArray[Any], truth: npt.NDArray[Any]) -> tuple[float, float]:
    """Return slope and offset of the Platt curve."""
    from sklearn.linear_model import LogisticRegression

    if min(truth.sum(), (1 - truth).sum()) < _LEAST_POSITIVES:
        return 1.0, 0.0
    fitted = LogisticRegression(C=1e3).fit(raw[:, None], truth.astype(int))
    return float(fitted.coef_[0][0]), float(fitted.intercept_[0])


def second_layer(raw: npt.NDArray[Any], truth: npt.NDArray[Any]) -> Floats:
    """Return the second layer's weights, one column for each head that spans labels."""
    from sklearn.linear_model import LogisticRegression

    seen = shapes(raw)[:, :-1]
    middle, spread = seen.mean(axis=0), seen.std(axis=0) + _NARROWEST
    columns: list[list[float]] = []
    for head in STACKED:
        right = truth[:, HEADS.index(head)].astype(int)
        if min(right.sum(), (1 - right).sum()) < _LEAST_POSITIVES:
            columns.append([*np.zeros(seen.shape[1]), float(np.log((right.sum() + 0.5) / ((1 - right).sum() + 0.5)))])
            continue
        fitted = LogisticRegression(C=_SECOND_STIFFNESS, max_iter=2000).fit((seen - middle) / spread, right)
        weights = fitted.coef_[0] / spread
        columns.append([*weights, fitted.intercept_[0] - weights @ middle])
    return np.array(columns, np.float32).T


def train(taught: Sequence[Lesson], counts: dict[str, int]) -> tuple[Model, dict[str, Any]]:
    """Return the calibrated heads fitted on all lessons, and the figures over held-out writers."""
    raw, truth = held_out(taught), truths(taught)
    curves = np.array([curve(raw[:, head], truth[:, head]) for head in range(len(HEADS))], np.float32)
    values = chance(raw * curves[:, 0] + curves[:, 1])
    spanning = np.array([HEADS.index(head) for head in STACKED])
    for writer, others in _turns(taught):
        second = second_layer(raw[others], truth[others])
        values[np.ix_(writer, spanning)] = chance(shapes(raw[writer]) @ second)
    whole = fit(taught)
    figures = report(taught, values, truth)
    card = {"posts": counts, "data_hash": _hash(taught), "held_out_writers": figures}
    return replace(whole, curves=curves, second=second_layer(raw, truth), card=card), figures


def _turns(taught: Sequence[Lesson]) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Yield the places of some writers' lessons and those of all others': each writer is held out once, with up to three more."""
    writers = np.array([lesson.post.source for lesson in taught])
    each = sorted(set(writers.tolist()))
    for turn in range(min(_TURNS, len(each))):
        out = np.isin(writers, each[turn::_TURNS])
        yield np.flatnonzero(out), np.flatnonzero(~out)


def _hash(taught: Sequence[Lesson]) -> str:
    rows = (json.dumps([lesson.post.id, lesson.post.text, lesson.post.labels, lesson.post.severity]) for lesson in taught)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def report(taught: Sequence[Lesson], values: npt.NDArray[Any], truth: npt.NDArray[Any]) -> dict[str, Any]:
    """Return the figures of merit of calibrated answers over held-out writers."""
    harm = HEADS.index("any_harm")
    scores, right = values[:, harm].tolist(), [bool(one) for one in truth[:, harm]]
    threshold = measures.threshold_at_recall(scores, right, 0.90)
    harmless = [(score, lesson.post.labels) for score, lesson, harm in zip(scores, taught, right, strict=True) if not harm]
    mild = {label: [score for score, labels in harmless if label in labels] for label in HARMLESS_LABELS}
    twins = measures.near_twins(scores, right, [lesson.post.pair for lesson in taught])
    aucs = {head: measures.auc(values[:, place].tolist(), [bool(one) for one in truth[:, place]]) for place, head in enumerate(HEADS)}
    figures: dict[str, Any] = _rounded({
        "auc": aucs,
        "ap": measures.average_precision(scores, right),
        "near_twins": twins.right,
        "ece": measures.calibration_error(scores, right),
        "flagged_at_recall_0.90": {
            "harmless": measures.share_flagged([score for score, _ in harmless], threshold),
            **{label: measures.share_flagged(some, threshold) for label, some in mild.items()},
        },
    })  # fmt: skip
    return figures


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 with one plain line on the error stream when something cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m nlp.train", description="Make the weights of the learned heads again.")
    parser.add_argument("--data", type=Path, help="folder of the public sets and the development posts")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of our own labelled posts")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    asked = parser.parse_args(arguments)
    try:
        figures = run(asked.data, asked.corpus, asked.out)
    except (ReadingError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except ImportError as error:
        sys.stderr.write(f"training needs scikit-learn ({error}); install it with: pip install 'schoolwatch[train]'\n")
        return 1
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


def run(folder: Path | None, corpus: Path, out: Path) -> dict[str, Any]:
    """Train on the posts of these folders, write the weights to `out` and return the figures over held-out writers."""
    from threadpoolctl import threadpool_limits

    taught: list[Lesson] = []
    counts: dict[str, int] = {}
    for posts, terms in sources(folder, corpus):
        some = lessons(posts, terms)
        counts[posts.name] = len(some)
        taught += some
    with threadpool_limits(1):  # sums in one order: the same bytes every time
        model, figures = train(taught, counts)
    save(model, out)
    return figures


if __name__ == "__main__":
    sys.exit(main())
