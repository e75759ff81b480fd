"""The notices and letters that may be written: two explicit tables.

No file of this folder knows another; each holds one template or a family of them.
"""

from __future__ import annotations

from casework.notice import Letter, Notice
from casework.notices import (
    account_owner,
    author_letter,
    behind_the_site,
    complainant_pack,
    copyright_notice,
    delisting,
    fediverse_moderators,
    gdpr_erasure,
    governors_cover,
    group_moderators,
    helplines,
    impersonation,
    platform_form,
    public_words,
    referral_sheets,
    section_5,
    site_operator,
    updates,
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
LETTERS: dict[str, Letter] = {
    letter.key: letter
    for letter in (
        referral_sheets.POLICE,
        referral_sheets.LADO,
        referral_sheets.CEOP,
        referral_sheets.IWF,
        updates.STAFF,
        updates.PARENT,
        updates.ALL_PARENTS,
        public_words.REPLY,
        public_words.WIKIPEDIA,
        governors_cover.COVER,
    )
}


def notice_for(route: Route) -> Notice:
    """Return the notice that goes by a route."""
    return next(notice for notice in NOTICES.values() if notice.route is route)
