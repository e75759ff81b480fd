"""Refuses to watch until the school has said in public that it does, and has assessed it (domain.md §2.7, §2.8 "Overt")."""

from __future__ import annotations

from schoolwatch.errors import NotReadyError
from schoolwatch.settings import Settings


def missing(settings: Settings) -> tuple[str, ...]:
    """Return what is still missing before collectors may run, in plain words; empty means ready."""
    if settings.demo:
        return ()  # the demo reads only its own invented town
    gaps = {
        "the contact address that is sent to every site (contact)": settings.contact,
        "the address of the privacy notice (privacy_notice_url)": settings.privacy_notice_url,
        "the day the DPIA was signed (dpia_signed_on)": settings.dpia_signed_on,
        "who signed the DPIA (dpia_signed_by)": settings.dpia_signed_by,
    }
    return tuple(gap for gap, value in gaps.items() if not value)


def require_ready(settings: Settings) -> None:
    """Raise NotReadyError while anything is missing."""
    gaps = missing(settings)
    if gaps:
        raise NotReadyError(gaps)
