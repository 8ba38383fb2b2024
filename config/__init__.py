"""Site files: their schema, their loader, and how a station is put together from one."""
