"""Text that is kept for a while only, and mail that was erased and must not come back."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UP = """
alter table messages
    -- since when its conversation is over: what comes to it later begins anew
    add column aged_at         timestamptz,
    -- since when subject, text and recipients are gone
    add column text_dropped_at timestamptz,
    add constraint messages_dropped_check
        check (text_dropped_at is null or aged_at is not null and body = '' and own_words = ''
               and subject = '');
create index messages_unaged on messages (id) where aged_at is null;
create index messages_aged_text on messages (id)
    where aged_at is not null and text_dropped_at is null;

create table erased_messages (
    -- SHA-256 over the account and one of the identities of a mail
    identity  text        primary key check (identity ~ '^[0-9a-f]{64}$'),
    erased_at timestamptz not null default now()
);
"""

DOWN = """
drop table erased_messages;
drop index messages_aged_text;
drop index messages_unaged;
alter table messages
    drop constraint messages_dropped_check,
    drop column text_dropped_at,
    drop column aged_at;
"""


def upgrade() -> None:
    """Add the table and columns."""
    op.execute(UP)


def downgrade() -> None:
    """Take them away again."""
    op.execute(DOWN)
