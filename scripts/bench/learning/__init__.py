"""What learning from an owner brings, and what it costs."""
