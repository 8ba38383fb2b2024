"""Prices, limits and calls that people and the grid publish."""
