"""The segmenter `isnet`: a network of 44 to 176 MB that sees what stands out; no torch, no GPU."""
