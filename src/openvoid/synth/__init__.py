"""Invented pairs with known truth: the same world with an object, and as if it had never been."""
