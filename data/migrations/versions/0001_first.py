"""The first tables.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

import data.columns

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table, the search index and the triggers."""
    op.create_table('audit_event',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', data.columns.Utc(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('record_id', sa.String(), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('before', sa.String(), nullable=False),
    sa.Column('hash', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_audit_event'))
    )
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.create_index('ix_audit_event_record', ['kind', 'record_id'], unique=False)

    op.create_table('custody_event',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', data.columns.Utc(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('evidence_id', sa.String(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('before', sa.String(), nullable=False),
    sa.Column('hash', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_custody_event'))
    )
    with op.batch_alter_table('custody_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_custody_event_evidence_id'), ['evidence_id'], unique=False)

    op.create_table('person',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('username', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('roles', sa.JSON(), nullable=False),
    sa.Column('disabled', sa.Boolean(), nullable=False),
    sa.Column('must_change_password', sa.Boolean(), nullable=False),
    sa.Column('added_by', sa.String(), nullable=False),
    sa.Column('added_at', data.columns.Utc(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('username', name=op.f('uq_person_username'))
    )
    op.create_table('post',
    sa.Column('platform', sa.String(), nullable=False),
    sa.Column('native_id', sa.Text(), nullable=False),
    sa.Column('permalink', sa.Text(), nullable=False),
    sa.Column('author_id', sa.String(), nullable=True),
    sa.Column('author_handle', sa.String(), nullable=True),
    sa.Column('author_name', sa.String(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('text_cut', sa.Boolean(), nullable=False),
    sa.Column('raw_html', sa.Text(), nullable=True),
    sa.Column('lang', sa.String(), nullable=True),
    sa.Column('created_at', data.columns.Utc(), nullable=True),
    sa.Column('edited_at', data.columns.Utc(), nullable=True),
    sa.Column('parent_id', sa.String(), nullable=True),
    sa.Column('thread_id', sa.String(), nullable=True),
    sa.Column('media', sa.JSON(), nullable=False),
    sa.Column('links', sa.JSON(), nullable=False),
    sa.Column('counts', sa.JSON(), nullable=False),
    sa.Column('sensitive', sa.Boolean(), nullable=True),
    sa.Column('labels', sa.JSON(), nullable=False),
    sa.Column('raw', sa.JSON(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('source_id', sa.String(), nullable=True),
    sa.Column('first_seen_at', data.columns.Utc(), nullable=False),
    sa.Column('last_seen_at', data.columns.Utc(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('text_hash', sa.String(), nullable=False),
    sa.Column('needs_reading', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post')),
    sa.UniqueConstraint('platform', 'native_id', name=op.f('uq_post_platform_native_id'))
    )
    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.create_index('ix_post_address', ['address'], unique=False)
        batch_op.create_index('ix_post_unread', ['id'], unique=False, sqlite_where=sa.text('needs_reading'), postgresql_where=sa.text('needs_reading'))

    op.create_table('school',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('urn', sa.String(), nullable=True),
    sa.Column('town', sa.String(), nullable=True),
    sa.Column('domains', sa.JSON(), nullable=False),
    sa.Column('postal_address', sa.String(), nullable=True),
    sa.Column('reply_mailbox', sa.String(), nullable=True),
    sa.Column('report_code', sa.String(), nullable=True),
    sa.Column('added_at', data.columns.Utc(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_school')),
    sa.UniqueConstraint('report_code', name=op.f('uq_school_report_code'))
    )
    op.create_table('credential',
    sa.Column('user_id', sa.String(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('locked_until', data.columns.Utc(), nullable=True),
    sa.Column('changed_at', data.columns.Utc(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['person.id'], name=op.f('fk_credential_user_id')),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_credential'))
    )
    op.create_table('finding',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('school_id', sa.String(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=True),
    sa.Column('post_version', sa.Integer(), nullable=True),
    sa.Column('report_id', sa.String(), nullable=True),
    sa.Column('platform', sa.String(), nullable=False),
    sa.Column('severity', sa.Integer(), nullable=False),
    sa.Column('lead_category', sa.String(), nullable=False),
    sa.Column('categories', sa.JSON(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.Column('highlights', sa.JSON(), nullable=False),
    sa.Column('stop', sa.Boolean(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('seen_at', data.columns.Utc(), nullable=False),
    sa.Column('made_at', data.columns.Utc(), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_finding_post_id')),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_finding_school_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_finding')),
    sa.UniqueConstraint('post_id', 'post_version', 'school_id', name=op.f('uq_finding_post_id_post_version_school_id'))
    )
    with op.batch_alter_table('finding', schema=None) as batch_op:
        batch_op.create_index('ix_finding_report_id', ['report_id'], unique=False)

    op.create_table('post_version',
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('text_hash', sa.String(), nullable=False),
    sa.Column('seen_at', data.columns.Utc(), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_post_version_post_id')),
    sa.PrimaryKeyConstraint('post_id', 'version', name=op.f('pk_post_version'))
    )
    op.create_table('reading',
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('post_version', sa.Integer(), nullable=False),
    sa.Column('pipeline', sa.String(), nullable=False),
    sa.Column('read_at', data.columns.Utc(), nullable=False),
    sa.Column('mentions', sa.JSON(), nullable=False),
    sa.Column('scores', sa.JSON(), nullable=False),
    sa.Column('stop_cue', sa.JSON(), nullable=False),
    sa.Column('not_read', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_reading_post_id')),
    sa.PrimaryKeyConstraint('post_id', 'post_version', 'pipeline', name=op.f('pk_reading'))
    )
    op.create_table('report',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('receipt', sa.String(), nullable=False),
    sa.Column('school_id', sa.String(), nullable=False),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('says', sa.Text(), nullable=False),
    sa.Column('concerns', sa.String(), nullable=True),
    sa.Column('ticks', sa.JSON(), nullable=False),
    sa.Column('wish', sa.String(), nullable=False),
    sa.Column('platform', sa.String(), nullable=False),
    sa.Column('reporter', sa.String(), nullable=True),
    sa.Column('reporter_user_id', sa.String(), nullable=True),
    sa.Column('reported_at', data.columns.Utc(), nullable=False),
    sa.Column('received_at', data.columns.Utc(), nullable=False),
    sa.Column('backdated_reason', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_report_school_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report')),
    sa.UniqueConstraint('receipt', name=op.f('uq_report_receipt'))
    )
    with op.batch_alter_table('report', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_report_school_id'), ['school_id'], unique=False)

    op.create_table('signed_in',
    sa.Column('token_hash', sa.String(), nullable=False),
    sa.Column('user_id', sa.String(), nullable=False),
    sa.Column('started_at', data.columns.Utc(), nullable=False),
    sa.Column('last_seen_at', data.columns.Utc(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['person.id'], name=op.f('fk_signed_in_user_id')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_signed_in'))
    )
    with op.batch_alter_table('signed_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_signed_in_user_id'), ['user_id'], unique=False)

    op.create_table('source',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('school_id', sa.String(), nullable=False),
    sa.Column('adapter', sa.String(), nullable=False),
    sa.Column('platform', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('query', sa.String(), nullable=True),
    sa.Column('options', sa.JSON(), nullable=False),
    sa.Column('period_minutes', sa.Integer(), nullable=False),
    sa.Column('expected_quiet_hours', sa.Integer(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('added_by', sa.String(), nullable=False),
    sa.Column('added_at', data.columns.Utc(), nullable=False),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_source_school_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_source'))
    )
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_source_school_id'), ['school_id'], unique=False)

    op.create_table('staff_member',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('school_id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=True),
    sa.Column('user_id', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_staff_member_school_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_member'))
    )
    with op.batch_alter_table('staff_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_member_school_id'), ['school_id'], unique=False)

    op.create_table('watch_term',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('school_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('phrase', sa.String(), nullable=False),
    sa.Column('near', sa.JSON(), nullable=False),
    sa.Column('not_near', sa.JSON(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('added_by', sa.String(), nullable=False),
    sa.Column('added_at', data.columns.Utc(), nullable=False),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_watch_term_school_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_watch_term'))
    )
    with op.batch_alter_table('watch_term', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_watch_term_school_id'), ['school_id'], unique=False)

    op.create_table('case_file',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('ref', sa.String(), nullable=False),
    sa.Column('school_id', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('lead_category', sa.String(), nullable=False),
    sa.Column('severity', sa.Integer(), nullable=False),
    sa.Column('target', sa.String(), nullable=False),
    sa.Column('confidentiality', sa.String(), nullable=False),
    sa.Column('owner_id', sa.String(), nullable=False),
    sa.Column('finding_id', sa.String(), nullable=False),
    sa.Column('reuploaded_from', sa.String(), nullable=True),
    sa.Column('reporter_type', sa.String(), nullable=False),
    sa.Column('reported_at', data.columns.Utc(), nullable=True),
    sa.Column('known_at', data.columns.Utc(), nullable=False),
    sa.Column('opened_at', data.columns.Utc(), nullable=False),
    sa.Column('advice', sa.Text(), nullable=True),
    sa.Column('advice_recorded_at', data.columns.Utc(), nullable=True),
    sa.Column('stop', sa.Boolean(), nullable=False),
    sa.Column('no_capture_reason', sa.String(), nullable=True),
    sa.Column('gone_observed_at', data.columns.Utc(), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('closed_at', data.columns.Utc(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['finding_id'], ['finding.id'], name=op.f('fk_case_file_finding_id')),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_case_file_school_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_file')),
    sa.UniqueConstraint('ref', name=op.f('uq_case_file_ref'))
    )
    first = sa.text('reuploaded_from IS NULL')
    op.create_index('uq_case_file_finding_id', 'case_file', ['finding_id'], unique=True, sqlite_where=first, postgresql_where=first)
    with op.batch_alter_table('case_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_file_school_id'), ['school_id'], unique=False)

    op.create_table('decision',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('finding_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('category', sa.String(), nullable=False),
    sa.Column('severity', sa.Integer(), nullable=False),
    sa.Column('target', sa.String(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('at', data.columns.Utc(), nullable=False),
    sa.Column('case_id', sa.String(), nullable=True),
    sa.Column('undone_at', data.columns.Utc(), nullable=True),
    sa.ForeignKeyConstraint(['finding_id'], ['finding.id'], name=op.f('fk_decision_finding_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision'))
    )
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_decision_finding_id'), ['finding_id'], unique=False)

    op.create_table('source_state',
    sa.Column('source_id', sa.String(), nullable=False),
    sa.Column('health', sa.String(), nullable=False),
    sa.Column('problem', sa.String(), nullable=True),
    sa.Column('cursor', sa.Text(), nullable=True),
    sa.Column('watermark', data.columns.Utc(), nullable=True),
    sa.Column('etag', sa.String(), nullable=True),
    sa.Column('last_modified', sa.String(), nullable=True),
    sa.Column('address_now', sa.String(), nullable=True),
    sa.Column('last_polled_at', data.columns.Utc(), nullable=True),
    sa.Column('last_ok_at', data.columns.Utc(), nullable=True),
    sa.Column('last_post_at', data.columns.Utc(), nullable=True),
    sa.Column('next_poll_at', data.columns.Utc(), nullable=True),
    sa.Column('gap_from', data.columns.Utc(), nullable=True),
    sa.Column('gap_to', data.columns.Utc(), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('posts_total', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_source_state_source_id')),
    sa.PrimaryKeyConstraint('source_id', name=op.f('pk_source_state'))
    )
    op.create_table('capture_order',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('item_id', sa.String(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=True),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('answer', sa.String(), nullable=True),
    sa.Column('ordered_by', sa.String(), nullable=False),
    sa.Column('ordered_at', data.columns.Utc(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('problem', sa.String(), nullable=True),
    sa.Column('finished_at', data.columns.Utc(), nullable=True),
    sa.Column('evidence_id', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_capture_order_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_capture_order'))
    )
    with op.batch_alter_table('capture_order', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_capture_order_case_id'), ['case_id'], unique=False)
        batch_op.create_index('ix_capture_order_state', ['state', 'ordered_at'], unique=False)

    op.create_table('case_event',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', data.columns.Utc(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('before', sa.String(), nullable=True),
    sa.Column('after', sa.String(), nullable=True),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_case_event_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_event')),
    sa.UniqueConstraint('case_id', 'number', name=op.f('uq_case_event_case_id_number'))
    )
    op.create_table('case_item',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=True),
    sa.Column('report_id', sa.String(), nullable=True),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('platform', sa.String(), nullable=False),
    sa.Column('added_at', data.columns.Utc(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_case_item_case_id')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_case_item_post_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_item'))
    )
    with op.batch_alter_table('case_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_item_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_item_post_id'), ['post_id'], unique=False)

    op.create_table('reminder',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('to_roles', sa.JSON(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('due_at', data.columns.Utc(), nullable=False),
    sa.Column('fired_at', data.columns.Utc(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_reminder_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder')),
    sa.UniqueConstraint('case_id', 'key', name=op.f('uq_reminder_case_id_key'))
    )
    op.create_table('removal_check',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('item_id', sa.String(), nullable=False),
    sa.Column('slot', sa.String(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('at', data.columns.Utc(), nullable=False),
    sa.Column('verdict', sa.String(), nullable=False),
    sa.Column('method', sa.String(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('detail', sa.String(), nullable=False),
    sa.Column('answer_sha256', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_removal_check_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_removal_check')),
    sa.UniqueConstraint('case_id', 'item_id', 'slot', name=op.f('uq_removal_check_case_id_item_id_slot'))
    )
    op.create_table('takedown_request',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('item_id', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('ground', sa.String(), nullable=False),
    sa.Column('route', sa.String(), nullable=False),
    sa.Column('recipient', sa.String(), nullable=False),
    sa.Column('capacity', sa.String(), nullable=False),
    sa.Column('notice', sa.String(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('complainant', sa.String(), nullable=True),
    sa.Column('may_be_forwarded', sa.Boolean(), nullable=False),
    sa.Column('drafted_by', sa.String(), nullable=False),
    sa.Column('drafted_at', data.columns.Utc(), nullable=False),
    sa.Column('sent_at', data.columns.Utc(), nullable=True),
    sa.Column('sent_by', sa.String(), nullable=True),
    sa.Column('reference', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_takedown_request_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_takedown_request'))
    )
    with op.batch_alter_table('takedown_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_takedown_request_case_id'), ['case_id'], unique=False)

    op.create_table('evidence',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('ref', sa.String(), nullable=False),
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('item_id', sa.String(), nullable=False),
    sa.Column('order_id', sa.String(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('final_address', sa.Text(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('captured_at', data.columns.Utc(), nullable=False),
    sa.Column('captured_by', sa.String(), nullable=False),
    sa.Column('completeness', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('files', sa.JSON(), nullable=False),
    sa.Column('manifest_sha256', sa.String(), nullable=False),
    sa.Column('tools', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_evidence_case_id')),
    sa.ForeignKeyConstraint(['order_id'], ['capture_order.id'], name=op.f('fk_evidence_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence')),
    sa.UniqueConstraint('order_id', name=op.f('uq_evidence_order_id')),
    sa.UniqueConstraint('ref', name=op.f('uq_evidence_ref'))
    )
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evidence_case_id'), ['case_id'], unique=False)

    op.create_index(
        "ix_finding_queue",
        "finding",
        ["state", "school_id", sa.text("severity DESC"), sa.text("seen_at DESC"), sa.text("id DESC")],
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES:
        op.execute(statement)


# Full-text search (infrastructure.md 2.2) and triggers that keep the logs append-only (architecture, Audit).
_LOGS = ("audit_event", "custody_event", "case_event")
_SQLITE = [
    "CREATE VIRTUAL TABLE post_words USING fts5(text, content='post', content_rowid='id', tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER post_words_added AFTER INSERT ON post BEGIN INSERT INTO post_words(rowid, text) VALUES (new.id, new.text); END",
    "CREATE TRIGGER post_words_removed AFTER DELETE ON post BEGIN "
    "INSERT INTO post_words(post_words, rowid, text) VALUES ('delete', old.id, old.text); END",
    "CREATE TRIGGER post_words_changed AFTER UPDATE OF text ON post BEGIN "
    "INSERT INTO post_words(post_words, rowid, text) VALUES ('delete', old.id, old.text); "
    "INSERT INTO post_words(rowid, text) VALUES (new.id, new.text); END",
] + [
    f"CREATE TRIGGER {log}_no_{act.lower()} BEFORE {act} ON {log} BEGIN SELECT RAISE(ABORT, '{log} is append-only'); END"
    for log in _LOGS
    for act in ("UPDATE", "DELETE")
]
_POSTGRES = [
    "CREATE INDEX ix_post_words ON post USING gin (to_tsvector('simple', text))",
    "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
] + [f"CREATE TRIGGER {log}_append_only BEFORE UPDATE OR DELETE ON {log} FOR EACH ROW EXECUTE FUNCTION append_only()" for log in _LOGS]


def downgrade() -> None:
    """There is nothing before the first revision: a school's records are not dropped by a command."""
    raise RuntimeError("the first revision has nothing to go back to")
