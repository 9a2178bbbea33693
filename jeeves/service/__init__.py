"""The use cases: they see only ports, domain, mail and learning."""
