"""Making a scorer known to spaCy under its versioned name.

spaCy refuses a dot in a factory name (its error E853), so «schoolwatch.threat.v1» stands there as «schoolwatch_threat_v1»; pipeline.cfg,
scores and stored readings use the name with dots.
"""

from __future__ import annotations

from collections.abc import Callable

from spacy.language import Language
from spacy.tokens import Doc

Scorer = Callable[[Doc], Doc]


def spacy_name(name: str) -> str:
    """Return the scorer's name as spaCy takes it."""
    return name.replace(".", "_")


def register(name: str, scorer: Scorer) -> None:
    """Make the scorer known; a second one of the same name is refused by spaCy (its error E004)."""

    def create(nlp: Language, name: str) -> Scorer:  # noqa: ARG001 - spaCy names these arguments and looks for them
        return scorer

    Language.factory(spacy_name(name), func=create)
