"""The engine without weights: register the camera, propagate what was seen, synthesise the rest."""
