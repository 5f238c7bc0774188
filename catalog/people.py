"""People, their units and how they sign in: local accounts with argon2id, opaque bearer tokens stored as digests."""
