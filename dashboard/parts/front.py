"""What the server's own pages share: the settings in force, the desk behind them, and whether anyone was here before."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from schoolwatch.desk import Desk, open_desk
from schoolwatch.first_start import needs_set_up
from schoolwatch.settings import Settings

_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Front:
    """The settings in force (they change once, at the first start) and the desk that they open."""

    def __init__(self, settings: Settings, opener: Callable[[Settings], Desk] = open_desk) -> None:
        self.settings, self._opener = settings, opener

    def desk(self) -> Desk:
        """Return the desk of the present settings."""
        return self._opener(self.settings)

    @property
    def is_new(self) -> bool:
        """Whether the first start is still to come."""
        return needs_set_up(self.settings)

    def knows_host(self, header: str) -> bool:
        """Whether the Host that a browser asked for is ours: a foreign name pointed at this machine is refused (DNS rebinding)."""
        if self.settings.host in _EVERYWHERE:
            return True
        public = urlsplit(self.settings.public_address or "").hostname
        asked = urlsplit(f"//{header}").hostname
        return asked in _LOOPBACK | {self.settings.host, public}
