"""The released model: its files, its parts, and what they are told."""
