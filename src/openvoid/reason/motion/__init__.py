"""Reasoner `motion`: what else the object affects, told from the shot, phenomenon by phenomenon."""
