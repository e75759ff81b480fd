"""The governors' report: counts of a period, made by the safeguarding lead, approved by the head, read by governors. No names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from casework.report import Figures, as_csv
from casework.suppression import FEW, Published
from dashboard.parts import names, notice, refusal, signed_in, times
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from data.model.people import Permission, User
from data.model.policies import GovernorsReport
from data.model.watch import School
from schoolwatch.desk import Desk

TERM = timedelta(days=120)
_LONDON = ZoneInfo("Europe/London")


def show(desk: Desk, user: User) -> None:
    """Draw the reports of one school, and the form for the next one."""
    st.title("Governors' report")
    notice.show()
    schools = [one for one in desk.schools(user) if user.may(Permission.SEE_COUNTS, one.id)]
    if not schools:
        st.info("Your role does not see this page.", icon=":material/info:")
        return
    school = schools[0] if len(schools) == 1 else st.selectbox("School", schools, format_func=lambda one: one.name, key="governors-school")
    muted("Counts only: no names, no addresses, no words of any post. A count of one or two is shown as &lt;3.")
    reports = desk.casework.reports(user, [school.id])
    if user.may(Permission.CLOSE, school.id):
        with st.expander("Count a period", icon=":material/calculate:", expanded=not reports):
            _form(desk, user, school)
    if not reports:
        st.info("No report has been approved yet.", icon=":material/assessment:")
        return
    chosen = st.selectbox("Report", reports, format_func=_label, key="governors-report")
    _one(desk, user, chosen)


def _label(one: GovernorsReport) -> str:
    state = "approved" if one.approved_at else "draft"
    return f"{one.first:%d %b %Y} to {one.last:%d %b %Y} ({state}, made {one.made_at:%d %b %Y})"


def _form(desk: Desk, user: User, school: School) -> None:
    today = desk.clock.now().astimezone(_LONDON).date()
    with st.form("governors-period", border=False):
        first, last = st.columns(2)
        start = first.date_input("From", today - TERM, max_value=today, format="DD/MM/YYYY", key="governors-first")
        end = last.date_input("To", today, max_value=today, format="DD/MM/YYYY", key="governors-last")
        pressed = st.form_submit_button("Count it", type="primary", width="stretch")
    if pressed and isinstance(start, date) and isinstance(end, date):
        _then(lambda: desk.casework.make_report(user, school.id, start, end), "Counted. It is a draft until the headteacher approves it.")


def _then(act: Callable[[], object], said: str) -> None:
    if refusal.done(act):
        notice.leave(said)
        st.rerun()


def _one(desk: Desk, user: User, chosen: GovernorsReport) -> None:
    found = desk.casework.figures(user, chosen.id)
    now, known = desk.clock.now(), names.names(desk)
    if chosen.approved_at is None:
        st.warning("Draft. Governors see it once the headteacher has approved it.", icon=":material/edit_note:")
    else:
        by = names.name(known, chosen.approved_by or "")
        st.success(f"Approved by {as_is(by)}, {times.uk(chosen.approved_at, now)}.", icon=":material/task_alt:")
    _buttons(desk, user, chosen, found)
    st.metric("Cases in all", found.cases)
    for table in found.tables:
        _table(table)
    st.subheader("Single figures")
    st.dataframe({"": [label for label, _ in found.singles], "Count": [words for _, words in found.singles]}, hide_index=True)
    for note in found.notes:
        muted(as_is(note))


def _buttons(desk: Desk, user: User, chosen: GovernorsReport, found: Figures) -> None:
    is_draft = chosen.approved_at is None
    name = f"governors-{chosen.first}-{chosen.last}"
    with st.container(horizontal=True):
        approve = is_draft and user.may(Permission.APPROVE_REPORT, chosen.school_id) and st.button("Approve it", type="primary")
        drop = is_draft and user.may(Permission.CLOSE, chosen.school_id) and st.button("Delete the draft", type="tertiary")
        st.download_button("Save as CSV", as_csv(found), f"{name}.csv", "text/csv", icon=":material/download:")
        st.download_button("Save as PDF", _pdf(desk, user, chosen), f"{name}.pdf", "application/pdf", icon=":material/picture_as_pdf:")
    if approve:
        _then(lambda: desk.casework.approve_report(user, chosen.id), "Approved. Governors see it now.")
    if drop:
        _then(lambda: desk.casework.drop_report(user, chosen.id), "The draft is gone.")


def _pdf(desk: Desk, user: User, chosen: GovernorsReport) -> bytes:
    """Return the PDF; made once for each state of a report, because every click draws the page anew."""
    kept = st.session_state.setdefault("governors-pdf", {})
    key = (chosen.id, chosen.approved_at)
    if key not in kept:
        kept.clear()
        kept[key] = desk.casework.report_pdf(user, chosen.id)
    return bytes(kept[key])


def _table(table: Published) -> None:
    st.subheader(as_is(table.title))
    if not table.rows:
        muted("None.")
        return
    st.dataframe({"": [label for label, _ in table.rows], "Count": [words for _, words in table.rows]}, hide_index=True, width="stretch")
    muted(f"In all: {as_is(table.total if table.total != FEW else 'fewer than three')}")


if __name__ == "__main__":
    signed_in.run(show)
