"""To the people who look after a group, page, channel or subforum: a polite request, no rule or law needed (§3.1 step 6)."""

from __future__ import annotations

from casework.notice import Ask, Template, detail, nature
from data.model.cases import Route
from data.model.readings import Category

NOTICE = Template(
    key="group_moderators",
    label="Message to the group's moderators",
    route=Route.GROUP_MODERATORS,
    subject="A request about a post in your group",
    opening="We are writing from {school} to the people who look after this group. You may not have seen the post, or not know the people.",
    says=(detail("Group", "group"), nature),
    closing="We do not ask you to stop anybody from criticising the school. Thank you for looking after the group.",
    asks=(Ask("group", "the group, page or channel, as it calls itself", "Fernley Green Neighbours"),),
    not_for=frozenset({Category.THREAT_TO_LIFE, Category.GROOMING, Category.STALKING}),
    warnings=("Whoever moderates the group may know the person who posted it: write nothing that they may not read.",),
    may_be_forwarded=True,
)
