-- name: newest_cursor
select uidvalidity, last_uid, live_from, history_from, live_since
from cursors
where account = %(account)s and mailbox = %(mailbox)s
order by read_at desc
limit 1;

-- name: lock_ingest
-- One ingest per account at a time: identities are compared in the program.
select pg_advisory_xact_lock(hashtextextended('jeeves ingest ' || %(account)s, 0));

-- name: known_identities
-- One row at least, for it tells, too, whether anything was ever erased. Each identity is looked up
-- by an index: what is asked by `any`, before the first ANALYZE, is looked for in every mail of the
-- account.
select erased.any_mail, m.*
from (select exists (select from erased_messages) as any_mail) erased
left join (
    select found.* from unnest(%(gmail_ids)s::text[]) sought (gmail_id)
    cross join lateral (
        select id, gmail_id, message_id, digest, thread_key from messages
        where account = %(account)s and gmail_id = sought.gmail_id offset 0) found
    union all
    select found.* from unnest(%(message_ids)s::text[]) sought (message_id)
    cross join lateral (
        select id, gmail_id, message_id, digest, thread_key from messages
        where account = %(account)s and message_id = sought.message_id offset 0) found
    union all
    select found.* from unnest(%(digests)s::text[]) sought (digest)
    cross join lateral (
        select id, gmail_id, message_id, digest, thread_key from messages
        where account = %(account)s and digest = sought.digest offset 0) found
) m on true;

-- name: adopt_message
-- The same mail came another way: keep the row, learn what the new way knows. Mail that
-- was imported first and now arrives live is judged again, so that it can alert.
update messages
set gmail_id = coalesce(gmail_id, %(gmail_id)s),
    thread_key = case when gmail_id is null and %(gmail_id)s is not null
                      then %(thread_key)s else thread_key end,
    mailbox = %(mailbox)s,
    uid = %(uid)s,
    uidvalidity = %(uidvalidity)s,
    labels = %(labels)s,
    starred = %(starred)s,
    origin = case when origin = 'import' then %(origin)s else origin end,
    judged_at = case when origin = 'import' and %(origin)s = 'live' then null else judged_at end
where id = %(id)s;

-- name: flush_later
-- The commit of this transaction does not wait for the disk. It is for mail with the cursor that
-- covers it: a crash before the next commit that waits, which is that of the verdict, takes both, and
-- the mail is read again.
select set_config('synchronous_commit', 'off', true);

-- name: write_cursor
insert into cursors (account, mailbox, uidvalidity, last_uid, live_from, history_from, live_since,
                     read_at)
values (%(account)s, %(mailbox)s, %(uidvalidity)s, %(last_uid)s, %(live_from)s, %(history_from)s,
        %(live_since)s, now())
on conflict (account, mailbox, uidvalidity) do update
set last_uid = greatest(cursors.last_uid, excluded.last_uid), read_at = excluded.read_at;

-- name: unjudged
-- Of mail that opens its conversation, as most does, nothing more needs to be read.
select m.*,
       m.origin = 'live'
       and not exists (select from messages o
                       where o.account = m.account and o.thread_key = m.thread_key and o.id <> m.id)
       and not exists (select from labels l where l.message_id = m.id)
       and not exists (select from alerts a
                       where a.account = m.account and a.thread_key = m.thread_key) as alone
from messages m
where m.account = %(account)s and m.judged_at is null and m.unreadable is null
  -- what is still being written is not judged
  and not m.labels @> array['\Draft']
order by m.id
limit %(limit)s;

-- name: write_verdicts
-- In the order of their ids: who judges the same messages at the same time waits, and finds none.
-- A verdict of a message that has one by then is left out.
with due as (
    select id from messages where id = any(%(ids)s) and judged_at is null order by id for update
),
judged as (
    update messages set judged_at = now() from due where messages.id = due.id
    returning messages.id, messages.account, messages.thread_key
),
written as (
    insert into verdicts (message_id, model, probability, threshold, band, reasons, rest, withheld)
    select v.*
    from jsonb_to_recordset(%(verdicts)s) as v (
        message_id bigint, model text, probability float8, threshold float8, band text,
        reasons jsonb, rest float8, withheld text)
    join judged on judged.id = v.message_id
    on conflict (message_id, model) do nothing
)
select id, account, thread_key from judged;

-- name: mark_unjudged
update messages set judged_at = null where id = any(%(ids)s);

-- name: lock_conversations
-- Always in one order: who decides about the same conversations at the same time waits.
select pg_advisory_xact_lock(key)
from (
    select distinct hashtextextended('jeeves conversation ' || account || ' ' || thread_key, 0) as key
    from unnest(%(accounts)s::text[], %(thread_keys)s::text[]) as c (account, thread_key)
    order by key
) ordered;

-- name: conversations_gone_on
select c.account, c.thread_key
from unnest(%(accounts)s::text[], %(thread_keys)s::text[], %(read_up_to)s::bigint[],
            %(heard_up_to)s::bigint[]) as c (account, thread_key, read_up_to, heard_up_to)
where exists (
    select from messages m
    where m.account = c.account and m.thread_key = c.thread_key and m.aged_at is null
      and (m.id > c.read_up_to
           or m.unreadable is null
              and exists (select from labels l where l.message_id = m.id and l.id > c.heard_up_to))
);

-- name: write_conversations
insert into conversations (account, thread_key, state, place, meeting_at, settled_by,
                           open_question, updated_at)
values %s
on conflict (account, thread_key) do update
set state = excluded.state, place = excluded.place, meeting_at = excluded.meeting_at,
    settled_by = excluded.settled_by, open_question = excluded.open_question,
    updated_at = excluded.updated_at;

-- name: thread
select m.*, v.band, l.label, (select max(id) from labels where message_id = m.id) as word
from messages m
left join lateral (
    select band from verdicts where message_id = m.id order by judged_at desc limit 1
) v on true
left join lateral (select label from current_labels where message_id = m.id limit 1) l on true
where m.account = %(account)s and m.thread_key = %(thread_key)s and m.unreadable is null
  -- what is over was told by other numbers of its questions
  and m.aged_at is null
order by m.received_at, m.id;

-- name: recent_conversations
-- Every mail of the conversations to which mail has come since then.
select *
from messages
where account = %(account)s and unreadable is null and aged_at is null
  and thread_key in (
      select thread_key from messages where account = %(account)s and received_at >= %(since)s
  )
order by received_at, id;

-- name: questions
select *
from alerts
where account = %(account)s and thread_key = %(thread_key)s
  and kind in ('alert', 'reminder', 'retraction')
order by id;

-- name: close_questions
-- What is being sent stays so: a claim that is under way ends first, or finds it cancelled.
update alerts a
set closed_at = c.closed_at,
    state = case a.state when 'pending' then 'cancelled' else a.state end,
    error = case a.state when 'pending' then 'settled before it was said' else a.error end,
    settled_at = case a.state when 'pending' then c.closed_at else a.settled_at end
from (values %s) as c (account, thread_key, question, closed_at)
where a.account = c.account and a.thread_key = c.thread_key and a.question = c.question
  and a.kind in ('alert', 'reminder') and a.closed_at is null
returning a.account, a.thread_key, a.question, a.channel, a.message_id, a.meeting_at, a.urgent,
          coalesce((select d.state from alerts d where d.reference = a.digest_reference), a.state)
              as said;

-- name: insert_alerts
insert into alerts (reference, account, thread_key, message_id, question, kind, channel, body,
                    created_at, not_before, expires_at, meeting_at, urgent, held)
values %s
on conflict (account, thread_key, question, kind, channel) do nothing;

-- name: move_alerts
-- The meeting is at another time: what was not yet said of it is said at that, and in its words.
update alerts
set body = v.body, not_before = v.not_before, expires_at = v.expires_at,
    meeting_at = v.meeting_at, urgent = v.urgent,
    -- as in insert_alerts: a reminder is due at its own time, and what may go now is not held
    held = alerts.kind = 'alert' and coalesce(v.not_before > alerts.created_at, false)
from (values %s) as v (reference, body, not_before, expires_at, meeting_at, urgent)
where alerts.reference = v.reference and alerts.state = 'pending' and alerts.attempts = 0;

-- name: lock_claims
-- Who counts what went, and then lets one more go, must not be two.
select pg_advisory_xact_lock(hashtextextended('jeeves claim', 0));

-- name: gate
-- How things stand with a channel before a claim. A part of other queries.
gate as materialized (
    select
        exists (
            select from pauses where account = %(account)s and until > %(now)s
        ) as paused,
        %(alerts_per_hour)s::int is not null and %(alerts_per_hour)s <= (
            select count(*) from alerts
            where channel = %(channel)s and account = %(account)s
              and state in ('sending', 'unknown') and kind not in ('notice', 'retraction')
        ) + (
            select count(*) from alerts
            where channel = %(channel)s and account = %(account)s and receipt is not null
              and settled_at > %(now)s - interval '1 hour'
              and kind not in ('notice', 'retraction')
        ) as hour_full,
        %(channel)s = 'sms' and %(sms_per_month)s::int is not null and %(sms_per_month)s <= (
            select count(*) from alerts
            where channel = 'sms' and state in ('sending', 'unknown')
        ) + (
            select coalesce(sum(1 + resent), 0) from alerts
            where channel = 'sms' and receipt is not null and settled_at >= %(month_from)s
        ) as month_full
)

-- name: may_go
-- Whether the row `o` of the outbox may be said now, as far as `gate` says. A part of other
-- queries. At night only what is urgent; that there is nothing to do any more wakes nobody,
-- unless the meeting would be before the morning.
coalesce(o.expires_at, o.created_at + interval '24 hours') >= %(now)s
and (o.kind = 'notice' or (
    o.closed_at is null
    and not gate.paused
    and (%(quiet_until)s::timestamptz is null
         or o.urgent and (o.kind <> 'retraction' or o.meeting_at < %(quiet_until)s))
    and (o.kind = 'retraction' or not gate.hour_full)
    and not o.muted
    and (o.kind <> 'retraction' or o.retraction = 'ready')
))

-- name: claim_alert
-- What was held back, and a digest that is to be tried again, are claimed by `held_alerts`.
with :gate,
due as (
    select o.id, o.state as state_before
    from outbox o, gate
    where o.account = %(account)s and o.channel = %(channel)s
      and o.state in ('pending', 'sending', 'unknown')
      and (o.state = 'pending' and not o.held and o.kind <> 'digest'
               and coalesce(o.not_before, o.created_at) <= %(now)s
               and not gate.month_full and :may_go
           or o.state = 'unknown' and coalesce(o.not_before, o.created_at) <= %(now)s
           or o.state = 'sending' and o.lease_until < %(now)s)
    order by o.id
    limit 1
    for update of o skip locked
)
update alerts
set state = 'sending', attempts = attempts + 1, tried_at = coalesce(tried_at, %(now)s),
    lease_until = %(now)s + make_interval(secs => %(lease_seconds)s)
from due
where alerts.id = due.id
returning alerts.*, due.state_before <> 'pending' as in_doubt;

-- name: barred
-- Whether what an attempt in doubt has perhaps not said may not be said now.
with :gate
select gate.month_full or not (:may_go) or exists (
    select from outbox p
    where p.digest_reference = o.reference and (p.closed_at is not null or p.muted)
) as barred
from outbox o, gate
where o.reference = %(reference)s;

-- name: held_alerts
with :gate
select o.*
from outbox o, gate
where o.account = %(account)s and o.channel = %(channel)s and o.state = 'pending'
  and (o.held or o.kind = 'digest')
  and coalesce(o.not_before, o.created_at) <= %(now)s and not gate.month_full and :may_go
order by o.id
for update of o skip locked;

-- name: claim_held
update alerts
set state = 'sending', attempts = attempts + 1, tried_at = coalesce(tried_at, %(now)s),
    lease_until = %(now)s + make_interval(secs => %(lease_seconds)s)
where reference = %(reference)s
returning *;

-- name: digest_parts
update alerts
set state = 'digested', digest_reference = %(reference)s, settled_at = %(now)s
where reference = any(%(parts)s);

-- name: pending
select exists (
    select from alerts
    where account = %(account)s and channel = %(channel)s and state = 'pending'
) as pending;

-- name: cancel_muted
update alerts
set state = 'cancelled', settled_at = %(now)s, error = 'muted'
where id in (
    select o.id from outbox o
    where o.account = %(account)s and (%(channel)s::text is null or o.channel = %(channel)s)
      and o.state = 'pending' and o.muted
    order by o.id
    for update of o skip locked
);

-- name: dissolve_digests
-- A digest that certainly has not gone and holds what is no longer wanted: its parts are said
-- anew, without that one.
with dissolved as (
    update alerts
    set state = 'cancelled', settled_at = %(now)s, error = 'made anew without what was settled'
    where id in (
        select d.id from alerts d
        where d.account = %(account)s and d.channel = %(channel)s and d.state = 'pending'
          and d.kind = 'digest'
          and exists (
              select from outbox p
              where p.digest_reference = d.reference and (p.closed_at is not null or p.muted))
        order by d.id
        for update of d skip locked
    )
    returning reference
)
update alerts
set digest_reference = null,
    state = case when closed_at is null then 'pending' else 'cancelled' end,
    error = case when closed_at is null then '' else 'settled before it was said' end,
    settled_at = case when closed_at is null then null else %(now)s end
from dissolved
where alerts.digest_reference = dissolved.reference;

-- name: expire_alerts
update alerts
set state = 'expired', settled_at = %(now)s,
    error = case error when '' then 'too old to be of use' else error end
where id in (
    select id from alerts
    where account = %(account)s and channel = %(channel)s and state = 'pending'
      and coalesce(expires_at, created_at + interval '24 hours') < %(now)s
    order by id
    for update skip locked
)
returning *;

-- name: overspent_alerts
with :gate
update alerts
set state = 'failed', settled_at = %(now)s, error = %(sentence)s
where id in (
    select o.id from outbox o, gate
    where o.account = %(account)s and o.channel = %(channel)s and o.state = 'pending'
      and coalesce(o.not_before, o.created_at) <= %(now)s and gate.month_full and :may_go
    order by o.id
    for update of o skip locked
)
returning *;

-- name: hold_alerts
-- What is due and may not go: with others like it, it goes as one digest.
with :gate
update alerts
set held = true
where id in (
    select o.id from outbox o, gate
    where o.account = %(account)s and o.channel = %(channel)s and o.state = 'pending'
      and not o.held and o.kind in ('alert', 'reminder')
      and coalesce(o.not_before, o.created_at) <= %(now)s and not gate.month_full
      and not (:may_go)
    order by o.id
    for update of o skip locked
);

-- name: settle_alert
-- Only the attempt that holds the claim may settle it. What was not said of a question that was
-- closed meanwhile is not said any more; a digest that holds such a part is made anew.
update alerts
set state = case when %(state)s = 'pending' and closed_at is not null
                 then 'cancelled' else %(state)s end,
    not_before = %(not_before)s, receipt = %(receipt)s, note = %(note)s,
    error = %(error)s, lease_until = null, follow_at = %(follow_at)s,
    settled_at = case when %(state)s in ('sent', 'failed', 'expired')
                        or %(state)s = 'pending' and closed_at is not null then %(now)s end
where reference = %(reference)s and state = 'sending' and attempts = %(attempts)s;

-- name: void_retractions
update alerts
set state = 'cancelled', settled_at = %(now)s, error = 'what it takes back was never said'
where id in (
    select o.id from outbox o
    where o.account = %(account)s and o.channel = %(channel)s and o.state = 'pending'
      and o.retraction = 'void'
    order by o.id
    for update of o skip locked
);

-- name: claim_follow
-- Whoever asks has it alone until the lease ends; that an answer is lost costs another question.
update alerts
set follow_at = %(now)s + make_interval(secs => %(lease_seconds)s)
where id = (
    select id from alerts
    where account = %(account)s and channel = %(channel)s and state = 'sent'
      and follow_at <= %(now)s
    order by follow_at
    limit 1
    for update skip locked
)
returning *;

-- name: follow_now
update alerts set follow_at = %(now)s
where receipt = %(receipt)s and state = 'sent' and delivered_at is null;

-- name: give_up
-- What a channel certainly did not deliver and would try again, although another stands in for it.
update alerts
set state = 'failed', settled_at = %(now)s
where id in (
    select id from alerts
    where account = %(account)s and channel = %(first)s and state = 'pending' and not held
      and kind <> 'retraction' and closed_at is null
      and (resent > 0 or tried_at <= %(now)s - %(silent_after)s)
    order by id
    for update skip locked
);

-- name: undelivered
-- What failed on a channel within the last day, is still of use and has no row on the channel
-- that stands in for it.
select a.*, d.id is not null as in_digest
from alerts a
left join alerts d on d.reference = a.digest_reference
where a.account = %(account)s and a.channel = %(first)s
  and a.kind in ('alert', 'reminder', 'notice') and a.closed_at is null
  and a.state in ('failed', 'digested') and coalesce(d.state, a.state) = 'failed'
  and coalesce(d.settled_at, a.settled_at) > %(now)s - interval '24 hours'
  and coalesce(a.expires_at, a.created_at + interval '24 hours') >= %(now)s
  and not exists (
      select from alerts o
      where o.account = a.account and o.thread_key = a.thread_key and o.question = a.question
        and o.kind = a.kind and o.channel = %(channel)s)
order by a.id;

-- name: hold
update alerts set held = true where reference = any(%(references)s);

-- name: write_follow
update alerts
set delivery = %(delivery)s, delivered_at = %(delivered_at)s, follow_at = %(next_follow_at)s,
    error = %(error)s, not_before = %(not_before)s, resent = %(resent)s,
    state = case when %(state)s = 'pending' and closed_at is not null
                 then 'cancelled' else %(state)s end
where reference = %(reference)s and state = 'sent' and follow_at = %(follow_at)s;

-- name: mute
insert into mutes (account, kind, value, muted_at)
values (%(account)s, %(kind)s, %(value)s, %(now)s)
on conflict do nothing;

-- name: unmute
delete from mutes where account = %(account)s and kind = %(kind)s and value = %(value)s;

-- name: mutes
select kind, value, muted_at from mutes where account = %(account)s order by muted_at, kind, value;

-- name: pause
insert into pauses (account, until)
values (%(account)s, %(until)s)
on conflict (account) do update set until = excluded.until;

-- name: resume
delete from pauses where account = %(account)s and until > %(now)s;

-- name: paused_until
select until from pauses where account = %(account)s and until > %(now)s;

-- name: silences
-- Notices of the last days about something that is over now, newest first, where nobody has said
-- so yet. One that is about to go is as good as said.
select a.id, a.thread_key, a.channel,
       a.state = 'pending' and a.created_at <= %(now)s - interval '1 minute' as unsaid
from alerts a
where a.account = %(account)s and a.kind = 'notice' and starts_with(a.thread_key, %(about)s)
  and a.state in ('pending', 'sending', 'unknown', 'sent')
  and a.created_at > %(now)s - interval '7 days'
  and not exists (
      select from alerts o
      where o.account = a.account and o.kind = 'notice' and o.channel = a.channel
        and o.thread_key = 'over: ' || a.thread_key)
order by a.id desc
for update;

-- name: cancel_notices
update alerts
set state = 'cancelled', settled_at = %(now)s, error = 'over before it was said'
where id = any(%(ids)s);

-- name: write_beat
with before as (
    select beat_at from heartbeats where account = %(account)s and name = %(name)s
)
insert into heartbeats (account, name, beat_at, detail)
values (%(account)s, %(name)s, %(now)s, %(detail)s)
on conflict (account, name) do update
set beat_at = excluded.beat_at, detail = excluded.detail
returning (select beat_at from before) as before;

-- name: heartbeats
select account, name, beat_at, detail from heartbeats;

-- name: clock
select clock_timestamp() as shows;

-- name: listing
select m.*, v.model, v.probability, v.threshold, v.band, v.reasons, v.rest, v.withheld, l.label
from messages m
left join lateral (
    select * from verdicts where message_id = m.id order by judged_at desc limit 1
) v on true
left join lateral (select label from current_labels where message_id = m.id limit 1) l on true
where (%(id)s::bigint is null or m.id = %(id)s)
  -- the owner's word stands over the verdict
  and (not %(needs_location)s or coalesce(l.label = 'needs_location', v.needs_location))
order by m.received_at desc, m.id desc
limit %(limit)s;

-- name: alerts_of
select reference, message_id, kind, channel, state, body, attempts, created_at, settled_at,
       receipt, note, error
from alerts
where message_id = any(%(ids)s)
order by id;

-- name: last_alerts
select a.reference, a.message_id, a.kind, a.channel, a.state, a.body, a.attempts, a.created_at,
       a.settled_at, a.receipt, a.note, a.error, a.delivery, a.delivered_at,
       (select v.reasons from verdicts v where v.message_id = a.message_id
        order by v.judged_at desc limit 1) as reasons
from alerts a
order by a.id desc
limit %(limit)s;

-- name: told
select a.*, m.subject as mail_subject, m.body as mail_body, v.reasons,
       r.reference as back_reference, r.state as back_state, r.body as back_body,
       r.settled_at as back_settled_at,
       array(select p.reference from alerts p where p.digest_reference = a.reference
             order by p.id) as parts
from alerts a
left join messages m on m.id = a.message_id
left join lateral (
    select reasons from verdicts where message_id = a.message_id order by judged_at desc limit 1
) v on true
left join alerts r
    on r.account = a.account and r.thread_key = a.thread_key and r.question = a.question
    and r.channel = a.channel and r.kind = 'retraction' and a.kind in ('alert', 'reminder')
order by a.id desc
limit %(limit)s;

-- name: muted
select mu.account, mu.kind, mu.value, mu.muted_at, m.id as message_id,
       coalesce(nullif(m.sender_name, ''), m.sender_address, '') as sender,
       coalesce(m.subject, '') as subject
from mutes mu
left join lateral (
    select id, sender_name, sender_address, subject from messages
    where mu.kind = 'thread' and account = mu.account and thread_key = mu.value
    order by received_at desc, id desc
    limit 1
) m on true
order by mu.muted_at, mu.account, mu.kind, mu.value;

-- name: pauses
select account, until from pauses where until > %(now)s order by account;

-- name: backlog
select (select count(*) from messages) as messages,
       (select count(*) from messages where unreadable is not null) as unreadable,
       (select count(*) from messages where judged_at is null and unreadable is null
          and not labels @> array['\Draft']) as unjudged,
       (select count(*) from alerts where state in ('sending', 'unknown')
          or state = 'pending' and (attempts > 0 or coalesce(not_before, created_at) <= now()))
           as alerts_open,
       (select count(*) from alerts
        where state = 'pending' and attempts = 0 and coalesce(not_before, created_at) > now())
           as alerts_waiting,
       -- what failed long ago is no sign of how things stand
       (select count(*) from alerts
        where state = 'failed' and settled_at > now() - interval '24 hours') as alerts_failed;

-- name: outbox_counts
select kind, channel, state, count(*) as rows from alerts group by kind, channel, state;

-- name: volume
-- Mail from other people in a window, and how many days of it are known. What was read from
-- disk says nothing about how much arrives.
select count(*) as mails,
       coalesce(extract(epoch from %(now)s - min(received_at)) / 86400, 0)::float as days
from messages
where not own and not bulk and origin <> 'import' and unreadable is null
  and received_at > %(now)s - make_interval(days => %(days)s) and received_at <= %(now)s;

-- name: marks_known
select highest_modseq, swept_at
from cursors
where account = %(account)s and mailbox = %(mailbox)s and uidvalidity = %(uidvalidity)s;

-- name: stored_uids
select uid
from messages
where account = %(account)s and mailbox = %(mailbox)s and uidvalidity = %(uidvalidity)s
  and uid is not null
  and (%(since)s::timestamptz is null or received_at >= %(since)s)
order by uid;

-- name: write_marks
update messages m
set labels = v.labels, starred = v.starred
from (values %s) as v (account, mailbox, uidvalidity, uid, labels, starred)
where m.account = v.account and m.mailbox = v.mailbox and m.uidvalidity = v.uidvalidity
  and m.uid = v.uid
  and (m.labels, m.starred) is distinct from (v.labels, v.starred)
returning m.id, m.labels, m.starred, m.unreadable;

-- name: write_marks_known
update cursors
set highest_modseq = %(highest_modseq)s, swept_at = %(swept_at)s
where account = %(account)s and mailbox = %(mailbox)s and uidvalidity = %(uidvalidity)s;

-- name: mislabelled
-- Mails that alerted, or ask in a conversation that is open, and whose wishes do not fit how it
-- stands: what was never decided about is open.
with asking as (
    select message_id, bool_or(alerted) as alerted
    from (
        select message_id, true as alerted from alerts where kind = 'alert'
        union all
        select message_id, false from verdicts where band = 'alert' and withheld is null
    ) found
    group by message_id
),
wished as (
    select message_id, bool_or(wanted and label = %(needs_place)s) as needs_place,
           bool_or(wanted and label = %(settled)s) as settled
    from written_labels
    group by message_id
)
select m.id as message_id, s.state
from asking a
join messages m on m.id = a.message_id
left join conversations c on c.account = m.account and c.thread_key = m.thread_key
left join lateral (select label from current_labels where message_id = m.id limit 1) l on true
left join wished w on w.message_id = m.id
-- of which the owner says that it needs no place is labelled by nobody else
cross join lateral (
    select case l.label when 'other' then 'none' else coalesce(c.state, 'open') end as state
) s
where m.account = %(account)s
  and (coalesce(w.needs_place, false), coalesce(w.settled, false)) <> (
      s.state = 'open', s.state = 'settled' and (a.alerted or w.message_id is not null))
order by m.id;

-- name: wish_labels
insert into written_labels (message_id, label, wanted)
values %s
on conflict (message_id, label) do update set wanted = excluded.wanted;

-- name: due_labels
select w.message_id, w.label, w.wanted, m.uid
from written_labels w
join messages m on m.id = w.message_id
where w.wanted <> w.written and m.account = %(account)s and m.mailbox = %(mailbox)s
  and m.uidvalidity = %(uidvalidity)s and m.uid is not null
order by w.message_id, w.label
limit %(limit)s;

-- name: labels_due
-- In the mailbox that is read now: what is only elsewhere cannot be written.
select exists (
    select from written_labels w
    join messages m on m.id = w.message_id
    where w.wanted <> w.written and m.account = %(account)s and m.uid is not null
      and (m.mailbox, m.uidvalidity) = (
          select mailbox, uidvalidity from cursors where account = %(account)s
          order by read_at desc limit 1)
) as due;

-- name: labels_written
update written_labels w
set written = v.written
from (values %s) as v (message_id, label, written)
where w.message_id = v.message_id and w.label = v.label;

-- name: first_read
select min(history_from) as first_read
from cursors
where account = %(account)s and mailbox = %(mailbox)s;

-- name: backfills
select mailbox, uidvalidity, since, next_uid, finished_at
from backfills
where account = %(account)s and mailbox = %(mailbox)s;

-- name: write_backfill
insert into backfills (account, mailbox, uidvalidity, since, next_uid, finished_at)
values (%(account)s, %(mailbox)s, %(uidvalidity)s, %(since)s, %(next_uid)s, %(finished_at)s)
on conflict (account, mailbox, uidvalidity) do update
set since = excluded.since, next_uid = excluded.next_uid, finished_at = excluded.finished_at;

-- name: count_octets
insert into bandwidth (account, day, octets)
values (%(account)s, %(day)s, %(octets)s)
on conflict (account, day) do update set octets = bandwidth.octets + excluded.octets;

-- name: octets_of_day
select octets from bandwidth where account = %(account)s and day = %(day)s;

-- name: stored_among
select id, gmail_id, message_id, mailbox, uidvalidity, uid
from messages
where account = %(account)s
  and (gmail_id = any(%(gmail_ids)s)
       or message_id = any(%(message_ids)s)
       or mailbox = %(mailbox)s and uidvalidity = %(uidvalidity)s and uid = any(%(uids)s))
order by id;

-- name: place_messages
-- As adopt_message, for mail that was found by its headers alone.
update messages m
set mailbox = v.mailbox, uidvalidity = v.uidvalidity, uid = v.uid,
    thread_key = case when m.gmail_id is null and v.thread_id is not null
                      then 'gm:' || v.thread_id else m.thread_key end,
    gmail_id = coalesce(m.gmail_id, v.gmail_id),
    origin = case when m.origin = 'import' then 'backfill' else m.origin end
from (values %s) as v (id, mailbox, uidvalidity, uid, gmail_id, thread_id)
where m.id = v.id;

-- name: known_digests
select digest from messages where account = %(account)s and digest = any(%(digests)s);

-- name: messages_of_mailbox
select id, uidvalidity, uid, unreadable is null as readable
from messages
where account = %(account)s and mailbox = %(mailbox)s and uid is not null
  and uidvalidity is not null;

-- name: unjudged_history
select *
from messages
where account = %(account)s and judged_at is null and unreadable is null and origin <> 'live'
order by id
limit %(limit)s;

-- name: lock_labels
-- What is said of a message is compared with what was said before by one transaction at a time,
-- and words are numbered in the order in which they are committed. Taken before any row is.
select pg_advisory_xact_lock(hashtextextended('jeeves labels', 0));

-- name: share_labels
-- Nothing is said while a decision is written that has heard all words: what is said next finds
-- what was decided.
select pg_advisory_xact_lock_shared(hashtextextended('jeeves labels', 0));

-- name: last_words
-- The latest word of each source about these messages.
select distinct on (message_id, source) message_id, source, label
from labels
where message_id = any(%(ids)s)
order by message_id, source, id desc;

-- name: insert_words
insert into labels (message_id, label, source) values %s;

-- name: standing_words_of
-- The last of a message is its label.
select message_id, label, source from standing_words where message_id = any(%(ids)s) order by id;

-- name: marked_messages
select id, labels, starred
from messages
where account = %(account)s and (digest = any(%(digests)s) or id = any(%(ids)s))
  and unreadable is null;

-- name: labelled_mails
select m.*, c.id as word, c.label, c.source, c.labelled_at
from current_labels c
join messages m on m.id = c.message_id
-- what has no text any more says nothing to a training
where m.unreadable is null and m.text_dropped_at is null
order by m.received_at, m.id;

-- name: unlabelled
-- What its owner could be asked about, and whether he said something of its conversation lately.
with said as (select message_id, labelled_at from current_labels)
select m.*,
       (m.account, m.thread_key) in (
           select o.account, o.thread_key from said s join messages o on o.id = s.message_id
           where s.labelled_at >= %(lately)s) as answered
from messages m
where m.judged_at is not null and m.unreadable is null and not m.own and not m.bulk
  and not m.labels @> array['\Draft'] and m.body ~ '[^[:space:]]'
  and (%(since)s::timestamptz is null or m.received_at >= %(since)s)
  and m.id not in (select message_id from said)
order by m.received_at desc, m.id desc
limit %(limit)s;

-- name: said_after
with known as (
    select coalesce((
        select id from labels where id = %(number)s and labelled_at = %(at)s::timestamptz
    ), 0) as word
)
select known.word, last.id as last, last.labelled_at as last_at,
       (select count(distinct message_id) from labels where id > known.word) as messages
from known
left join (select id, labelled_at from labels order by id desc limit 1) last on true;

-- name: stored_as
-- The stored messages with this short id or Message-ID.
select id, message_id
from messages
where unreadable is null and id in (select unnest(%(ids)s::bigint[]))
union
select id, message_id
from messages
where unreadable is null and message_id in (select unnest(%(message_ids)s::text[]));

-- name: unheard
-- Labels that their conversations, if anything was decided about these, do not know of yet.
select l.id, m.account, m.thread_key,
       m.aged_at is null and exists (
           select from conversations c
           where c.account = m.account and c.thread_key = m.thread_key) as decided
from labels l
join messages m on m.id = l.message_id
where l.heard_at is null and m.account = %(account)s
order by l.id
limit %(limit)s;

-- name: heard
update labels set heard_at = now() where id = any(%(ids)s) and heard_at is null;

-- name: unheard_accounts
-- Whose conversations do not know of labels yet.
select distinct m.account
from labels l
join messages m on m.id = l.message_id
where l.heard_at is null
order by m.account;

-- name: stored_alike
select id, digest, message_id
from messages
where account = %(account)s and unreadable is null
  and (digest = any(%(digests)s) or message_id = any(%(message_ids)s))
order by id;

-- name: judged_between
-- Mails of other people by the model and the bin of their newest verdict.
select v.model, width_bucket(v.probability, %(cuts)s::float8[]) as bin, count(*) as mails
from messages m
cross join lateral (
    select model, probability from verdicts where message_id = m.id order by judged_at desc limit 1
) v
where (%(account)s::text is null or m.account = %(account)s)
  and m.received_at > %(since)s and m.received_at <= %(until)s
  and not m.own and not m.bulk and m.origin <> 'import'
group by v.model, bin;

-- name: alerts_said
select s.message_id, s.said_at, l.label
from (
    select a.message_id, min(coalesce(d.settled_at, a.settled_at, a.created_at)) as said_at
    from alerts a
    left join alerts d on d.reference = a.digest_reference
    where (%(account)s::text is null or a.account = %(account)s)
      and a.kind = 'alert' and a.message_id is not null and coalesce(d.state, a.state) = 'sent'
    group by a.message_id
) s
left join current_labels l on l.message_id = s.message_id
where s.said_at > %(since)s and s.said_at <= %(until)s
order by s.said_at desc, s.message_id desc;

-- name: told_between
select a.reference, a.body
from alerts a
left join alerts d on d.reference = a.digest_reference
where a.account = %(account)s and a.channel = %(channel)s and a.kind = 'alert'
  and coalesce(d.state, a.state) = 'sent'
  and coalesce(d.settled_at, a.settled_at, a.created_at) > %(since)s
  and coalesce(d.settled_at, a.settled_at, a.created_at) <= %(until)s
order by a.id;

-- name: unsure_between
select count(*) as mails
from messages m
cross join lateral (
    select band from verdicts where message_id = m.id order by judged_at desc limit 1
) v
where m.account = %(account)s and m.received_at > %(since)s and m.received_at <= %(until)s
  and v.band = 'unsure' and not m.own and not m.bulk and m.origin <> 'import'
  and m.id not in (select message_id from current_labels);

-- name: unalerted
-- Conversations that settled after a mail that might have been told, and mails of which the owner
-- says that they need a place; neither where an alert was said, is to be, or was rightly not.
select found.*
from (
    select 'label' as found_by, m.account, m.thread_key, m.id as message_id,
           l.labelled_at as found_at
    from current_labels l
    join messages m on m.id = l.message_id
    where l.label = 'needs_location' and m.origin = 'live' and not m.own
      and m.received_at > %(since)s and m.received_at <= %(until)s
    union all
    select 'meeting', c.account, c.thread_key, null, s.received_at
    from conversations c
    join messages s on s.id = c.settled_by
    where c.state = 'settled' and c.place <> ''
      and s.received_at > %(since)s and s.received_at <= %(until)s
      and exists (
          select from messages m
          where m.account = c.account and m.thread_key = c.thread_key and m.id <> s.id
            and m.received_at <= s.received_at and m.origin = 'live' and not m.own and not m.bulk)
) found
where (%(account)s::text is null or found.account = %(account)s)
  and not exists (
      select from alerts a
      left join alerts d on d.reference = a.digest_reference
      where a.account = found.account and a.thread_key = found.thread_key and a.kind = 'alert'
        and coalesce(d.state, a.state) not in ('failed', 'expired'))
order by found.found_at desc, found.message_id
limit %(limit)s;

-- name: sampled_mails
-- Of mails of other people as many as asked for, evenly spread.
select m.*
from (
    select id, row_number() over (order by received_at, id) as number, count(*) over () as mails
    from messages
    where (%(account)s::text is null or account = %(account)s)
      and received_at > %(since)s and received_at <= %(until)s
      and not own and not bulk and origin <> 'import' and unreadable is null
      and text_dropped_at is null and not labels @> array['\Draft']
) s
join messages m on m.id = s.id
where s.number * %(limit)s / s.mails > (s.number - 1) * %(limit)s / s.mails
order by s.number;

-- name: aging
-- Old mail that is to be looked at, in the order of ids: the conversations it belongs to.
select id, account, thread_key
from messages
where aged_at is null and id > %(after)s and received_at < %(before)s
order by id
limit %(limit)s;

-- name: age_conversations
-- Of these those that are over: their last mail is old, judged, and was stored some days ago, no
-- meeting of an open question is still to come, and nothing of them is still to be said.
update messages m
set aged_at = %(now)s
from (
    select o.account, o.thread_key
    from messages o
    join (
        select distinct account, thread_key
        from unnest(%(accounts)s, %(thread_keys)s) as c (account, thread_key)
    ) c on c.account = o.account and c.thread_key = o.thread_key
    where o.aged_at is null
    group by o.account, o.thread_key
    having max(o.received_at) < %(before)s and max(o.stored_at) < %(stored_before)s
       and bool_and(o.judged_at is not null or o.unreadable is not null
                    or o.labels @> array['\Draft'])
) old
where m.account = old.account and m.thread_key = old.thread_key and m.aged_at is null
  and not exists (
      select from conversations c
      where c.account = old.account and c.thread_key = old.thread_key
        and c.open_question <> '' and c.meeting_at >= %(now)s)
  and not exists (
      select from alerts a
      where a.account = old.account and a.thread_key = old.thread_key
        and a.state in ('pending', 'sending', 'unknown'))
  and not exists (
      select from labels l
      join messages n on n.id = l.message_id
      where n.account = old.account and n.thread_key = old.thread_key and l.heard_at is null)
returning m.account, m.thread_key;

-- name: forget_questions
-- What was told of conversations that are over, and how they stood: the words go. The questions
-- get other numbers, for a meeting that is spoken of later is another one, and has to be told.
with over as (
    select distinct account, thread_key
    from unnest(%(accounts)s, %(thread_keys)s) as c (account, thread_key)
),
told as (
    update alerts a
    set body = '',
        question = case when a.question = '' or starts_with(a.question, '0.') then a.question
                        else '0.' || %(number)s || '.' || a.question end
    from over
    where a.account = over.account and a.thread_key = over.thread_key
)
update conversations c
set place = '', open_question = ''
from over
where c.account = over.account and c.thread_key = over.thread_key;

-- name: forget_digests
update alerts
set body = ''
where kind = 'digest' and body <> '' and created_at < %(before)s
  and state not in ('pending', 'sending', 'unknown');

-- name: due_texts
-- Mails whose conversations are over, but for labelled ones where these are kept.
select m.id
from messages m
where m.aged_at is not null and m.text_dropped_at is null
  and not (%(keep_labelled)s and exists (
      select from current_labels l where l.message_id = m.id))
order by m.id
limit %(limit)s;

-- name: texts_of
-- The mails of these conversations.
select m.id
from messages m
join (
    select distinct account, thread_key
    from unnest(%(accounts)s, %(thread_keys)s) as c (account, thread_key)
) c on c.account = m.account and c.thread_key = m.thread_key
where m.text_dropped_at is null
order by m.id
for update of m;

-- name: drop_texts
-- The words of these mails, which are over; of the reasons their sum stays, so that they still add
-- up.
with verdict as (
    update verdicts v
    set reasons = '[]',
        rest = v.rest + coalesce((
            select sum((reason ->> 1)::float8) from jsonb_array_elements(v.reasons) reason), 0)
    where v.message_id = any(%(ids)s)
)
update messages
set subject = '', body = '', own_words = '', to_addresses = '[]', cc_addresses = '[]',
    text_dropped_at = %(now)s, aged_at = coalesce(aged_at, %(now)s),
    judged_at = coalesce(judged_at, %(now)s)
where id = any(%(ids)s) and text_dropped_at is null;

-- name: erased_among
select identity from erased_messages where identity = any(%(identities)s);

-- name: mails_of_sender
select id, account, gmail_id, message_id, digest, thread_key
from messages
where sender_address = %(address)s
order by id
for update;

-- name: write_erased
insert into erased_messages (identity) values %s on conflict do nothing;

-- name: count_of_sender
-- What `erase_sender` would take.
with mails as (
    select id, account, thread_key from messages where sender_address = %(address)s
),
threads as (
    select distinct account, thread_key from mails
)
select (select count(*) from mails) as messages,
       (select count(distinct l.message_id) from labels l join mails on mails.id = l.message_id)
           as labelled,
       (select count(*) from messages m join threads t using (account, thread_key)
        where m.sender_address <> %(address)s and m.text_dropped_at is null) as answers,
       (select count(*) from alerts a join threads t using (account, thread_key)) as alerts,
       (select count(*) from mutes where kind = 'sender' and value = %(address)s) as mutes;

-- name: digests_of
-- The digests that tell of these conversations; none of them is claimed meanwhile.
select d.reference, d.state
from alerts d
where d.kind = 'digest'
  and exists (
      select from alerts p
      join unnest(%(accounts)s, %(thread_keys)s) as c (account, thread_key)
          on c.account = p.account and c.thread_key = p.thread_key
      where p.digest_reference = d.reference)
order by d.id
for update;

-- name: open_digests
-- What has not gone is made anew without what is erased.
with broken as (
    update alerts d
    set state = 'cancelled', settled_at = %(now)s,
        error = 'made anew without what was erased'
    where d.reference = any(%(references)s) and d.state = 'pending'
    returning d.reference
)
update alerts p
set digest_reference = null, state = 'pending', settled_at = null
from broken
where p.digest_reference = broken.reference;

-- name: blank_digests
update alerts set body = '' where reference = any(%(references)s);

-- name: erase_alerts
delete from alerts a
using (
    select distinct account, thread_key
    from unnest(%(accounts)s, %(thread_keys)s) as c (account, thread_key)
) c
where a.account = c.account and a.thread_key = c.thread_key;

-- name: erase_conversations
delete from conversations o
using (
    select distinct account, thread_key
    from unnest(%(accounts)s, %(thread_keys)s) as c (account, thread_key)
) c
where o.account = c.account and o.thread_key = c.thread_key;

-- name: erase_messages
delete from messages where id = any(%(ids)s);

-- name: erase_mutes
delete from mutes where kind = 'sender' and value = %(address)s;

-- name: count_of_account
select (select count(*) from messages where account = %(account)s) as messages,
       (select count(distinct l.message_id) from labels l join messages m on m.id = l.message_id
        where m.account = %(account)s) as labelled,
       0::bigint as answers,
       (select count(*) from alerts where account = %(account)s) as alerts,
       (select count(*) from mutes where account = %(account)s) as mutes;

-- name: erase_account
delete from alerts where account = %(account)s;
delete from conversations where account = %(account)s;
delete from messages where account = %(account)s;
delete from cursors where account = %(account)s;
delete from backfills where account = %(account)s;
delete from bandwidth where account = %(account)s;
delete from mutes where account = %(account)s;
delete from pauses where account = %(account)s;
delete from heartbeats where account = %(account)s;

-- name: count_of_all
select (select count(*) from messages) as messages,
       (select count(distinct message_id) from labels) as labelled,
       0::bigint as answers,
       (select count(*) from alerts) as alerts,
       (select count(*) from mutes) as mutes;

-- name: tables
-- Ours, each with its columns that are stored as they were written, and its order.
select c.relname as name,
       array_agg(quote_ident(a.attname) order by a.attnum) as columns,
       (select string_agg(quote_ident(k.attname)
                              || case k.atttypid when 'text'::regtype then ' collate "C"' else '' end,
                          ', ' order by array_position(i.indkey::int2[], k.attnum))
        from pg_index i
        join pg_attribute k on k.attrelid = c.oid and k.attnum = any(i.indkey)
        where i.indrelid = c.oid and i.indisprimary) as key
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = ''
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
  and c.relname = any(%(ours)s)
group by c.oid, c.relname
order by c.relname;

-- name: table_links
select r.relname as referring, t.relname as referred
from pg_constraint f
join pg_class r on r.oid = f.conrelid
join pg_class t on t.oid = f.confrelid
where f.contype = 'f' and r.relnamespace = current_schema()::regnamespace and r.oid <> t.oid
  and r.relname = any(%(ours)s) and t.relname = any(%(ours)s);

-- name: counters
-- What numbers the rows of our tables.
select c.relname || '.' || a.attname as name,
       pg_get_serial_sequence(quote_ident(c.relname), a.attname) as sequence
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attidentity <> ''
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
  and c.relname = any(%(ours)s)
order by name;

-- name: place
-- Tells one database from another.
select concat_ws(' ', current_database(), pg_postmaster_start_time()) as place;

-- name: other_sessions
-- Who else uses this database, Jeeves's own connections.
select count(*) as others
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and application_name = 'jeeves';

-- name: columns_of_tables
select relname as name, array_agg(attname::text order by attnum) as columns
from pg_class
join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
where relnamespace = current_schema()::regnamespace and relkind = 'r' and relowner = current_user::regrole
  and relname <> 'alembic_version'
group by pg_class.oid, relname
order by pg_class.oid;
