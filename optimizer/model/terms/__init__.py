"""The terms of the objective, a file each."""
