"""Logging in, and people and machines for who administers them."""
