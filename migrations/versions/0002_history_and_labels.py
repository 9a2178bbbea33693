"""What label sweeps, backfills and the bandwidth budget must remember."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UP = """
-- RFC 7162: changes up to here are known; null where the server has no CONDSTORE
alter table cursors add column highest_modseq bigint;
-- when the labels of every message were last compared with the server's
alter table cursors add column swept_at timestamptz;

create index messages_uid on messages (account, mailbox, uidvalidity, uid);

create table backfills (
    account      text        not null,
    mailbox      text        not null,
    uidvalidity  bigint      not null,
    -- read back to this day; null is all there is
    since        date,
    -- UIDs below are still to be read, the newest first
    next_uid     bigint      not null,
    finished_at  timestamptz,
    primary key (account, mailbox, uidvalidity)
);

create table bandwidth (
    account  text   not null,
    day      date   not null,
    octets   bigint not null,
    primary key (account, day)
);
"""

DOWN = """
drop table bandwidth;
drop table backfills;
drop index messages_uid;
alter table cursors drop column swept_at;
alter table cursors drop column highest_modseq;
"""


def upgrade() -> None:
    """Add the tables and columns."""
    op.execute(UP)


def downgrade() -> None:
    """Take them away again."""
    op.execute(DOWN)
