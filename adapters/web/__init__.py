"""The people's side: a REST API with a live stream, and the dashboard on top of it. Everything goes through `v2g.ports.Station`."""

from adapters.web.app import create_app
from adapters.web.server import Server, serve

__all__ = ["Server", "create_app", "serve"]
