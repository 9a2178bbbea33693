"""Jeeves watches a mailbox and says when somebody wants to meet and nobody said where."""

__version__ = "0.1.0"
