"""Reasoner `vlm`: a vision-language model is asked what the object affects."""
