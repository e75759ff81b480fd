"""What is known of the places where posts stand: forms, who may use them, evidence wanted, how old that knowledge is (domain.md §3.2).

# A1 B1: every platform that the policies name has a row; any other site is asked directly. # A2: nothing depends on a place being listed.
# B3: each row holds the link to the place's own rules.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from data.errors import SettingsError
from data.model.cases import CaseItem, Ground
from data.model.posts import PlatformName

STALE = timedelta(days=180)  # §3.2: the page says so when an entry was last checked longer ago


class Who(StrEnum):
    """Who may use a form."""

    ANY = "any"
    SUBJECT = "subject"
    PR = "pr"
    PR_UNDER_13 = "pr_under_13"
    REP = "rep"
    OWNER = "owner"


WHO_LABELS: dict[Who, str] = {
    Who.ANY: "anyone",
    Who.SUBJECT: "the person concerned",
    Who.PR: "a parent",
    Who.PR_UNDER_13: "a parent of a child under 13",
    Who.REP: "an authorised representative, with proof",
    Who.OWNER: "the owner of the copyright",
}


@dataclass(frozen=True)
class OwnForm:
    """A form that only some may use, or that the law provides. `forwarded`: who else learns of it; empty where nobody does."""

    title: str
    legal: bool
    who: tuple[Who, ...]
    grounds: tuple[Ground, ...]
    says: str
    forwarded: str = ""

    @property
    def personal(self) -> bool:
        """Whether the school may not file it: the person concerned, a parent or a representative does (policy A19)."""
        return not {Who.ANY, Who.OWNER} & set(self.who)

    @property
    def who_says(self) -> str:
        """Who may use it, in words."""
        return " or ".join(WHO_LABELS[who] for who in self.who)


@dataclass(frozen=True)
class PlatformRow:
    """What is known of one platform's reporting form; forms move, so every row says when it was last checked and from where."""

    platform: PlatformName
    label: str
    form_link: str
    who: str
    evidence: str
    notes: str
    checked_on: date | None  # None: written from general knowledge, not compared with a source yet
    source: str
    name: str = ""
    hosts: tuple[str, ...] = ()  # a place known by its host
    rules: str = ""
    ways: tuple[OwnForm, ...] = ()
    not_a_takedown: str = ""

    def doubt(self, today: date) -> str | None:
        """Return why the row should be trusted less: never checked, or longer ago than 180 days."""
        if self.checked_on is None:
            return "nobody has checked this platform's form yet; look for it in the platform's help pages"
        if today - self.checked_on > STALE:
            return f"this platform's form was last checked on {self.checked_on:%d %b %Y}; it may have moved"
        return None


def load(text: str) -> dict[str, PlatformRow]:
    """Return the rows of `data/reference/routes.toml` by platform, or by the place's own name, given its text.

    Raises:
        SettingsError: names what is wrong.
    """
    try:
        read = tomllib.loads(text)
        rows = [_row(row, str(row["platform"])) for row in read["platform"]] + [_row(row, row["place"]) for row in read.get("place", [])]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        msg = f"routes.toml cannot be read: {error}"
        raise SettingsError(msg) from error
    return {row.name: row for row in rows}


@cache
def shipped() -> dict[str, PlatformRow]:
    """Return the rows that come with the program, read once."""
    return load(files("data.reference").joinpath("routes.toml").read_text(encoding="utf-8"))


def _row(row: Mapping[str, Any], name: str) -> PlatformRow:
    checked = row.get("checked_on")
    if checked is not None and not isinstance(checked, date):
        msg = f"{name}: checked_on must be a date"
        raise TypeError(msg)
    words = {key: str(row[key]) for key in ("label", "form_link", "who", "evidence", "notes", "source")}
    return PlatformRow(
        platform=PlatformName(str(row["platform"])),
        checked_on=checked,
        name=name,
        hosts=tuple(row.get("hosts", ())),
        rules=str(row.get("rules", "")),
        ways=tuple(_own_form(one) for one in row.get("ways", ())),
        not_a_takedown=str(row.get("not_a_takedown", "")),
        **words,
    )


def _own_form(row: Mapping[str, Any]) -> OwnForm:
    return OwnForm(
        title=row["title"],
        legal={"legal": True, "personal": False}[row["kind"]],
        who=tuple(Who(one) for one in row["who"]),
        grounds=tuple(Ground(one) for one in row["grounds"]),
        says=row["says"],
        forwarded=row.get("forwarded", ""),
    )


def row_of(item: CaseItem, rows: Mapping[str, PlatformRow]) -> PlatformRow | None:
    """Return the row for an item: of the place that its host names, else of its platform; None where nothing is known."""
    host = hostname(item.address)
    by_host = (row for row in rows.values() if any(host == one or host.endswith(f".{one}") for one in row.hosts))
    return next(by_host, None) or rows.get(item.platform)


def hostname(address: str) -> str:
    """Return the host alone, in lower case, without port or user; empty when there is none."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def host_of(address: str) -> str:
    """Return the host of an address with its port if unusual, or `the site` when it has none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "the site"
    return parts.netloc.rpartition("@")[2] or "the site"
