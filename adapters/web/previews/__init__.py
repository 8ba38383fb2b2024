"""What signals would do before anybody publishes them."""
