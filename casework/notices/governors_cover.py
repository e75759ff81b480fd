"""The cover of the governors' report: period, who prepared and approved it, counts only (domain.md §7.4, §9)."""

from __future__ import annotations

from casework.notice import Ask, LetterTemplate, details_of, plain, text
from data.model.people import Permission

COVER = LetterTemplate(
    key="governors_report",
    label="Cover of the governors' report",
    subject="Report to the governors",
    opening="{school}: harmful public posts and what was done. Counts only; no person, address or quotation is in this report.",
    says=(
        details_of("About this report", ("Period", "period"), ("Prepared by", "prepared_by"), ("Approved by", "approved_by")),
        details_of("To note", ("Remarks", "remarks")),
        plain("Counts of one or two are not shown, nor whatever would let them be worked out."),
    ),
    permission=Permission.SEE_COUNTS,
    required=("school_name", "school_address", "reply_mailbox"),
    asks=(
        Ask("period", "the period", "autumn term 2026", past_dates=True),
        Ask("prepared_by", "who prepared it (role)", "the safeguarding lead"),
        Ask("approved_by", "who approved it (role)", "the headteacher"),
        text("remarks", "remarks", "", needed=False),
    ),
    head_approves=True,
    of_case=False,
)
