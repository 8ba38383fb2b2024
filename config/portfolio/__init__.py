"""Many sites under what they share, from a portfolio file."""
