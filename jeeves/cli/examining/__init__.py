"""The checks of `jeeves doctor`, one module for each side that Jeeves touches."""
