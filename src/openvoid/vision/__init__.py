"""Seeing: pictures, how they move, and small copies of them. Knows nothing of removals."""
