"""The notices that may be written: an explicit table, one file each; no notice knows another."""

from __future__ import annotations

from casework.notice import Notice
from casework.notices.fediverse_moderators import FediverseModerators
from casework.notices.platform_form import PlatformForm
from casework.notices.site_operator import SiteOperator
from data.model.cases import Route

NOTICES: dict[str, Notice] = {
    "site_operator": SiteOperator(),
    "fediverse_moderators": FediverseModerators(),
    "platform_form": PlatformForm(),
}


def notice_for(route: Route) -> Notice:
    """Return the notice that goes by a route."""
    return next(notice for notice in NOTICES.values() if notice.route is route)
