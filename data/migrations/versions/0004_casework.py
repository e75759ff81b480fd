"""What casework keeps besides: seriousness, referrals, support, letters, policies, the rota and its outbox, retention.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    "network_lookup",
    "retention_consent",
    "retention_run",
    "tombstone",
    "case_tally",
    "away",
    "governors_report",
    "legal_hold",
    "message",
    "on_call",
    "policy",
    "policy_trigger",
    "retention_setting",
    "school_closure",
    "subject_request",
    "way",
    "yearly_check",
    "disclosure",
    "investigation",
    "letter",
    "personal_filing",
    "referral",
    "seriousness",
    "support_offer",
    "item_print",
    "print_key",
    "found_copy",
)

# A case's history, and the oldest part of the audit log, may go once a tombstone says so (domain.md section 8); nothing else may.
_BURIED = {
    "case_event": "EXISTS (SELECT 1 FROM tombstone t WHERE t.kind = 'case_file' AND t.record_id = OLD.case_id)",
    "audit_event": "EXISTS (SELECT 1 FROM tombstone t WHERE t.kind = 'audit_event' AND CAST(t.record_id AS BIGINT) >= OLD.number)",
}


def _let_the_buried_go() -> None:
    for log, is_buried in _BURIED.items():
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {log}_no_delete")
            refuse = f"SELECT RAISE(ABORT, '{log} is append-only')"
            op.execute(f"CREATE TRIGGER {log}_no_delete BEFORE DELETE ON {log} WHEN NOT {is_buried} BEGIN {refuse}; END")
        else:
            op.execute(f"DROP TRIGGER {log}_append_only ON {log}")
            op.execute(
                f"CREATE FUNCTION {log}_goes_when_buried() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {is_buried} THEN RETURN OLD; END IF; RAISE EXCEPTION '{log} is append-only'; END $$"
            )
            op.execute(f"CREATE TRIGGER {log}_no_update BEFORE UPDATE ON {log} FOR EACH ROW EXECUTE FUNCTION append_only()")
            op.execute(f"CREATE TRIGGER {log}_no_delete BEFORE DELETE ON {log} FOR EACH ROW EXECUTE FUNCTION {log}_goes_when_buried()")


def _let_nothing_go() -> None:
    for log in _BURIED:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {log}_no_delete")
            op.execute(f"CREATE TRIGGER {log}_no_delete BEFORE DELETE ON {log} BEGIN SELECT RAISE(ABORT, '{log} is append-only'); END")
        else:
            op.execute(f"DROP TRIGGER {log}_no_update ON {log}")
            op.execute(f"DROP TRIGGER {log}_no_delete ON {log}")
            op.execute(f"DROP FUNCTION {log}_goes_when_buried()")
            op.execute(f"CREATE TRIGGER {log}_append_only BEFORE UPDATE OR DELETE ON {log} FOR EACH ROW EXECUTE FUNCTION append_only()")


def upgrade() -> None:
    """Add the tables, and columns to cases and requests."""
    op.create_table(
        "network_lookup",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("contacts", sa.JSON(), nullable=False),
        sa.Column("network", sa.String(), nullable=True),
        sa.Column("not_applicable", sa.Text(), nullable=True),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("looked_by", sa.String(), nullable=False),
        sa.Column("looked_at", data.columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_lookup")),
    )
    with op.batch_alter_table("network_lookup") as batch_op:
        batch_op.create_index("ix_network_lookup_host", ["host", "looked_at"], unique=False)

    op.create_table(
        "retention_consent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("second", sa.String(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", data.columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_consent")),
    )
    op.create_table(
        "retention_run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", data.columns.Utc(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("gone", sa.JSON(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("waiting", sa.JSON(), nullable=False),
        sa.Column("finished_at", data.columns.Utc(), nullable=True),
        sa.Column("compacted_at", data.columns.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    op.create_table(
        "case_tally",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("platforms", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("met_gross", sa.Boolean(), nullable=True),
        sa.Column("met_net", sa.Boolean(), nullable=True),
        sa.Column("missed_reason", sa.String(), nullable=True),
        sa.Column("minutes_to_request", sa.Integer(), nullable=True),
        sa.Column("minutes_to_removal", sa.Integer(), nullable=True),
        sa.Column("routes", sa.JSON(), nullable=False),
        sa.Column("referrals", sa.JSON(), nullable=False),
        sa.Column("came_back", sa.Boolean(), nullable=False),
        sa.Column("filed_personally", sa.Boolean(), nullable=False),
        sa.Column("support_in_time", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_case_tally_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_tally")),
    )
    with op.batch_alter_table("case_tally") as batch_op:
        batch_op.create_index(batch_op.f("ix_case_tally_school_id"), ["school_id"], unique=False)
    op.create_table(
        "tombstone",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("gone_at", data.columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstone")),
    )
    with op.batch_alter_table("tombstone") as batch_op:
        batch_op.create_index("ix_tombstone_record", ["kind", "record_id"], unique=False)

    op.create_table(
        "away",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("starts_at", data.columns.Utc(), nullable=False),
        sa.Column("ends_at", data.columns.Utc(), nullable=False),
        sa.Column("cover_user_id", sa.String(), nullable=True),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", data.columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_away_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_away")),
    )
    with op.batch_alter_table("away") as batch_op:
        batch_op.create_index(batch_op.f("ix_away_school_id"), ["school_id"], unique=False)

    op.create_table(
        "governors_report",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", data.columns.Utc(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", data.columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_governors_report_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_governors_report")),
    )
    with op.batch_alter_table("governors_report") as batch_op:
        batch_op.create_index(batch_op.f("ix_governors_report_school_id"), ["school_id"], unique=False)

    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", data.columns.Utc(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_at", data.columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_legal_hold_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    with op.batch_alter_table("legal_hold") as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_hold_school_id"), ["school_id"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("matter", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("finding_id", sa.String(), nullable=True),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("way_id", sa.String(), nullable=True),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", data.columns.Utc(), nullable=False),
        sa.Column("not_before", data.columns.Utc(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried_at", data.columns.Utc(), nullable=True),
        sa.Column("taken_by", sa.String(), nullable=True),
        sa.Column("sent_at", data.columns.Utc(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("settled_at", data.columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_message_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("key", name=op.f("uq_message_key")),
    )
    with op.batch_alter_table("message") as batch_op:
        batch_op.create_index(batch_op.f("ix_message_school_id"), ["school_id"], unique=False)
        batch_op.create_index("ix_message_matter", ["matter"], unique=False)
        batch_op.create_index("ix_message_person", ["user_id", "made_at"], unique=False)
        batch_op.create_index("ix_message_state", ["state", "not_before"], unique=False)

    op.create_table(
        "on_call",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("starts_at", data.columns.Utc(), nullable=False),
        sa.Column("ends_at", data.columns.Utc(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", data.columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_on_call_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call")),
    )
    with op.batch_alter_table("on_call") as batch_op:
        batch_op.create_index(batch_op.f("ix_on_call_school_id"), ["school_id"], unique=False)

    op.create_table(
        "policy",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("next_review_on", sa.Date(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("unions_consulted", sa.Boolean(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", data.columns.Utc(), nullable=False),
        sa.Column("replaced_at", data.columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_policy_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
    )
    with op.batch_alter_table("policy") as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_school_id"), ["school_id"], unique=False)

    op.create_table(
        "policy_trigger",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", data.columns.Utc(), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("settled_at", data.columns.Utc(), nullable=True),
        sa.Column("settled_how", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_policy_trigger_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_trigger")),
    )
    with op.batch_alter_table("policy_trigger") as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_trigger_school_id"), ["school_id"], unique=False)

    op.create_table(
        "retention_setting",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", data.columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_retention_setting_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_setting")),
    )
    with op.batch_alter_table("retention_setting") as batch_op:
        batch_op.create_index(batch_op.f("ix_retention_setting_school_id"), ["school_id"], unique=False)

    op.create_table(
        "school_closure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", data.columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_school_closure_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_closure")),
    )
    with op.batch_alter_table("school_closure") as batch_op:
        batch_op.create_index(batch_op.f("ix_school_closure_school_id"), ["school_id"], unique=False)

    op.create_table(
        "subject_request",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("received_at", data.columns.Utc(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", data.columns.Utc(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_subject_request_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_request")),
    )
    with op.batch_alter_table("subject_request") as batch_op:
        batch_op.create_index(batch_op.f("ix_subject_request_school_id"), ["school_id"], unique=False)

    op.create_table(
        "way",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", data.columns.Utc(), nullable=False),
        sa.Column("worked_at", data.columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_way_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_way")),
    )
    with op.batch_alter_table("way") as batch_op:
        batch_op.create_index(batch_op.f("ix_way_user_id"), ["user_id"], unique=False)

    op.create_table(
        "yearly_check",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("confirmed_at", data.columns.Utc(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_yearly_check_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_yearly_check")),
    )
    with op.batch_alter_table("yearly_check") as batch_op:
        batch_op.create_index(batch_op.f("ix_yearly_check_school_id"), ["school_id"], unique=False)

    op.create_table(
        "disclosure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("to_whom", sa.String(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", data.columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_disclosure_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
    )
    with op.batch_alter_table("disclosure") as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_case_id"), ["case_id"], unique=False)

    op.create_table(
        "investigation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", data.columns.Utc(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_kind", sa.String(), nullable=False),
        sa.Column("source_person", sa.String(), nullable=True),
        sa.Column("source_note", sa.Text(), nullable=True),
        sa.Column("source_by", sa.String(), nullable=True),
        sa.Column("source_at", data.columns.Utc(), nullable=True),
        sa.Column("procedure_reference", sa.String(), nullable=True),
        sa.Column("closed_at", data.columns.Utc(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_investigation_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_investigation")),
    )
    with op.batch_alter_table("investigation") as batch_op:
        batch_op.create_index(batch_op.f("ix_investigation_case_id"), ["case_id"], unique=False)

    op.create_table(
        "letter",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("drafted_by", sa.String(), nullable=False),
        sa.Column("drafted_at", data.columns.Utc(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", data.columns.Utc(), nullable=True),
        sa.Column("refused_by", sa.String(), nullable=True),
        sa.Column("refused_at", data.columns.Utc(), nullable=True),
        sa.Column("refused_why", sa.Text(), nullable=True),
        sa.Column("sent_at", data.columns.Utc(), nullable=True),
        sa.Column("sent_by", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_letter_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    with op.batch_alter_table("letter") as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_case_id"), ["case_id"], unique=False)

    op.create_table(
        "personal_filing",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("supporter", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reply_by", data.columns.Utc(), nullable=True),
        sa.Column("offered_by", sa.String(), nullable=False),
        sa.Column("offered_at", data.columns.Utc(), nullable=False),
        sa.Column("pack_at", data.columns.Utc(), nullable=True),
        sa.Column("pack_sha256", sa.String(), nullable=True),
        sa.Column("filed_at", data.columns.Utc(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("answered_at", data.columns.Utc(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("declined_at", data.columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_personal_filing_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_filing")),
    )
    with op.batch_alter_table("personal_filing") as batch_op:
        batch_op.create_index(batch_op.f("ix_personal_filing_case_id"), ["case_id"], unique=False)

    op.create_table(
        "referral",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", data.columns.Utc(), nullable=False),
        sa.Column("consent", sa.String(), nullable=False),
        sa.Column("consent_person", sa.String(), nullable=True),
        sa.Column("consent_asked_at", data.columns.Utc(), nullable=True),
        sa.Column("consent_at", data.columns.Utc(), nullable=True),
        sa.Column("consent_how", sa.String(), nullable=True),
        sa.Column("override", sa.String(), nullable=True),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.Column("override_by", sa.String(), nullable=True),
        sa.Column("override_second", sa.String(), nullable=True),
        sa.Column("override_at", data.columns.Utc(), nullable=True),
        sa.Column("offence_tags", sa.JSON(), nullable=False),
        sa.Column("made_at", data.columns.Utc(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("force", sa.String(), nullable=True),
        sa.Column("officer", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outcome_at", data.columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_referral_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    with op.batch_alter_table("referral") as batch_op:
        batch_op.create_index(batch_op.f("ix_referral_case_id"), ["case_id"], unique=False)

    op.create_table(
        "seriousness",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("measured", sa.JSON(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("override", sa.String(), nullable=True),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", data.columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_seriousness_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seriousness")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_seriousness_case_id_version")),
    )
    with op.batch_alter_table("seriousness") as batch_op:
        batch_op.create_index(batch_op.f("ix_seriousness_case_id"), ["case_id"], unique=False)

    op.create_table(
        "support_offer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("offered_by", sa.String(), nullable=False),
        sa.Column("offered_at", data.columns.Utc(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_at", data.columns.Utc(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_support_offer_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_offer")),
    )
    with op.batch_alter_table("support_offer") as batch_op:
        batch_op.create_index(batch_op.f("ix_support_offer_case_id"), ["case_id"], unique=False)
    with op.batch_alter_table("takedown_request") as batch_op:
        batch_op.add_column(sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("acknowledged_at", data.columns.Utc(), nullable=True))
        batch_op.add_column(sa.Column("promised_by", data.columns.Utc(), nullable=True))
        batch_op.add_column(sa.Column("decision", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("decided_at", data.columns.Utc(), nullable=True))
        batch_op.add_column(sa.Column("appeal_by", data.columns.Utc(), nullable=True))
    with op.batch_alter_table("case_file") as batch_op:
        batch_op.add_column(sa.Column("missed_reason", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("missed_note", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("transferred_at", data.columns.Utc(), nullable=True))
        batch_op.add_column(sa.Column("transfer_reference", sa.String(), nullable=True))
    op.create_table(
        "item_print",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("author", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("grams", sa.JSON(), nullable=False),
        sa.Column("signs", sa.JSON(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("made_at", data.columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_print")),
    )
    with op.batch_alter_table("item_print") as batch_op:
        batch_op.create_index(batch_op.f("ix_item_print_case_id"), ["case_id"], unique=False)
    op.create_table(
        "print_key",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("print_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", "print_id", name=op.f("pk_print_key")),
    )
    with op.batch_alter_table("print_key") as batch_op:
        batch_op.create_index(batch_op.f("ix_print_key_print_id"), ["print_id"], unique=False)
    op.create_table(
        "found_copy",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("match", sa.String(), nullable=False),
        sa.Column("likeness", sa.Float(), nullable=False),
        sa.Column("same_author", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("finding_id", sa.String(), nullable=True),
        sa.Column("found_at", data.columns.Utc(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("at", data.columns.Utc(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("linked_case_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_found_copy")),
        sa.UniqueConstraint("post_id", "school_id", name=op.f("uq_found_copy_post_id_school_id")),
    )
    with op.batch_alter_table("found_copy") as batch_op:
        batch_op.create_index(batch_op.f("ix_found_copy_case_id"), ["case_id"], unique=False)
    with op.batch_alter_table("removal_check") as batch_op:
        batch_op.add_column(sa.Column("retry_at", data.columns.Utc(), nullable=True))
    _let_the_buried_go()


def downgrade() -> None:
    """Take them away again; what they hold is lost."""
    _let_nothing_go()
    # Not in batches: those would make the tables anew, which SQLite refuses while other rows refer to them
    op.drop_column("removal_check", "retry_at")
    for name in ("transfer_reference", "transferred_at", "missed_note", "missed_reason"):
        op.drop_column("case_file", name)
    for name in ("appeal_by", "decided_at", "decision", "promised_by", "acknowledged_at", "details"):
        op.drop_column("takedown_request", name)
    for name in reversed(TABLES):
        op.drop_table(name)
