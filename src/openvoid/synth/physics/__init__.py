"""A described world, moved."""
