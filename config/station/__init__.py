"""The parts of a running station: its loop, its gateway, what it keeps and learns, its process."""
