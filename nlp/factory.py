"""Making a scorer known to spaCy under its versioned name.

spaCy refuses a dot in a factory name (its error E853), so «schoolwatch.threat.v1» stands there as «schoolwatch_threat_v1»; pipeline.cfg,
scores and stored readings use the name with dots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from spacy.language import Language
from spacy.tokens import Doc

Scorer = Callable[[Doc], Doc]
Scorers = Callable[[Sequence[Doc]], None]


def spacy_name(name: str) -> str:
    """Return the scorer's name as spaCy takes it."""
    return name.replace(".", "_")


def register(name: str, scorer: Scorer) -> None:
    """Make the scorer known; a second one of the same name is refused by spaCy (its error E004)."""

    def create(nlp: Language, name: str) -> Scorer:  # noqa: ARG001 - spaCy names these arguments and looks for them
        return scorer

    Language.factory(spacy_name(name), func=create)


class Together:
    """A scorer that takes less time for many posts at once; spaCy may hand it one Doc or a stream of them."""

    def __init__(self, scorers: Scorers) -> None:
        """Take what scores several Docs."""
        self._scorers = scorers

    def __call__(self, doc: Doc) -> Doc:
        """Score one Doc and return it."""
        self._scorers([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int) -> Iterator[Doc]:
        """Score the Docs of a stream, so many at once, and yield them in their order."""
        rest = iter(stream)
        while some := list(islice(rest, batch_size)):
            self._scorers(some)
            yield from some


def register_together(name: str, scorers: Scorers) -> None:
    """Make known what scores many Docs at once, as `register` does with what scores one."""
    register(name, Together(scorers))
