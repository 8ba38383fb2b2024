"""Who calls, and what a call needs."""
