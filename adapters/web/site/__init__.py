"""The station as its site file describes it."""
