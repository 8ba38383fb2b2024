"""What each command does, one topic a file; `daemon.py` puts them together."""
