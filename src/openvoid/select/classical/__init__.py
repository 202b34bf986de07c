"""The segmenter `classical`: colours, edges, motion; no weights."""
