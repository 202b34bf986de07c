"""Select: clip and marks -> where the object is, over the whole clip."""
