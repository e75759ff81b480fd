"""What may go wrong when posts are read.

ReadingError
├─ ModelMissingError(what)
└─ ModelMismatchError(what, expected, found)
"""

from __future__ import annotations

from data.errors import ReadingError


class ModelMissingError(ReadingError):
    """A file that the reading pipeline needs is not there."""

    def __init__(self, what: str) -> None:
        """Name the missing part and the mend."""
        self.what = what
        super().__init__(f"the reading pipeline needs '{what}', which is not there; install Schoolwatch again or correct pipeline.cfg")


class ModelMismatchError(ReadingError):
    """A part of the reading pipeline is of another version than its configuration."""

    def __init__(self, what: str, expected: str, found: str) -> None:
        """Name the part, what was expected and what was found."""
        self.what, self.expected, self.found = what, expected, found
        super().__init__(f"'{what}' in the reading pipeline should be {expected} but is {found}; correct pipeline.cfg or install again")


__all__ = ["ModelMismatchError", "ModelMissingError", "ReadingError"]
