"""Where each part of the model lives, for a budget of memory."""
