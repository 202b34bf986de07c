"""Things cut out of their frames, and drawn where they would be."""
