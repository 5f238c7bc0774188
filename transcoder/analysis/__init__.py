"""A look at a lesson before it is encoded: what its parts are, and what pictures of it cost. See `looking.look`."""
