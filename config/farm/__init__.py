"""A simulated farm on the wire against any central system."""
