"""Gmail over IMAP, as far as Jeeves meets it.

Only the process that serves imports pymap: `child` and `refusals`, which its parent uses, do not.
"""
