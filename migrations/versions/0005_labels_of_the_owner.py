"""What the owner says of a mail can be taken back, and its conversation is judged anew."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UP = """
alter table labels
    drop constraint labels_label_check,
    add constraint labels_label_check check (label in ('needs_location', 'other', 'withdrawn'));

-- What each source says of each message now: its latest word. What the mailbox takes back is its
-- own word, what anybody else takes back is all that was said before.
create view standing_words as
select id, message_id, label, source, labelled_at
from (
    select distinct on (l.message_id, l.source) l.*
    from labels l
    where l.id > coalesce((
        select max(u.id) from labels u
        where u.message_id = l.message_id and u.label = 'withdrawn' and u.source <> 'mailbox'
    ), 0)
    order by l.message_id, l.source, l.id desc
) latest
where label <> 'withdrawn';

-- Of the sources that say something the latest wins.
create view current_labels as
select distinct on (message_id) id, message_id, label, source, labelled_at
from standing_words
order by message_id, id desc;

-- when its conversation was judged anew because of it
alter table labels add column heard_at timestamptz;
create index labels_unheard on labels (id) where heard_at is null;

-- What the mailbox has said already, by the rule that holds from now on. What was labelled by a
-- newer version before somebody went back to this one stands.
insert into labels (message_id, label, source)
select id, case when yes then 'needs_location' else 'other' end, 'mailbox'
from (
    select m.id,
           bool_or(lower(label) = 'jeeves/yes') or (bool_or(lower(label) = 'jeeves') and m.starred)
               as yes,
           bool_or(lower(label) = 'jeeves/no') as no
    from messages m, unnest(m.labels) label
    where m.unreadable is null
    group by m.id
) said
where yes <> no and not exists (select from labels l where l.message_id = said.id);
"""

DOWN = """
-- an older version takes the last row for what is said
delete from labels where id not in (select id from current_labels);
drop index labels_unheard;
alter table labels drop column heard_at;
drop view current_labels;
drop view standing_words;
alter table labels
    drop constraint labels_label_check,
    add constraint labels_label_check check (label in ('needs_location', 'other'));
"""


def upgrade() -> None:
    """Add the view and what it needs, and take over what the mailbox says."""
    op.execute(UP)


def downgrade() -> None:
    """Take them away again."""
    op.execute(DOWN)
