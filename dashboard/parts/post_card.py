"""One frame for a post: source line, text as text, why it was flagged. Nothing in it is read as markup and nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from dashboard.parts import times
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import masked, one_line, visible
from data.model.findings import Finding, Report
from data.model.posts import PlatformName, Post, PostVersion
from data.model.readings import Category, Severity, Span

THREATS = frozenset({Category.THREAT_TO_LIFE, Category.VIOLENCE_INCITEMENT, Category.VIOLENCE_INTIMIDATION})
AT_ONCE = 3_000  # characters shown before "the rest"
MOST_REASONS, MOST_SPANS = 12, 8  # shown; and words for each
_NAMES = {
    PlatformName.X: "X",
    PlatformName.TIKTOK: "TikTok",
    PlatformName.YOUTUBE: "YouTube",
    PlatformName.LINKEDIN: "LinkedIn",
    PlatformName.WHATSAPP: "WhatsApp",
    PlatformName.GOOGLE_PLUS: "Google+",
    PlatformName.OTHER_WEB: "Web page",
}


def platform_label(platform: PlatformName) -> str:
    """Return a platform's name as people write it."""
    return _NAMES.get(platform, platform.value.replace("_", " ").capitalize())


def first_line(post: Post | None, report: Report | None, longest: int = 140) -> str:
    """Return the line by which a list shows a flagged post."""
    if post is not None:
        return one_line(post.text, longest) or "(no words, only media)"
    return one_line(report.says, longest) if report is not None else "(no text)"


def post_card(post: Post, now: datetime, *, stop: bool = False, finding: Finding | None = None, key: str = "post") -> None:
    """Draw a post. In a STOP case the address is masked and stands alone as text for the police or the IWF, on demand."""
    with st.container(border=True):
        st.text(_source_line(post, now))
        if _wanted(finding, key):
            _words(post, finding, key)
        _media_line(post)
        address_line(post.address, stop=stop, key=key)


def _wanted(finding: Finding | None, key: str) -> bool:
    """Whether the words may stand there: those of a grave threat only after a warning and a click, so that nobody meets them unprepared."""
    if finding is None or finding.severity < Severity.S3 or finding.lead_category not in THREATS:
        return True
    st.warning("These words threaten somebody. They can be hard to read.", icon=":material/warning:")
    return st.toggle("Show the words (threat)", key=f"{key}-threat")


def _words(post: Post, finding: Finding | None, key: str) -> None:
    _text(visible(post.text), key)
    if post.text_cut:
        muted("The text was longer than we keep; the rest is at the source.")
    if finding is not None:
        highlights(post.text, finding.highlights)


def _source_line(post: Post, now: datetime) -> str:
    author = one_line(post.author_handle or post.author_name or "author unknown", 60)
    claimed = f"posted {times.uk(post.created_at, now)} (as claimed)" if post.created_at else "time of posting unknown"
    return f"{platform_label(post.platform)} · {author} · {claimed} · seen by us {times.both(post.first_seen_at, now)}"


def _text(text: str, key: str) -> None:
    if len(text) <= AT_ONCE:
        st.text(text or "(no words, only media)")
        return
    st.text(f"{text[:AT_ONCE]}…")
    if st.toggle(f"Show all {len(text):,} characters", key=f"{key}-all"):
        st.code(text, language=None, wrap_lines=True, height=420)


def _media_line(post: Post) -> None:
    if post.media:
        count = f"{len(post.media)} picture or film" if len(post.media) == 1 else f"{len(post.media)} pictures or films"
        muted(f":material/hide_image: {count} at the source. Not shown and not fetched here.")


def address_line(address: str, *, stop: bool, key: str) -> None:
    """Draw an address to be copied; of what was stopped masked, and whole only on demand, without a button that copies it."""
    if not stop:
        muted("Address (to copy; opening it may tell its author that somebody looked)")
        st.code(address, language=None, wrap_lines=True)
        return
    st.text(f"Address kept: {masked(address)}")
    if st.toggle("Show the whole address, to read it to the police or the IWF", key=f"{key}-address"):
        st.text(visible(address))


def highlights(text: str, spans: Sequence[Span]) -> None:
    """List the words that drove the flag, each with its reason."""
    by_reason: dict[str, list[str]] = {}
    for span in dict.fromkeys(spans):
        by_reason.setdefault(one_line(span.why, 120), []).append(one_line(text[span.start : span.end], 80))
    if not by_reason:
        return
    muted("Words that drove this")
    for why, found in list(by_reason.items())[:MOST_REASONS]:
        words = ", ".join(f"“{one}”" for one in dict.fromkeys(found[:MOST_SPANS]) if one)
        st.text(": ".join(part for part in (words, why) if part))
    if len(by_reason) > MOST_REASONS:
        muted(f"and {len(by_reason) - MOST_REASONS} more")


def earlier_versions(versions: Sequence[PostVersion], now: datetime) -> None:
    """Show what the post said before it was edited."""
    if not versions:
        return
    with st.expander(f"It was edited: {len(versions)} earlier text{'s' if len(versions) > 1 else ''} kept", icon=":material/history:"):
        for one in sorted(versions, key=lambda version: version.version, reverse=True):
            muted(f"Version {one.version}, last seen {times.uk(one.seen_at, now)}")
            st.code(visible(one.text), language=None, wrap_lines=True)


def report_card(report: Report, now: datetime, *, stop: bool = False) -> None:
    """Draw a report by a person, in the same frame."""
    with st.container(border=True):
        who = one_line(report.reporter, 80) if report.reporter else "somebody who gave no name"
        st.text(f"Reported by {who} · {times.both(report.reported_at, now)} · receipt {report.receipt}")
        st.text(visible(report.says))
        if report.concerns:
            st.text(f"Concerns: {one_line(report.concerns, 200)}")
        st.text(f"Hopes that: {report.wish.value.replace('_', ' ')}")
        if report.address:
            address_line(report.address, stop=stop, key=f"report-{report.id}")
        else:
            st.text("No web address was given.")
