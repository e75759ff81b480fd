"""The same questions for every notice in NOTICES."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from casework.errors import NoticeIncompleteError
from casework.notice import NOTICE_LABELS, AskKind, Notice, NoticeFacts, Wording, check_wording
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
# The law asks the complainant to say why a statement "is defamatory of" them: said of them, never as the school's finding
THEIR_WORDS = "why the complainant says that it is defamatory of them"


def filled(notice: Notice) -> NoticeFacts:
    """Return the facts with an answer to each of the template's own asks: its example, its first choice, its box ticked."""
    return replace(FACTS, details={one.key: True if one.kind is AskKind.TICK else one.example for one in notice.asks})


THREATS = ("sue", "solicitor", "court", "legal action", "criminal", "defamatory", "libel", "illegal", "damages", "must", "demand")


@EVERY
def test_filled_notice_says_everything_that_is_asked_for(notice: Notice) -> None:
    """Case number, address of the item, school's address, capacity, times in London and UTC, what is asked, evidence list."""
    body = notice.render(filled(notice)).body

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
    assert FACTS.case_ref in notice.render(filled(notice)).subject


@EVERY
def test_notice_threatens_nobody_and_draws_no_legal_conclusion(notice: Notice) -> None:
    """Plain and factual words only (domain.md §9)."""
    words = f" {notice.render(filled(notice)).body.lower()} ".replace(THEIR_WORDS, "")

    assert [threat for threat in THREATS if f" {threat} " in words] == []


@EVERY
def test_every_required_field_is_named_when_it_is_missing(notice: Notice) -> None:
    """Each required field, emptied alone, is refused by its own name; emptied together, all are named at once."""
    for names in notice.required:
        empty = {name: () if name == "addresses" else (None if name == "seen_at" else " ") for name in names.split("|")}
        with pytest.raises(NoticeIncompleteError) as refused:
            notice.render(replace(filled(notice), **empty))  # type: ignore[arg-type]
        assert refused.value.fields == (NOTICE_LABELS[names],)


@EVERY
def test_every_answer_that_is_needed_is_named_when_it_is_missing(notice: Notice) -> None:
    """Each of the template's own asks, left empty alone, is refused by its own words; all together, all are named."""
    for one in [one for one in notice.asks if one.needed]:
        with pytest.raises(NoticeIncompleteError) as refused:
            notice.render(replace(FACTS, details={**filled(notice).details, one.key: False if one.kind is AskKind.TICK else "  "}))
        assert refused.value.fields == (one.label,)
    if any(one.needed for one in notice.asks):
        with pytest.raises(NoticeIncompleteError) as refused:
            notice.render(FACTS)
        assert refused.value.fields == tuple(one.label for one in notice.asks if one.needed)


@EVERY
def test_what_was_written_in_answer_stands_in_the_notice(notice: Notice) -> None:
    """No field is asked for nothing: what it says is in the notice, but for what the school alone has to know."""
    own_record = {"known_by", "reviewed_by", "who"}
    written = [one for one in notice.asks if one.kind is not AskKind.TICK and one.key not in own_record]
    facts = filled(notice)

    body = notice.render(facts).body

    assert [one.key for one in written if facts.said(one.key) not in body] == []


@EVERY
def test_consents_start_as_no_and_examples_pass_the_guard(notice: Notice) -> None:
    """What the form shows as an example may be sent itself; a box that is no confirmation is not needed."""
    answers = filled(notice).details
    wording = Wording(what_it_is=FACTS.what_it_is, details=answers)

    check_wording(wording, now=NOW, school_address=FACTS.school_address, school_name=FACTS.school_name, asks=notice.asks)

    assert not any(one.needed for one in notice.asks if one.key.startswith("consent"))


@EVERY
def test_notice_stands_in_the_table_under_its_own_key(notice: Notice) -> None:
    """The table's key is the notice's key, and its route leads back to it."""
    assert NOTICES[notice.key] is notice
    assert notice_for(notice.route) is notice


@EVERY
def test_amending_is_asked_for_when_that_is_the_wish(notice: Notice) -> None:
    """Amended or removed are both a success; the wish is said (policy A18)."""
    assert "amend it so that" in notice.render(replace(filled(notice), wish="amend")).body


def test_every_route_has_its_notice() -> None:
    """No way can be proposed for which nothing can be written."""
    assert {notice.route for notice in NOTICES.values()} == set(Route)


def test_site_operator_notice_holds_what_regulation_22_names() -> None:
    """Sender's name and address, location, nature: each is required in the letter to a site's operator."""
    assert {"school_name", "school_address", "addresses", "unlawful_nature"} <= set(NOTICES["site_operator"].required)
