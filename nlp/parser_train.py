"""Makes the weights of the parser again: `python -m nlp.parser_train --data FOLDER`.

Trains on UD English EWT (CC BY-SA 4.0) as written and on copies as people write on a phone: without capitals, without punctuation, with
several sentences run together. In the copies words for acts stand for some others of the same form: the treebank hardly knows «stole».
The same files (treebank and lexicons/acts.toml) give the same bytes on the same machine: one thread, one seed, one order.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam, fix_random_seed

from data.errors import ReadingError
from nlp.acts import acts, bent
from nlp.parser import ROOT, WEIGHTS, Parser, blank, load, save, start

TRAIN, DEV = "ud_ewt_train.conllu.gz", "ud_ewt_dev.conllu.gz"
EPOCHS = 9
_SEED = 20261121
_DROPOUT = 0.15
_FIRST_RATE, _WARM_STEPS = 2e-3, 200
_BATCH_WORDS = 900
_TOGETHER = (1, 1, 1, 2, 2, 3)  # sentences run together in a copy
_COLUMNS = 10
_EXCHANGED = 0.12  # share of fitting words of a copy that give way to words for acts, which the treebank hardly knows
_FORMS = {"VB": 0, "VBP": 0, "VBZ": 1, "VBG": 2, "VBD": 3, "VBN": 4}
_TELLING = (
    "deny/denied/denied",
    "admit",
    "claim",
    "allege",
    "swear/swore/sworn",
    "reckon",
    "insist",
    "pretend",
    "prove",
)  # with a clause under them
_NAMED, _TITLES, _SURNAME = 0.5, ("Mr", "Mrs", "Miss", "Ms", "Mr", "Mrs", "Dr"), "Smith"
_DONE_TO = frozenset(("obj", "nsubj:pass"))
_BARE, _LOWERED, _SHOUTED = 0.6, 0.72, 0.03  # shares of copies without punctuation, without capitals, in capitals throughout
SOURCE = {
    "name": "Universal Dependencies English Web Treebank (UD_English-EWT @ 15d613d844)",
    "licence": "CC BY-SA 4.0: these weights, made from it, may be passed on under the same licence",
    "by": "Natalia Silveira, Timothy Dozat, Christopher Manning, Sebastian Schuster and others (Silveira et al. 2014)",
}


@dataclass(frozen=True, slots=True)
class Tree:
    """A sentence of a treebank: words, tags, heads (a root's is its own place) and relations."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]


def read_treebank(path: Path) -> tuple[Tree, ...]:
    """Return the sentences of a CoNLL-U file, compressed or not.

    Raises:
        ReadingError: the file is no CoNLL-U, or empty.
    """
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode("utf-8")
    blocks = text.split("\n\n")
    try:
        trees = tuple(_tree([row.split("\t") for row in block.splitlines() if row[:1].isdigit()]) for block in blocks if block.strip())
    except (ValueError, IndexError) as error:
        msg = f"{path} is no CoNLL-U file: {error}"
        raise ReadingError(msg) from error
    if not trees:
        msg = f"{path} holds no sentences"
        raise ReadingError(msg)
    return trees


def _tree(rows: list[list[str]]) -> Tree:
    words = [row for row in rows if row[0].isdigit()]  # «1-2» and «8.1» are no words of their own
    if not words or any(len(row) != _COLUMNS for row in words):
        msg = f"a sentence without ten columns near {rows[:1]}"
        raise ValueError(msg)
    heads = [int(row[6]) for row in words]
    return Tree(
        tuple(row[1].replace(" ", "\u00a0") or "_" for row in words),
        tuple(row[4] for row in words),
        tuple(place if head == 0 else head - 1 for place, head in enumerate(heads)),
        tuple(ROOT if head == 0 else row[7] for head, row in zip(heads, words, strict=True)),
    )


def unpunctuated(tree: Tree) -> Tree:
    """Return the sentence without its punctuation; what stands under a mark keeps it."""
    kept = [place for place, relation in enumerate(tree.relations) if relation != "punct" or place in tree.heads]
    if not kept:
        return tree
    number = {place: new for new, place in enumerate(kept)}
    return Tree(
        tuple(tree.words[place] for place in kept),
        tuple(tree.tags[place] for place in kept),
        tuple(number[tree.heads[place]] for place in kept),
        tuple(tree.relations[place] for place in kept),
    )


def lowered(tree: Tree) -> Tree:
    """Return the sentence without capitals."""
    return Tree(tuple(word.lower() for word in tree.words), tree.tags, tree.heads, tree.relations)


def joined(trees: Sequence[Tree]) -> Tree:
    """Return sentences run together."""
    starts = [sum(len(tree.words) for tree in trees[:place]) for place in range(len(trees))]
    return Tree(
        tuple(word for tree in trees for word in tree.words),
        tuple(tag for tree in trees for tag in tree.tags),
        tuple(first + head for first, tree in zip(starts, trees, strict=True) for head in tree.heads),
        tuple(relation for tree in trees for relation in tree.relations),
    )


@cache
def _exchange() -> dict[str, tuple[str, ...]]:
    """Return the words for acts that may stand for a word of the treebank, by its tag: «stole» for another past form with an object."""
    kinds = acts().single_words()
    verbs = [bent(verb) for verb in kinds["verbs"]]
    found = {tag: tuple(forms[place] for forms in verbs) for tag, place in _FORMS.items()}
    return found | {"JJ": kinds["traits"], "NN": kinds["doers"]}


def _another(tag: str, done: bool, tells: bool, chance: random.Random) -> str:
    """Return a word for another of the same form."""
    if tag in _FORMS and tells and not done:
        return bent(chance.choice(_TELLING))[_FORMS[tag]]
    return chance.choice(_exchange()[tag])


def exchanged(tree: Tree, chance: random.Random) -> Tree:
    """Return the sentence with some verbs that have an object, adjectives and nouns said of somebody exchanged for words for acts."""
    tells = {head for head, relation in zip(tree.heads, tree.relations, strict=True) if relation in ("ccomp", "xcomp")}
    done = {head for head, relation in zip(tree.heads, tree.relations, strict=True) if relation in _DONE_TO}
    said = {head for head, relation in zip(tree.heads, tree.relations, strict=True) if relation in ("nsubj", "cop")}
    fits = {**dict.fromkeys(_FORMS, done | tells), "JJ": said, "NN": said}
    words = [
        _another(tag, place in done, place in tells, chance) if place in fits.get(tag, ()) and chance.random() < _EXCHANGED else word
        for place, (word, tag) in enumerate(zip(tree.words, tree.tags, strict=True))
    ]
    return Tree(tuple(words), tree.tags, tree.heads, tree.relations)


def named(tree: Tree, chance: random.Random) -> Tree:
    """Return the sentence with some full names exchanged for a title and a surname, as staff are named."""
    words = list(tree.words)
    for place, (head, relation) in enumerate(zip(tree.heads, tree.relations, strict=True)):
        alone = tree.heads.count(head) == 1 and head == place - 1
        if relation == "flat" and tree.tags[head] == "NNP" == tree.tags[place] and alone and chance.random() < _NAMED:
            words[head], words[place] = chance.choice(_TITLES), _SURNAME
    return Tree(tuple(words), tree.tags, tree.heads, tree.relations)


def lessons(trees: Sequence[Tree], chance: random.Random) -> list[Tree]:
    """Return what one round is taught on: every sentence as written and once more as phones write it, in a new order."""
    rest = list(trees)
    copies = []
    while rest:
        some = rest[: chance.choice(_TOGETHER)]
        bare = chance.random() < _BARE
        copy = joined([unpunctuated(tree) for tree in some] if bare else some)
        copies.append(_as_typed(named(exchanged(copy, chance), chance), chance))
        del rest[: len(some)]
    both = [*trees, *copies]
    chance.shuffle(both)
    return both


def _as_typed(tree: Tree, chance: random.Random) -> Tree:
    draw = chance.random()
    if draw < _SHOUTED:
        return Tree(tuple(word.upper() for word in tree.words), tree.tags, tree.heads, tree.relations)
    return lowered(tree) if draw < _SHOUTED + _LOWERED else tree


def example(language: Language, tree: Tree) -> Example:
    """Return the sentence as spaCy learns from it."""
    doc = Doc(language.vocab, words=list(tree.words))
    return Example.from_dict(doc, {"tags": list(tree.tags), "heads": list(tree.heads), "deps": list(tree.relations)})


def batches(examples: Sequence[Example], words: int) -> Iterator[list[Example]]:
    """Yield examples in order, about so many words at a time."""
    batch: list[Example] = []
    size = 0
    for one in examples:
        batch.append(one)
        size += len(one.reference)
        if size >= words:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def fit(trees: Sequence[Tree], epochs: int = EPOCHS) -> Language:
    """Return a network taught on the sentences."""
    fix_random_seed(_SEED)
    chance = random.Random(_SEED)  # noqa: S311 - for an order that can be repeated
    language = blank()
    start(language, [example(language, tree) for tree in trees])
    steps = epochs * 2 * sum(len(tree.words) for tree in trees) // _BATCH_WORDS + 1
    optimizer = Adam(_FIRST_RATE, L2=0.01, grad_clip=1.0, L2_is_weight_decay=True)
    taken = 0
    for _ in range(epochs):
        taught = [example(language, tree) for tree in lessons(trees, chance)]
        for batch in batches(taught, _BATCH_WORDS):
            taken += 1
            optimizer.learn_rate = _rate(taken, steps)
            language.update(batch, drop=_DROPOUT, sgd=optimizer)
    return language


def _rate(step: int, steps: int) -> float:
    """Return the learning rate of a step: rising at first, then falling to nothing."""
    warm = min(_WARM_STEPS, steps // 10 + 1)
    return _FIRST_RATE * min(step / warm, max(0.0, (steps - step) / (steps - warm + 1)))


def figures(parser: Parser, trees: Sequence[Tree]) -> dict[str, float]:
    """Return the shares of words with the right tag (TAG), head (UAS), and head and relation (LAS); punctuation counts for TAG only."""
    words = tags = heads = whole = count = 0
    for tree, arcs in zip(trees, parser.parse([tree.words for tree in trees]), strict=True):
        for arc, tag, head, relation in zip(arcs, tree.tags, tree.heads, tree.relations, strict=True):
            words, tags = words + 1, tags + (arc.tag == tag)
            if relation != "punct":
                count, heads = count + 1, heads + (arc.head == head)
                whole += arc.head == head and arc.relation == relation
    return {"TAG": round(tags / words, 4), "UAS": round(heads / count, 4), "LAS": round(whole / count, 4)}


def train_parser(folder: Path, out: Path, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train on the treebank of `folder`, write the weights to `out` and return the card: rows, hashes, figures.

    Raises:
        ReadingError: the treebank is not there or is none.
    """
    found = {name: folder / name for name in (TRAIN, DEV)}
    for path in found.values():
        if not path.is_file():
            msg = f"the parser is trained on {path}, which is not there"
            raise ReadingError(msg)
    trees, dev = read_treebank(found[TRAIN]), read_treebank(found[DEV])
    language = fit(trees, epochs)
    card: dict[str, Any] = {
        "source": SOURCE,
        "sentences": {TRAIN: len(trees), DEV: len(dev)},
        "hashes": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()},
        "epochs": epochs,
    }
    save(language, card, out)
    parser = load(out)  # the figures are those of the weights that ship, half precision and all
    bare = [lowered(unpunctuated(tree)) for tree in dev]
    card["dev"] = {"as written": figures(parser, dev), "without capitals and punctuation": figures(parser, bare)}
    save(language, card, out)
    return card


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 with one plain line on the error stream when something cannot be used."""
    asker = argparse.ArgumentParser(prog="python -m nlp.parser_train", description="Make the weights of the parser again.")
    asker.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    asker.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    asker.add_argument("--epochs", type=int, default=EPOCHS, help="rounds over the treebank")
    asked = asker.parse_args(arguments)
    try:
        card = train_parser(asked.data, asked.out, asked.epochs)
    except (ReadingError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
