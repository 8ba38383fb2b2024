"""What people write, read: YAML and JSON into schemas, with the place and the mend of every error."""
