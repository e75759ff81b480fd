"""The one strict reader for what a worker says of a page: a page can bend what is measured of it, so each value is tried before it counts.

Numbers are finite and kept within what can be, texts hold no half characters (lone surrogates are shown as `[U+D800]`), lists and records
have the shape that we know; whatever has another is left out and named in the notes, so that the capture counts as incomplete. Unknown
keys go.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["BENT", "MOST_SOURCE", "count_of", "facts_of", "is_sound_json", "settled_of", "strict_json", "whole_text"]

MOST_SOURCE = 2_000_000  # bytes of a page's source as received; reading that takes some seconds
BENT = "what was measured of the page makes no sense and was left out"
_HALF = re.compile("[\ud800-\udfff]")
_LONGEST, _LONGEST_ADDRESS, _MOST = 4_000, 8_000, 500  # characters of a text, of an address; entries of a list
_MOST_PIXELS, _MOST_THINGS, _MOST_BYTES, _MOST_SECONDS = 10_000_000, 1_000_000, 2**50, 86_400
_LAST_STATUS = 999

Reader = Callable[[object], Any]


class _BentError(ValueError):
    """A value is not what it must be."""


def strict_json(content: bytes | str) -> Any:
    """Return what JSON says; raises ValueError for broken JSON, for numbers that are none (NaN, Infinity), and for endless nesting."""
    try:
        return json.loads(content, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise _BentError("nested too deep") from error


def _refuse(name: str) -> float:
    raise _BentError(f"{name} is no number")


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise _BentError("endless number")  # 1e999
    return number


def is_sound_json(content: bytes) -> bool:
    """Whether each line that is not empty, or else the whole, is JSON with real numbers only."""
    try:
        strict_json(content)
    except ValueError:
        return _are_sound_lines(content)
    return True


def _are_sound_lines(content: bytes) -> bool:
    try:
        for line in content.splitlines():
            strict_json(line)
    except ValueError:
        return False
    return True


def whole_text(text: str) -> str:
    """Return the text with half characters shown as `[U+D800]`: they can be kept in no file and no database."""
    return _HALF.sub(lambda half: f"[U+{ord(half[0]):04X}]", text)


def _text(most: int = _LONGEST) -> Reader:
    def read(value: object) -> str:
        if not isinstance(value, str):
            raise _BentError("no text")
        return whole_text(value[:most])

    return read


def _whole(most: int, least: int = 0) -> Reader:
    def read(value: object) -> int:
        return int(_between(value, least, most))

    return read


def _number(most: float, least: float = 0) -> Reader:
    def read(value: object) -> float:
        return _between(value, least, most)

    return read


def _between(value: object, least: float, most: float) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _BentError("no number")
    return min(max(value, least), most)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _BentError("neither yes nor no")
    return value


def _maybe(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


def _list(reader: Reader) -> Reader:
    def read(value: object) -> list[Any]:
        if not isinstance(value, list):
            raise _BentError("no list")
        return [reader(one) for one in value[:_MOST]]

    return read


def _record(shape: Mapping[str, Reader]) -> Reader:
    def read(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _BentError("no record")
        return {name: reader(value[name]) for name, reader in shape.items() if name in value}

    return read


def _headers(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _BentError("no headers")
    short = _text()
    return {short(name): short(said) for name, said in list(value.items())[:_MOST]}


_PIXELS, _COUNT, _SECONDS, _PLACE = _whole(_MOST_PIXELS), _whole(_MOST_THINGS), _number(_MOST_SECONDS), _number(_MOST_PIXELS, -_MOST_PIXELS)
_BOX = dict.fromkeys(("x", "y", "w", "h"), _PLACE)
_REFUSED = dict.fromkeys(("dialogs", "leaving", "popups", "downloads", "prints", "permissions"), _COUNT)
_SETTLED = _record({"images": _COUNT, "loaded": _COUNT, "height": _PIXELS, "width": _PIXELS, "dark_scheme": _flag})
_SETTINGS = _record(
    {
        "viewport": _record({"width": _PIXELS, "height": _PIXELS}),
        "device_scale_factor": _number(10),
        "color_scheme": _text(),
        "reduced_motion": _text(),
        "locale": _text(),
        "timezone_id": _text(),
    }
)
_TLS = _record({"issuer": _text(), "protocol": _text(), "subjectName": _text(), "validFrom": _number(1e12), "validTo": _number(1e12)})
_SHAPES: dict[str, Reader] = _REFUSED | {
    "settings": _SETTINGS,
    "sandbox": _flag,
    "no_sandbox": _flag,
    "lowered": _flag,
    "failure": _text(),
    "start_error": _text(),
    "browser": _text(200),
    "status": _maybe(_whole(_LAST_STATUS)),
    "final_address": _text(_LONGEST_ADDRESS),
    "hops": _list(_text(_LONGEST_ADDRESS)),
    "tls": _maybe(_TLS),
    "headers": _headers,
    "notes": _list(_text()),
    "title": _text(),
    "settled": _SETTLED,
    "text_first": _record({"kept_away": _COUNT, "seconds": _SECONDS, "refused": _record(_REFUSED)}),
    "refused": _flag,
    "done": _flag,
    "capped": _flag,
    "exchanges": _COUNT,
    "bodies_missing": _COUNT,
    "answers_not_listed": _COUNT,
    "image_hashes": _COUNT,
    "post_found": _flag,
    "post_whole": _flag,
    "post_in_frame": _flag,
    "post_picture": _record(dict.fromkeys(("x", "y", "width", "height"), _PLACE)),
    "hidden": _list(_record({name: _text(200) for name in ("tag", "id", "class", "position", "text")} | _BOX)),
    "tries": _COUNT,
    "seconds": _SECONDS,
    "traffic": _whole(_MOST_BYTES),
    "refused_connections": _COUNT,
    "over_limit": _flag,
}


def facts_of(content: bytes) -> dict[str, Any]:
    """Return a worker's facts, each in the shape that we know; what is bent is left out and named in `notes`. Empty for no facts at all."""
    try:
        said = strict_json(content)
    except ValueError:
        return {"notes": [BENT]}
    return _known(said) if isinstance(said, dict) else {"notes": [BENT]}


def _known(said: Mapping[str, object]) -> dict[str, Any]:
    found, bent = dict[str, Any](), list[str]()
    for name, reader in _SHAPES.items():
        try:
            found |= {name: reader(said[name])} if name in said else {}
        except _BentError:
            bent.append(name)
    if bent:
        found["notes"] = [*found.get("notes", ()), f"{BENT} ({', '.join(bent)})"]
    return found


def count_of(found: object) -> int:
    """Return a count as a page gives it, 0 when it is none."""
    try:
        return int(_COUNT(found))
    except _BentError:
        return 0


def settled_of(found: object) -> dict[str, Any]:
    """Return what was measured of a settled page, in the shape that we know; raises ValueError when it has another."""
    settled: dict[str, Any] = _SETTLED(found)
    return settled
