"""The plan, and why it is as it is."""
