"""To the operator of a forum, blog, wiki or other site.

The E-Commerce (EC Directive) Regulations 2002, reg. 22, name what a notice must give to fix a host with knowledge: the sender's name and
address, the location of the information, and the nature of its unlawfulness (domain.md §3.3). All three are required here.
"""

from __future__ import annotations

from dataclasses import dataclass

from casework.notice import NoticeFacts, Rendered, about, ask, evidence_list, lines, require, signed
from data.model.cases import Route


@dataclass(frozen=True)
class SiteOperator:
    """A request to the people who run a site."""

    key: str = "site_operator"
    label: str = "Letter to the site's operator"
    route: Route = Route.SITE_OPERATOR
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
        "concerned_role",
        "unlawful_nature",
        "wish",
        "why_urgent",
    )

    def render(self, facts: NoticeFacts) -> Rendered:
        """Return the letter; raises NoticeIncompleteError naming what is missing."""
        require(facts, self.required)
        rule = (
            f"It also appears to be against your rule: {facts.rule_breached} {facts.rule_link}".strip()
            if facts.rule_breached.strip()
            else ""
        )
        body = lines(
            f"To: {facts.recipient}",
            f"We are writing from {facts.school_name} about material on your site. You may not be aware of it.",
            about(facts),
            f"Why we ask, in our view: {facts.unlawful_nature.strip()}",
            rule,
            ask(facts),
            evidence_list(facts),
            "This letter gives the sender's name and address, the location of the material and the nature of the concern, so that you can "
            "look into it yourself. We would rather settle this with you directly.",
            "Yours faithfully",
            signed(facts),
        )
        return Rendered(f"Request about material on your site, {facts.case_ref}", body)
