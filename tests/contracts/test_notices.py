"""The same questions for every notice in NOTICES."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from casework.errors import NoticeIncompleteError
from casework.notice import NOTICE_LABELS, Notice, NoticeFacts
from casework.notices import NOTICES, notice_for
from data.model.cases import Route

NOW = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)
FACTS = NoticeFacts(
    case_ref="SW-2026-0007",
    now=NOW,
    school_name="Fernley Green Primary School",
    school_address="Orchard Lane, Fernley Green FG1 2AB",
    reply_mailbox="office@fernley-green.example",
    sender_role="Designated Safeguarding Lead",
    capacity="a representative of the school",
    recipient="the operator of forum.example.org",
    platform="Example Forum",
    addresses=("https://forum.example.org/t/12#post-3",),
    seen_at=NOW,
    what_it_is="A post that appears to say a member of staff took money.",
    concerned_role="a teacher",
    wish="remove",
    why_urgent="It is being copied.",
    requested_by=NOW + timedelta(hours=24),
    rule_breached="Be civil",
    rule_link="https://forum.example.org/rules",
    unlawful_nature="It states a grave wrong as a fact about a person who can be recognised.",
    form_link="https://forum.example.org/report",
    evidence=("page.html of SW-2026-0007-E1 (abababababab)",),
)
EVERY = pytest.mark.parametrize("notice", NOTICES.values(), ids=list(NOTICES))
THREATS = ("sue", "solicitor", "court", "legal action", "criminal", "defamatory", "libel", "illegal", "damages", "must", "demand")


@EVERY
def test_filled_notice_says_everything_that_is_asked_for(notice: Notice) -> None:
    """Case number, address of the item, school's address, capacity, times in London and UTC, what is asked, evidence list."""
    body = notice.render(FACTS).body

    wanted = [
        FACTS.case_ref,
        *FACTS.addresses,
        FACTS.school_address,
        FACTS.reply_mailbox,
        FACTS.capacity,
        FACTS.sender_role,
        FACTS.what_it_is,
    ]
    assert [word for word in wanted if word not in body] == []
    assert "13:00 BST (12:00 UTC)" in body
    assert "within 24 hours" in body
    assert FACTS.evidence[0] in body
    assert FACTS.case_ref in notice.render(FACTS).subject


@EVERY
def test_notice_threatens_nobody_and_draws_no_legal_conclusion(notice: Notice) -> None:
    """Plain and factual words only (domain.md §9)."""
    words = f" {notice.render(FACTS).body.lower()} "

    assert [threat for threat in THREATS if f" {threat} " in words] == []


@EVERY
def test_every_required_field_is_named_when_it_is_missing(notice: Notice) -> None:
    """Each required field, emptied alone, is refused by its own name; emptied together, all are named at once."""
    for names in notice.required:
        empty = {name: () if name == "addresses" else (None if name == "seen_at" else " ") for name in names.split("|")}
        with pytest.raises(NoticeIncompleteError) as refused:
            notice.render(replace(FACTS, **empty))  # type: ignore[arg-type]
        assert refused.value.fields == (NOTICE_LABELS[names],)


@EVERY
def test_notice_stands_in_the_table_under_its_own_key(notice: Notice) -> None:
    """The table's key is the notice's key, and its route leads back to it."""
    assert NOTICES[notice.key] is notice
    assert notice_for(notice.route) is notice


@EVERY
def test_amending_is_asked_for_when_that_is_the_wish(notice: Notice) -> None:
    """Amended or removed are both a success; the wish is said (policy A18)."""
    assert "amend it so that" in notice.render(replace(FACTS, wish="amend")).body


def test_every_route_has_its_notice() -> None:
    """No way can be proposed for which nothing can be written."""
    assert {notice.route for notice in NOTICES.values()} == set(Route)


def test_site_operator_notice_holds_what_regulation_22_names() -> None:
    """Sender's name and address, location, nature: each is required in the letter to a site's operator."""
    assert {"school_name", "school_address", "addresses", "unlawful_nature"} <= set(NOTICES["site_operator"].required)
