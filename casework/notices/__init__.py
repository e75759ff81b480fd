"""The notices that may be written: an explicit table. No file of this folder knows another; each holds one template or a family of them."""

from __future__ import annotations

from casework.notice import Notice
from casework.notices import (
    account_owner,
    author_letter,
    behind_the_site,
    complainant_pack,
    copyright_notice,
    delisting,
    fediverse_moderators,
    gdpr_erasure,
    group_moderators,
    helplines,
    impersonation,
    platform_form,
    section_5,
    site_operator,
)
from data.model.cases import Route

NOTICES: dict[str, Notice] = {
    notice.key: notice
    for notice in (
        site_operator.NOTICE,
        fediverse_moderators.NOTICE,
        platform_form.NOTICE,
        group_moderators.NOTICE,
        author_letter.NOTICE,
        account_owner.NOTICE,
        section_5.NOTICE,
        gdpr_erasure.NOTICE,
        impersonation.NOTICE,
        copyright_notice.NOTICE,
        complainant_pack.NOTICE,
        helplines.POSH,
        helplines.RHC,
        behind_the_site.HOST,
        behind_the_site.CDN,
        behind_the_site.REGISTRAR,
        delisting.SEARCH,
        delisting.ARCHIVE,
    )
}


def notice_for(route: Route) -> Notice:
    """Return the notice that goes by a route."""
    return next(notice for notice in NOTICES.values() if notice.route is route)
