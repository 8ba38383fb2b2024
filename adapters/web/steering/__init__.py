"""What people ask of an outlet: drivers' wishes, and orders."""
