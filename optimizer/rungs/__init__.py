"""The lower rungs of the ladder: answers that need no solver."""
