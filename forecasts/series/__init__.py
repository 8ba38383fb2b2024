"""Quantile forecasts of one regular series, whatever it measures."""
