"""What became of a rating: outcome, week, events, screen. Pure."""
