"""On the case page: how long this case is kept, whether its file has a copy, and a legal hold."""

from __future__ import annotations

import streamlit as st

from casework import retention
from casework.retention import RULES, RuleKey
from dashboard.parts import times
from dashboard.parts.bench import Bench
from dashboard.parts.keeping_forms import hold_form, transfer_form
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import one_line
from data.model.people import Permission

_BY_TRANSFER = frozenset({RuleKey.CHILD, RuleKey.ABUSE, RuleKey.STAFF})


def may_keep(bench: Bench) -> bool:
    """Whether the person has a say in how long this case is kept."""
    return bench.may(Permission.CLOSE) or bench.may(Permission.MANAGE_RETENTION)


def keeping(bench: Bench) -> None:
    """Draw the rule for this case, the transfer where one is needed, and the form for a hold."""
    case, key = bench.case, retention.rule_for(bench.case)
    rule = RULES[key]
    muted(f"{rule.what}. The time counts from the day it was {rule.since}: {rule.why}.")
    if key in _BY_TRANSFER and case.transferred_at is None:
        transfer_form(bench.desk, bench.user, case, case.id)
    if case.transferred_at is not None:
        st.text(
            f"The file has its copy: {one_line(case.transfer_reference or 'no reference', 200)}, {times.uk(case.transferred_at, bench.now)}"
        )
    if bench.user.may(Permission.MANAGE_RETENTION, case.school_id):
        st.markdown("**Legal hold**")
        hold_form(bench.desk, bench.user, case, case.id)
