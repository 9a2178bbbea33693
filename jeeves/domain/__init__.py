"""Pure values and decisions: no I/O and no clock; ``now`` is always an argument."""
