"""What the safe keeps besides: seals with keys, time stamps, the register's heads, uploads, how people look at pictures, backups.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

def _order() -> tuple[sa.Column, ...]:
    return (
        sa.Column("progress", sa.String(), nullable=False, server_default=""),
        sa.Column("cancel_asked_by", sa.String(), nullable=True),
        sa.Column("signals", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
    )


def _evidence() -> tuple[sa.Column, ...]:
    return (
        sa.Column("kind", sa.String(), nullable=False, server_default="page"),
        sa.Column("seal_sha256", sa.String(), nullable=False, server_default=""),
        sa.Column("seal_files", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("supplied_by", sa.String(), nullable=True),
        sa.Column("supplied_how", sa.Text(), nullable=True),
        sa.Column("supplied_at", data.columns.Utc(), nullable=True),
        sa.Column("derived_from", sa.String(), nullable=True),
    )


def upgrade() -> None:
    """Add the tables and fields."""
    for column in _order():
        op.add_column("capture_order", column)
    for column in _evidence():
        op.add_column("evidence", column)
    op.create_table(
        "seal_token",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("imprint", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("made_at", data.columns.Utc(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", data.columns.Utc(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("reply_sha256", sa.String(), nullable=True),
        sa.Column("token_at", data.columns.Utc(), nullable=True),
        sa.Column("authority_name", sa.String(), nullable=False),
        sa.Column("root_sha256", sa.String(), nullable=True),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("checked", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal_token")),
        sa.UniqueConstraint("subject", name=op.f("uq_seal_token_subject")),
    )
    op.create_index("ix_seal_token_state", "seal_token", ["state", "next_at"])
    op.create_index(op.f("ix_seal_token_case_id"), "seal_token", ["case_id"])
    op.create_table(
        "register_head",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("at", data.columns.Utc(), nullable=False),
        sa.Column("sent_at", data.columns.Utc(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", data.columns.Utc(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_head")),
    )
    op.create_table(
        "viewing_preference",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("greyscale", sa.Boolean(), nullable=False),
        sa.Column("blurred_first", sa.Boolean(), nullable=False),
        sa.Column("changed_at", data.columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["person.id"], name=op.f("fk_viewing_preference_user_id_person")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_viewing_preference")),
    )
    op.create_table(
        "backup_run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", data.columns.Utc(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_run")),
    )


def downgrade() -> None:
    """Take them away again; what they hold is lost."""
    for name in ("backup_run", "viewing_preference", "register_head", "seal_token"):
        op.drop_table(name)
    # Not in batches: those would make the tables anew, which SQLite refuses while other rows refer to them
    for column in reversed(_evidence()):
        op.drop_column("evidence", column.name)
    for column in reversed(_order()):
        op.drop_column("capture_order", column.name)
