"""Who, what, approved: people, units and lessons. Knows no media and no network."""
