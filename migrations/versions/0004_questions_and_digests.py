"""The outbox by question, what becomes of a text that was taken, conversations, mutes, pauses."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UP = """
alter table alerts
    drop constraint alerts_kind_check,
    drop constraint alerts_channel_check,
    drop constraint alerts_state_check,
    drop constraint alerts_account_thread_key_kind_channel_key,
    -- which meeting of the conversation, and how often it had become open by then, such as 1.1
    add column question         text        not null default '',
    -- after this nobody would thank us for it
    add column expires_at       timestamptz,
    add column meeting_at       timestamptz,
    -- the meeting is so near that quiet hours do not count
    add column urgent           boolean     not null default false,
    -- it was due and could not go: with others like it, it goes as one digest
    add column held             boolean     not null default false,
    -- the digest that holds it
    add column digest_reference text        references alerts (reference),
    -- when it was first tried to say it
    add column tried_at         timestamptz,
    -- since when its question is no longer open
    add column closed_at        timestamptz,
    -- what the provider last said of a text that it took
    add column delivery         text        not null default '',
    -- when to ask the provider next
    add column follow_at        timestamptz,
    add column delivered_at     timestamptz,
    -- how often it was sent anew because it had not arrived
    add column resent           integer     not null default 0,
    add constraint alerts_kind_check
        check (kind in ('alert', 'reminder', 'retraction', 'digest', 'notice')),
    add constraint alerts_channel_check check (channel in ('sms', 'speech', 'url')),
    add constraint alerts_state_check
        check (state in ('pending', 'sending', 'unknown', 'sent', 'failed', 'expired', 'cancelled',
                         'digested')),
    add constraint alerts_digested_check
        check ((state = 'digested') = (digest_reference is not null));
-- What was told of a conversation so far was told of its first question: it is not told again.
update alerts set question = '1.1' where kind = 'alert';
alter table alerts add constraint alerts_one_each
    unique (account, thread_key, question, kind, channel);
create index alerts_of_digest on alerts (digest_reference) where digest_reference is not null;
create index alerts_to_follow on alerts (account, channel, follow_at) where follow_at is not null;
create index alerts_taken on alerts (channel, settled_at) where receipt is not null;
create index alerts_in_flight on alerts (channel, account) where state in ('sending', 'unknown');
create index alerts_held on alerts (account, channel, id)
    where state = 'pending' and (held or kind = 'digest');

create table conversations (
    account       text        not null,
    thread_key    text        not null,
    state         text        not null check (state in ('none', 'open', 'settled', 'cancelled')),
    -- in the words of the mail; '' where none stands
    place         text        not null default '',
    meeting_at    timestamptz,
    -- the mail that first named the place that stands
    settled_by    bigint      references messages on delete set null,
    open_question text        not null default '',
    updated_at    timestamptz not null,
    primary key (account, thread_key)
);

create table mutes (
    account  text        not null,
    kind     text        not null check (kind in ('thread', 'sender')),
    -- a thread_key, or an address in lower case
    value    text        not null,
    muted_at timestamptz not null,
    primary key (account, kind, value)
);

create table pauses (
    account text        primary key,
    until   timestamptz not null
);

-- The rows of the outbox, and what other rows say of them.
create view outbox as
select a.*,
    a.kind not in ('notice', 'digest') and exists (
        select from mutes m
        where m.account = a.account
          and (m.kind = 'thread' and m.value = a.thread_key
               or m.kind = 'sender' and m.value = (
                   select lower(sender_address) from messages where messages.id = a.message_id))
    ) as muted,
    -- a retraction waits until it is known whether what it takes back was said
    case when a.kind = 'retraction' then (
        select case when bool_or(said.state in ('pending', 'sending', 'unknown')) then 'waits'
                    when bool_or(said.state = 'sent') then 'ready'
                    else 'void' end
        from (
            select coalesce(d.state, b.state) as state
            from alerts b
            left join alerts d on d.reference = b.digest_reference
            where b.account = a.account and b.thread_key = a.thread_key
              and b.question = a.question and b.channel = a.channel
              and b.kind in ('alert', 'reminder')
        ) said
    ) end as retraction
from alerts a;
"""

DOWN = """
drop view outbox;
drop table pauses;
drop table mutes;
drop table conversations;
drop index alerts_held;
drop index alerts_in_flight;
drop index alerts_taken;
drop index alerts_to_follow;
drop index alerts_of_digest;
alter table alerts
    drop constraint alerts_one_each,
    drop constraint alerts_digested_check,
    drop constraint alerts_state_check,
    drop constraint alerts_channel_check,
    drop constraint alerts_kind_check,
    drop column resent,
    drop column delivered_at,
    drop column follow_at,
    drop column delivery,
    drop column closed_at,
    drop column tried_at,
    drop column digest_reference,
    drop column held,
    drop column urgent,
    drop column meeting_at,
    drop column expires_at;
-- What the older version has no words for; of several questions the first is kept.
delete from alerts where kind not in ('alert', 'notice') or channel = 'url';
delete from alerts a using alerts b
where a.account = b.account and a.thread_key = b.thread_key and a.kind = b.kind
  and a.channel = b.channel and a.id > b.id;
update alerts set state = 'expired' where state in ('cancelled', 'digested');
alter table alerts
    drop column question,
    add unique (account, thread_key, kind, channel),
    add constraint alerts_kind_check check (kind in ('alert', 'notice')),
    add constraint alerts_channel_check check (channel in ('sms', 'speech')),
    add constraint alerts_state_check
        check (state in ('pending', 'sending', 'unknown', 'sent', 'failed', 'expired'));
"""


def upgrade() -> None:
    """Add the columns, tables and the view."""
    op.execute(UP)


def downgrade() -> None:
    """Take them away again."""
    op.execute(DOWN)
