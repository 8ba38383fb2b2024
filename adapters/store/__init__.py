"""The database: everything the daemon needs to go on after a restart, and what people look up later."""

from adapters.store.rows import Retention
from adapters.store.store import Store

__all__ = ["Retention", "Store"]
