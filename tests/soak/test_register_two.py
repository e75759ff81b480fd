"""The register under two writers: a thousand lines, none lost (evidence.md §9 row 14)."""

from __future__ import annotations

import pytest

from casework.testing import two_writers
from evidence import custody


@pytest.mark.soak
@pytest.mark.parametrize("address", ["database_url", pytest.param("postgres_url", marks=pytest.mark.postgres)])
def test_two_processes_write_a_thousand_lines(address: str, request: pytest.FixtureRequest) -> None:
    """Two processes write 500 lines each at the same time: none is lost, the chain is one."""
    names, events = two_writers(request.getfixturevalue(address), 500)
    custody.verify(events)

    assert {one.evidence_id for one in events} == names
    assert len(events) == len(names) == 1000
