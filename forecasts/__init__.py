"""What to expect: load, PV, prices and the fleet."""
