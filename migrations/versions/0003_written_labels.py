"""Which labels Jeeves writes into the mailbox, and which of them are there."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UP = """
create table written_labels (
    message_id bigint  not null references messages on delete cascade,
    label      text    not null check (label in ('Jeeves/needs place', 'Jeeves/settled')),
    wanted     boolean not null,
    -- what the mailbox shows by what was last written
    written    boolean not null default false,
    primary key (message_id, label)
);
create index written_labels_due on written_labels (message_id) where wanted <> written;
create index verdicts_alerting on verdicts (message_id)
    where band = 'alert' and withheld is null;
"""

DOWN = """
drop index verdicts_alerting;
drop table written_labels;
"""


def upgrade() -> None:
    """Add the table and its indexes."""
    op.execute(UP)


def downgrade() -> None:
    """Take them away again."""
    op.execute(DOWN)
