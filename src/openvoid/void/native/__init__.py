"""Between the clip's own size and the model's, there and back."""
