"""Which names a report recommends, and how it groups them."""
