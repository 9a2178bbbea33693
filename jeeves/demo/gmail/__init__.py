"""Gmail over IMAP, as far as Jeeves meets it; only the child of gmail_server.py imports this."""
