"""Whether a sentence encoder would pay: the heads with and without its vectors, on tests/gold. To be offered it must add 0.02 AUC.

Three steps, since an encoder needs packages that Schoolwatch does not have:

    python -m benchmarks.encoder texts --data ../shared/datasets --out TEXTS.json
    python benchmarks/encoder.py encode --texts TEXTS.json --model FOLDER --out VECTORS.npy    (where torch and transformers are installed)
    python -m benchmarks.encoder judge --data ../shared/datasets --vectors VECTORS.npy

Training is as in nlp.train; the vectors are further inputs of the linear heads and of the network. Any harm is told by its own head,
without the second layer, which is the same for both.
"""

from __future__ import annotations

import argparse
import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

GOLD = Path(__file__).resolve().parents[1] / "tests" / "gold"
_SYMBOLS, _BATCH, _PIECES = "\u2190", 32, 200


def all_lessons(folder: Path) -> tuple[list[Any], list[Any]]:
    """Return the training posts and the judging posts, as the heads see them."""
    from nlp.train import CORPUS, lessons, sources

    taught = [lesson for posts, terms in sources(folder, CORPUS) for lesson in lessons(posts, terms)]
    judged = [lesson for posts in sorted(GOLD.glob("g*.jsonl")) for lesson in lessons(posts, posts.with_name(f"{posts.stem}.terms.json"))]
    return taught, judged


def encode(texts: list[str], folder: str) -> npt.NDArray[Any]:
    """Return one vector of length 1 a text: the mean over its pieces; emoji are named in words, which the encoder does not know else."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    pieces, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    told = ["".join(char if char < _SYMBOLS else f" {unicodedata.name(char, '').lower()} " for char in text) for text in texts]
    order = sorted(range(len(told)), key=lambda place: len(told[place]))
    found: dict[int, Any] = {}
    with torch.no_grad():
        for first in range(0, len(order), _BATCH):
            places = order[first : first + _BATCH]
            batch = pieces([told[place] for place in places], padding=True, truncation=True, max_length=_PIECES, return_tensors="pt")
            mask = batch["attention_mask"][..., None]
            mean = (model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
            found |= dict(zip(places, torch.nn.functional.normalize(mean).numpy(), strict=True))
    return np.stack([found[place] for place in range(len(told))])


def judge(folder: Path, vectors: npt.NDArray[Any]) -> dict[str, Any]:
    """Return AUC and average precision of any harm on tests/gold, without and with the vectors."""
    from scipy.sparse import csr_matrix, hstack
    from threadpoolctl import threadpool_limits

    from nlp import measures
    from nlp.heads import HEADS
    from nlp.network_train import trained
    from nlp.train import matrix, pairs_of, straight, truths, vocabulary_of

    taught, judged = all_lessons(folder)
    vocabulary, right = vocabulary_of(taught), truths(taught)
    plain = matrix(vocabulary, taught), matrix(vocabulary, judged)
    extra = csr_matrix(vectors[: len(taught)]), csr_matrix(vectors[len(taught) :])
    more = tuple(hstack(both, format="csr") for both in zip(plain, extra, strict=True))
    harm, answers = HEADS.index("any_harm"), [lesson.post.is_harm for lesson in judged]
    figures = {}
    with threadpool_limits(1):
        for name, (inputs, asked) in (("without", plain), ("with", more)):
            weights, constant = straight(inputs, right[:, harm], pairs_of(taught))
            entry, exits = trained(inputs, right.astype(np.float32))
            units = np.maximum(asked.astype(np.float32) @ entry.weights + entry.bias, 0)
            raw = ((asked @ weights + constant + (units @ exits.weights + exits.bias)[:, harm]) / 2).tolist()
            figures[name] = {
                "auc": round(measures.auc(raw, answers) or 0, 4),
                "ap": round(measures.average_precision(raw, answers) or 0, 4),
            }
    return figures


def main() -> int:
    """Run one of the three steps."""
    parser = argparse.ArgumentParser(description="Would a sentence encoder pay?")
    parser.add_argument("step", choices=("texts", "encode", "judge"))
    for name in ("data", "out", "texts", "vectors"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--model")
    asked = parser.parse_args()
    if asked.step == "texts":
        asked.out.write_text(json.dumps([lesson.post.text for some in all_lessons(asked.data) for lesson in some]), encoding="utf-8")
    elif asked.step == "encode":
        np.save(asked.out, encode(json.loads(asked.texts.read_text(encoding="utf-8")), asked.model))
    else:
        sys.stdout.write(json.dumps(judge(asked.data, np.load(asked.vectors)), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
