"""The simulated charger farm."""
