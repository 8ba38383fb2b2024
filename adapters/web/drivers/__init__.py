"""The driver's page: one outlet, by the code on it."""
