"""Files <-> words: video, image sequences, masks, shot folders. Knows no engine."""
