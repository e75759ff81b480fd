"""What the front door refuses.

SchoolwatchError
├─ SignInRefusedError · PasswordTooWeakError
├─ BackupError               no backup was made; nothing half-written is left
├─ RestoreError              a backup cannot be read, or cannot be laid out there
└─ NotReadyError(missing)
"""

from __future__ import annotations

from data.errors import SchoolwatchError


class SignInRefusedError(SchoolwatchError):
    """The user name or the password is not right."""


class PasswordTooWeakError(SchoolwatchError):
    """A password needs at least 12 characters and must not hold the user name."""


class BackupError(SchoolwatchError):
    """No backup was made."""


class RestoreError(SchoolwatchError):
    """The backup cannot be restored."""


class NotReadyError(SchoolwatchError):
    """Collectors refuse to run until the privacy notice and the DPIA are recorded."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        """Name what is missing."""
        self.missing = missing
        super().__init__("nothing is collected yet: " + "; ".join(missing))
