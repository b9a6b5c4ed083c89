"""Documents as terminal text."""
