"""What a look-up must know besides RDAP: shields in front of sites, platforms that are their own host, shared suffixes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from data.errors import SettingsError


@dataclass(frozen=True)
class Shield:
    """A service that stands between visitors and the real host (CDN, proxy)."""

    name: str
    words: tuple[str, ...]
    form: str
    note: str


@dataclass(frozen=True)
class BigPlatform:
    """A platform that is its own host."""

    label: str
    hosts: tuple[str, ...]

    @property
    def why(self) -> str:
        """Why nobody behind it is asked."""
        return f"{self.label} is its own host: nobody behind it acts on one post. Use its own report form and its legal form, then POSH."


@dataclass(frozen=True)
class Networks:
    """The table `data/reference/networks.toml`."""

    shields: tuple[Shield, ...]
    platforms: tuple[BigPlatform, ...]
    shared: frozenset[str]

    def platform_of(self, host: str) -> BigPlatform | None:
        """Return the big platform to which a host belongs, or None."""
        return next((one for one in self.platforms if any(belongs(host, own) for own in one.hosts)), None)

    def shield_of(self, names: Iterable[str]) -> Shield | None:
        """Return the shield whose name stands in a network's name, handle or holder, or None."""
        said = " ".join(names).lower()
        return next((one for one in self.shields if any(word in said for word in one.words)), None)


def belongs(host: str, domain: str) -> bool:
    """Whether a host is the domain itself or lies below it: `notfacebook.com` does not belong to `facebook.com`."""
    return host == domain or host.endswith(f".{domain}")


def load(text: str) -> Networks:
    """Return the table, given its text; raises SettingsError."""
    try:
        read = tomllib.loads(text)
        return Networks(
            tuple(Shield(row["name"], tuple(row["words"]), row["form"], row["note"]) for row in read["cdn"]),
            tuple(BigPlatform(row["label"], tuple(row["hosts"])) for row in read["platform"]),
            frozenset(read["shared"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SettingsError(f"networks.toml cannot be read: {error}") from error


@cache
def shipped() -> Networks:
    """Return the table that comes with the program."""
    return load(files("data.reference").joinpath("networks.toml").read_text(encoding="utf-8"))
