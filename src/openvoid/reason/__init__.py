"""Clip and track -> effects -> quadmask: what else the object causes."""
