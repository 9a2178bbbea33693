"""Mails written for the tests of the model; none is taken from anywhere."""

from __future__ import annotations

from jeeves.learning.corpus import Corpus, LabelledMessage
from tests.builders import a_message

#: (subject, text) of mails that ask to meet and say no place.
NEEDS_LOCATION = [
    ("Lunch on Thursday?", "Hi Sam, want to grab lunch on Thursday? Around 12:30 works for me."),
    ("Catching up", "Are you free for coffee tomorrow morning? I would love to hear the news."),
    ("Contract", "Can we meet tomorrow at 2 to go over the contract? Bring your notes."),
    ("Next week", "I'd like to set up a meeting with you and Jeff next week. When are you free?"),
    ("Re: dinner", "Dinner Friday works for me. See you then!"),
    ("Drinks", "How about drinks on Wednesday after work? Ben wants to come as well."),
    (
        "Budget review",
        "The review is moved to 3:00 pm on Monday. Please let me know if you can come.",
    ),
    ("Introductions", "Could you meet with Dana Cole next Tuesday? She is looking forward to it."),
    ("Time to talk", "Let's get together on the 14th when you are in town. What time suits you?"),
    ("Kickoff", "Please set up a meeting with the whole team for Thursday afternoon."),
    ("Breakfast", "Shall we have breakfast on Saturday? I am in town until noon."),
    ("Re: your visit", "Would you be available to meet for an hour on Tuesday or Wednesday?"),
    ("Interview", "We would like to interview you next week. Which day would be good for you?"),
    ("Beers", "wanna get a beer tonight?"),
    ("Plans", "Let me know if you can meet with us on Friday at 10 am to discuss the plans."),
    (
        "Quick question",
        "Do you have time to meet on Monday? It should not take more than 30 minutes.",
    ),
    ("Lunch", "Let's do lunch next week. Is Wednesday good for you?"),
    ("Re: meeting", "Tuesday at 7 is fine with me. I will see you at the meeting."),
    (
        "Steering group",
        "I will schedule a meeting this week so that we can agree. Which day is best?",
    ),
    ("Visit", "I am going to be in your city next month and would like to meet. Is the 5th ok?"),
    ("Coffee?", "It has been too long. Coffee this week? Thursday or Friday would be great."),
    ("Draft", "I would like to get together this afternoon around 3:30pm to discuss the draft."),
    ("Mentoring", "Could I take you to lunch some day next week to ask you about your job?"),
    ("Follow-up", "Thanks for the call. Let's meet on Thursday to finish this. Does 4 pm work?"),
]
#: (subject, text) of mails with a place, with a call, of past meetings, or without any.
OTHER = [
    ("Invoice", "Please find attached the invoice for October. Payment is due in 30 days."),
    ("Lunch", "Lunch is at Nino's on Main Street, noon on Friday. The table is in my name."),
    ("Meeting", "The meeting is in room 3321 at 10 am tomorrow. Please bring the report."),
    ("Conference call", "Conference call at 3 pm. Dial-in 555-0134, passcode 8812."),
    ("Numbers", "Here are the numbers that you asked for. Let me know what you think."),
    ("Last week", "Good to see you last week. I enjoyed the dinner very much, thank you again."),
    ("Minutes", "Attached are the minutes. The board met on Friday and approved the budget."),
    ("Come by", "Come by my office when you get in, I have the papers here."),
    ("Newsletter", "This month in the newsletter: ten tips for your garden, and much more."),
    ("Your order", "Your order has shipped and will arrive on Tuesday between 9:00 and 12:00."),
    ("Server", "The server will be down tonight from 10 pm to 11 pm for maintenance."),
    ("Password", "Your password expires in three days. Follow the link to change it."),
    ("Report", "I read the report and have a few comments, see the attached file."),
    ("Re: draft", "Looks good to me. Go ahead and send it to the client."),
    ("Call", "Can you give me a call this afternoon? My number is 555-0188."),
    ("Holiday", "I am out of the office until Monday. In urgent cases please write to Dana."),
    ("Photos", "The photos from the trip are online now. Have a look when you have time."),
    ("Prices", "Gas prices went up again yesterday; the market expects a cold winter."),
    ("Thanks", "Thanks a lot for your help with the move. I owe you one."),
    ("Webinar", "Join our webinar on Zoom on May 4 at 14:00 and learn how to sell more."),
    ("Book", "Have you read the book that I lent you? I need it back some time."),
    ("Flight", "Your flight on 12 June is confirmed. Check-in opens 24 hours before."),
    ("Contract", "The contract was signed this morning. Legal will send you a copy."),
    ("Fwd: joke", "This one made me laugh. Enjoy."),
    ("Survey", "Please fill in the survey on our service; it takes five minutes only."),
    ("Dinner", "Dinner is at our place on Saturday, 7 pm, 12 Elm Street. Bring the kids."),
    ("Timesheet", "Reminder: your timesheet for last month is missing. Please submit it today."),
    ("Question", "Do you know who is responsible for the printers on the second floor?"),
    ("Minutes of the meeting", "We met with the supplier on Monday; they will lower the price."),
    ("Cancelled", "Tomorrow's meeting is cancelled. I will write again when I know more."),
    ("Weather", "Heavy snow is expected in the north; drive with care."),
    ("Soon", "Hope to see you soon. Give my best to the family."),
    ("Bug", "The export fails with an error when the file is empty. Log attached."),
    ("Rent", "The rent for March has not arrived yet. Could you check with your bank?"),
    ("Skype", "Let's talk on Skype at 5 pm, I will send you the link."),
    ("Congratulations", "Congratulations on the new job! You will do great."),
]


def small_corpus(owners: int = 8) -> Corpus:
    """The mails above, each text with an owner of its own column."""
    labelled = [(text, True) for text in NEEDS_LOCATION] + [(text, False) for text in OTHER]
    return Corpus(
        [
            LabelledMessage(
                f"mail-{number}",
                a_message(subject=subject, body=text, own_words=text, thread_key=f"t{number}"),
                label,
                {"owner": f"owner-{number % owners}"},
            )
            for number, ((subject, text), label) in enumerate(labelled)
        ]
    )


def with_columns(corpus: Corpus, **columns: list[str]) -> Corpus:
    """``corpus`` with further columns, each a value for each message."""
    return Corpus(
        [
            LabelledMessage(
                one.id,
                one.message,
                one.needs_location,
                {**one.columns, **{name: values[i] for name, values in columns.items()}},
            )
            for i, one in enumerate(corpus.messages)
        ]
    )
