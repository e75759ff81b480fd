"""Readings keep how hostile a post is; answers are found by what they answer; one alert may be of two kinds.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column to readings, one to alerts, and two indexes to posts, of answers only."""
    with op.batch_alter_table("reading") as batch_op:
        batch_op.add_column(sa.Column("hostile", sa.Float(), nullable=True))
    with op.batch_alter_table("thread_alert") as batch_op:
        batch_op.add_column(sa.Column("also", sa.JSON(), nullable=False, server_default="[]"))
    for name in ("parent_id", "thread_id"):
        answers = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_post_{name}", "post", [name], sqlite_where=answers, postgresql_where=answers)


def downgrade() -> None:
    """Take them away again: what the columns hold can be made anew by reading."""
    for name in ("thread_id", "parent_id"):
        op.drop_index(f"ix_post_{name}", table_name="post")
    with op.batch_alter_table("thread_alert") as batch_op:
        batch_op.drop_column("also")
    with op.batch_alter_table("reading") as batch_op:
        batch_op.drop_column("hostile")
