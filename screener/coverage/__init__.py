"""Many theses at once: where each stands, what changed this week, who was right."""
