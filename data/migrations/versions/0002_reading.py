"""Readings keep namesakes and gravity; posts that belong together, schools' own thresholds.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns to readings, and the tables for threads and tunings."""
    with op.batch_alter_table("reading") as batch_op:
        batch_op.add_column(sa.Column("namesakes", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("gravity", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "thread_alert",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("post_ids", sa.JSON(), nullable=False),
        sa.Column("since", data.columns.Utc(), nullable=False),
        sa.Column("until", data.columns.Utc(), nullable=False),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("gaps", sa.JSON(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("found_at", data.columns.Utc(), nullable=False),
        sa.Column("changed_at", data.columns.Utc(), nullable=False),
        sa.Column("set_aside_by", sa.String(), nullable=True),
        sa.Column("set_aside_at", data.columns.Utc(), nullable=True),
        sa.Column("set_aside_why", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_thread_alert_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_alert")),
    )
    op.create_index("ix_thread_alert_school_id", "thread_alert", ["school_id"])
    op.create_table(
        "tuning",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("head", sa.String(), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("phrase", sa.String(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("made_at", data.columns.Utc(), nullable=False),
        sa.Column("back_test", sa.JSON(), nullable=False),
        sa.Column("live_at", data.columns.Utc(), nullable=True),
        sa.Column("expires_at", data.columns.Utc(), nullable=False),
        sa.Column("ended_at", data.columns.Utc(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_tuning_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tuning")),
    )
    op.create_index("ix_tuning_school_id", "tuning", ["school_id"])


def downgrade() -> None:
    """Take the tables and columns away again: what they hold can be made anew from posts, but tunings are lost."""
    op.drop_table("tuning")
    op.drop_table("thread_alert")
    with op.batch_alter_table("reading") as batch_op:
        batch_op.drop_column("gravity")
        batch_op.drop_column("namesakes")
