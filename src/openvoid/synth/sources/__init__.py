"""Worlds from other people's scans and recordings, in a copy of the user's."""
