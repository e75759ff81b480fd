"""To a platform's own reporting form: the text that a person pastes there, one report for each address."""

from __future__ import annotations

from dataclasses import dataclass

from casework.notice import NoticeFacts, Rendered, about, ask, evidence_list, lines, require, signed
from data.model.cases import Route


@dataclass(frozen=True)
class PlatformForm:
    """The words for a platform's form, and the link to it."""

    key: str = "platform_form"
    label: str = "Text for the platform's form"
    route: Route = Route.PLATFORM_FORM
    required: tuple[str, ...] = (
        "case_ref",
        "school_name",
        "school_address",
        "reply_mailbox",
        "sender_role",
        "capacity",
        "recipient",
        "platform",
        "form_link",
        "addresses",
        "seen_at",
        "what_it_is",
        "rule_breached|unlawful_nature",
        "concerned_role",
        "wish",
        "why_urgent",
    )

    def render(self, facts: NoticeFacts) -> Rendered:
        """Return the text for the form; raises NoticeIncompleteError naming what is missing."""
        require(facts, self.required)
        rule = f"Rule: {facts.rule_breached.strip()} {facts.rule_link}".strip() if facts.rule_breached.strip() else ""
        body = lines(
            f"To: {facts.recipient} (form: {facts.form_link})",
            f"{facts.school_name} asks {facts.platform} to review the following.",
            about(facts),
            rule,
            f"Why we ask, in our view: {facts.unlawful_nature.strip()}" if facts.unlawful_nature.strip() else "",
            ask(facts),
            evidence_list(facts),
            signed(facts),
        )
        return Rendered(f"Report to {facts.platform}, {facts.case_ref}", body)
