"""What a station would do under signals that nobody has published, asked from the command line."""
