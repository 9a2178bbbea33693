"""The first schema: messages, cursors, verdicts, labels, alerts, heartbeats."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UP = """
create table messages (
    -- the short id by which people and logs name a message
    id               bigint generated always as identity primary key,
    account          text        not null,
    origin           text        not null check (origin in ('live', 'backfill', 'import')),
    mailbox          text        not null,
    uid              bigint,
    uidvalidity      bigint,
    -- X-GM-MSGID: unsigned 64 bits, more than a bigint holds
    gmail_id         text        check (gmail_id ~ '^[0-9]{1,20}$'),
    message_id       text        check (message_id <> ''),
    digest           text        not null,
    thread_key       text        not null,
    reference_ids    text[]      not null default '{}',
    sender_name      text        not null default '',
    sender_address   text        not null default '',
    to_addresses     jsonb       not null default '[]',
    cc_addresses     jsonb       not null default '[]',
    subject          text        not null default '',
    body             text        not null default '',
    own_words        text        not null default '',
    sent_at          timestamptz,
    -- minutes east of UTC in the Date header: the sender's own clock
    sent_utc_offset  smallint,
    received_at      timestamptz not null,
    labels           text[]      not null default '{}',
    starred          boolean     not null default false,
    bulk             boolean     not null default false,
    own              boolean     not null default false,
    -- why it could not be parsed; null for a readable message
    unreadable       text,
    stored_at        timestamptz not null default now(),
    judged_at        timestamptz
);
create unique index messages_gmail_id on messages (account, gmail_id) where gmail_id is not null;
create unique index messages_message_id on messages (account, message_id)
    where message_id is not null and gmail_id is null;
create unique index messages_digest on messages (account, digest)
    where message_id is null and gmail_id is null;
create index messages_lookup_message_id on messages (account, message_id);
create index messages_lookup_digest on messages (account, digest);
create index messages_thread on messages (account, thread_key);
create index messages_received on messages (received_at desc, id desc);
create index messages_unjudged on messages (account, id)
    where judged_at is null and unreadable is null;

create table cursors (
    account      text        not null,
    mailbox      text        not null,
    uidvalidity  bigint      not null,
    last_uid     bigint      not null,
    live_from    bigint      not null,
    history_from timestamptz not null,
    live_since   timestamptz,
    read_at      timestamptz not null,
    primary key (account, mailbox, uidvalidity)
);

create table verdicts (
    message_id      bigint           not null references messages on delete cascade,
    model           text             not null,
    probability     double precision not null check (probability between 0 and 1),
    threshold       double precision not null,
    band            text             not null check (band in ('alert', 'unsure', 'quiet')),
    needs_location  boolean          not null generated always as (band = 'alert') stored,
    -- [[words, weight], ...]; with rest they sum to the log-odds
    reasons         jsonb            not null,
    rest            double precision not null,
    -- why no alert followed although the verdict asks for one
    withheld        text,
    judged_at       timestamptz      not null default now(),
    primary key (message_id, model)
);

create table labels (
    id           bigint generated always as identity primary key,
    message_id   bigint      not null references messages on delete cascade,
    label        text        not null check (label in ('needs_location', 'other')),
    source       text        not null,
    labelled_at  timestamptz not null default now()
);
create index labels_message on labels (message_id, id desc);

create table alerts (
    id           bigint generated always as identity primary key,
    reference    text        not null unique,
    account      text        not null,
    thread_key   text        not null,
    message_id   bigint      references messages on delete cascade,
    kind         text        not null check (kind in ('alert', 'notice')),
    channel      text        not null check (channel in ('sms', 'speech')),
    state        text        not null default 'pending'
        check (state in ('pending', 'sending', 'unknown', 'sent', 'failed', 'expired')),
    body         text        not null,
    attempts     integer     not null default 0,
    created_at   timestamptz not null,
    not_before   timestamptz,
    lease_until  timestamptz,
    receipt      text,
    note         text        not null default '',
    error        text        not null default '',
    settled_at   timestamptz,
    unique (account, thread_key, kind, channel)
);
create index alerts_due on alerts (account, channel, id)
    where state in ('pending', 'sending', 'unknown');
create index alerts_message on alerts (message_id);

create table heartbeats (
    account  text        not null,
    name     text        not null,
    beat_at  timestamptz not null,
    detail   text        not null default '',
    primary key (account, name)
);
"""

DOWN = """
drop table heartbeats;
drop table alerts;
drop table labels;
drop table verdicts;
drop table cursors;
drop table messages;
"""


def upgrade() -> None:
    """Create every table."""
    op.execute(UP)


def downgrade() -> None:
    """Drop every table."""
    op.execute(DOWN)
