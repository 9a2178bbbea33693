"""Sample mail and a small Gmail-like server, to see Jeeves work without an account."""
