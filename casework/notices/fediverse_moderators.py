"""To the moderators of a Mastodon or other fediverse server: they act on their own server's rules."""

from __future__ import annotations

from dataclasses import dataclass

from casework.notice import NoticeFacts, Rendered, about, ask, evidence_list, lines, require, signed
from data.model.cases import Route


@dataclass(frozen=True)
class FediverseModerators:
    """A report to the moderators of the server on which the account lives."""

    key: str = "fediverse_moderators"
    label: str = "Report to the server's moderators"
    route: Route = Route.FEDIVERSE_MODERATORS
    required: tuple[str, ...] = (
        "case_ref",
        "school_name",
        "school_address",
        "reply_mailbox",
        "sender_role",
        "capacity",
        "recipient",
        "addresses",
        "seen_at",
        "what_it_is",
        "rule_breached|unlawful_nature",
        "concerned_role",
        "wish",
        "why_urgent",
    )

    def render(self, facts: NoticeFacts) -> Rendered:
        """Return the report; raises NoticeIncompleteError naming what is missing."""
        require(facts, self.required)
        rule = f"Server rule: {facts.rule_breached.strip()} {facts.rule_link}".strip() if facts.rule_breached.strip() else ""
        body = lines(
            f"To: {facts.recipient}",
            f"We are writing from {facts.school_name}. We ask you to look at a post on your server.",
            about(facts),
            rule,
            f"Why we ask, in our view: {facts.unlawful_nature.strip()}" if facts.unlawful_nature.strip() else "",
            ask(facts),
            "If other servers received copies, please let the deletion go out to them as well.",
            evidence_list(facts),
            "Thank you for your time.",
            signed(facts),
        )
        return Rendered(f"Report of a post on your server, {facts.case_ref}", body)
