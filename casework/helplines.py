"""The bodies that a matter may be put to: what each takes and does not take, when and how it is reached (domain.md §2.10)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from casework.places import STALE
from data.errors import SettingsError

_WORDS = ("code", "name", "takes", "not_takes", "who", "source")
_MAYBE = ("hours", "telephone", "mail", "link")


@dataclass(frozen=True)
class Body:
    """One body, in our own words; empty where there is nothing to say."""

    code: str
    name: str
    takes: str
    not_takes: str
    who: str
    source: str
    hours: str = ""
    telephone: str = ""
    mail: str = ""
    link: str = ""
    checked_on: date | None = None

    def doubt(self, today: date) -> str | None:
        """Return why the row should be trusted less: never checked, or longer ago than 180 days."""
        if self.checked_on is None:
            return "nobody has compared this entry with its source yet; look on its own website first"
        if today - self.checked_on > STALE:
            return f"this entry was last checked on {self.checked_on:%d %b %Y}; numbers and hours may have changed"
        return None

    @property
    def reach(self) -> str:
        """How it is reached, on one line."""
        return " · ".join(one for one in (self.telephone, self.mail, self.hours) if one)


def load(text: str) -> dict[str, Body]:
    """Return the bodies by code, given the text of `data/reference/helplines.toml`; raises SettingsError."""
    try:
        rows = tomllib.loads(text)["body"]
        return {row["code"]: Body(**{name: row[name] for name in _WORDS}, **_maybe(row)) for row in rows}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        msg = f"helplines.toml cannot be read: {error}"
        raise SettingsError(msg) from error


def _maybe(row: Mapping[str, Any]) -> dict[str, Any]:
    checked = row.get("checked_on")
    if checked is not None and not isinstance(checked, date):
        msg = f"{row.get('code')}: checked_on must be a date"
        raise TypeError(msg)
    return {name: row[name] for name in _MAYBE if name in row} | {"checked_on": checked}


@cache
def shipped() -> dict[str, Body]:
    """Return the bodies that come with the program."""
    return load(files("data.reference").joinpath("helplines.toml").read_text(encoding="utf-8"))
