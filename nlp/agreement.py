"""How far two labellers agree: Cohen's kappa for each label and for severity, over the posts that both have labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp import measures
from nlp.labelled import HARM_LABELS, LABELS, BadFileError, check_row, read_posts, rows

SECOND = "second"  # the folder with the second labels
_NEEDED: dict[str, type] = {"id": str, "labels": list, "severity": int}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one labeller says of one post."""

    labels: frozenset[str]
    severity: int

    @property
    def is_harm(self) -> bool:
        """Whether one of the labels is a harm."""
        return not self.labels.isdisjoint(HARM_LABELS)


def agreement(folder: Path) -> dict[str, Any]:
    """Return the agreement between `folder`/*.jsonl and `folder`/second/*.jsonl.

    Raises:
        BadFileError: a file cannot be used, there are no second labels, or one names a post that is not there.
    """
    first = {post.id: Verdict(frozenset(post.labels), post.severity) for post in read_posts(sorted(folder.glob("*.jsonl")))}
    paths = sorted((folder / SECOND).glob("*.jsonl"))
    if not paths:
        raise BadFileError(folder / SECOND, None, "there are no second labels here")
    second = _second(paths, frozenset(first))
    pairs = [(first[name], verdict) for name, verdict in second.items()]
    return {"posts": len(first), "labelled_twice": len(pairs), **_figures(pairs), "disagreed": _disagreed(first, second)}


def _second(paths: Sequence[Path], known: frozenset[str]) -> dict[str, Verdict]:
    verdicts: dict[str, Verdict] = {}
    for path in paths:
        for number, row in rows(path):
            check_row(path, number, row, _NEEDED)
            if row["id"] not in known:
                raise BadFileError(path, number, f"'{row['id']}' is no post of the first labeller")
            if row["id"] in verdicts:
                raise BadFileError(path, number, f"the id '{row['id']}' comes twice")
            verdicts[row["id"]] = Verdict(frozenset(row["labels"]), row["severity"])
    return verdicts


def _figures(pairs: Sequence[tuple[Verdict, Verdict]]) -> dict[str, Any]:
    one, other = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return {
        "same_labels": sum(a.labels == b.labels for a, b in pairs) / len(pairs) if pairs else None,
        "any_harm": measures.kappa([verdict.is_harm for verdict in one], [verdict.is_harm for verdict in other]),
        "labels": {label: _label(one, other, label) for label in LABELS},
        "severity": {
            "kappa": measures.kappa([verdict.severity for verdict in one], [verdict.severity for verdict in other]),
            "weighted_kappa": measures.weighted_kappa([verdict.severity for verdict in one], [verdict.severity for verdict in other]),
        },
    }


def _label(one: Sequence[Verdict], other: Sequence[Verdict], label: str) -> dict[str, Any]:
    first, second = [label in verdict.labels for verdict in one], [label in verdict.labels for verdict in other]
    return {"first": sum(first), "second": sum(second), "kappa": measures.kappa(first, second)}


def _disagreed(first: dict[str, Verdict], second: dict[str, Verdict]) -> dict[str, Any]:
    """Return the ids to settle: those where one says harm and the other none, and those with other labels."""
    harm = [name for name, verdict in second.items() if verdict.is_harm != first[name].is_harm]
    labels = [name for name, verdict in second.items() if verdict.labels != first[name].labels]
    return {"on_harm": harm, "on_labels": len(labels)}
