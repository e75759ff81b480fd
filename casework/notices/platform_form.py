"""To a platform's own reporting form: the text that a person pastes there, one report for each address (policy A18, A21; domain.md §9)."""

from __future__ import annotations

from casework.notice import BASE, Template
from data.model.cases import Route

NOTICE = Template(
    key="platform_form",
    label="Text for the platform's form",
    route=Route.PLATFORM_FORM,
    subject="Report to {platform}",
    opening="{school} asks {platform} to review the following.",
    required=(*BASE, "platform", "form_link", "rule_breached|unlawful_nature"),
    to_form=True,
)
