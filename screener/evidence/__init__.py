"""How far to trust an answer. Pure."""
