"""Time-series and session files."""
