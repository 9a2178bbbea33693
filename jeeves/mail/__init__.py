"""From bytes to a Message: the only room that knows RFC 5322, and it is pure."""
