"""One outside system each; none knows another."""
