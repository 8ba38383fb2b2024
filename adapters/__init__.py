"""Everything that touches the outside world. No adapter knows another."""
