"""Clip, track and effects -> fates: where affected things would be without the object."""
