"""Gmail over IMAP, as far as Jeeves meets it. Only the child of gmail_server.py imports pymap."""
