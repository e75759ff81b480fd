"""The two files of a set of weights: a JSON card, and arrays that the card seals by their SHA-256."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from nlp.errors import ModelMismatchError, ModelMissingError


def contents(path: Path) -> bytes:
    """Return a file of weights.

    Raises:
        ModelMissingError: it is not there.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelMissingError(f"weights/{path.name}") from error


def card_of(path: Path) -> dict[str, Any]:
    """Return the card.

    Raises:
        ModelMissingError: it is not there.
        ModelMismatchError: it is no JSON object.
    """
    try:
        card = json.loads(contents(path))
    except ValueError as error:
        raise ModelMismatchError(f"weights/{path.name}", "a JSON file", "something else") from error
    if not isinstance(card, dict):
        raise ModelMismatchError(f"weights/{path.name}", "a JSON object", "something else")
    return card


def seal_of(arrays: bytes) -> str:
    """Return what a card seals its arrays with."""
    return hashlib.sha256(arrays).hexdigest()
