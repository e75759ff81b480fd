"""To the moderators of a Mastodon or other fediverse server: they act on their own server's rules (A18)."""

from __future__ import annotations

from casework.notice import BASE, Template, nature, plain
from data.model.cases import Route

NOTICE = Template(
    key="fediverse_moderators",
    label="Report to the server's moderators",
    route=Route.FEDIVERSE_MODERATORS,
    subject="Report of a post on your server",
    opening="We are writing from {school}. We ask you to look at a post on your server.",
    says=(nature, plain("If other servers received copies, please let the deletion go out to them as well.")),
    closing="Thank you for your time.",
    required=(*BASE, "rule_breached|unlawful_nature"),
)
