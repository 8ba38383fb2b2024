"""The domain and the control core: values and pure functions; no I/O."""
