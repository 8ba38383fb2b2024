"""The site file: its schema, what its fields cannot say by themselves, and the domain's `Site` made of it."""
