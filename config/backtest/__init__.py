"""How good forecasts would have been."""
