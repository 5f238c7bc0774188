"""One page about what was made of a lesson: rates, quality, pictures and sound. See `making.report`."""
