"""Every error that Schoolwatch raises on purpose.

SchoolwatchError
├─ SettingsError
├─ CollectError      SourceUnavailableError · RateLimitedError · LoginWallError · NotPublicError · UnreadablePageError
├─ ReadingError      ModelMissingError · ModelMismatchError
├─ EvidenceError     CaptureFailedError · CaptureForbiddenError · SealBrokenError · CustodyBrokenError
├─ CaseError         IllegalMoveError · EvidenceMissingError · GroundMissingError · NoticeIncompleteError · AlreadyDecidedError
├─ AccountError      NotAuthorisedError
├─ PermissionDeniedError
└─ StoreError        NotFoundError · ConflictError · MigrationNeededError

The shared branches stand here; each room's own leaves stand in its `errors.py`. A docstring is the default message.
No message holds post text or a person's name.
"""

from __future__ import annotations


class SchoolwatchError(Exception):
    """Something in Schoolwatch did not go as it should."""

    def __init__(self, message: str | None = None) -> None:
        """Take `message`, or fall back to the class's docstring."""
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class SettingsError(SchoolwatchError):
    """A setting is missing or wrong."""


class CollectError(SchoolwatchError):
    """A public place could not be read."""


class ReadingError(SchoolwatchError):
    """A post could not be scored."""


class EvidenceError(SchoolwatchError):
    """Evidence could not be made or checked."""


class CaseError(SchoolwatchError):
    """A step in a case was refused."""


class AccountError(SchoolwatchError):
    """A step with an official account was refused."""


class PermissionDeniedError(SchoolwatchError):
    """You are not allowed to do this here."""

    def __init__(self, user_id: str, permission: str) -> None:
        """Name the user by id and the permission that is missing."""
        self.user_id, self.permission = user_id, permission
        super().__init__(f"user {user_id} may not '{permission}' here; ask the headteacher or the person who manages users")


class StoreError(SchoolwatchError):
    """The database refused."""


_KINDS = {
    "case_file": "case",
    "case_item": "address in a case",
    "finding": "flagged post",
    "kept_post": "post",
    "personal_filing": "report of a person's own",
    "takedown_request": "request",
    "user": "person",
    "watch_term": "word to watch for",
}
_MOST_OF_AN_ID = 60  # what was asked for may be a page long


class NotFoundError(StoreError):
    """No such record."""

    def __init__(self, kind: str, record_id: object) -> None:
        """Name what was looked for, in plain words and not by the table's name, and the beginning of its id."""
        self.kind, self.record_id = kind, record_id
        self.what = _KINDS.get(kind, kind.replace("_", " "))
        told = "".join(sign for sign in str(record_id) if sign.isprintable())
        super().__init__(f"there is no {self.what} '{told[:_MOST_OF_AN_ID]}'")


class ConflictError(StoreError):
    """Someone else changed this record in the meantime; open it again and repeat the step."""


class MigrationNeededError(StoreError):
    """The database is of another version; run `schoolwatch migrate`."""
