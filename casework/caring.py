"""What people do around a case (A15, A17, A19, A22, A23, A27): seriousness, referrals, support, investigation, personal filings."""

from __future__ import annotations

from casework.room import Room


class Caring(Room):
    """Verbs of this part."""
