"""Readings keep how hostile a post is at somebody; answers are found by what they answer.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column to readings and two indexes to posts, of answers only."""
    with op.batch_alter_table("reading") as batch_op:
        batch_op.add_column(sa.Column("hostile", sa.Float(), nullable=True))
    for name in ("parent_id", "thread_id"):
        answers = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_post_{name}", "post", [name], sqlite_where=answers, postgresql_where=answers)


def downgrade() -> None:
    """Take them away again: the column can be made anew by reading."""
    for name in ("thread_id", "parent_id"):
        op.drop_index(f"ix_post_{name}", table_name="post")
    with op.batch_alter_table("reading") as batch_op:
        batch_op.drop_column("hostile")
