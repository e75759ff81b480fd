"""Report something seen, by a person who is signed in; and how one's own reports stand (policy A13)."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from casework.intake import ReportForm
from dashboard.parts import notice, refusal, signed_in, times
from dashboard.parts.moment_input import moment_input
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, one_line
from dashboard.parts.report_words import DANGER, STOP_DO, STOP_NOT, STOP_TITLE, TICKS, WISHES
from data.model.findings import ReportTick, Wish
from data.model.people import Permission, User
from data.model.watch import School
from schoolwatch.desk import Desk


def show(desk: Desk, user: User) -> None:
    """Draw the form and the person's own reports."""
    st.title("Report something seen online")
    notice.show()
    with st.container(border=True):
        st.markdown("**Is someone in danger now?**")
        for line in DANGER:
            st.markdown(f"- {as_is(line)}")
    schools = [school for school in desk.schools(user) if user.may(Permission.REPORT, school.id)]
    if not schools:
        st.info("Your role does not report here. Tell the safeguarding lead.", icon=":material/info:")
        return
    _form(desk, user, schools)
    _mine(desk, user, schools)


def _form(desk: Desk, user: User, schools: list[School]) -> None:
    turn = st.session_state.setdefault("report-turn", 0)  # a sent report empties the form, a refused one stays in it
    school = schools[0]
    if len(schools) > 1:
        school = st.selectbox("School", schools, format_func=lambda one: one.name, key="report-school")
    address = st.text_input("Where is it?", key=f"report-address-{turn}", help="The web address. Leave it empty for a private message.")
    says = st.text_area("What does it say or show?", key=f"report-says-{turn}", height=140)
    concerns = st.text_input("Whom does it concern?", key=f"report-concerns-{turn}", help="A role is enough.")
    st.markdown("Tick what fits")
    ticks = [tick for tick in map(ReportTick, TICKS) if st.checkbox(TICKS[tick.value], key=f"tick-{tick.value}-{turn}")]
    if ReportTick.INDECENT_IMAGE in ticks:
        _stop()
    wish = st.radio("What do you hope for?", list(Wish), format_func=lambda one: WISHES[one.value], key=f"report-wish-{turn}")
    earlier = st.toggle("The school was told earlier than now", key=f"told-earlier-{turn}")
    told_at = moment_input("When was it told?", desk.clock.now(), f"told-at-{turn}") if earlier else None
    why = st.text_input("By whom or how?", key=f"told-why-{turn}") if earlier else ""
    pressed = st.button("Send the report", type="primary", width="stretch", key=f"report-send-{turn}")
    muted("This form takes no pictures or files.")
    if pressed:
        typed = (address or "", says or "", concerns or "", why or "")
        _send(desk, user, school, _filled(user, typed, tuple(ticks), wish or Wish.REMOVE, told_at))


def _filled(
    user: User, typed: tuple[str, str, str, str], ticks: tuple[ReportTick, ...], wish: Wish, told_at: datetime | None
) -> ReportForm:
    address, says, concerns, why = typed
    return ReportForm(
        says=says,
        address=address,
        concerns=concerns,
        ticks=ticks,
        wish=wish,
        reporter=user.name,
        reported_at=told_at,
        backdated_reason=why,
    )


def _send(desk: Desk, user: User, school: School, form: ReportForm) -> None:
    report = refusal.attempt(lambda: desk.casework.report_by(user, school.id, form))
    if report is not None:
        st.session_state["report-turn"] += 1
        notice.leave(f"The report has arrived. Receipt number {report.receipt}. The safeguarding lead sees it in the inbox.")
        st.rerun()


def _stop() -> None:
    st.error(as_is(STOP_TITLE), icon=":material/block:")
    st.markdown("**Do not**\n" + "\n".join(f"- {as_is(line)}" for line in STOP_NOT))
    st.markdown("**Do**\n" + "\n".join(f"- {as_is(line)}" for line in STOP_DO))


def _mine(desk: Desk, user: User, schools: list[School]) -> None:
    mine = desk.casework.my_reports(user, [school.id for school in schools])
    if not mine:
        return
    st.subheader("Your reports")
    now = desk.clock.now()
    for report, status in mine:
        with st.container(border=True):
            st.text(f"{report.receipt} · {times.uk(report.received_at, now)} · {one_line(report.says, 80)}")
            st.text(f"Status: {status}")


if __name__ == "__main__":
    signed_in.run(show)
