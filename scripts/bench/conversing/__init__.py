"""Counting how conversations are understood."""
