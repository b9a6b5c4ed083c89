"""What every command shares: options, what they open, what they say, errors, help."""
