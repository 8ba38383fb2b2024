"""Migrations of the database's schema, applied when a store opens."""
