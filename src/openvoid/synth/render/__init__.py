"""A moved world, drawn."""
