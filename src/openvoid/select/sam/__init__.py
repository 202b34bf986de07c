"""The segmenters `sam2` and `sam3`: released weights at work on a clip."""
