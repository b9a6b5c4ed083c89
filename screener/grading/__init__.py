"""Many ratings at once."""
