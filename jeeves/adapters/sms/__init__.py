"""Text messages through Twilio's Programmable Messaging API."""

from jeeves.adapters.sms.codes import CODES, Code, delivery
from jeeves.adapters.sms.notifier import SmsNotifier

__all__ = ["CODES", "Code", "SmsNotifier", "delivery"]
