"""What a Reader knows of the schools."""

from __future__ import annotations

from dataclasses import dataclass

from data.model.watch import School, StaffMember, WatchTerm


@dataclass(frozen=True, slots=True)
class Watched:
    """Watch terms, staff lists (for reading only), and the schools with their towns."""

    terms: tuple[WatchTerm, ...]
    staff: tuple[StaffMember, ...] = ()
    schools: tuple[School, ...] = ()
