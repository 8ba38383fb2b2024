"""The demo: a station and its farm on a fast clock, all protocols real."""
