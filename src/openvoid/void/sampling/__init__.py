"""One pass over a clip of any length: windows, noise, steps, several processes."""
